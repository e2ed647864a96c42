import { IsInt, IsString } from 'class-validator';
import { ConsequenceRefused, type ConsequenceEvent } from '../events/consequences.events.js';
import type { EntryOf } from '../event-store/entry.js';
import { Command, command } from './command.js';
import type { Decider, Decision } from './decider.js';
import { nothingToChange } from './problem.js';
import { streamKind, type Context } from './registry.js';

/** Sent by the process runner when a rule stands against a consequence. `consequence`: the id that its command would have had. */
export class RecordRefusedConsequence extends Command {
  @IsString() consequence: string;
  @IsInt() cause: number;
  @IsString() command: string;
  @IsString() thing: string;
  @IsString() reason: string;
}

interface ConsequenceState { readonly refused: boolean }

const consequenceDecider: Decider<ConsequenceState, ConsequenceEvent> = {
  name: 'consequence',
  initial: () => ({ refused: false }),
  evolve: (state, { type }: EntryOf<ConsequenceEvent>) => (type === 'ConsequenceRefused' ? { refused: true } : state),
};

function recordRefusedConsequence(c: RecordRefusedConsequence, state: ConsequenceState): Decision<ConsequenceEvent> {
  if (state.refused) return nothingToChange('The refusal is recorded already.');
  return ConsequenceRefused({ consequenceId: c.consequence, cause: c.cause, command: c.command, thingId: c.thing, reason: c.reason });
}

export const consequencesContext: Context = {
  name: 'consequences',
  streams: [streamKind('consequence-', consequenceDecider)],
  commands: [command(RecordRefusedConsequence, {
    description: 'Records that a rule stood against a consequence.', decider: consequenceDecider, stream: (c) => `consequence-${c.consequence}`,
    by: ['SYSTEM'], mutation: false, decide: recordRefusedConsequence,
  })],
};
