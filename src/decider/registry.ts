import type { AnyEvent } from '../events/define.js';
import type { CommandRegistration } from './command.js';
import type { Decider } from './decider.js';
import type { Process } from './process.js';
import type { BallotSubjectKind } from './subjects.js';

/** One kind of stream: all that is needed to fold it. `prefix` ends in '-' where there are many streams of the kind. */
export interface StreamKind { readonly prefix: string; readonly decider: Decider<unknown> }

/** What a context brings to the kernel. */
export interface Context {
  readonly name: string;
  readonly streams: readonly StreamKind[];
  readonly commands: readonly CommandRegistration[];
  readonly processes?: readonly Process[];
  readonly ballotSubjects?: readonly BallotSubjectKind[];
}

export const streamKind = <S, E extends AnyEvent>(prefix: string, decider: Decider<S, E>): StreamKind => ({ prefix, decider: decider as Decider<unknown> });
