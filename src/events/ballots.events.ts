import { Type, type Static } from '@sinclair/typebox';
import { defineEvent, type OccurrenceOf } from './define.js';
import { DecisionRule, Matter } from './rules.js';
import { Id, oneOf, Population, Time } from './shared.js';

export const REGION_POSITIONS = ['IN_FAVOUR', 'AGAINST', 'ABSTENTION'] as const;
/** What a region expressed. */
export type RegionPosition = (typeof REGION_POSITIONS)[number];
export const OUTCOMES = ['ADOPTED', 'REJECTED', 'NO_OPINION'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const OUTCOME_REASONS = ['TIE', 'NOBODY_VOTED'] as const;
export type OutcomeReason = (typeof OUTCOME_REASONS)[number];
export const PROCEDURES = ['MEETING', 'WRITTEN'] as const;
export type Procedure = (typeof PROCEDURES)[number];
export const SILENCES = ['NOT_VOTED', 'TACIT_AGREEMENT'] as const;
export type Silence = (typeof SILENCES)[number];
export const RECUSAL_REASONS = ['DECLARED_CONFLICT', 'RULED_CONFLICT'] as const;
export type RecusalReason = (typeof RECUSAL_REASONS)[number];
export const PROOF_TEST_NAMES = ['REGIONS', 'POPULATION', 'BLOCKING_MINORITY', 'IN_FAVOUR_AT_LEAST', 'AGAINST_AT_MOST'] as const;
export type ProofTestName = (typeof PROOF_TEST_NAMES)[number];
export const COMPARISONS = ['AT_LEAST', 'MORE_THAN', 'FEWER_THAN', 'AT_MOST'] as const;
export type Comparison = (typeof COMPARISONS)[number];

const Count = Type.Integer({ minimum: 0 });

export const Seat = Type.Object({ regionId: Id, population: Type.Optional(Population) });
export type Seat = Static<typeof Seat>;
/** A region that stands aside, with its figure: the proof says whether it could have turned the result. */
export const Recusal = Type.Object({ regionId: Id, reason: oneOf(RECUSAL_REASONS), population: Type.Optional(Population) });
export type Recusal = Static<typeof Recusal>;

/** How many regions stand where. Populations only where every seat of the electorate has a figure. */
export const Tally = Type.Object({
  electorate: Count, inFavour: Count, tacit: Count, against: Count, abstention: Count, notVoted: Count,
  populationTotal: Type.Optional(Count), populationInFavour: Type.Optional(Count), populationAgainst: Type.Optional(Count),
});
export type Tally = Static<typeof Tally>;

/**
 * One comparison of integers: `counted comparison bound`, as in 13388383 AT_LEAST 15225333 of 23423588.
 * `numerator` / `denominator`: the share that `bound` comes from. `percent`: counted of `of`, truncated to two digits, for people.
 */
export const ProofTest = Type.Object({
  towards: oneOf(OUTCOMES), name: oneOf(PROOF_TEST_NAMES), counted: Count, comparison: oneOf(COMPARISONS), bound: Count,
  of: Type.Optional(Count), numerator: Type.Optional(Count), denominator: Type.Optional(Count), passed: Type.Boolean(),
  percent: Type.Optional(Type.String()), sentence: Type.String(),
});
export type ProofTest = Static<typeof ProofTest>;

export const Proof = Type.Object({
  outcome: oneOf(OUTCOMES), reason: Type.Optional(oneOf(OUTCOME_REASONS)), tests: Type.Array(ProofTest),
  populationCouldMatter: Type.Boolean(), recusalsCouldMatter: Type.Boolean(), sentence: Type.String(),
});
export type Proof = Static<typeof Proof>;

/** Everything that the result rests on is frozen here (B1): later changes of rules, figures or members do not reach it. */
export const BallotOpened = defineEvent('BallotOpened', {
  ballotId: Id, subjectId: Id, matter: Matter, subjectHash: Type.String(), procedure: oneOf(PROCEDURES),
  rule: DecisionRule, rulesVersion: Type.Integer(), populationYear: Type.Optional(Type.Integer()),
  deadline: Type.Optional(Time), silence: oneOf(SILENCES),
  electorate: Type.Array(Seat), recusals: Type.Array(Recusal), present: Type.Optional(Type.Array(Id)),
}, { audience: 'WITH_THING', parts: ['ElectorateFrozen'], about: (d) => [d.ballotId, d.subjectId] });
/** `replaces`: position in the log of the effective position that this one changes (B2). */
export const PositionCast = defineEvent('PositionCast', {
  ballotId: Id, regionId: Id, expressed: oneOf(REGION_POSITIONS), replaces: Type.Optional(Type.Integer({ minimum: 1 })),
}, { audience: 'WITH_THING', about: (d) => [d.ballotId, d.regionId] });
export const BallotClosed = defineEvent('BallotClosed', {
  ballotId: Id, subjectId: Id, matter: Matter, outcome: oneOf(OUTCOMES), tally: Tally, proof: Proof,
  castingVote: Type.Optional(oneOf(['IN_FAVOUR', 'AGAINST'] as const)),
}, { audience: 'PUBLIC', parts: ['ResultDeclared'], about: (d) => [d.ballotId, d.subjectId] });

export const ballotEvents = [BallotOpened, PositionCast, BallotClosed] as const;
export type BallotEvent = OccurrenceOf<(typeof ballotEvents)[number]>;
