import { binaryEvent, jsonEvent, type EventData, type ResolvedEvent } from '@eventstore/db-client';
import { v5 as uuidFrom } from 'uuid';
import type { StoredEntry } from '../entry.js';
import { ForeignEvent } from './eventstoredb-errors.js';

/** What of an entry has no place of its own on the server. `meta` stays a text, to the byte; the two with $ are the server's own, for its tools. */
interface ServerMetadata {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly version: number;
  readonly time: string;
  readonly meta: string;
  readonly $correlationId?: string;
  readonly $causationId?: string;
}

/** Data that the client would write otherwise than it stands here goes as bytes: an entry is kept to the byte. */
const isAsClientsWrite = (text: string): boolean => {
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
};

/**
 * The server takes the same event ids at the same place for a repeat and says that they were written. The same command, decided by two nodes or twice
 * by one, is no repeat: so the event's id is derived from the command's and from the one append that carries it.
 */
export function toServerEvent(entry: StoredEntry, append: string): EventData {
  const { id, stream, revision, version, time, meta } = entry;
  const metadata: ServerMetadata = { id, stream, revision, version, time, meta, ...tracing(meta) };
  const common = { id: uuidFrom(append, id), type: entry.type, metadata };
  return isAsClientsWrite(entry.data)
    ? jsonEvent({ ...common, data: JSON.parse(entry.data) as never }) as EventData
    : binaryEvent({ ...common, data: Buffer.from(entry.data, 'utf8') }) as EventData;
}

function tracing(meta: string): Pick<ServerMetadata, '$correlationId' | '$causationId'> {
  try {
    const { correlationId, causationId } = JSON.parse(meta) as { correlationId?: string; causationId?: string };
    return { ...(correlationId !== undefined && { $correlationId: correlationId }), ...(causationId !== undefined && { $causationId: causationId }) };
  } catch {
    return {};
  }
}

/** @throws ForeignEvent for one that is no entry of ours */
export function fromServerEvent({ event }: ResolvedEvent): StoredEntry {
  const metadata = event?.metadata as Partial<ServerMetadata> | undefined;
  if (!event || metadata?.id === undefined || metadata.stream === undefined || metadata.revision === undefined || metadata.version === undefined || metadata.time === undefined || metadata.meta === undefined) {
    throw new ForeignEvent(String(event?.revision));
  }
  const { id, stream, revision, version, time, meta } = metadata;
  return {
    position: Number(event.revision) + 1, id: id.toLowerCase(), stream, revision, type: event.type, version,
    data: event.isJson ? JSON.stringify(event.data) : Buffer.from(event.data as Uint8Array).toString('utf8'), meta, time,
  };
}

/** Bytes that an entry takes on the server, at most. */
export const sizeOnServer = (entry: StoredEntry): number => 2 * (Buffer.byteLength(entry.meta) + Buffer.byteLength(entry.stream)) + Buffer.byteLength(entry.data) + 1_024;
/** The server takes an event below 16 MiB. */
export const EVENT_AT_MOST = 15 * 1024 * 1024;
