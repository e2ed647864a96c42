import type { Instant } from '../events/define.js';
import type { LocalLog } from '../event-store/event-store.js';
import { VISITOR, type Standing } from '../identity/standing.js';
import type { ReadFact } from './command.js';
import type { States } from './states.js';

/** How the kernel asks who somebody is, at the head that is decided on. */
export type StandingAt = (personId: string | undefined, read: ReadFact, now: Instant) => Standing;

export interface StandingsParts {
  readonly log: LocalLog;
  readonly states: States;
  readonly standingAt: StandingAt;
  readonly now: () => Instant;
}

/** Who somebody is now, at the head of the log. */
export class Standings {
  private kept: { readonly position: number; readonly now: Instant; readonly of: Map<string, Standing> } = { position: -1, now: '', of: new Map() };

  constructor(private readonly parts: StandingsParts) {}

  /** A fact at the head. */
  readonly read: ReadFact = (decider, stream) => this.parts.states.get(decider, stream).state;

  /** @throws Problem UNAVAILABLE where what it rests on cannot be read by this program */
  of(personId: string | undefined): Standing {
    if (personId === undefined) return VISITOR;
    const { position } = this.parts.log.head;
    const now = this.decisionTime();
    // Many messages at one moment are for the same person.
    if (position !== this.kept.position || now !== this.kept.now) this.kept = { position, now, of: new Map() };
    let standing = this.kept.of.get(personId);
    if (!standing) this.kept.of.set(personId, (standing = this.parts.standingAt(personId, this.read, now)));
    return standing;
  }

  /** Order is the position; time is recorded evidence and never goes back. */
  decisionTime(): Instant {
    const now = this.parts.now();
    const { time } = this.parts.log.head;
    return now > time ? now : time;
  }
}
