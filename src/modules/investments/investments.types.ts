import { ArgsType, Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { Thing } from '../../graphql/change.types.js';
import { KeyAreaCodeEnum } from '../../graphql/enums.js';
import { enumOf } from '../../graphql/fields.js';
import { connectionOf, PageArgs } from '../../graphql/paging.js';
import { CentsScalar, DateScalar } from '../../graphql/scalars.js';
import { INVESTMENT_STATES } from '../../projections/investments.view.js';
import { Ballot } from '../ballots/ballots.types.js';
import { Evidence, KeyArea, Region } from '../membership/membership.types.js';
import { PledgeKindEnum, SourceKindEnum, StageEnum } from './investments.commands.js';

export const InvestmentStateEnum = enumOf('InvestmentState', INVESTMENT_STATES, 'ENDORSED is political: it says nothing of funding (J12).');
export const PartnerStateEnum = enumOf('PartnerState', ['INVITED', 'JOINED'] as const);

@ObjectType()
export class Partner {
  @Field(() => Region) region: Region;
  @Field(() => PartnerStateEnum) state: string;
  @Field(() => String, { nullable: true }) s3Priority?: string;
}
@ObjectType()
export class CostLine {
  @Field(() => String) name: string;
  @Field(() => CentsScalar) amount: number;
}
@ObjectType()
export class SourceLine {
  @Field(() => SourceKindEnum) kind: string;
  @Field(() => String) name: string;
  @Field(() => CentsScalar) amount: number;
}
@ObjectType()
export class PartnerPlan {
  @Field(() => Region) region: Region;
  @Field(() => [CostLine]) costs: readonly CostLine[];
  @Field(() => [SourceLine]) sources: readonly SourceLine[];
}
@ObjectType({ description: 'The sources of each partner are its costs; `total` is the sum of both.' })
export class FinancingPlan {
  @Field(() => CentsScalar) total: number;
  @Field(() => [PartnerPlan]) partners: PartnerPlan[];
}
@ObjectType({ description: 'What a region says it will put in. `evidence`, `validUntil`: of a confirmed one.' })
export class Pledge {
  @Field(() => Region) region: Region;
  @Field(() => PledgeKindEnum) kind: string;
  @Field(() => CentsScalar) amount: number;
  @Field(() => Evidence, { nullable: true }) evidence?: Evidence;
  @Field(() => DateScalar, { nullable: true }) validUntil?: string;
}
@ObjectType({ description: '`needed`: regional sources of the plan, null without one. `pledged`: indicative and confirmed together. `confirmed`: the part confirmed.' })
export class Money {
  @Field(() => CentsScalar, { nullable: true }) needed?: string;
  @Field(() => CentsScalar) pledged: string;
  @Field(() => CentsScalar) confirmed: string;
}

@ObjectType({ implements: () => [Thing], description: 'Null for visitors until endorsed. `relatedInitiatives` empty: declared that there are none.' })
export class JointInvestment extends Thing {
  @Field(() => InvestmentStateEnum) state: string;
  @Field(() => StageEnum) stage: string;
  @Field(() => String) title: string;
  @Field(() => [KeyArea]) keyAreas: KeyArea[];
  @Field(() => Region) lead: Region;
  @Field(() => [Partner]) partners: Partner[];
  @Field(() => [String]) relatedInitiatives: readonly string[];
  @Field(() => FinancingPlan, { nullable: true }) financingPlan?: FinancingPlan;
  @Field(() => [Pledge]) pledges: Pledge[];
  @Field(() => Money) money: Money;
  @Field(() => ID, { nullable: true }) ballotId?: string;
  @Field(() => [Ballot]) ballots: Ballot[];
}
export const JointInvestmentConnection = connectionOf(JointInvestment, 'JointInvestment');

@InputType()
export class JointInvestmentFilter {
  @Field(() => InvestmentStateEnum, { nullable: true }) state?: string | null;
  @Field(() => KeyAreaCodeEnum, { nullable: true }) keyArea?: string | null;
}
@ArgsType()
export class JointInvestmentsArgs extends PageArgs {
  @Field(() => JointInvestmentFilter, { nullable: true }) filter?: JointInvestmentFilter | null;
}
