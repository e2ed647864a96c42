import { v5 as uuidFrom } from 'uuid';
import type { AnyEvent, Instant } from '../events/define.js';
import type { Entry } from '../event-store/entry.js';

/** Something that has to follow from an entry. `due` left out: at once. */
export interface ToDo {
  readonly command: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly thingId: string;
  /** What settles it, where one thing can have several at once; left out: the thing's id. */
  readonly key?: string;
  readonly due?: Instant;
}

/**
 * Carries a consequence from one thing to another. It is a view of what is to be done and nothing else: no checkpoint,
 * any number of nodes, survives a rebuild. The command's id is derived from the cause, so doing it twice does it once.
 */
export interface Process {
  readonly name: string;
  /** What an entry asks for. Pure. */
  begin(entry: Entry): readonly ToDo[];
  /** The key of the to-dos of this process that an entry settles, whoever did it. */
  settledBy(entry: Entry): string | undefined;
}

/** The id of the command that carries a consequence. */
export const consequenceId = (process: string, cause: { readonly id: string }, command: string): string => uuidFrom(`${process}/${command}`, cause.id);

/** Narrows an entry to one event type. */
export function isEntry<T extends { readonly type: string; readonly data?: unknown }>(
  entry: Entry, type: T,
): entry is Entry<{ readonly type: T['type']; readonly data: NonNullable<T['data']> } & AnyEvent> {
  return entry.type === type.type;
}
