import type { StoredEntry } from '../entry.js';
import { LogUnusable } from '../event-store.js';
import { leafOf } from '../leaf.js';
import type { LogIdentity, LogSource, LogTarget, StreamPlace } from '../whole-log.js';
import { EVENT_AT_MOST, sizeOnServer } from './eventstoredb-events.js';
import { admitMetadata } from './eventstoredb-metadata.js';
import { asUnusable, Server, ServerRefusal } from './eventstoredb-server.js';

const PAGE = 500;
/** An append of ours that takes long is taken for a lost one: entries go in appends of about so many bytes. */
const APPEND_ABOUT = 1024 * 1024;
/** A change of the cluster's leader is waited for. */
const PATIENCE_MS = 10_000;

const nameOf = ({ connection, stream }: StreamPlace): string => `the stream ${stream} of ${connection.replace(/\/\/[^@/]*@/, '//').replace(/\/?\?.*$/, '')}`;
const connect = (place: StreamPlace): Server => new Server({ ...place, patienceMs: PATIENCE_MS });

/** @throws LogUnusable where the stream is no whole log, LogUnreachable */
export async function openEventStoreDbSource(place: StreamPlace): Promise<LogSource> {
  const { stream } = place;
  const server = connect(place);
  const name = nameOf(place);
  const call = calling(place);
  try {
    const { metadata } = await call(() => server.metadata());
    admitMetadata(place, metadata);
    const { committeeLogId: logId, committeeCopyOf } = metadata;
    if (committeeCopyOf !== undefined) throw new LogUnusable(`The stream ${stream} is being copied to, or a copy was interrupted: it is not whole. Let that end first.`);
    if (logId === undefined) throw new LogUnusable(`There is no log in ${name}. Name the stream of a Committee in --stream.`);
    const head = (await call(() => server.last()))?.position ?? 0;
    return {
      name, head, identity: { logId, notes: metadata.committeeNotes ?? {} },
      read: (after, limit) => call(() => readAfter(server, after, Math.min(limit, head - after))),
      isWritten: async () => (await call(() => server.last()))?.position !== (head === 0 ? undefined : head),
      close: () => server.close(),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

export function openEventStoreDbTarget(place: StreamPlace): LogTarget {
  return new EventStoreDbTarget(place);
}

class EventStoreDbTarget implements LogTarget {
  readonly name: string;
  private readonly server: Server;
  private readonly call: <T>(work: () => Promise<T>) => Promise<T>;

  constructor(private readonly place: StreamPlace) {
    this.name = nameOf(place);
    this.server = connect(place);
    this.call = calling(place);
  }

  async logId(): Promise<string | undefined> {
    const { metadata } = await this.call(() => this.server.metadata());
    admitMetadata(this.place, metadata);
    return metadata.committeeLogId ?? metadata.committeeCopyOf;
  }

  async begin({ logId }: LogIdentity): Promise<void> {
    const { metadata, revision } = await this.call(() => this.server.metadata());
    admitMetadata(this.place, metadata);
    if (metadata.committeeLogId === undefined && metadata.committeeCopyOf === undefined && await this.call(() => this.server.setMetadata({ ...metadata, committeeCopyOf: logId }, revision))) return;
    throw this.writtenBySomebodyElse();
  }

  read(after: number, limit: number): Promise<readonly StoredEntry[]> {
    return this.call(() => readAfter(this.server, after, limit));
  }

  async append(entries: readonly StoredEntry[], expectedHead: number): Promise<void> {
    let head = expectedHead;
    for (const part of partsOf(entries)) {
      try {
        await this.call(() => this.server.append(part, head));
      } catch (error) {
        if (error instanceof ServerRefusal && error.fault.kind === 'CONFLICT') throw this.writtenBySomebodyElse();
        throw error;
      }
      head += part.length;
    }
  }

  async leaves(head: number, signal: AbortSignal, onProgress: (done: number, of: number) => void): Promise<readonly Buffer[]> {
    const server = connect(this.place);
    const leaves: Buffer[] = [];
    try {
      while (leaves.length < head && !signal.aborted) {
        const entries = await this.call(() => readAfter(server, leaves.length, Math.min(PAGE, head - leaves.length)));
        if (entries.length === 0) break;
        leaves.push(...entries.map(leafOf));
        onProgress(leaves.length, head);
      }
      return leaves;
    } finally {
      await server.close();
    }
  }

  async finish({ logId, notes }: LogIdentity): Promise<void> {
    const { metadata, revision } = await this.call(() => this.server.metadata());
    const { committeeCopyOf, ...kept } = metadata;
    const noted = { ...notes, ...kept.committeeNotes };
    if (kept.committeeLogId === logId && Object.keys(noted).length === Object.keys(kept.committeeNotes ?? {}).length) return;
    const whole = { ...kept, committeeLogId: logId, ...(Object.keys(noted).length > 0 && { committeeNotes: noted }) };
    if ((committeeCopyOf ?? kept.committeeLogId) !== logId || !(await this.call(() => this.server.setMetadata(whole, revision)))) throw this.writtenBySomebodyElse();
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private writtenBySomebodyElse(): LogUnusable {
    return new LogUnusable(`Somebody else has written to ${this.name} meanwhile. Stop every node that uses it, and every other copy to it; then say the same again.`);
  }
}

async function readAfter(server: Server, after: number, limit: number): Promise<readonly StoredEntry[]> {
  return limit <= 0 ? [] : server.read(after + 1, limit);
}

function* partsOf(entries: readonly StoredEntry[]): Generator<readonly StoredEntry[]> {
  let part: StoredEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizeOnServer(entry);
    if (size > EVENT_AT_MOST) throw new LogUnusable(`Entry ${entry.position} has ${size} bytes, which is more than an EventStoreDB takes (${EVENT_AT_MOST}). This log stays in a file.`);
    if (part.length > 0 && bytes + size > APPEND_ABOUT) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(entry);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/** Calls whose refusals are said as what to do, but a conflict, which its caller knows. */
const calling = (place: StreamPlace) => async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ServerRefusal && error.fault.kind === 'CONFLICT' ? error : asUnusable(error, place);
  }
};
