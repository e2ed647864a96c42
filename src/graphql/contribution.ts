import type { AnyEvent } from '../events/define.js';
import type { Entry } from '../event-store/entry.js';
import type { FieldRights } from './rights.js';
import type { Reads } from './reads.js';
import type { Standing } from '../identity/standing.js';

/** A kind of thing, to be found by an id alone. */
export interface ThingKind {
  readonly typename: string;
  /** The stream of the thing, whose revision it shows. */
  streamOf(id: string): string;
  /** The GraphQL object, or undefined where there was none at `at`. Says nothing of who may see it. */
  find(reads: Reads, id: string, at: number): object | undefined;
  /** Whether the public register shows it, as it stood at `at`. Members see it anyway. */
  isPublic(reads: Reads, id: string, at: number): boolean;
  /** Its fields as texts, named as in the schema, for "before and after" in its history. */
  fieldsAt(reads: Reads, id: string, at: number): Readonly<Record<string, string | undefined>>;
}

/** Something that a person has to do, derived from the views at a moment. */
export interface DeskTask {
  readonly kind: string;
  readonly thingId: string;
  readonly office: string;
  readonly since: number;
  readonly by?: string;
  readonly silence?: string;
  readonly outcomeIfSilent?: string;
  readonly sentence: string;
}

/** What a module brings to the API besides its resolvers. */
export interface Contribution {
  readonly rights: FieldRights;
  readonly things?: readonly ThingKind[];
  /** What a reader, as of now, had to do at a moment. `among`: who asks wants to know of these things alone; what is told of others is not looked at. */
  tasks?(reads: Reads, reader: Standing, at: number, among?: readonly string[]): readonly DeskTask[];
  /** One sentence for people on each event of the module. */
  readonly sentences: Readonly<Record<string, (entry: Entry, nameOf: (regionId: string) => string) => string>>;
}

/** One row of `sentences`, with the event's own shape. */
export function sentence<T extends { readonly type: string; readonly data?: unknown }>(
  type: T, tell: (data: NonNullable<T['data']>, nameOf: (regionId: string) => string, entry: Entry<AnyEvent>) => string,
): Readonly<Record<string, (entry: Entry, nameOf: (regionId: string) => string) => string>> {
  return { [type.type]: (entry, nameOf) => tell(entry.data as NonNullable<T['data']>, nameOf, entry) };
}
