import { expect } from '@jest/globals';
import type { AnyEvent, Instant } from '../../src/events/define.js';
import type { Actor, EntryOf } from '../../src/event-store/entry.js';
import type { Decider, Decision, DecisionMeta } from '../../src/decider/decider.js';

/** The moment of all that is said without one. */
export const TODAY: Instant = '2026-01-05T10:00:00.000Z';
export const later = (time: Instant, ms: number): Instant => new Date(Date.parse(time) + ms).toISOString();
export const DAY_MS = 24 * 60 * 60 * 1_000;

const COMMAND_ID = '01900000-0000-7000-8000-000000000001';

/** An event, or an event and when it happened. */
export type Happened<E extends AnyEvent> = E | { readonly at: Instant; readonly event: E };

export interface When<F> { readonly facts?: F; readonly now?: Instant; readonly by?: Actor; readonly commandId?: string }

export interface Then<E extends AnyEvent> {
  readonly decision: Decision<E>;
  gives(event: E): void;
  isRefused(reason: string, facts?: object): void;
  isInvalid(path: string): void;
  isNotFound(): void;
}

/**
 * Given these events, when this command is decided, then this event or refusal. Nothing but the decider:
 *
 *     given(rollDecider, AccessionSubmitted(…)).when(acceptAccession, { accession }, { facts }).gives(AccessionAccepted(…));
 */
export function given<S, E extends AnyEvent>(decider: Decider<S, E>, ...happened: readonly Happened<E>[]) {
  const state = happened.reduce((before, one, i) => {
    const { at, event } = 'event' in one ? one : { at: TODAY, event: one };
    const entry = {
      position: i + 1, id: `id-${i + 1}`, stream: decider.name, revision: i + 1, version: 1, time: at, ...event,
      meta: { commandName: 'Told', payloadDigest: '', actor: { office: 'SECRETARIAT' as const, personId: 'secretariat' }, correlationId: 'told' },
    };
    return decider.evolve(before, entry as unknown as EntryOf<E>);
  }, decider.initial());

  return {
    state,
    when<C, F>(decide: (command: C, state: S, facts: F, meta: DecisionMeta) => Decision<E>, command: C, { facts, now, by, commandId }: When<F> = {}): Then<E> {
      const meta: DecisionMeta = { now: now ?? TODAY, commandId: commandId ?? COMMAND_ID, actor: by ?? { office: 'SECRETARIAT', personId: 'secretariat' } };
      const decision = decide(command, state, facts as F, meta);
      return {
        decision,
        gives: (event) => expect(decision).toEqual(event),
        isRefused: (reason, because = {}) => expect(decision).toMatchObject({ refused: 'REFUSED', reason, facts: because }),
        isInvalid: (path) => expect(decision).toMatchObject({ refused: 'INVALID', facts: { fields: [{ path, message: expect.stringContaining(path) }] } }),
        isNotFound: () => expect(decision).toMatchObject({ refused: 'NOT_FOUND' }),
      };
    },
  };
}
