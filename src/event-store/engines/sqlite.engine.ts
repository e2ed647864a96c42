import { join } from 'node:path';
import type { Head, StoredEntry } from '../entry.js';
import { HeadMoved, LogFull, type OpenEngine } from '../event-store.js';
import { followLog } from '../follow.js';
import { LOG_FILE, LogFile } from '../log-file.js';
import { faultOf } from '../sqlite.js';
import { LOCK_FILE, WriterLock } from '../writer-lock.js';

export { LOG_FILE };

/** The embedded engine: the node's own log file is the log. One transaction for all that waits, synced before it answers. */
export class SqliteEngine implements OpenEngine {
  private constructor(readonly log: LogFile, private readonly lock: WriterLock, private readonly onFatal: (error: unknown) => void) {}

  /**
   * @param onFatal called after an I/O error: the process has to end, since a second sync may lie about the first one's pages
   * @param onListenerError given what a listener of the log throws
   */
  static open(dataDir: string, onFatal: (error: unknown) => void, onListenerError?: (error: unknown) => void): SqliteEngine {
    const lock = WriterLock.take(join(dataDir, LOCK_FILE), `The log in ${dataDir}`);
    try {
      return new SqliteEngine(LogFile.open(join(dataDir, LOG_FILE), { onListenerError }), lock, onFatal);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async append(entries: readonly StoredEntry[], expectedHead: number): Promise<void> {
    try {
      this.log.append(entries, expectedHead);
    } catch (error) {
      if (error instanceof HeadMoved) throw error;
      const fault = faultOf(error);
      if (fault === 'FULL') throw new LogFull();
      if (fault === 'IO' || fault === 'CORRUPT') this.onFatal(error);
      throw error;
    }
  }

  async read(after: number, limit: number): Promise<readonly StoredEntry[]> {
    return this.log.read(after, limit);
  }

  follow(after: number, signal: AbortSignal): AsyncGenerator<readonly StoredEntry[]> {
    return followLog(this.log, after, signal);
  }

  /** The file is the log. */
  async confirm(): Promise<void> {}

  async head(): Promise<Head> {
    return this.log.head;
  }

  silentMs(): number {
    return 0;
  }

  mayWrite(): boolean {
    return true;
  }

  async close(): Promise<void> {
    try {
      this.log.close();
    } finally {
      this.lock.release();
    }
  }
}
