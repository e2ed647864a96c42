import { KindGuard, Type, type Static, type TObject, type TProperties, type TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';

/** A moment in UTC, RFC 3339 with milliseconds: 24 characters, so that comparing strings compares times. */
export type Instant = string;

/**
 * Who may see that an entry happened.
 * `PUBLIC` everybody; `MEMBERS` who sits in the Committee or serves it; `SECRETARIAT` the secretariat and the auditor;
 * `WITH_THING` members, and everybody who may see the thing itself.
 */
export type Audience = 'PUBLIC' | 'MEMBERS' | 'SECRETARIAT' | 'WITH_THING';

/**
 * The one declaration of an event: its stored name and version, the shape of its data, what it touches and who may see it.
 * Stored names and fields are for ever: a new optional field needs nothing, another shape a new version and an upcaster.
 */
export interface EventType<K extends string = string, D = unknown> {
  readonly type: K;
  /** The version that is written today, from 1. */
  readonly version: number;
  /** What the one event also says, named as events of their own in the API. */
  readonly parts: readonly string[];
  readonly audience: Audience;
  /** Ids of the things that an entry of this type touches, its own first. */
  about(data: D): readonly string[];
  /** Ready-made check of the newest shape; false for what this program cannot read. */
  check(data: unknown): data is D;
  /** As `check`, and no field besides, however far inside: what is written is kept for ever, so it is all declared. */
  checkWritten(data: unknown): data is D;
  /** From version i + 1 to version i + 2. */
  readonly upcasters: readonly ((data: unknown) => unknown)[];
  /** Carries the type of the data; never there at run time. */
  readonly data?: D;
}

/** An event as a decider makes it: no position yet. */
export interface EventOf<K extends string, D> {
  readonly type: K;
  readonly data: D;
}
export type AnyEvent = EventOf<string, unknown>;

/** The event of a declaration: `OccurrenceOf<typeof PositionCast>`. */
export type OccurrenceOf<T> = T extends EventType<infer K, infer D> ? EventOf<K, D> : never;

interface Declaration<P extends TProperties> {
  readonly version?: number;
  readonly parts?: readonly string[];
  readonly audience: Audience;
  readonly about: (data: Static<TObject<P>>) => readonly string[];
  readonly upcasters?: readonly ((data: unknown) => unknown)[];
}

export function defineEvent<const K extends string, P extends TProperties>(
  type: K,
  properties: P,
  declaration: Declaration<P>,
): EventType<K, Static<TObject<P>>> & ((data: Static<TObject<P>>) => EventOf<K, Static<TObject<P>>>) {
  type D = Static<TObject<P>>;
  const shape = Type.Object(properties);
  const compiled = TypeCompiler.Compile(shape);
  const closed = TypeCompiler.Compile(withoutMore(shape));
  const make = (data: D): EventOf<K, D> => ({ type, data });
  return Object.assign(make, {
    type,
    version: declaration.version ?? 1,
    parts: declaration.parts ?? [],
    audience: declaration.audience,
    about: declaration.about,
    check: (data: unknown): data is D => compiled.Check(data),
    checkWritten: (data: unknown): data is D => closed.Check(data),
    upcasters: declaration.upcasters ?? [],
  });
}

/** The shape with every object in it closed to fields that it does not declare. */
function withoutMore(schema: TSchema): TSchema {
  if (KindGuard.IsObject(schema)) return { ...schema, additionalProperties: false, properties: Object.fromEntries(Object.entries(schema.properties).map(([name, inner]) => [name, withoutMore(inner)])) };
  if (KindGuard.IsArray(schema)) return { ...schema, items: withoutMore(schema.items) };
  if (KindGuard.IsUnion(schema)) return { ...schema, anyOf: schema.anyOf.map(withoutMore) };
  return schema;
}
