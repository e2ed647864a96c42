import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { backup, DatabaseSync } from '@photostructure/sqlite';

export type Database = InstanceType<typeof DatabaseSync>;
export type Statement = ReturnType<Database['prepare']>;

/** SQLite 3.7.0 to 3.51.2 could lose a WAL that two connections reset at once (sqlite.org/wal.html#walresetbug). */
const OLDEST_SQLITE = [3, 51, 3];

export interface SqliteOptions {
  /** FULL: a commit is on the disk before it answers. NORMAL: for files that can be derived anew. */
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly readOnly?: boolean;
  /** Throws to refuse a file, which then stays as it is. */
  readonly admit?: (db: Database) => void;
}

/** Opens a file in WAL mode, sets what safety rests on and reads it back. */
export function openSqlite(path: string, options: SqliteOptions): Database {
  const db = new DatabaseSync(path, { readOnly: options.readOnly ?? false });
  try {
    const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    const parts = version.split('.').map(Number);
    const difference = OLDEST_SQLITE.map((least, i) => (parts[i] ?? 0) - least).find((d) => d !== 0) ?? 0;
    if (difference < 0) throw new Error(`SQLite ${version} is too old: at least ${OLDEST_SQLITE.join('.')} is needed`);
    db.exec('PRAGMA busy_timeout = 5000');
    options.admit?.(db);
    if (!options.readOnly) db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.synchronous}; PRAGMA recursive_triggers = ON`);
    if (!options.readOnly && options.synchronous === 'FULL') {
      const full = db.prepare('PRAGMA synchronous').get() as { synchronous: number };
      const wal = db.prepare('PRAGMA journal_mode').get() as { journal_mode: string };
      if (full.synchronous !== 2 || wal.journal_mode !== 'wal') throw new Error(`${path}: synchronous=FULL or WAL could not be set`);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Runs `work` in one transaction. An error undoes all of it, also where SQLite has ended the transaction by itself (SQLITE_FULL). */
export function inTransaction<T>(db: Database, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    // After SQLITE_FULL inside a group SQLite has rolled back and would autocommit what follows.
    if (!db.isTransaction) throw new Error('The transaction ended before its commit');
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Copies a database while others write to it: all that was committed before the call, and nothing in between. The read transaction
 * holds the copy to one moment; without it each commit of another process would begin the copy anew.
 * @param onProgress may throw, which ends the copy
 */
export async function copySqlite(path: string, target: string, onProgress: (done: number, of: number) => void): Promise<void> {
  const db = openSqlite(path, { synchronous: 'NORMAL', readOnly: true });
  try {
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    let thrown: unknown;
    await backup(db, target, {
      rate: 2_000,
      progress: ({ totalPages, remainingPages }) => {
        try {
          onProgress(totalPages - remainingPages, totalPages);
        } catch (error) {
          thrown = error;
          throw error;
        }
      },
      // The driver puts an error of its own in the place of what it is thrown.
    }).catch((error: unknown) => { throw thrown ?? error; });
    db.exec('ROLLBACK');
  } finally {
    db.close();
  }
  const copy = new DatabaseSync(target);
  try {
    // One file that stands alone: no -wal has to travel with it.
    copy.exec('PRAGMA journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

export type SqliteFault = 'FULL' | 'IO' | 'BUSY' | 'CORRUPT' | 'OTHER';

/** What an error of the driver means, by SQLite's own primary result code. */
export function faultOf(error: unknown): SqliteFault {
  const code = (error as { errcode?: number }).errcode;
  switch (typeof code === 'number' ? code & 0xff : -1) {
    case 13: return 'FULL';
    case 10: return 'IO';
    case 5: case 6: return 'BUSY';
    case 11: case 26: return 'CORRUPT';
    default: return 'OTHER';
  }
}

/** A file, or a folder's list of its files, is on the disk afterwards. */
export function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A stale -wal beside a new file would be replayed onto it. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
