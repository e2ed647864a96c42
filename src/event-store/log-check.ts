import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UnreadableEntry, type Codec } from './codec.js';
import { BEFORE_THE_FIRST, type Head, type StoredEntry } from './entry.js';
import { LogUnusable } from './event-store.js';
import { leafOf } from './leaf.js';
import { admitLog, LOG_COLUMNS, LOG_SCHEMA, toUuid } from './log-file.js';
import { faultOf, openSqlite, type Database } from './sqlite.js';

/** Something is wrong with what is kept. The message names the first wrong position, or the file. */
export class Damaged extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Damaged';
  }
}

export interface CheckedLog {
  readonly logId: string;
  readonly head: Head;
  /** SHA-256 of all leaves in their order. */
  readonly digest: string;
}

export interface CheckOptions {
  readonly codec: Codec;
  readonly signal: AbortSignal;
  readonly onProgress: (position: number, head: number) => void;
  /** What an entry was when it was copied; undefined where that is not known. */
  readonly leafAt?: (position: number) => Buffer | undefined;
  readonly onLeaf?: (leaf: Buffer) => void;
}

const PAGE = 1_000;
const PAGES_A_REPORT = 10;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads a whole log, from the first entry to the one that is the head now, while a server may be writing behind it: positions without a
 * hole, revisions, ids, times, the shape of everything; then the file's own structure.
 * @throws Damaged, with the first wrong position; LogUnusable where it is no log of ours
 * @returns undefined when `signal` ended it
 */
export async function checkLog(path: string, options: CheckOptions): Promise<CheckedLog | undefined> {
  const db = open(path);
  try {
    const head = readHead(db, path);
    const check = new EntryCheck(options);
    for (let pages = 0; check.position < head; pages++) {
      if (options.signal.aborted) return undefined;
      for (const row of readPage(db, check.position, head)) check.next(row);
      if (pages % PAGES_A_REPORT === 0 || check.position === head) options.onProgress(check.position, head);
      await nextTurn();
    }
    const logId = checkStructure(db, path);
    return { logId, ...check.result() };
  } finally {
    db.close();
  }
}

function open(path: string): Database {
  if (!existsSync(path)) throw new LogUnusable(`There is no log at ${path}.`);
  try {
    return openSqlite(path, { synchronous: 'NORMAL', readOnly: true, admit: (db) => admitLog(db, path, true) });
  } catch (error) {
    if (faultOf(error) === 'CORRUPT') throw new Damaged(`${path} is damaged, or no SQLite file.`);
    throw error;
  }
}

function readHead(db: Database, path: string): number {
  try {
    return Number((db.prepare('SELECT max(position) AS head FROM entries').get() as { head: number | null }).head ?? 0);
  } catch (error) {
    throw new Damaged(`${path} is damaged: ${told(error)}.`);
  }
}

/** The entries after a position. Where a page cannot be read as a whole, they are read one by one, to name the one that is wrong. */
function readPage(db: Database, after: number, head: number): readonly Row[] {
  try {
    const rows = db.prepare(`SELECT ${LOG_COLUMNS} FROM entries WHERE position > ? AND position <= ? ORDER BY position LIMIT ${PAGE}`).all(after, head) as Row[];
    if (rows.length > 0) return rows;
  } catch {
    const rows: Row[] = [];
    const one = db.prepare(`SELECT ${LOG_COLUMNS} FROM entries WHERE position = ?`);
    for (let position = after + 1; position <= head && rows.length < PAGE; position++) {
      try {
        const row = one.get(position) as Row | undefined;
        if (row) rows.push(row);
        else break;
      } catch (error) {
        // What comes before it is looked at first.
        if (rows.length === 0) throw new Damaged(`Entry ${position} cannot be read: ${told(error)}.`);
        break;
      }
    }
    if (rows.length > 0) return rows;
  }
  throw missing(after + 1);
}

/** One entry after another, each against all before it. */
class EntryCheck {
  private last: Head = BEFORE_THE_FIRST;
  private readonly ids = new Map<string, number>();
  private readonly revisions = new Map<string, number>();
  private readonly digest = createHash('sha256');

  constructor(private readonly options: CheckOptions) {}

  get position(): number { return this.last.position; }

  result(): { head: Head; digest: string } {
    return { head: this.last, digest: this.digest.digest('hex') };
  }

  next(row: Row): void {
    const position = this.last.position + 1;
    if (row.position !== position) throw missing(position);
    const entry = storedEntry(row, position);
    const leaf = leafOf(entry);
    const known = this.options.leafAt?.(position);
    if (known && !known.equals(leaf)) throw wrong(position, 'is not what it was when the backup was taken');
    const twin = this.ids.get(entry.id);
    if (twin !== undefined) throw wrong(position, `has the id ${entry.id}, which entry ${twin} has already`);
    const revision = (this.revisions.get(entry.stream) ?? 0) + 1;
    if (entry.revision !== revision) throw wrong(position, `is revision ${entry.revision} of ${entry.stream}; it must be ${revision}`);
    if (entry.time < this.last.time) throw wrong(position, `is of ${entry.time}, before ${this.last.time} of the entry before it`);
    this.read(entry);
    this.ids.set(entry.id, position);
    this.revisions.set(entry.stream, revision);
    this.digest.update(leaf);
    this.options.onLeaf?.(leaf);
    this.last = { position, id: entry.id, time: entry.time };
  }

  private read(entry: StoredEntry): void {
    try {
      this.options.codec.decode(entry);
    } catch (error) {
      if (error instanceof UnreadableEntry) throw new Damaged(`${error.message}.`);
      throw error;
    }
  }
}

function storedEntry(row: Row, position: number): StoredEntry {
  const { id, stream, revision, type, version, data, meta, time } = row;
  if (!(id instanceof Uint8Array) || id.byteLength !== 16) throw wrong(position, 'has no id of 16 bytes');
  if (!isCount(revision) || !isCount(version)) throw wrong(position, 'has no whole number where its revision and version stand');
  if (!isText(stream) || !isText(type) || !isText(data) || !isText(meta)) throw wrong(position, 'has no text where its stream, type, data and meta stand');
  if (!isText(time) || !TIME.test(time)) throw wrong(position, 'has no time such as 2026-03-01T12:00:00.000Z');
  return { position, id: toUuid(id), stream, revision, type, version, data, meta, time };
}

/** @returns the log's id */
function checkStructure(db: Database, path: string): string {
  let logId: string | undefined;
  let parts: readonly string[];
  try {
    const { integrity_check: found } = db.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
    if (found !== 'ok') throw new Damaged(`${path} is damaged, though its entries can be read: ${found}.`);
    parts = (db.prepare('SELECT name FROM sqlite_schema').all() as { name: string }[]).map(({ name }) => name);
    logId = (db.prepare("SELECT value FROM notes WHERE name = 'log id'").get() as { value: string } | undefined)?.value;
  } catch (error) {
    if (error instanceof Damaged) throw error;
    throw new Damaged(`${path} is damaged, though its entries can be read: ${told(error)}.`);
  }
  const absent = [...LOG_SCHEMA.matchAll(/CREATE (?:TABLE|TRIGGER) (\w+)/g)].map((found) => found[1] as string).filter((name) => !parts.includes(name));
  if (absent.length > 0) throw new Damaged(`${path} lacks ${absent.join(', ')}: somebody else has changed the file.`);
  if (!logId) throw new Damaged(`${path} does not say which log it is.`);
  return logId;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
const wrong = (position: number, what: string): Damaged => new Damaged(`Entry ${position} ${what}.`);
const missing = (position: number): Damaged => wrong(position, 'is missing');
const told = (error: unknown): string => (error instanceof Error ? error.message : String(error));
