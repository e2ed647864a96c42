import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Codec } from '../codec.js';
import type { StoredEntry } from '../entry.js';
import { HeadMoved, LogFull, LogUnusable } from '../event-store.js';
import { checkLog } from '../log-check.js';
import { COPY_FILE, LOG_FILE, LogFile } from '../log-file.js';
import { faultOf, removeDatabase, sync } from '../sqlite.js';
import type { LogIdentity, LogSource, LogTarget } from '../whole-log.js';
import { LOCK_FILE, WriterLock } from '../writer-lock.js';

/** Where a log lies until it is whole: a server that starts in the folder finds none. */
export const DRAFT = 'copying';

/** A log in a folder, read as a whole first: what is damaged is not copied. A server may run there. @throws LogUnusable, Damaged; undefined when `signal` ended it */
export async function openSqliteSource(folder: string, signal: AbortSignal, onProgress: (done: number, of: number) => void): Promise<LogSource | undefined> {
  const path = join(folder, LOG_FILE);
  if (!existsSync(path) && existsSync(join(folder, COPY_FILE))) throw new LogUnusable(`There is no log in ${folder}, but a node's copy of one (${COPY_FILE}). Name the server that keeps it, or a backup of this node.`);
  if (!existsSync(path)) throw new LogUnusable(`There is no log in ${folder}: it has no ${LOG_FILE}. Name the data directory of a log in a file, or a backup.`);
  const checked = await checkLog(path, { codec: new Codec(), signal, onProgress });
  if (!checked) return undefined;
  const log = LogFile.open(path, { readOnly: true });
  const { position: head } = checked.head;
  let lock: WriterLock | undefined;
  const isLocked = (): boolean => {
    // Where no server has ever run there is nothing to ask, and a backup stays as it is.
    if (lock || !existsSync(join(folder, LOCK_FILE))) return false;
    try {
      lock = WriterLock.take(join(folder, LOCK_FILE), `The log in ${folder}`);
      return false;
    } catch (error) {
      if (error instanceof LogUnusable) return true;
      throw error;
    }
  };
  return {
    name: folder, head, identity: { logId: checked.logId, notes: log.notes() },
    read: async (after, limit) => log.read(after, Math.min(limit, head - after)),
    // Held from here on: what is not written now is not written before the copy ends.
    isWritten: async () => isLocked() || log.read(head, 1).length > 0,
    close: async () => {
      log.close();
      lock?.release();
    },
  };
}

/** A folder, which is there, that is to hold a log in a file. @throws LogUnusable where a server runs in it */
export function openSqliteTarget(folder: string): LogTarget {
  const lock = WriterLock.take(join(folder, LOCK_FILE), `The log in ${folder}`);
  try {
    return new SqliteTarget(folder, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class SqliteTarget implements LogTarget {
  private readonly path: string;
  private readonly draft: string;
  private log: LogFile | undefined;

  constructor(readonly name: string, private readonly lock: WriterLock) {
    this.path = join(name, LOG_FILE);
    this.draft = join(name, DRAFT, LOG_FILE);
    if (existsSync(this.path)) this.log = LogFile.open(this.path);
    else if (existsSync(this.draft)) this.log = LogFile.open(this.draft);
  }

  async logId(): Promise<string | undefined> {
    return this.log?.logId;
  }

  async begin({ logId }: LogIdentity): Promise<void> {
    mkdirSync(join(this.name, DRAFT), { recursive: true, mode: 0o700 });
    this.log = withRoom(this.name, () => LogFile.open(this.draft, { logId }));
  }

  async read(after: number, limit: number): Promise<readonly StoredEntry[]> {
    return this.log?.read(after, limit) ?? [];
  }

  async append(entries: readonly StoredEntry[], expectedHead: number): Promise<void> {
    try {
      withRoom(this.name, () => this.log?.append(entries, expectedHead));
    } catch (error) {
      if (error instanceof HeadMoved) throw new LogUnusable(`Somebody else has written to ${this.name}: its head is ${error.actual}, not ${expectedHead}. Copy to another folder.`);
      throw error;
    }
  }

  async leaves(head: number, signal: AbortSignal, onProgress: (done: number, of: number) => void): Promise<readonly Buffer[]> {
    const leaves: Buffer[] = [];
    await checkLog(this.isDraft ? this.draft : this.path, { codec: new Codec(), signal, onProgress, onLeaf: (leaf) => leaves.push(leaf) });
    return leaves.slice(0, head);
  }

  async finish({ notes }: LogIdentity): Promise<void> {
    const { log } = this;
    if (!log) return;
    for (const [name, value] of Object.entries(notes)) if (log.note(name) === undefined) log.keepNote(name, value);
    if (!this.isDraft) return void rmSync(join(this.name, DRAFT), { recursive: true, force: true });
    log.close();
    // Closed, the file alone is the log; what the driver still holds of it forbids to ask for more than that.
    if (existsSync(`${this.draft}-wal`) && statSync(`${this.draft}-wal`).size > 0) throw new LogUnusable(`${this.draft} is still read by somebody. Say the same again: it goes on.`);
    sync(this.draft);
    // A -wal that an older log left would be replayed onto this one.
    removeDatabase(this.path);
    renameSync(this.draft, this.path);
    sync(this.name);
    rmSync(join(this.name, DRAFT), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    try {
      this.log?.close();
    } finally {
      this.lock.release();
    }
  }

  private get isDraft(): boolean { return !existsSync(this.path); }
}

function withRoom<T>(folder: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof LogFull || faultOf(error) === 'FULL') throw new LogUnusable(`There is no room for the log in ${folder}. Make room and say the same again: it goes on.`);
    throw error;
  }
}
