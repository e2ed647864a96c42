import { v5 as uuidFrom } from 'uuid';
import type { AnyEvent, Instant } from '../events/define.js';
import type { Actor, EntryOf } from '../event-store/entry.js';
import type { Refusal } from './problem.js';

/**
 * What is so in one stream. `evolve` is total and pure: it never throws, asks no clock, and copies only what changes.
 * `initial` makes a new value each time, so that no state leaks into another stream.
 */
export interface Decider<S, E extends AnyEvent = AnyEvent> {
  readonly name: string;
  initial(): S;
  evolve(state: S, entry: EntryOf<E>): S;
}

/** What every decision may use besides command, state and facts. */
export interface DecisionMeta {
  /** The time of the rule and the recorded time: at least the time of the head. */
  readonly now: Instant;
  readonly commandId: string;
  readonly actor: Actor;
}

export type Decision<E extends AnyEvent = AnyEvent> = E | Refusal;
export const isRefusal = (decision: Decision): decision is Refusal => 'refused' in decision;

/** The same id for the same name under the same command, so that a retry makes no twin. */
export const derivedId = (commandId: string, name: string): string => uuidFrom(name, commandId);
