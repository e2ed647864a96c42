import type { Problem } from '../decider/problem.js';
import type { Standing } from '../identity/standing.js';

/** What every execution is given. For a subscription it lives for one message, so that rights and moments are never those of an earlier one. */
export interface GraphqlContext {
  readonly correlationId: string;
  /** The reader as of now, whatever moment is asked for. */
  readonly reader: Standing;
  /** Whether whoever asked has left, so that an answer need not be found. */
  readonly isGone?: () => boolean;
  /** Why the token was not accepted: told before anything is executed. */
  readonly tokenProblem?: Problem;
}
