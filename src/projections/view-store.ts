import { createHash } from 'node:crypto';
import type { Codec } from '../event-store/codec.js';
import type { Entry, Head } from '../event-store/entry.js';
import { faultOf, inTransaction, openSqlite, type Statement } from '../event-store/sqlite.js';
import { digestOfRows, type RowsDigest } from './views-digest.js';
import { ViewRows, type Stand, type StoppedView } from './view-rows.js';
import { partsSchema, tableSchema } from './versioned.js';
import type { View, Write } from './view.js';

export const VIEWS_FILE = 'views.db';

const SCHEMA = `
  CREATE TABLE checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), shape TEXT NOT NULL, log_id TEXT NOT NULL, position INTEGER NOT NULL, entry_id TEXT) STRICT;
  CREATE TABLE stopped (view TEXT PRIMARY KEY, position INTEGER NOT NULL, error TEXT NOT NULL) STRICT;
  -- Which entries touch a thing: for its history and for live questions about it.
  CREATE TABLE touches (thing TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (thing, position)) STRICT, WITHOUT ROWID;
`;

/** Changes with every table and with every view's version: a file of another shape is built anew. */
export function shapeOf(views: readonly View[]): string {
  const text = views.map((v) => `${v.name} ${v.version}: ${v.tables.map((t) => tableSchema(t.name) + Object.keys(t.filters).join()).join()} ${v.parts.map((p) => partsSchema(p.name)).join()}`);
  return createHash('sha256').update(SCHEMA).update(text.join('\n')).digest('hex').slice(0, 16);
}

/** This node's read models: one file, one checkpoint, moved in the transaction that writes the rows. It can be thrown away at any time. */
export class ViewStore extends ViewRows implements Write {
  private readonly statements: Record<'move' | 'touch' | 'stop', Statement>;
  private stoppedViews: readonly StoppedView[];
  private at: number;

  /** Opens the file; a new one gets its tables. Ask `fits` before anything is read from it. */
  constructor(path: string, private readonly views: readonly View[], private readonly codec: Codec, logId: string) {
    super(openSqlite(path, { synchronous: 'NORMAL' }), views);
    // Seldom: a step changes many pages, and each moving of the WAL into the file is a sync.
    this.db.exec('PRAGMA wal_autocheckpoint = 16000');
    // KiB. What a step changes lies all over the file: with the 2 MiB that are the default a rebuild of a long log reads again what it has just written.
    this.db.exec('PRAGMA cache_size = -65536');
    const { n } = this.db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number };
    if (n === 0) {
      inTransaction(this.db, () => {
        this.db.exec(SCHEMA);
        for (const view of views) {
          for (const table of view.tables) this.db.exec(tableSchema(table.name));
          for (const part of view.parts) this.db.exec(partsSchema(part.name));
        }
        this.db.prepare('INSERT INTO checkpoint VALUES (1, ?, ?, 0, NULL)').run(shapeOf(views), logId);
      });
    }
    this.statements = {
      move: this.db.prepare('UPDATE checkpoint SET position = ?, entry_id = ?'),
      touch: this.db.prepare('INSERT OR IGNORE INTO touches (thing, position) VALUES (?, ?)'),
      stop: this.db.prepare('INSERT INTO stopped (view, position, error) VALUES (?, ?, ?)'),
    };
    this.stoppedViews = this.db.prepare('SELECT view, position, error FROM stopped').all() as StoppedView[];
    this.at = this.checkpoint().position;
  }

  /** Whether this file was derived from this log, by these views, and is not ahead of it. */
  fits(logId: string, entryIdAt: (position: number) => string | null): boolean {
    const { shape, log_id: ofLog, position, entry_id: entryId } = this.checkpoint();
    return shape === shapeOf(this.views) && ofLog === logId && entryIdAt(position) === entryId;
  }

  /** What was seen of this log and is not in it any more: views are derived from what was durable, so its end was lost, or other entries were put there. */
  lostBy(logId: string, entryIdAt: (position: number) => string | null): number | undefined {
    const { log_id: ofLog, position, entry_id: entryId } = this.checkpoint();
    return ofLog === logId && entryId !== null && entryIdAt(position) !== entryId ? position : undefined;
  }

  /** The log that this was derived from. */
  get logId(): string { return this.checkpoint().log_id; }
  /** The last position that all views have applied. */
  get position(): number { return this.at; }
  get stopped(): readonly StoppedView[] { return this.stoppedViews; }

  get stand(): Stand { return this; }

  /** Applies entries in order; rows and checkpoint move together. A view that fails is stopped there and the others go on. */
  apply(entries: readonly Entry[]): void {
    const last = entries[entries.length - 1];
    if (!last) return;
    if (last.position !== this.at + entries.length) throw new Error(`The views stand at ${this.at} and were given ${entries.length} entries up to ${last.position}`);
    const attempt = (one: (view: View, entry: Entry) => void): void => inTransaction(this.db, () => {
      for (const entry of entries) {
        for (const id of this.codec.about(entry)) this.statements.touch.run(id, entry.position);
        for (const view of this.views) if (!this.stoppedViews.some((s) => s.view === view.name)) one(view, entry);
      }
      this.statements.move.run(last.position, last.id);
    });
    try {
      attempt((view, entry) => this.applyOne(view, entry));
    } catch {
      const stoppedBefore = this.stoppedViews;
      // Once more, each step by itself, to find the view that failed and undo only what it did with that entry.
      this.forgetNewest();
      try {
        attempt((view, entry) => this.applyOrStop(view, entry));
      } catch (error) {
        // It was the file, and nothing of the batch stands: neither what was written nor who was stopped.
        this.forgetNewest();
        this.stoppedViews = stoppedBefore;
        throw error;
      }
    }
    this.at = last.position;
  }

  /** SHA-256 of all rows in their order: equal for equal logs, whatever the batches. */
  digest(): string {
    return this.digests().all;
  }

  digests(): RowsDigest {
    return digestOfRows(this.db);
  }

  /** Moves all rows into the file itself, which can then stand without the -wal beside it: closing leaves them there while statements are held. */
  settle(): void {
    const { busy } = this.db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
    if (busy !== 0) throw new Error('The views could not be moved out of their log: another process reads them');
  }

  head(): Pick<Head, 'position' | 'id'> {
    const { position, entry_id: id } = this.checkpoint();
    return { position, id };
  }

  private checkpoint(): { shape: string; log_id: string; position: number; entry_id: string | null } {
    return this.db.prepare('SELECT shape, log_id, position, entry_id FROM checkpoint').get() as ReturnType<ViewStore['checkpoint']>;
  }

  private applyOne(view: View, entry: Entry): void {
    view.listens.get(entry.type)?.(entry, this);
    view.listens.get('*')?.(entry, this);
  }

  private applyOrStop(view: View, entry: Entry): void {
    this.db.exec('SAVEPOINT one');
    try {
      this.applyOne(view, entry);
    } catch (error) {
      // A full disk may pass and is no fault of the view.
      if (faultOf(error) !== 'OTHER') throw error;
      this.db.exec('ROLLBACK TO one');
      this.forgetNewest();
      const stopped = { view: view.name, position: entry.position, error: error instanceof Error ? error.message : String(error) };
      this.statements.stop.run(stopped.view, stopped.position, stopped.error);
      this.stoppedViews = [...this.stoppedViews, stopped];
    }
    this.db.exec('RELEASE one');
  }
}
