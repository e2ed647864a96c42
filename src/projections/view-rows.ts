import { openSqlite, type Database, type Statement } from '../event-store/sqlite.js';
import { Parts, Table, type PartsSpec, type TableSpec } from './versioned.js';
import type { View } from './view.js';

/** A view that has met what it cannot apply. Its rows stand as they were before `position`. */
export interface StoppedView { readonly view: string; readonly position: number; readonly error: string }

/** How far the views have come. */
export interface Stand {
  /** The last position that all views have applied. */
  readonly position: number;
  readonly stopped: readonly StoppedView[];
}

/** The rows of the views, of any position up to that of their stand. */
export abstract class ViewRows {
  private readonly opened = new Map<string, unknown>();
  private readonly owner = new Map<string, string>();
  /** Prepared once there are tables. */
  private findTouches: Statement | undefined;

  protected constructor(protected readonly db: Database, views: readonly View[]) {
    for (const view of views) for (const { name } of [...view.tables, ...view.parts]) this.owner.set(name, view.name);
  }

  abstract get stand(): Stand;

  table<R extends object>(spec: TableSpec<R>): Table<R> {
    return this.open(spec.name, () => new Table(this.db, spec)) as Table<R>;
  }

  parts<R extends object>(spec: PartsSpec<R>): Parts<R> {
    return this.open(spec.name, () => new Parts(this.db, spec)) as Parts<R>;
  }

  /** Why a table cannot be asked at a position, or undefined when it can. */
  stoppedAt(table: string, position: number): StoppedView | undefined {
    return this.stand.stopped.find((s) => s.view === this.owner.get(table) && s.position <= position);
  }

  /** Positions of entries that touch a thing, in order. */
  touches(thing: string, after: number, upTo: number, limit: number): readonly number[] {
    this.findTouches ??= this.db.prepare('SELECT position FROM touches WHERE thing = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?');
    return (this.findTouches.all(thing, after, upTo, limit) as { position: number }[]).map((row) => row.position);
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }

  protected forgetNewest(): void {
    for (const opened of this.opened.values()) if (opened instanceof Table) opened.forgetNewest();
  }

  private open(name: string, make: () => unknown): unknown {
    let opened = this.opened.get(name);
    if (!opened) this.opened.set(name, (opened = make()));
    return opened;
  }
}

/**
 * The rows that another connection keeps, which says how far it has come. What it writes meanwhile is of later positions, so that it changes nothing of
 * what is read here: each question is one statement, and sees the file at one moment.
 */
export class FollowedRows extends ViewRows {
  constructor(path: string, views: readonly View[], public stand: Stand) {
    super(openSqlite(path, { synchronous: 'NORMAL', readOnly: true }), views);
    // KiB. It is dropped with each step of the other connection.
    this.db.exec('PRAGMA cache_size = -16384');
  }
}
