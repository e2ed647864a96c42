import type { Matter } from '../events/rules.js';
import type { Decider } from './decider.js';

/** What a ballot needs of the thing that it is on. Filled from above: contexts whose things are voted on register how to tell it. */
export interface BallotSubject {
  readonly matter: Matter;
  /** Hash of the frozen version. */
  readonly hash: string;
  /** The ballot that the submission asks for; undefined while nothing is submitted. */
  readonly ballotId: string | undefined;
}

export interface BallotSubjectKind<S = unknown> {
  readonly decider: Decider<S>;
  streamOf(id: string): string;
  /** Undefined when there is no such thing. */
  asSubject(state: S): BallotSubject | undefined;
}
