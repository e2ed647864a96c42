import { Type, type Static } from '@sinclair/typebox';
import type { AnyEvent, Instant } from '../events/define.js';
import { OFFICES, oneOf } from '../events/shared.js';

/** Who acted, and by which office the command was let through. No name: `personId` is a keyed hash (docs/architecture.md, Identity). */
const Actor = Type.Object({
  office: oneOf(OFFICES), personId: Type.Optional(Type.String()), regionId: Type.Optional(Type.String()), onBehalfOfId: Type.Optional(Type.String()),
});
export type Actor = Readonly<Static<typeof Actor>>;

/** What an entry says of its command. `cause`: position of the entry that a process followed. Stored, so its fields are for ever as an event's are. */
export const Meta = Type.Object({
  commandName: Type.String(), payloadDigest: Type.String(), actor: Actor, correlationId: Type.String(),
  causationId: Type.Optional(Type.String()), cause: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type Meta = Readonly<Static<typeof Meta>>;

/** An entry as it is stored and replicated: `data` and `meta` are JSON texts, kept to the byte. `id` is the command's id, a UUID. */
export interface StoredEntry {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly version: number;
  readonly data: string;
  readonly meta: string;
  readonly time: Instant;
}

/** An entry as deciders and views read it: data in the newest shape. */
export interface Entry<E extends AnyEvent = AnyEvent> {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: E['type'];
  readonly version: number;
  readonly data: E['data'];
  readonly time: Instant;
  readonly meta: Meta;
}

/** One `Entry` type for each event of a union, so that a switch on `type` narrows `data`. */
export type EntryOf<E extends AnyEvent> = E extends AnyEvent ? Entry<E> : never;

export interface Head {
  readonly position: number;
  /** Recorded time of the head; the beginning of time when the log is empty. */
  readonly time: Instant;
  readonly id: string | null;
}

export const BEFORE_THE_FIRST: Head = { position: 0, time: '0000-01-01T00:00:00.000Z', id: null };
