import { ArgsType, Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import type { BlockingMinority as BlockingMinorityData, DecisionRuleName, Matter, ThresholdBase, TieRule } from '../../events/rules.js';
import type { KeyAreaCode, Office } from '../../events/shared.js';
import { Thing } from '../../graphql/change.types.js';
import { EvidenceKindEnum, KeyAreaCodeEnum, OfficeEnum } from '../../graphql/enums.js';
import { connectionOf, PageArgs } from '../../graphql/paging.js';
import { DateScalar, DateTimeScalar, PositionScalar, Sha256Scalar } from '../../graphql/scalars.js';
import { AccessionStateEnum, DecisionRuleNameEnum, MatterEnum, MembershipStateEnum, ThresholdBaseEnum, TieRuleEnum } from './enums.js';

@ObjectType()
export class KeyArea {
  @Field(() => KeyAreaCodeEnum) code: KeyAreaCode;
  @Field(() => String) title: string;
}

@ObjectType({ description: '`until` null: until ended. Commands are judged by the date; the views follow when the ending has its own entry.' })
export class OfficeHeld {
  @Field(() => OfficeEnum) office: Office;
  @Field(() => ID, { nullable: true, description: 'Secretariat, auditor.' }) personId?: string;
  @Field(() => DateTimeScalar) from: string;
  @Field(() => DateTimeScalar, { nullable: true }) until?: string;
}

@ObjectType({ description: 'The period for which a person represents a region.' })
export class Mandate {
  @Field(() => OfficeEnum) office: Office;
  @Field(() => ID) regionId: string;
  @Field(() => ID, { nullable: true, description: 'Secretariat, auditor.' }) personId?: string;
  @Field(() => DateTimeScalar) from: string;
  @Field(() => DateTimeScalar, { nullable: true }) until?: string;
}

@ObjectType({ description: 'Who the signed-in person is, at the head of the log.' })
export class Me {
  @Field(() => ID, { description: 'By this id offices and mandates are given.' }) personId: string;
  @Field(() => PositionScalar) position: number;
  @Field(() => Mandate, { nullable: true }) seat?: Mandate;
  @Field(() => [OfficeHeld]) offices: OfficeHeld[];
  @Field(() => [ID]) contactPersonOf: string[];
}

@ObjectType({ implements: () => [Thing], description: 'A territory. `population`: in the table in force.' })
export class Region extends Thing {
  @Field(() => String, { nullable: true }) code?: string;
  @Field(() => String, { nullable: true }) nutsVersion?: string;
  @Field(() => String) name: string;
  @Field(() => String) country: string;
  @Field(() => MembershipStateEnum) membership: string;
  @Field(() => Int, { nullable: true }) population?: number;
  @Field(() => Mandate, { nullable: true }) representative?: Mandate;
  @Field(() => Mandate, { nullable: true }) alternate?: Mandate;
}
export const RegionConnection = connectionOf(Region, 'Region');

@ObjectType()
export class Evidence {
  @Field(() => EvidenceKindEnum) kind: string;
  @Field(() => Sha256Scalar) sha256: string;
  @Field(() => String) signedAs: string;
  @Field(() => DateScalar) date: string;
}

@ObjectType({ implements: () => [Thing], description: 'The formal joining of a region.' })
export class Accession extends Thing {
  @Field(() => Region) region: Region;
  @Field(() => AccessionStateEnum) state: string;
  @Field(() => Evidence) letterOfAdhesion: Evidence;
  @Field(() => ID, { nullable: true }) contactPersonId?: string;
}
export const AccessionConnection = connectionOf(Accession, 'Accession');

@ObjectType()
export class Threshold {
  @Field(() => Int) numerator: number;
  @Field(() => Int) denominator: number;
  @Field(() => Boolean) strict: boolean;
  @Field(() => ThresholdBaseEnum) base: ThresholdBase;
}

@ObjectType({ description: '`fixed`; or the fewest regions exceeding `share`, plus `plus`.' })
export class BlockingMinority implements BlockingMinorityData {
  @Field(() => Int, { nullable: true }) fixed?: number;
  @Field(() => Threshold, { nullable: true }) share?: Threshold;
  @Field(() => Int, { nullable: true }) plus?: number;
}

@ObjectType({ description: 'Parts that are null are not tested.' })
export class DecisionRule {
  @Field(() => DecisionRuleNameEnum) name: DecisionRuleName;
  @Field(() => Threshold, { nullable: true }) regions?: Threshold;
  @Field(() => Threshold, { nullable: true }) population?: Threshold;
  @Field(() => BlockingMinority, { nullable: true }) blockingMinority?: BlockingMinority;
  @Field(() => Int, { nullable: true }) inFavourAtLeast?: number;
  @Field(() => Int, { nullable: true }) againstAtMost?: number;
  @Field(() => TieRuleEnum) tie: TieRule;
}

@ObjectType()
export class MatterRule {
  @Field(() => MatterEnum) matter: Matter;
  @Field(() => DecisionRule) rule: DecisionRule;
}

@ObjectType()
export class RulesOfProcedure {
  @Field(() => Int) version: number;
  @Field(() => DateTimeScalar) effectiveFrom: string;
  @Field(() => [MatterRule]) matters: MatterRule[];
  @Field(() => Threshold) quorum: Threshold;
  @Field(() => Int) writtenDaysAtLeast: number;
}

@ObjectType()
export class PopulationFigure {
  @Field(() => Region) region: Region;
  @Field(() => Int) population: number;
}

@ObjectType()
export class PopulationTable {
  @Field(() => Int) year: number;
  @Field(() => String) source: string;
  @Field(() => [PopulationFigure]) figures: PopulationFigure[];
}

@InputType()
export class RegionFilter {
  @Field(() => MembershipStateEnum, { nullable: true }) membership?: string | null;
  @Field(() => Boolean, { nullable: true }) withoutRepresentative?: boolean | null;
}
@ArgsType()
export class RegionsArgs extends PageArgs {
  @Field(() => RegionFilter, { nullable: true }) filter?: RegionFilter | null;
}
@InputType()
export class AccessionFilter {
  @Field(() => AccessionStateEnum, { nullable: true }) state?: string | null;
}
@ArgsType()
export class AccessionsArgs extends PageArgs {
  @Field(() => AccessionFilter, { nullable: true }) filter?: AccessionFilter | null;
}
