import type { StoredEntry } from './entry.js';

/** What is kept with a log outside its order. Views and backups carry the id; notes are facts that are told once (LocalLog.keepNote). */
export interface LogIdentity {
  readonly logId: string;
  readonly notes: Readonly<Record<string, string>>;
}

/** A log as a whole, to be copied from: its entries up to the head that it had when it was opened. */
export interface LogSource {
  /** As an operator names it, without a password. */
  readonly name: string;
  readonly identity: LogIdentity;
  readonly head: number;
  /** At most `limit` entries after `after`, in order, none after `head`. */
  read(after: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Whether somebody writes it at this moment, or has written since it was opened. */
  isWritten(): Promise<boolean>;
  close(): Promise<void>;
}

/** Where a log is copied to. What is not finished is no log that a server would start on. */
export interface LogTarget {
  readonly name: string;
  /** The id of the log that is there, finished or not; undefined where there is none. @throws LogUnusable where something else is */
  logId(): Promise<string | undefined>;
  /** Begins the log, unfinished, where none is. */
  begin(identity: LogIdentity): Promise<void>;
  read(after: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Durable when it answers. @throws LogUnusable where somebody else has written, or an entry cannot be kept there */
  append(entries: readonly StoredEntry[], expectedHead: number): Promise<void>;
  /** The leaf of each entry up to `head`, from what is kept, read over a fresh connection. Fewer: it ends there. @throws Damaged */
  leaves(head: number, signal: AbortSignal, onProgress: (done: number, of: number) => void): Promise<readonly Buffer[]>;
  /** From now on it is the log, with what was noted of it. */
  finish(identity: LogIdentity): Promise<void>;
  close(): Promise<void>;
}

/** A stream, and what gave the address of its server and its name, for messages. */
export interface StreamPlace { readonly connection: string; readonly named: string; readonly stream: string; readonly streamNamed: string }

/** One end of a copy, as an operator names it. */
export type LogPlace = { readonly folder: string } | StreamPlace;

/** How the ends of a copy are opened: by engine, which only one file knows (src/engines.ts). */
export interface WholeLogs {
  /** @throws LogUnusable, LogUnreachable, Damaged; undefined when `signal` ended it */
  openSource(place: LogPlace, signal: AbortSignal, onProgress: (done: number, of: number) => void): Promise<LogSource | undefined>;
  openTarget(place: LogPlace): Promise<LogTarget>;
}
