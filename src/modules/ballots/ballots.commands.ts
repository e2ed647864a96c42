import type { Procedure, RecusalReason, RegionPosition } from '../../events/ballots.events.js';
import { Command } from '../../decider/command.js';
import { InputType } from '../../decider/input-type.js';
import { DateTimeField, EnumField, IdField, IdsField, NestedListField, PositionField } from '../../graphql/fields.js';
import { CastingVoteEnum, ProcedureEnum, RecusalReasonEnum, RegionPositionEnum } from './enums.js';

@InputType()
export class RecusalInput {
  @IdField() region: string;
  @EnumField(() => RecusalReasonEnum) reason: RecusalReason;
}

@InputType('OpenBallotInput', {
  description: '`ballot`: the id that the submission gave. The rule comes from the rules of procedure, by matter. `present` for MEETING, `deadline` for WRITTEN.',
})
export class OpenBallot extends Command {
  @IdField() ballot: string;
  @IdField() subject: string;
  @EnumField(() => ProcedureEnum) procedure: Procedure;
  @DateTimeField({ optional: true }) deadline?: string;
  @IdsField({ optional: true }) present?: string[];
  @NestedListField(() => RecusalInput, { optional: true }) recusals?: RecusalInput[];
}

@InputType('CastPositionInput', { description: '`replaces`: the log position of the effective position that it changes; left out for a first one (B2).' })
export class CastPosition extends Command {
  @IdField() ballot: string;
  @EnumField(() => RegionPositionEnum) expressed: RegionPosition;
  @PositionField({ optional: true }) replaces?: number;
}

@InputType('CloseBallotInput', { description: "`castingVote`: the chair's, where the rule gives one and the votes are equal." })
export class CloseBallot extends Command {
  @IdField() ballot: string;
  @EnumField(() => CastingVoteEnum, { optional: true }) castingVote?: 'IN_FAVOUR' | 'AGAINST';
}
