import { Type, type Static } from '@sinclair/typebox';
import { oneOf, Time } from './shared.js';

export const MATTERS = ['RECOMMENDATION', 'JOINT_INVESTMENT', 'PROCEDURE', 'RULES_OF_PROCEDURE'] as const;
export const Matter = oneOf(MATTERS);
export type Matter = (typeof MATTERS)[number];

export const DECISION_RULE_NAMES = [
  'SIMPLE_MAJORITY_OF_VOTES_CAST', 'SIMPLE_MAJORITY_OF_MEMBERS', 'TWO_THIRDS_OF_MEMBERS', 'DOUBLE_MAJORITY', 'REINFORCED_MAJORITY', 'UNANIMITY',
] as const;
export type DecisionRuleName = (typeof DECISION_RULE_NAMES)[number];

export const THRESHOLD_BASES = ['VOTES_CAST', 'ELECTORATE', 'POPULATION_OF_ELECTORATE'] as const;
export type ThresholdBase = (typeof THRESHOLD_BASES)[number];

export const TIE_RULES = ['REJECTED', 'CASTING_VOTE'] as const;
export type TieRule = (typeof TIE_RULES)[number];

const Count = Type.Integer({ minimum: 0 });

/** `counted / base >= numerator / denominator`, or `>` when strict. Integers only: no share is ever a fraction. */
export const Threshold = Type.Object({
  numerator: Type.Integer({ minimum: 0 }), denominator: Type.Integer({ minimum: 1 }), strict: Type.Boolean(), base: oneOf(THRESHOLD_BASES),
});
export type Threshold = Static<typeof Threshold>;

/** Either `fixed`, or the fewest regions whose population exceeds `share`, plus `plus` (Art. 238(3)(a) TFEU). */
export const BlockingMinority = Type.Object({ fixed: Type.Optional(Count), share: Type.Optional(Threshold), plus: Type.Optional(Count) });
export type BlockingMinority = Static<typeof BlockingMinority>;

/** A rule as data. Adopted when every part that is there passes; `blockingMinority` waives `population` only. */
export const DecisionRule = Type.Object({
  name: oneOf(DECISION_RULE_NAMES),
  regions: Type.Optional(Threshold),
  population: Type.Optional(Threshold),
  blockingMinority: Type.Optional(BlockingMinority),
  inFavourAtLeast: Type.Optional(Count),
  againstAtMost: Type.Optional(Count),
  tie: oneOf(TIE_RULES),
});
export type DecisionRule = Static<typeof DecisionRule>;

/** The rules of procedure, versioned (C1): one decision rule a matter, quorum of meetings, least days of a written procedure. */
export const RulesOfProcedure = Type.Object({
  version: Type.Integer({ minimum: 1 }),
  effectiveFrom: Time,
  matters: Type.Array(Type.Object({ matter: Matter, rule: DecisionRule })),
  quorum: Threshold,
  writtenDaysAtLeast: Count,
});
export type RulesOfProcedure = Static<typeof RulesOfProcedure>;
