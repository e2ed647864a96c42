import type { AppointedOffice, CommitteeOffice } from '../../events/membership.events.js';
import type { DecisionRuleName, Matter, TieRule } from '../../events/rules.js';
import type { KeyAreaCode } from '../../events/shared.js';
import { Command } from '../../decider/command.js';
import { InputType } from '../../decider/input-type.js';
import { BooleanField, DateTimeField, EnumField, IdField, IntField, NestedField, NestedListField, TextField } from '../../graphql/fields.js';
import { KeyAreaCodeEnum } from '../../graphql/enums.js';
import { AppointedOfficeEnum, CommitteeOfficeEnum, DecisionRuleNameEnum, MatterEnum, TieRuleEnum } from './enums.js';

const MAX_INT = 2_147_483_647;

@InputType({ description: 'One of the standard rules (domain B8). `fixedBlockingMinority`: so many regions instead of the fewest exceeding 35 % of the population, plus one.' })
export class DecisionRuleInput {
  @EnumField(() => DecisionRuleNameEnum) name: DecisionRuleName;
  @EnumField(() => TieRuleEnum, { optional: true }) tie?: TieRule;
  @IntField(1, 1_000, { optional: true }) fixedBlockingMinority?: number;
}

@InputType()
export class MatterRuleInput {
  @EnumField(() => MatterEnum) matter: Matter;
  @NestedField(() => DecisionRuleInput) rule: DecisionRuleInput;
}

@InputType({ description: 'Share of the member regions, not recused, that have to be present.' })
export class QuorumInput {
  @IntField(0, 1_000) numerator: number;
  @IntField(1, 1_000) denominator: number;
  @BooleanField() strict: boolean;
}

@InputType({ description: 'One rule for each matter. `effectiveFrom` left out: from now on.' })
export class RulesInput {
  @NestedListField(() => MatterRuleInput) matters: MatterRuleInput[];
  @NestedField(() => QuorumInput) quorum: QuorumInput;
  @IntField(1, 365) writtenDaysAtLeast: number;
  @DateTimeField({ optional: true }) effectiveFrom?: string;
}

@InputType('EstablishCommitteeInput')
export class EstablishCommittee extends Command {
  @TextField(200) name: string;
  @NestedField(() => RulesInput) rules: RulesInput;
  @IdField() secretariat: string;
}

@InputType('AppointToOfficeInput')
export class AppointToOffice extends Command {
  @EnumField(() => AppointedOfficeEnum) office: AppointedOffice;
  @IdField() person: string;
}

@InputType('EndOfficeInput')
export class EndOffice extends Command {
  @EnumField(() => CommitteeOfficeEnum) office: CommitteeOffice;
  @IdField() person: string;
}

@InputType('ElectChairInput', { description: '`from` left out: now. `until` left out: two years later.' })
export class ElectChair extends Command {
  @IdField() person: string;
  @DateTimeField({ optional: true }) from?: string;
  @DateTimeField({ optional: true }) until?: string;
}

@InputType('AdoptRulesOfProcedureInput')
export class AdoptRulesOfProcedure extends Command {
  @NestedField(() => RulesInput) rules: RulesInput;
}

@InputType()
export class PopulationFigureInput {
  @IdField() region: string;
  @IntField(1, MAX_INT) population: number;
}

@InputType('AdoptPopulationTableInput')
export class AdoptPopulationTable extends Command {
  @IntField(1900, 2200) year: number;
  @TextField(300) source: string;
  @NestedListField(() => PopulationFigureInput) figures: PopulationFigureInput[];
}

@InputType('DefineKeyAreaInput')
export class DefineKeyArea extends Command {
  @EnumField(() => KeyAreaCodeEnum) code: KeyAreaCode;
  @TextField(200) title: string;
}

@InputType('RenameKeyAreaInput')
export class RenameKeyArea extends Command {
  @EnumField(() => KeyAreaCodeEnum) code: KeyAreaCode;
  @TextField(200) title: string;
}
