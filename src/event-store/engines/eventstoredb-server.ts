import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { BACKWARDS, END, EventStoreDBClient, FORWARDS, NO_STREAM, START, type Credentials, type ResolvedEvent } from '@eventstore/db-client';
import type { StoredEntry } from '../entry.js';
import { LogUnreachable, LogUnusable } from '../event-store.js';
import { CallTimedOut, faultOfServer, ForeignEvent, LeftBehind, type ServerFault } from './eventstoredb-errors.js';
import { fromServerEvent, toServerEvent } from './eventstoredb-events.js';
import { ServerClock } from './server-clock.js';

type What = Pick<NonNullable<Parameters<EventStoreDBClient['readStream']>[1]>, 'direction' | 'fromRevision' | 'maxCount'>;

/** A stream, and what gave its name, for messages. Left out: the setting. */
export interface NamedStream { readonly stream: string; readonly streamNamed?: string }

export interface ServerOptions {
  /** `esdb://` or `esdb+discover://`. */
  readonly connection: string;
  /** What gave that address, for messages. Left out: the setting. */
  readonly named?: string;
  readonly stream: string;
  /** How long a call may take with all its repeats before its caller is told that the server cannot be reached. */
  readonly patienceMs?: number;
}

const CALL_MS = 2_500;
const LEAST_MS = 250;
const DEADLINE_MS = 2_000;
/** How long a connection may take until its first answer. */
const CONNECT_MS = 5_000;
const PATIENCE_MS = 5_000;
/** With any credentials, which are ignored without TLS, the client appends one by one with a deadline; without, through a map that all clients of a process share. */
const NOBODY: Credentials = { username: 'nobody', password: 'nobody' };

/** What our stream says of itself on the server, under the names by which it is stored there. */
export interface StreamMetadata {
  readonly committeeLogId?: string;
  /** While a log is copied to the stream: which. There is no `committeeLogId` before it is whole, so that no node starts on it. */
  readonly committeeCopyOf?: string;
  readonly committeeNotes?: Readonly<Record<string, string>>;
  readonly $acl?: unknown;
  readonly $maxAge?: number;
  readonly $maxCount?: number;
  readonly $tb?: number;
}

/** One stream of an EventStoreDB: calls with limits, repeated over a fresh connection where nobody knows what became of them. */
export class Server {
  private client: EventStoreDBClient;
  /** Undefined: none is given, as on a server without users. */
  readonly user: string | undefined;
  readonly clock = new ServerClock();
  private readonly credentials: Credentials;
  private closed = false;
  /** By performance.now(), of the connection. */
  private begun = 0;
  private heardAt = performance.now();
  /** The last event of the stream that was read, once everything before it was: what follows is new. */
  private newest: bigint | undefined;

  constructor(private readonly options: ServerOptions) {
    const given = userOf(options.connection);
    this.user = given?.username;
    this.credentials = given ?? NOBODY;
    this.client = this.connect();
  }

  get stream(): string { return this.options.stream; }
  /** Since it last answered, whatever it said but that this node has no right. */
  get silentMs(): number { return performance.now() - this.heardAt; }

  /** Writes at exactly this head. @throws ServerRefusal, LogUnreachable */
  async append(entries: readonly StoredEntry[], expectedHead: number): Promise<void> {
    const append = randomUUID();
    const events = entries.map((entry) => toServerEvent(entry, append));
    const { nextExpectedRevision } = await this.insist((client) => client.appendToStream(this.stream, events, {
      expectedRevision: expectedHead === 0 ? NO_STREAM : BigInt(expectedHead - 1), requiresLeader: true, deadline: DEADLINE_MS, credentials: this.credentials,
    }));
    if (Number(nextExpectedRevision) !== expectedHead - 1 + entries.length) {
      throw new Error(`The server wrote ${entries.length} entries after ${expectedHead} and says that its last revision is ${nextExpectedRevision}`);
    }
  }

  /** At most `limit` entries from a position on, which is asked for itself. Empty: there is none there. */
  async read(from: number, limit: number): Promise<readonly StoredEntry[]> {
    const events = await this.events(this.stream, { direction: FORWARDS, fromRevision: from <= 1 ? START : BigInt(from - 1), maxCount: limit });
    this.hear(events, events.length < limit);
    return events.map(fromServerEvent);
  }

  /** The last entry, or undefined where there is none. */
  async last(): Promise<StoredEntry | undefined> {
    const [event] = await this.lastEvent(this.stream);
    return event && fromServerEvent(event);
  }

  /** What the stream says of itself; `revision` is that of the metadata, for `setMetadata`. */
  async metadata(): Promise<{ readonly metadata: StreamMetadata; readonly revision: bigint | typeof NO_STREAM }> {
    const [resolved] = await this.lastEvent(`$$${this.stream}`);
    if (!resolved?.event) return { metadata: {}, revision: NO_STREAM };
    return { metadata: (resolved.event.data ?? {}) as StreamMetadata, revision: resolved.event.revision };
  }

  /** At exactly this revision: whoever comes second finds the first one's. @returns false where somebody was faster */
  async setMetadata(metadata: StreamMetadata, revision: bigint | typeof NO_STREAM): Promise<boolean> {
    try {
      await this.insist((client) => client.setStreamMetadata(this.stream, metadata as never, { expectedRevision: revision, requiresLeader: true, credentials: this.credentials, deadline: DEADLINE_MS }), false);
      return true;
    } catch (error) {
      if (error instanceof ServerRefusal && error.fault.kind === 'CONFLICT') return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.race([this.client.dispose(), wait(1_000, undefined, { ref: false })]).catch(() => undefined);
  }

  /** What the times of events say of the server's clock. An event that was not there a moment ago is of now. */
  private hear(events: readonly ResolvedEvent[], isEnd: boolean): void {
    const last = events.at(-1)?.event;
    if (last && this.newest !== undefined && last.revision > this.newest) this.clock.heard(last.created.getTime());
    if (last && (this.newest !== undefined || isEnd)) this.newest = last.revision;
    else if (!last && isEnd) this.newest ??= -1n;
  }

  private lastEvent(stream: string): Promise<readonly ResolvedEvent[]> {
    return this.events(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 });
  }

  private async events(stream: string, what: What): Promise<readonly ResolvedEvent[]> {
    try {
      return await this.insist(async (client) => {
        const resolved: ResolvedEvent[] = [];
        for await (const event of client.readStream(stream, { ...what, requiresLeader: true, credentials: this.credentials, deadline: DEADLINE_MS })) resolved.push(event);
        // A connection that was left behind ends what is read over it without a word: what came is no answer.
        if (client !== this.client || this.closed) throw new LeftBehind();
        return resolved;
      });
    } catch (error) {
      if (error instanceof ServerRefusal && error.fault.kind === 'NO_STREAM') return [];
      throw error;
    }
  }

  /** The same call until the server has said what became of it, or patience ends; with `isOwed` it also insists where the server denies a right. */
  private async insist<T>(call: (client: EventStoreDBClient) => Promise<T>, isOwed = true): Promise<T> {
    const until = performance.now() + (this.options.patienceMs ?? PATIENCE_MS);
    for (;;) {
      const used = this.client;
      try {
        const answer = await limited(call(used), Math.max(LEAST_MS, Math.min(CALL_MS, until - performance.now())));
        this.heardAt = performance.now();
        return answer;
      } catch (error) {
        const fault = faultOfServer(error);
        const isDenied = fault.kind === 'REFUSED' && fault.why === 'ACCESS';
        if (fault.kind !== 'UNKNOWN' && fault.kind !== 'ELSEWHERE' && !(isDenied && isOwed && !this.closed && performance.now() < until)) {
          // One that lets nobody in is no server to this node.
          if (!isDeniedTo(fault)) this.heardAt = performance.now();
          throw new ServerRefusal(fault, error);
        }
        if (this.closed || performance.now() > until) throw new LogUnreachable(error);
        // Another call may have left it behind already: each has one fresh connection to share. Elsewhere is where the client goes by itself. One that is
        // still on its way, as to a cluster that elects, gets there no sooner for being begun again.
        const onItsWay = error instanceof CallTimedOut && performance.now() - this.begun < CONNECT_MS;
        if (this.client === used && fault.kind === 'UNKNOWN' && !onItsWay) this.reconnect();
        await wait(50 + Math.random() * 150);
      }
    }
  }

  /** A channel that hangs stays hung: it is left behind, and what it still says is heard by nobody. */
  private reconnect(): void {
    const old = this.client;
    try {
      this.client = this.connect();
    } catch {
      // A certificate that cannot be read at the moment: it could when this began.
      return;
    }
    void Promise.race([old.dispose(), wait(3_000, undefined, { ref: false })]).catch(() => undefined);
  }

  private connect(): EventStoreDBClient {
    this.begun = performance.now();
    const { connection, named = 'EVENT_STORE' } = this.options;
    const client = clientOf(searchNeedsLimit(connection) ? `${connection}${connection.includes('?') ? '&' : '?'}gossipTimeout=1` : connection, named);
    listenToDates(client, (date) => this.clock.heard(date));
    return client;
  }
}

/** @throws LogUnusable where the client takes an address for none, or finds no certificate; what it says is told without a password */
function clientOf(connection: string, named: string): EventStoreDBClient {
  try {
    return EventStoreDBClient.connectionString(connection);
  } catch (error) {
    throw new LogUnusable(`${named} cannot be used: ${withoutPassword(error instanceof Error ? error.message : String(error)).replace(/\.$/, '')}.`);
  }
}

const withoutPassword = (text: string): string => text.replace(/\/\/[^@/\s]*@/g, '//');

/** The server knows this node's user not, or gives it no right. Either may change while the node runs. */
export const isDeniedTo = (fault: ServerFault): boolean => fault.kind === 'REFUSED' && (fault.why === 'ACCESS' || fault.why === 'USER');

export class ServerRefusal extends Error {
  constructor(readonly fault: ServerFault, cause: unknown) {
    super(`The server refused: ${fault.kind}${'why' in fault ? ` ${fault.why}` : ''}`, { cause });
    this.name = 'ServerRefusal';
  }
}

/** What the client makes its streams by: typed as its own affair, so it is looked for and may be missing. */
interface StreamMaker { GRPCStreamCreator: (...args: unknown[]) => () => Promise<{ on?(event: 'metadata', listener: (metadata: { get(name: string): unknown[] }) => void): unknown }> }

const makesStreams = (client: object): client is StreamMaker => 'GRPCStreamCreator' in client && typeof client.GRPCStreamCreator === 'function';

/** Every answer over HTTP has a date, also where there is no event yet or the last one is old; the client does not hand it on. */
function listenToDates(client: object, onDate: (time: number) => void): void {
  if (!makesStreams(client)) return;
  const make = client.GRPCStreamCreator;
  client.GRPCStreamCreator = (...args) => {
    const begin = make(...args);
    return async () => {
      const stream = await begin();
      stream.on?.('metadata', (metadata) => onDate(Date.parse(String(metadata.get('date')[0]))));
      return stream;
    };
  };
}

/** An error of a stream that cannot be used as it is, with what to do; any other as it is. */
export function asUnusable(error: unknown, { named = 'EVENT_STORE', stream, streamNamed = 'COMMITTEE_STREAM' }: NamedStream & Pick<ServerOptions, 'named'>): unknown {
  if (error instanceof ForeignEvent) return new LogUnusable(`${error.message}. Name another stream in ${streamNamed} (it is ${stream}).`);
  if (!(error instanceof ServerRefusal)) return error;
  const { fault } = error;
  const why = fault.kind === 'REFUSED' ? fault.why : fault.kind;
  if (why === 'USER') return new LogUnusable(`The server does not know this user and password. ${named} must name both as the server has them; a sign such as @ in a password is written %40.`);
  if (why === 'ACCESS') return new LogUnusable(`The server does not let this user read, write, and at the first start describe the stream ${stream}. docs/operating.md says which rights it needs.`);
  if (why === 'DELETED') return new LogUnusable(`The stream ${stream} was deleted on the server. Name another one in ${streamNamed}.`);
  return new LogUnusable(`The server refuses the stream ${stream} (${why}).`);
}

/** A cluster, named by one name or by its servers, whose leader would be searched for up to five seconds at each server that hangs. */
function searchNeedsLimit(connection: string): boolean {
  const [authority = ''] = connection.replace(/^[^:]+:\/\//, '').split(/[/?]/);
  return (connection.startsWith('esdb+discover:') || authority.includes(',')) && !/[?&]gossipTimeout=/.test(connection);
}

/** Of a connection that the settings have found right; given with each call, since the client appends otherwise without (NOBODY). */
function userOf(connection: string): Credentials | undefined {
  const [, username, password] = /^[^:]+:\/\/([^:@/]+):([^@/]*)@/.exec(connection) ?? [];
  return username === undefined || password === undefined ? undefined : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

function limited<T>(call: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CallTimedOut(ms)), ms);
    // What comes after the limit is heard here too, so that it ends nothing.
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
