import type { AnyEvent, EventType } from '../events/define.js';
import type { Entry } from '../event-store/entry.js';
import type { Parts, PartsSpec, Table, TableSpec } from './versioned.js';

/** What a view writes with. */
export interface Write {
  table<R extends object>(spec: TableSpec<R>): Table<R>;
  parts<R extends object>(spec: PartsSpec<R>): Parts<R>;
}

/** Specs without the type of their rows: what making the tables needs. */
type AnyTable = Pick<TableSpec<object>, 'name'> & { readonly filters: Readonly<Record<string, unknown>> };
type AnyParts = Pick<PartsSpec<object>, 'name'>;

export type Apply = (entry: Entry, write: Write) => void;

/**
 * One read model: its tables, and what it does with each event that it listens to. No side effects, no clock, no randomness,
 * no locale: the same log gives the same rows. `version` goes up when the same log would give other rows.
 */
export interface View {
  readonly name: string;
  readonly version: number;
  readonly tables: readonly AnyTable[];
  readonly parts: readonly AnyParts[];
  /** By event type; `*` listens to every entry. */
  readonly listens: ReadonlyMap<string, Apply>;
}

interface ViewDeclaration {
  readonly version: number;
  readonly tables: readonly AnyTable[];
  readonly parts?: readonly AnyParts[];
  readonly listens: readonly (readonly [string, Apply])[];
}

export const defineView = (name: string, { version, tables, parts = [], listens }: ViewDeclaration): View => ({
  name, version, tables, parts, listens: new Map(listens),
});

/** Listens to one event type; `data` has its shape. */
export function on<K extends string, D>(
  type: EventType<K, D>, apply: (entry: Entry<{ type: K; data: D } & AnyEvent>, write: Write) => void,
): readonly [string, Apply] {
  return [type.type, apply as Apply];
}
