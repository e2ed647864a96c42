import { ArgsType, Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import type { Comparison, Outcome, OutcomeReason, Procedure, ProofTestName, RecusalReason, RegionPosition, Silence } from '../../events/ballots.events.js';
import type { Matter } from '../../events/rules.js';
import type { Office } from '../../events/shared.js';
import { Thing } from '../../graphql/change.types.js';
import { OfficeEnum, OutcomeEnum, SilenceEnum } from '../../graphql/enums.js';
import { connectionOf, PageArgs } from '../../graphql/paging.js';
import { DateTimeScalar, PositionScalar, Sha256Scalar } from '../../graphql/scalars.js';
import { MatterEnum } from '../membership/enums.js';
import { DecisionRule, Region } from '../membership/membership.types.js';
import {
  BallotStateEnum, ComparisonEnum, OutcomeReasonEnum, ProcedureEnum, ProofTestNameEnum, RecusalReasonEnum, RegionPositionEnum,
} from './enums.js';

@ObjectType()
export class Seat {
  @Field(() => Region) region: Region;
  @Field(() => Int, { nullable: true }) population?: number;
}

@ObjectType()
export class Recusal {
  @Field(() => Region) region: Region;
  @Field(() => RecusalReasonEnum) reason: RecusalReason;
}

@ObjectType()
export class SeatPosition {
  @Field(() => Region) region: Region;
  @Field(() => RegionPositionEnum) expressed: RegionPosition;
  @Field(() => PositionScalar) castAt: number;
  @Field(() => OfficeEnum) castBy: Office;
  @Field(() => PositionScalar, { nullable: true }) replaces?: number;
}

@ObjectType({ description: '`tacit` is within `inFavour` and shown apart.' })
export class Tally {
  @Field(() => Int) electorate: number;
  @Field(() => Int) inFavour: number;
  @Field(() => Int) tacit: number;
  @Field(() => Int) against: number;
  @Field(() => Int) abstention: number;
  @Field(() => Int) notVoted: number;
  @Field(() => Int, { nullable: true }) populationTotal?: number;
  @Field(() => Int, { nullable: true }) populationInFavour?: number;
  @Field(() => Int, { nullable: true }) populationAgainst?: number;
}

@ObjectType({ description: '`counted` `comparison` `bound`, integers: 13388383 AT_LEAST 15225333 of 23423588. `percent` is truncated to two digits, for people.' })
export class ProofTest {
  @Field(() => OutcomeEnum) towards: Outcome;
  @Field(() => ProofTestNameEnum) name: ProofTestName;
  @Field(() => Int) counted: number;
  @Field(() => ComparisonEnum) comparison: Comparison;
  @Field(() => Int) bound: number;
  @Field(() => Int, { nullable: true }) of?: number;
  @Field(() => Int, { nullable: true }) numerator?: number;
  @Field(() => Int, { nullable: true }) denominator?: number;
  @Field(() => Boolean) passed: boolean;
  @Field(() => String, { nullable: true }) percent?: string;
  @Field(() => String) sentence: string;
}

@ObjectType({ description: 'How a result was reached, from what was frozen at the opening and the positions cast.' })
export class Proof {
  @Field(() => OutcomeEnum) outcome: Outcome;
  @Field(() => OutcomeReasonEnum, { nullable: true }) reason?: OutcomeReason;
  @Field(() => [ProofTest]) tests: ProofTest[];
  @Field(() => Boolean) populationCouldMatter: boolean;
  @Field(() => Boolean) recusalsCouldMatter: boolean;
  @Field(() => String) sentence: string;
}

@ObjectType({ description: '`fewestFurtherVotes`: everybody else stays silent; null when it cannot pass. `sentences`: one for each of the three, in this order.' })
export class Outlook {
  @Field(() => Boolean) canStillPass: boolean;
  @Field(() => Int, { nullable: true }) fewestFurtherVotes?: number;
  @Field(() => OutcomeEnum) outcomeIfSilent: Outcome;
  @Field(() => [String]) sentences: string[];
}

@ObjectType({ implements: () => [Thing], description: 'One act of deciding. Null for visitors until closed.' })
export class Ballot extends Thing {
  @Field(() => BallotStateEnum) state: 'OPEN' | 'CLOSED';
  @Field(() => MatterEnum) matter: Matter;
  @Field(() => ProcedureEnum) procedure: Procedure;
  @Field(() => DecisionRule) rule: DecisionRule;
  @Field(() => Int) rulesVersion: number;
  @Field(() => Thing, { nullable: true }) subject?: Thing;
  @Field(() => Sha256Scalar) subjectHash: string;
  @Field(() => Int, { nullable: true }) populationYear?: number;
  @Field(() => DateTimeScalar) openedAt: string;
  @Field(() => DateTimeScalar, { nullable: true, description: 'Inclusive. Null: the chair closes.' }) deadline?: string;
  @Field(() => SilenceEnum) silence: Silence;
  @Field(() => [Seat]) electorate: Seat[];
  @Field(() => [Recusal]) recusals: Recusal[];
  @Field(() => [Region], { nullable: true }) present?: Region[];
  @Field(() => [SeatPosition], {
    nullable: true, description: 'The effective ones; who of the electorate is not among them has not voted. Null: not for this reader.',
  }) positions?: SeatPosition[];
  @Field(() => Tally, { nullable: true, description: 'For who sees the positions.' }) tally?: Tally;
  @Field(() => Outlook, { nullable: true, description: 'While open, for who sees the positions.' }) outlook?: Outlook;
  @Field(() => OutcomeEnum, { nullable: true }) outcome?: Outcome;
  @Field(() => Proof, { nullable: true }) proof?: Proof;
  @Field(() => DateTimeScalar, { nullable: true }) closedAt?: string;
}
export const BallotConnection = connectionOf(Ballot, 'Ballot');

@InputType()
export class BallotFilter {
  @Field(() => BallotStateEnum, { nullable: true }) state?: string | null;
  @Field(() => ID, { nullable: true }) subject?: string | null;
}
@ArgsType()
export class BallotsArgs extends PageArgs {
  @Field(() => BallotFilter, { nullable: true }) filter?: BallotFilter | null;
}
