import type { Head, StoredEntry } from './entry.js';

/** Orders and keeps. Every engine passes test/event-store/contract.ts. */
export interface Engine {
  /**
   * Writes all entries or none, durable before it answers. Their positions follow `expectedHead` without a hole.
   * @throws HeadMoved when the log's head is another, which is told before anything else; TimeWentBack; CommandRecorded;
   * LogFull when there is no room (nothing written, may be tried again).
   */
  append(entries: readonly StoredEntry[], expectedHead: number): Promise<void>;
  /** At most `limit` entries with a position greater than `after`, in order. */
  read(after: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Every entry after `after`, once and in order, those to come too, until `signal` is aborted. Never an empty batch. */
  follow(after: number, signal: AbortSignal): AsyncIterable<readonly StoredEntry[]>;
  head(): Promise<Head>;
  close(): Promise<void>;
}

/** An engine with the node's own file, which is the log or a copy of it. */
export interface OpenEngine extends Engine {
  readonly log: WritableLog;
  /** Compares an entry with the log itself, where the file is a copy; one that differs is fatal. @throws LogUnreachable */
  confirm(position: number): Promise<void>;
  /** Milliseconds since the log's server was last heard of; 0 where there is none. */
  silentMs(): number;
  /** False: the log's server denied it a moment ago. Only another append finds out that it may again. */
  mayWrite(): boolean;
}

/** Finds: the log as a file of this node, for folding, replaying, verifying and rebuilding. */
export interface LocalLog {
  /** Random, given when the log was begun; what is derived from it carries it. */
  readonly logId: string;
  readonly head: Head;
  read(after: number, limit: number): readonly StoredEntry[];
  stream(name: string): readonly StoredEntry[];
  at(position: number): StoredEntry | undefined;
  /** Of the entry at a position, which is in the log. */
  streamAt(position: number): string;
  byCommandId(id: string): StoredEntry | undefined;
  /** The last position recorded at or before `time`; 0 when there is none. */
  positionAt(time: string): number;
  /** Revision of a stream as it stood at a position; 0 before its first entry. */
  revisionAt(stream: string, position: number): number;
  /** A fact kept with the log, outside its order, such as the time of the first start. */
  note(name: string): string | undefined;
}

/** Where the file is written too. */
export interface WritableLog extends LocalLog {
  /** Called after entries have become durable and can be read here. Returns how to stop. What a listener throws goes to who opened the log. */
  onAppended(listener: () => void): () => void;
  /** Once kept it stays. */
  keepNote(name: string, value: string): void;
}

export class HeadMoved extends Error {
  constructor(readonly expected: number, readonly actual: number) {
    super(`The log's head is ${actual}, not ${expected}`);
    this.name = 'HeadMoved';
  }
}

/** An entry would be recorded before the one it follows. Positions are found by time, and time is evidence, so it never goes back along the log. */
export class TimeWentBack extends Error {
  constructor(readonly position: number, readonly time: string, readonly before: string) {
    super(`The entry at position ${position} has the time ${time}, which is before ${before}, that of the entry before it`);
    this.name = 'TimeWentBack';
  }
}

/** A command is recorded once: its id is in the log, or earlier in the same batch, at `position`. */
export class CommandRecorded extends Error {
  constructor(readonly commandId: string, readonly position: number) {
    super(`The command ${commandId} is recorded already, at position ${position}`);
    this.name = 'CommandRecorded';
  }
}

export class LogFull extends Error {
  constructor() {
    super('There is no room for the log on its disk');
    this.name = 'LogFull';
  }
}

/** The log's server cannot be reached, or does not answer: what was sent may be recorded or not. Sent again with the same ids, it has one effect. */
export class LogUnreachable extends Error {
  constructor(cause: unknown) {
    super(`The server of the log cannot be reached${cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : ''}`, { cause });
    this.name = 'LogUnreachable';
  }
}

/** What is to be done about that, where nothing runs yet. @param named what gave the address */
export const whichServer = (named: string): string => `${named} must be the address of one that runs, with the certificate and the host name that it has; try again when it does.`;

/** The entries' times run ahead of the clock of the log's server: nothing was written. It passes by itself when this node's clock is right. */
export class ClockAhead extends Error {
  constructor(readonly aheadMs: number) {
    super(`The clock of this node runs ${Math.round(aheadMs)} ms ahead of that of the log's server`);
    this.name = 'ClockAhead';
  }
}

/** More than the engine keeps in one entry. Nothing was written. */
export class EntryTooLarge extends Error {
  constructor(readonly bytes: number) {
    super(`An entry of ${bytes} bytes is more than the log takes`);
    this.name = 'EntryTooLarge';
  }
}

/** The log cannot be used as it is: locked, of a newer format, damaged. The message says what to do. */
export class LogUnusable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LogUnusable';
  }
}
