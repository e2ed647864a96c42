import { Type, type Static } from '@sinclair/typebox';
import { defineEvent, type OccurrenceOf } from './define.js';
import { Cents, Day, Evidence, Hash, Id, KeyAreaCode, oneOf } from './shared.js';

/** Learn, Connect, Demonstrate, Commercialise, Scale-up: the steps of the Vanguard method (domain 3.1). */
export const STAGES = ['LEARN', 'CONNECT', 'DEMONSTRATE', 'COMMERCIALISE', 'SCALE_UP'] as const;
export const SOURCE_KINDS = ['EU_FUND', 'REGIONAL', 'NATIONAL', 'PRIVATE', 'IN_KIND'] as const;
export const PLEDGE_KINDS = ['INDICATIVE', 'CONFIRMED', 'WITHDRAWN'] as const;

/** What one partner spends and where it comes from; both sums are equal (J3). */
export const PartnerPlan = Type.Object({
  regionId: Id,
  costs: Type.Array(Type.Object({ name: Type.String(), amount: Cents })),
  sources: Type.Array(Type.Object({ kind: oneOf(SOURCE_KINDS), name: Type.String(), amount: Cents })),
});
export type PartnerPlan = Static<typeof PartnerPlan>;

const withThing = { audience: 'WITH_THING', about: (d: { investmentId: string }) => [d.investmentId] } as const;
const withRegion = { audience: 'WITH_THING', about: (d: { investmentId: string; regionId: string }) => [d.investmentId, d.regionId] } as const;
const aboutBoth = (d: { investmentId: string; ballotId: string }) => [d.investmentId, d.ballotId];

/** `relatedInitiatives`: empty where the proposer declared that there are none (J11). `leadId`: the region whose seat proposed it. */
export const JointInvestmentProposed = defineEvent('JointInvestmentProposed', {
  investmentId: Id, title: Type.String(), keyAreas: Type.Array(KeyAreaCode), stage: oneOf(STAGES), leadId: Id, s3Priority: Type.String(),
  relatedInitiatives: Type.Array(Type.String()),
}, { audience: 'WITH_THING', about: (d) => [d.investmentId, d.leadId] });
export const PartnerInvited = defineEvent('PartnerInvited', { investmentId: Id, regionId: Id }, withRegion);
/** `s3Priority`: of the region's smart specialisation strategy, which the investment serves. */
export const PartnerJoined = defineEvent('PartnerJoined', { investmentId: Id, regionId: Id, s3Priority: Type.String() }, withRegion);
/** The whole plan anew. `total`: all costs, which are all sources (J3). */
export const FinancingPlanSet = defineEvent('FinancingPlanSet', { investmentId: Id, partners: Type.Array(PartnerPlan), total: Cents }, withThing);
export const PledgingOpened = defineEvent('PledgingOpened', { investmentId: Id }, withThing);
/** Not binding. `amount`: all that the region pledges, not what it adds. */
export const PledgeIndicated = defineEvent('PledgeIndicated', { investmentId: Id, regionId: Id, amount: Cents }, withRegion);
/** On a signed paper, and until a day (J5). */
export const PledgeConfirmed = defineEvent('PledgeConfirmed', {
  investmentId: Id, regionId: Id, amount: Cents, evidence: Evidence, validUntil: Day,
}, withRegion);
/** `amount`: what is taken back. The only way down for what was confirmed (J6). */
export const PledgeWithdrawn = defineEvent('PledgeWithdrawn', { investmentId: Id, regionId: Id, amount: Cents, reason: Type.String() }, withRegion);
/** From here on what is voted on is frozen. The ballot is opened under the id that is named here. */
export const InvestmentSubmittedToBallot = defineEvent('InvestmentSubmittedToBallot', { investmentId: Id, ballotId: Id, contentHash: Hash }, withThing);

const decided = { investmentId: Id, ballotId: Id, contentHash: Hash };
/** Political: it says nothing of funding (J12). */
export const InvestmentEndorsed = defineEvent('InvestmentEndorsed', decided, { audience: 'PUBLIC', about: aboutBoth });
export const InvestmentNotEndorsed = defineEvent('InvestmentNotEndorsed', decided, { audience: 'WITH_THING', about: aboutBoth });
export const InvestmentLeftWithoutOpinion = defineEvent('InvestmentLeftWithoutOpinion', decided, { audience: 'WITH_THING', about: aboutBoth });

export const investmentEvents = [
  JointInvestmentProposed, PartnerInvited, PartnerJoined, FinancingPlanSet, PledgingOpened, PledgeIndicated, PledgeConfirmed, PledgeWithdrawn,
  InvestmentSubmittedToBallot, InvestmentEndorsed, InvestmentNotEndorsed, InvestmentLeftWithoutOpinion,
] as const;
export type InvestmentEvent = OccurrenceOf<(typeof investmentEvents)[number]>;
