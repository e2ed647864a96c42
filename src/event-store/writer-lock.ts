import { faultOf, openSqlite, type Database } from './sqlite.js';
import { LogUnusable } from './event-store.js';

export const LOCK_FILE = 'log.lock';

/** The driver closes a connection that nobody refers to any more. A lock that is held is referred to from here. */
const held = new Set<WriterLock>();

/**
 * One writing process a file. The lock is a transaction held open on a small database beside it: the operating system
 * releases it when the process ends, however it ends, so a `kill -9` leaves nothing to clean up.
 */
export class WriterLock {
  private constructor(private readonly db: Database) {}

  /** @throws LogUnusable when another process holds it */
  static take(path: string, whatFor: string): WriterLock {
    let db: Database | undefined;
    try {
      db = openSqlite(path, { synchronous: 'NORMAL' });
      db.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = NORMAL');
      db.exec('BEGIN IMMEDIATE');
      const lock = new WriterLock(db);
      held.add(lock);
      return lock;
    } catch (error) {
      db?.close();
      if (faultOf(error) === 'BUSY') throw new LogUnusable(`${whatFor} is in use by another process. Stop that one first, or name another folder in DATA_DIR.`);
      throw error;
    }
  }

  release(): void {
    held.delete(this);
    if (!this.db.isOpen) return;
    if (this.db.isTransaction) this.db.exec('ROLLBACK');
    this.db.close();
  }
}
