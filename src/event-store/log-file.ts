import { dirname } from 'node:path';
import { v4 as newLogId } from 'uuid';
import { BEFORE_THE_FIRST, type Head, type StoredEntry } from './entry.js';
import { CommandRecorded, HeadMoved, LogUnusable, TimeWentBack, type WritableLog } from './event-store.js';
import { Listeners } from './listeners.js';
import { faultOf, inTransaction, openSqlite, sync, type Database, type Statement } from './sqlite.js';

export const LOG_FILE = 'log.db';
/** A node's copy of a log that a server keeps: the same kind of file. */
export const COPY_FILE = 'log-copy.db';

/** "ICL1" read as a number: tells a log of ours from any other SQLite file. */
const APPLICATION_ID = 0x49434c31;
/**
 * Of the file, not of the events in it: those have versions of their own. It is raised with every change to the tables or triggers below, so
 * that a file says by one number how it is protected. A file of a newer format is refused by name. One of an older format is upgraded where
 * it is opened to be written, whole or not at all, and read as it is where it is only read; its entries and notes stay to the byte.
 */
export const LOG_FORMAT = 2;
const RECORDED_ONCE = 'a command is recorded once';

const TABLES = `
  CREATE TABLE entries (
    position INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL,
    meta TEXT NOT NULL,
    time TEXT NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

/** What is recorded stays as it is, whoever holds the file open: no update, no delete, no replacing insert, no hole, no time before the last. */
const PROTECTION = `
  CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
  CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;
  -- Id and revision are checked here too: a replacing insert at the right position would take away another entry that has
  -- them, and a connection without recursive_triggers fires no delete trigger for that.
  CREATE TRIGGER entries_are_only_appended BEFORE INSERT ON entries BEGIN
    SELECT RAISE(ABORT, 'a position follows the one before it') WHERE NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM entries);
    SELECT RAISE(ABORT, 'a revision follows the one before it') WHERE NEW.revision IS NOT (SELECT coalesce(max(revision), 0) + 1 FROM entries WHERE stream = NEW.stream);
    SELECT RAISE(ABORT, '${RECORDED_ONCE}') WHERE EXISTS (SELECT 1 FROM entries WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'time never goes back') WHERE EXISTS (SELECT 1 FROM entries WHERE position = NEW.position - 1 AND time > NEW.time);
  END;
  CREATE TRIGGER notes_are_not_changed BEFORE UPDATE ON notes BEGIN SELECT RAISE(ABORT, 'notes are never changed'); END;
  CREATE TRIGGER notes_are_not_removed BEFORE DELETE ON notes BEGIN SELECT RAISE(ABORT, 'notes are never removed'); END;
  CREATE TRIGGER notes_are_kept_once BEFORE INSERT ON notes BEGIN
    SELECT RAISE(ABORT, 'a note is kept once') WHERE EXISTS (SELECT 1 FROM notes WHERE name = NEW.name);
  END;
`;

export const LOG_SCHEMA = TABLES + PROTECTION;

/** What makes the tables of format i + 2 of those of format i + 1; the protection is renewed as a whole. Format 2 protects times and notes too. */
const UPGRADES: readonly string[] = [''];

export const LOG_COLUMNS = 'position, id, stream, revision, type, version, data, meta, time';

interface Row extends Omit<StoredEntry, 'id'> { readonly id: Uint8Array }

const toBlob = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
export const toUuid = (blob: Uint8Array): string => {
  const hex = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
const toEntry = (row: Row): StoredEntry => ({
  position: row.position, id: toUuid(row.id), stream: row.stream, revision: row.revision,
  type: row.type, version: row.version, data: row.data, meta: row.meta, time: row.time,
});

const isEmpty = (db: Database): boolean => (db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number }).n === 0;

const formatOf = (db: Database): number => (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;

/** @throws LogUnusable for what is no log of ours, or of a format that this program does not know */
export function admitLog(db: Database, path: string, readOnly: boolean): void {
  if (isEmpty(db) && !readOnly) return;
  const { application_id: application } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  const format = formatOf(db);
  if (application !== APPLICATION_ID) throw new LogUnusable(`${path} is not a log of the Committee. Name another folder in DATA_DIR.`);
  if (format >= 1 && format <= LOG_FORMAT) return;
  throw new LogUnusable(`${path} is of format ${format}; this program reads formats 1 to ${LOG_FORMAT}. ${format > LOG_FORMAT ? 'Start it with the newer version that wrote it.' : 'Restore it from a backup.'}`);
}

function begin(db: Database, logId: string): void {
  inTransaction(db, () => {
    db.exec(LOG_SCHEMA);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${LOG_FORMAT}`);
    db.prepare("INSERT INTO notes (name, value) VALUES ('log id', ?)").run(logId);
  });
}

function upgrade(db: Database): void {
  if (formatOf(db) === LOG_FORMAT) return;
  inTransaction(db, () => {
    // Asked again: another process may have been faster.
    for (const tables of UPGRADES.slice(formatOf(db) - 1)) db.exec(tables);
    for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all() as { name: string }[]) db.exec(`DROP TRIGGER ${name}`);
    db.exec(`${PROTECTION}; PRAGMA user_version = ${LOG_FORMAT}`);
  });
}

/** The last of 1 … `highest` that holds, where all before it hold and none after; 0 when none does. */
function lastThat(highest: number, holds: (n: number) => boolean): number {
  let low = 0;
  let high = highest;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** What is written in the folder may not stay there. It says nothing against the file. */
export class FolderUnsafe extends LogUnusable {}

/** Of systems that cannot do it for folders, and keep their names without. */
const NO_SUCH_SYNC = ['EINVAL', 'EBADF', 'ENOTSUP', 'EPERM', 'EACCES', 'EISDIR'];

/** Puts the name of a file on the disk. @throws FolderUnsafe */
export function syncFolderOf(path: string): void {
  try {
    sync(dirname(path));
  } catch (error) {
    if (NO_SUCH_SYNC.includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw new FolderUnsafe(`The folder of ${path} cannot be synced (${(error as NodeJS.ErrnoException).code ?? String(error)}), so nothing in it would be safe. Look at its disk.`);
  }
}

/** Nobody stands further behind than what is told together, and what comes meanwhile. */
const TOLD_KEPT = 10_000;

/** Nobody has said where errors go: an error of our own that nobody hears must not pass in silence. */
const throwLater = (error: unknown): void => queueMicrotask(() => { throw error; });

/** The log as one SQLite file. With the engine `sqlite` it is the log itself. */
export class LogFile implements WritableLog {
  readonly logId: string;
  head: Head;
  private readonly listeners: Listeners;
  /** Of what another connection has written, the newest, by position. */
  private readonly toldStreams = new Map<number, string>();
  private readonly statements: Record<'insert' | 'read' | 'stream' | 'at' | 'streamAt' | 'byId' | 'timeAt' | 'revision' | 'positionOf' | 'head' | 'note' | 'keepNote', Statement>;

  private constructor(private readonly db: Database, private readonly readOnly: boolean, onListenerError: (error: unknown) => void) {
    this.listeners = new Listeners(onListenerError);
    this.statements = {
      insert: db.prepare(`INSERT INTO entries (${LOG_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
      read: db.prepare(`SELECT ${LOG_COLUMNS} FROM entries WHERE position > ? ORDER BY position LIMIT ?`),
      stream: db.prepare(`SELECT ${LOG_COLUMNS} FROM entries WHERE stream = ? ORDER BY revision`),
      at: db.prepare(`SELECT ${LOG_COLUMNS} FROM entries WHERE position = ?`),
      streamAt: db.prepare('SELECT stream FROM entries WHERE position = ?'),
      byId: db.prepare(`SELECT ${LOG_COLUMNS} FROM entries WHERE id = ?`),
      timeAt: db.prepare('SELECT time FROM entries WHERE position = ?'),
      revision: db.prepare('SELECT max(revision) AS revision FROM entries WHERE stream = ?'),
      positionOf: db.prepare('SELECT position FROM entries WHERE stream = ? AND revision = ?'),
      head: db.prepare('SELECT position, time, id FROM entries ORDER BY position DESC LIMIT 1'),
      note: db.prepare('SELECT value FROM notes WHERE name = ?'),
      keepNote: db.prepare('INSERT INTO notes (name, value) VALUES (?, ?)'),
    };
    this.logId = this.note('log id') ?? '';
    this.head = this.readHead();
  }

  /** Opens the file, or begins a new log where there is none: under `logId`, of which it is a copy then, or an id of its own. What a listener throws is given to `onListenerError`, or ends the process. @throws LogUnusable */
  static open(path: string, options: { readOnly?: boolean; onListenerError?: (error: unknown) => void; logId?: string } = {}): LogFile {
    const readOnly = options.readOnly ?? false;
    let db: Database | undefined;
    try {
      db = openSqlite(path, { synchronous: 'FULL', readOnly, admit: (file) => admitLog(file, path, readOnly) });
      if (isEmpty(db)) begin(db, options.logId ?? newLogId());
      else if (!readOnly) upgrade(db);
      // SQLite tells nobody where this failed when it made the WAL, whose name a power cut could then take away.
      if (!readOnly) syncFolderOf(path);
      return new LogFile(db, readOnly, options.onListenerError ?? throwLater);
    } catch (error) {
      db?.close();
      if (faultOf(error) === 'CORRUPT') throw new LogUnusable(`${path} is damaged, or no SQLite file. Restore it from a backup, or name another folder in DATA_DIR.`);
      throw error;
    }
  }

  /** Writes all or none. Positions follow the head without a hole. @throws HeadMoved, TimeWentBack, CommandRecorded, or the driver's error */
  append(entries: readonly StoredEntry[], expectedHead: number): void {
    if (entries.length === 0) {
      if (this.head.position !== expectedHead) throw new HeadMoved(expectedHead, this.head.position);
      return;
    }
    try {
      inTransaction(this.db, () => this.insert(entries, expectedHead));
    } catch (error) {
      throw (error as Error).message === RECORDED_ONCE ? this.recordedAlready(entries) ?? error : error;
    }
    const last = entries[entries.length - 1] as StoredEntry;
    this.head = { position: last.position, time: last.time, id: last.id };
    this.listeners.tell();
  }

  /** Another connection of this process has written: what the head is now, and the streams of the entries up to it, in their order. */
  moveTo(head: Head, streams: readonly string[]): void {
    streams.forEach((stream, i) => this.toldStreams.set(head.position - streams.length + 1 + i, stream));
    for (const position of this.toldStreams.keys()) {
      if (this.toldStreams.size <= TOLD_KEPT) break;
      this.toldStreams.delete(position);
    }
    this.head = head;
  }

  read(after: number, limit: number): readonly StoredEntry[] {
    return (this.statements.read.all(after, limit) as Row[]).map(toEntry);
  }

  stream(name: string): readonly StoredEntry[] {
    return (this.statements.stream.all(name) as Row[]).map(toEntry);
  }

  at(position: number): StoredEntry | undefined {
    const row = this.statements.at.get(position) as Row | undefined;
    return row && toEntry(row);
  }

  streamAt(position: number): string {
    return this.toldStreams.get(position) ?? (this.statements.streamAt.get(position) as { stream: string }).stream;
  }

  byCommandId(id: string): StoredEntry | undefined {
    const row = this.statements.byId.get(toBlob(id)) as Row | undefined;
    return row && toEntry(row);
  }

  /** Times never go back along the log, so halving finds it without an index. */
  positionAt(time: string): number {
    return lastThat(this.head.position, (position) => (this.statements.timeAt.get(position) as { time: string }).time <= time);
  }

  revisionAt(stream: string, position: number): number {
    const { revision } = this.statements.revision.get(stream) as { revision: number | null };
    return lastThat(revision ?? 0, (r) => (this.statements.positionOf.get(stream, r) as { position: number }).position <= position);
  }

  onAppended(listener: () => void): () => void {
    return this.listeners.add(listener);
  }

  note(name: string): string | undefined {
    return (this.statements.note.get(name) as { value: string } | undefined)?.value;
  }

  keepNote(name: string, value: string): void {
    this.statements.keepNote.run(name, value);
  }

  /** All that is noted, but the log's id. */
  notes(): Readonly<Record<string, string>> {
    const rows = this.db.prepare("SELECT name, value FROM notes WHERE name <> 'log id' ORDER BY name").all() as { name: string; value: string }[];
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }

  /** For tests of a full disk: as many pages as the file has now, plus `spare`; undefined lifts the limit. */
  limitPages(spare: number | undefined): void {
    const { page_count: pages } = this.db.prepare('PRAGMA page_count').get() as { page_count: number };
    this.db.exec(`PRAGMA max_page_count = ${spare === undefined ? 4_294_967_294 : pages + spare}`);
  }

  /** Afterwards the file alone is the whole log, where there was room. */
  close(): void {
    if (!this.db.isOpen) return;
    try {
      // The driver lets go of a connection only when its statements are collected, so SQLite's own checkpoint at the last close does not come.
      if (!this.readOnly) this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      // Without room it all stays in the WAL, where the next start finds it.
      if (faultOf(error) !== 'FULL') throw error;
    } finally {
      this.db.close();
    }
  }

  private insert(entries: readonly StoredEntry[], expectedHead: number): void {
    const head = this.readHead();
    if (head.position !== expectedHead) throw new HeadMoved(expectedHead, head.position);
    let { time: before } = head;
    for (const e of entries) {
      if (e.time < before) throw new TimeWentBack(e.position, e.time, before);
      before = e.time;
      this.statements.insert.run(e.position, toBlob(e.id), e.stream, e.revision, e.type, e.version, e.data, e.meta, e.time);
    }
  }

  /** Which one it was is looked up afterwards, so that an append that goes well pays nothing for it. */
  private recordedAlready(entries: readonly StoredEntry[]): CommandRecorded | undefined {
    const positions = new Map<string, number>();
    for (const { id, position } of entries) {
      const commandId = id.toLowerCase();
      const first = this.byCommandId(commandId)?.position ?? positions.get(commandId);
      if (first !== undefined) return new CommandRecorded(commandId, first);
      positions.set(commandId, position);
    }
    return undefined;
  }

  private readHead(): Head {
    const row = this.statements.head.get() as { position: number; time: string; id: Uint8Array } | undefined;
    return row ? { position: row.position, time: row.time, id: toUuid(row.id) } : BEFORE_THE_FIRST;
  }
}
