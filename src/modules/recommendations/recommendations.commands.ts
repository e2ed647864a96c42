import type { KeyAreaCode } from '../../events/shared.js';
import { Command } from '../../decider/command.js';
import { InputType } from '../../decider/input-type.js';
import { EnumsField, IdField, NestedListField, TextField, TextsField } from '../../graphql/fields.js';
import { ProvisionInput } from '../../graphql/provision.input.js';
import { KeyAreaCodeEnum } from '../../graphql/enums.js';

const TITLE = 300;
const PROVISIONS = 1_000;

@InputType('InitiateRecommendationInput', {
  description: '`revises`: an adopted recommendation; this one is to be the next version of its policy document, and its text may name the provisions of that one.',
})
export class InitiateRecommendation extends Command {
  @TextField(TITLE) title: string;
  @EnumsField(() => KeyAreaCodeEnum, { atLeast: 1 }) keyAreas: KeyAreaCode[];
  @TextsField(200, { atLeast: 1, atMost: 50 }) addressees: string[];
  @IdField({ optional: true }) revises?: string;
  @NestedListField(() => ProvisionInput, { atLeast: 1, atMost: PROVISIONS }) text: ProvisionInput[];
}

@InputType('ReviseDraftInput', { description: 'The whole text anew; provisions keep their ids.' })
export class ReviseDraft extends Command {
  @IdField() recommendation: string;
  @TextField(TITLE, { optional: true }) title?: string;
  @NestedListField(() => ProvisionInput, { atLeast: 1, atMost: PROVISIONS }) text: ProvisionInput[];
}

@InputType('TableRecommendationInput')
export class TableRecommendation extends Command {
  @IdField() recommendation: string;
}

@InputType('SubmitRecommendationToBallotInput', { description: 'The ballot takes the id of this command: OpenBallot names it.' })
export class SubmitRecommendationToBallot extends Command {
  @IdField() recommendation: string;
}

@InputType('WithdrawRecommendationInput')
export class WithdrawRecommendation extends Command {
  @IdField() recommendation: string;
}

@InputType({ isAbstract: true })
abstract class FollowsBallot extends Command {
  @IdField() recommendation: string;
  @IdField() ballot: string;
}

@InputType('AdoptRecommendationInput')
export class AdoptRecommendation extends FollowsBallot {}

@InputType('RejectRecommendationInput')
export class RejectRecommendation extends FollowsBallot {}

@InputType('LeaveRecommendationWithoutOpinionInput')
export class LeaveRecommendationWithoutOpinion extends FollowsBallot {}
