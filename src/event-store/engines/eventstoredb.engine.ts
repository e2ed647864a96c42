import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Head, StoredEntry } from '../entry.js';
import { ClockAhead, CommandRecorded, EntryTooLarge, HeadMoved, LogUnreachable, TimeWentBack, type OpenEngine } from '../event-store.js';
import { followLog } from '../follow.js';
import { leafOf } from '../leaf.js';
import { COPY_FILE, type LogFile } from '../log-file.js';
import { LOCK_FILE, WriterLock } from '../writer-lock.js';
import { DIFFERS, openCopy, type CopyOptions } from './eventstoredb-copy.js';
import { EVENT_AT_MOST, sizeOnServer } from './eventstoredb-events.js';
import { asUnusable, isDeniedTo, Server, ServerRefusal, type ServerOptions } from './eventstoredb-server.js';

export { COPY_FILE };

export interface EventStoreDbOptions extends ServerOptions, CopyOptions {
  /** Called where the copy and the log differ, or the copy cannot be written: the process has to end. */
  readonly onFatal: (error: unknown) => void;
}

const POLL_MS = 100;
const PAGE = 500;
/** Of a long reading: the server makes them ready while others are written. */
const PAGES_AHEAD = 2;
/** A node that may not write is not ready for so long. */
const DENIED_MS = 30_000;
/** More would bind all nodes to this one's clock: times never go back along the log, and terms and deadlines are judged by them. */
const AHEAD_AT_MOST_MS = 2_000;
/** How long what the server has judged by may take to be readable there. */
const READABLE_MS = 5_000;
/** The server takes an append below 256 MiB. */
const APPEND_AT_MOST = 128 * 1024 * 1024;

/** The copy and the server's stream are not the same log: nothing that this node says could be trusted. */
export class CopyDiffers extends Error {
  constructor(readonly position: number, what: string) {
    super(`The copy of this node and the stream on the server differ at position ${position}: ${what}`);
    this.name = 'CopyDiffers';
  }
}

/**
 * One stream of an EventStoreDB orders and keeps; the node has a copy, which can be thrown away. Position = revision + 1. One append is under way
 * at a time, at exactly the head; what others wrote is read every 100 ms and after each conflict.
 */
export class EventStoreDbEngine implements OpenEngine {
  private readonly stopPolling = new AbortController();
  private polling: Promise<void> | undefined;
  private catching: Promise<void> | undefined;
  private last: Promise<unknown> = Promise.resolve();
  /** What was told last of the server; undefined: it answers. */
  private away: string | undefined;
  /** When it last denied an append, by performance.now(). */
  private deniedAt: number | undefined;

  private constructor(
    readonly log: LogFile, private readonly server: Server, private readonly lock: WriterLock, private readonly onFatal: (error: unknown) => void,
    private readonly onNotice: (message: string) => void,
  ) {}

  /** Opened when the copy has all that the server has. @throws LogUnusable, LogUnreachable */
  static async open(options: EventStoreDbOptions): Promise<EventStoreDbEngine> {
    const lock = WriterLock.take(join(options.dataDir, LOCK_FILE), `The copy of the log in ${options.dataDir}`);
    let server: Server | undefined;
    let log: LogFile | undefined;
    try {
      server = new Server(options);
      log = await openCopy(server, options);
      const engine = new EventStoreDbEngine(log, server, lock, options.onFatal, options.onNotice ?? (() => undefined));
      await engine.catchUp();
      engine.polling = engine.poll();
      return engine;
    } catch (error) {
      log?.close();
      await server?.close();
      lock.release();
      throw asUnusable(error, options);
    }
  }

  append(entries: readonly StoredEntry[], expectedHead: number): Promise<void> {
    const result = this.last.then(() => this.appendNow(entries, expectedHead));
    this.last = result.catch(() => undefined);
    return result;
  }

  async read(after: number, limit: number): Promise<readonly StoredEntry[]> {
    await this.catchUp();
    return this.log.read(after, limit);
  }

  follow(after: number, signal: AbortSignal): AsyncGenerator<readonly StoredEntry[]> {
    return followLog(this.log, after, signal);
  }

  async head(): Promise<Head> {
    await this.catchUp();
    return this.log.head;
  }

  async confirm(position: number): Promise<void> {
    const copied = this.log.at(position);
    if (!copied) return;
    const [onServer] = await this.server.read(position, 1);
    if (onServer && leafOf(onServer).equals(leafOf(copied))) return;
    // Its next start throws the copy away, whatever it compares then.
    if (this.log.note(DIFFERS) === undefined) this.log.keepNote(DIFFERS, String(position));
    this.onFatal(new CopyDiffers(position, 'another entry stands there'));
  }

  silentMs(): number {
    return this.server.silentMs;
  }

  mayWrite(): boolean {
    // After a while somebody is let try.
    return this.deniedAt === undefined || performance.now() - this.deniedAt >= DENIED_MS;
  }

  async close(): Promise<void> {
    this.stopPolling.abort();
    await this.last;
    await this.polling;
    try {
      await this.server.close();
      this.log.close();
    } finally {
      this.lock.release();
    }
  }

  private async appendNow(entries: readonly StoredEntry[], expectedHead: number): Promise<void> {
    if (entries.length === 0 || this.log.head.position < expectedHead) await this.catchUpToDecide();
    if (this.log.head.position !== expectedHead) throw new HeadMoved(expectedHead, this.log.head.position);
    if (entries.length === 0) return;
    this.check(entries);
    try {
      await this.server.append(entries, expectedHead);
    } catch (error) {
      if (!(error instanceof ServerRefusal)) throw error;
      if (error.fault.kind === 'CONFLICT') {
        // The server may judge before the entries can be read.
        const { actual } = error.fault;
        const until = performance.now() + READABLE_MS;
        while (this.log.head.position < actual && performance.now() < until) await this.catchUpToDecide();
        if (this.log.head.position < actual) throw new LogUnreachable(error);
        throw new HeadMoved(expectedHead, this.log.head.position);
      }
      if (isDeniedTo(error.fault)) {
        if (this.deniedAt === undefined) this.onNotice('the server of the log does not let this node write; until it does, commands are refused and reading goes on');
        this.deniedAt = performance.now();
        throw new LogUnreachable(error);
      }
      if (error.fault.kind === 'REFUSED' && error.fault.why === 'TOO_LARGE') throw new EntryTooLarge(Math.max(...entries.map(sizeOnServer)));
      this.onFatal(error);
      throw error;
    }
    this.take(entries);
    if (this.deniedAt !== undefined) this.onNotice('the server of the log lets this node write again');
    this.deniedAt = undefined;
  }

  private async catchUpToDecide(): Promise<void> {
    await this.catchUp().catch((error: unknown) => { throw isDenied(error) ? new LogUnreachable(error) : error; });
  }

  /** What the embedded engine's triggers say, said before anything is sent. */
  private check(entries: readonly StoredEntry[]): void {
    const inBatch = new Map<string, number>();
    const revisions = new Map<string, number>();
    const { position: head } = this.log.head;
    let { time: before } = this.log.head;
    let bytes = 0;
    for (const [i, entry] of entries.entries()) {
      if (entry.position !== head + i + 1) throw new Error('A position follows the one before it');
      const revision = (revisions.get(entry.stream) ?? this.log.revisionAt(entry.stream, head)) + 1;
      if (entry.revision !== revision) throw new Error('A revision follows the one before it');
      revisions.set(entry.stream, revision);
      if (entry.time < before) throw new TimeWentBack(entry.position, entry.time, before);
      before = entry.time;
      const id = entry.id.toLowerCase();
      const recorded = this.log.byCommandId(id)?.position ?? inBatch.get(id);
      if (recorded !== undefined) throw new CommandRecorded(id, recorded);
      inBatch.set(id, entry.position);
      const size = sizeOnServer(entry);
      bytes += size;
      if (size > EVENT_AT_MOST) throw new EntryTooLarge(size);
    }
    if (bytes > APPEND_AT_MOST) throw new EntryTooLarge(bytes);
    // A time that is only the head's is not this node's doing, and brings the log no further ahead.
    const ahead = before > this.log.head.time ? this.server.clock.ahead(Date.parse(before)) : undefined;
    if (ahead !== undefined && ahead > AHEAD_AT_MOST_MS) throw new ClockAhead(ahead);
  }

  private async poll(): Promise<void> {
    const { signal } = this.stopPolling;
    for (;;) {
      await wait(POLL_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.catchUp();
        this.tell(undefined);
      } catch (error) {
        // A server that cannot be reached, or lets nobody in, may be another one soon; what differs never agrees again.
        if (!isDenied(error) && !(error instanceof LogUnreachable)) return this.onFatal(error);
        this.tell(isDenied(error) ? 'does not let this node in' : 'does not answer');
      }
    }
  }

  /** Once when it goes, and once when it is back. */
  private tell(why: string | undefined): void {
    if (this.away === why) return;
    this.away = why;
    this.onNotice(`the server of the log ${why === undefined ? 'answers again' : `${why}; until it does, commands are refused and reading goes on`}`);
  }

  /** Reads from the last entry on, itself included, until the server has no more. One reading at a time, begun after it was asked for. */
  private async catchUp(): Promise<void> {
    await this.catching?.catch(() => undefined);
    this.catching ??= this.readAll().finally(() => { this.catching = undefined; });
    await this.catching;
  }

  private async readAll(): Promise<void> {
    const { position: head } = this.log.head;
    let from = Math.max(head, 1);
    const first = await this.server.read(from, PAGE);
    if (first.length === 0 && head > 0) throw new CopyDiffers(head, 'the stream ends before it');
    const coming: Promise<readonly StoredEntry[]>[] = [];
    for (let page = first; ; page = await (coming.shift() as Promise<readonly StoredEntry[]>)) {
      // Of one that was asked for ahead the first entry may have come later than the answer: then this was the end.
      const isEnd = page.length < PAGE;
      while (!isEnd && coming.length < PAGES_AHEAD) {
        from += PAGE - 1;
        const next = this.server.read(from, PAGE);
        next.catch(() => undefined);
        coming.push(next);
      }
      // What was asked for is on its way while this page is written.
      await nextTurn();
      this.take(page);
      if (isEnd) return;
    }
  }

  /** The only door into the copy, for what was written and for what was read. Synchronous, so that nothing can race. */
  private take(entries: readonly StoredEntry[]): void {
    const { position: head } = this.log.head;
    const fresh: StoredEntry[] = [];
    for (const entry of entries) {
      if (entry.position <= head) {
        if (this.log.at(entry.position)?.id !== entry.id.toLowerCase()) throw new CopyDiffers(entry.position, 'another entry stands there');
        continue;
      }
      // A gap: what is between is read at the next turn.
      if (entry.position !== head + fresh.length + 1) break;
      fresh.push(entry);
    }
    if (fresh.length > 0) this.log.append(fresh, head);
  }
}

const isDenied = (error: unknown): boolean => error instanceof ServerRefusal && isDeniedTo(error.fault);
