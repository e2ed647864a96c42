import { PLEDGE_KINDS, SOURCE_KINDS, STAGES } from '../../events/investments.events.js';
import type { KeyAreaCode } from '../../events/shared.js';
import { Command } from '../../decider/command.js';
import { InputType } from '../../decider/input-type.js';
import { KeyAreaCodeEnum } from '../../graphql/enums.js';
import { EvidenceInput } from '../../graphql/evidence.input.js';
import { CentsField, DateField, EnumField, EnumsField, enumOf, IdField, NestedField, NestedListField, TextField, TextsField } from '../../graphql/fields.js';

const TITLE = 300;
const NAME = 200;
const LINES = 200;

export const StageEnum = enumOf('Stage', STAGES, 'How far it is, by the steps of the Vanguard method.');
export const SourceKindEnum = enumOf('SourceKind', SOURCE_KINDS);
export const PledgeKindEnum = enumOf('PledgeKind', PLEDGE_KINDS);

@InputType({ description: '`amount`: euro cents.' })
export class CostLineInput {
  @TextField(NAME) name: string;
  @CentsField() amount: number;
}
@InputType({ description: '`amount`: euro cents.' })
export class SourceLineInput {
  @EnumField(() => SourceKindEnum) kind: (typeof SOURCE_KINDS)[number];
  @TextField(NAME) name: string;
  @CentsField() amount: number;
}
@InputType({ description: 'The sum of the sources is the sum of the costs (J3).' })
export class PartnerPlanInput {
  @IdField() region: string;
  @NestedListField(() => CostLineInput, { atLeast: 1, atMost: LINES }) costs: CostLineInput[];
  @NestedListField(() => SourceLineInput, { atLeast: 1, atMost: LINES }) sources: SourceLineInput[];
}

@InputType('ProposeJointInvestmentInput', {
  description: "The sender's region leads. `s3Priority`: of its smart specialisation strategy. `relatedInitiatives`: an empty list declares that there are none; it must be said (J11).",
})
export class ProposeJointInvestment extends Command {
  @TextField(TITLE) title: string;
  @EnumsField(() => KeyAreaCodeEnum, { atLeast: 1 }) keyAreas: KeyAreaCode[];
  @EnumField(() => StageEnum) stage: (typeof STAGES)[number];
  @TextField(NAME) s3Priority: string;
  @TextsField(TITLE, { atMost: 50, optional: true }) relatedInitiatives?: string[];
}

@InputType({ isAbstract: true })
abstract class OfInvestment extends Command {
  @IdField() investment: string;
}

@InputType('InvitePartnerInput')
export class InvitePartner extends OfInvestment {
  @IdField() region: string;
}

@InputType('AcceptPartnershipInput', { description: "`s3Priority`: of the sender's region, which the investment serves." })
export class AcceptPartnership extends OfInvestment {
  @TextField(NAME) s3Priority: string;
}

@InputType('SetFinancingPlanInput', { description: 'The whole plan anew, of partners that have joined; one that it leaves out takes no part in the financing.' })
export class SetFinancingPlan extends OfInvestment {
  @NestedListField(() => PartnerPlanInput, { atLeast: 1, atMost: LINES }) partners: PartnerPlanInput[];
}

@InputType('OpenPledgingInput')
export class OpenPledging extends OfInvestment {}

@InputType('IndicatePledgeInput', { description: "Not binding. `amount`: euro cents, all that the sender's region pledges, not what it adds." })
export class IndicatePledge extends OfInvestment {
  @CentsField() amount: number;
}

@InputType('ConfirmPledgeInput', { description: '`amount`: euro cents; left out: as pledged so far. `evidence`: a commitment letter or approved minutes (J5).' })
export class ConfirmPledge extends OfInvestment {
  @CentsField({ optional: true }) amount?: number;
  @NestedField(() => EvidenceInput) evidence: EvidenceInput;
  @DateField() validUntil: string;
}

@InputType('WithdrawPledgeInput', { description: "Takes the region's pledge back; another may follow." })
export class WithdrawPledge extends OfInvestment {
  @TextField(TITLE) reason: string;
}

@InputType('SubmitInvestmentToBallotInput', { description: 'The ballot takes the id of this command: OpenBallot names it.' })
export class SubmitInvestmentToBallot extends OfInvestment {}

@InputType({ isAbstract: true })
abstract class FollowsBallot extends OfInvestment {
  @IdField() ballot: string;
}
@InputType('EndorseInvestmentInput')
export class EndorseInvestment extends FollowsBallot {}
@InputType('DeclineEndorsementInput')
export class DeclineEndorsement extends FollowsBallot {}
@InputType('LeaveInvestmentWithoutOpinionInput')
export class LeaveInvestmentWithoutOpinion extends FollowsBallot {}
