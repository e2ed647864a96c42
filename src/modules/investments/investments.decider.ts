import { createHash } from 'node:crypto';
import type { Outcome } from '../../events/ballots.events.js';
import {
  FinancingPlanSet, InvestmentEndorsed, InvestmentLeftWithoutOpinion, InvestmentNotEndorsed, InvestmentSubmittedToBallot, JointInvestmentProposed,
  PartnerInvited, PartnerJoined, PledgeConfirmed, PledgeIndicated, PledgeWithdrawn, PledgingOpened, type InvestmentEvent, type PartnerPlan,
} from '../../events/investments.events.js';
import { CENTS_AT_MOST, sumOf, type KeyAreaCode } from '../../events/shared.js';
import type { EntryOf } from '../../event-store/entry.js';
import { brusselsDay } from '../../decider/calendar.js';
import type { Decider, Decision, DecisionMeta } from '../../decider/decider.js';
import { invalid, notFound, nothingToChange, refuse, type Refusal } from '../../decider/problem.js';
import { againstConcluding, type BallotState } from '../ballots/ballots.decider.js';
import type { CommitteeState } from '../membership/committee.decider.js';
import { membersOf, type RollState } from '../membership/roll.decider.js';
import type * as commands from './investments.commands.js';
import { costsOf, inEuro, sourcesOf } from './money.js';

export type InvestmentStatus = 'PARTNERING' | 'OPEN_FOR_PLEDGES' | 'IN_DELIBERATION' | 'ENDORSED' | 'NOT_ENDORSED' | 'NO_OPINION';
export interface PledgeState { readonly kind: 'INDICATIVE' | 'CONFIRMED' | 'WITHDRAWN'; readonly amount: number }

export type InvestmentState = { readonly status: 'NONE' } | {
  readonly status: InvestmentStatus;
  readonly title: string;
  readonly keyAreas: readonly KeyAreaCode[];
  readonly stage: string;
  readonly leadId: string;
  readonly relatedInitiatives: readonly string[];
  /** By region; undefined: invited and not joined. The lead has joined. */
  readonly s3Priorities: ReadonlyMap<string, string | undefined>;
  readonly plan: readonly PartnerPlan[] | undefined;
  /** By region. */
  readonly pledges: ReadonlyMap<string, PledgeState>;
  readonly ballotId: string | undefined;
};
export type Investment = Exclude<InvestmentState, { status: 'NONE' }>;

export const investmentStream = (id: string): string => `investment-${id}`;

/** The S3 rule (J1): partners before pledges, regions and countries before a ballot. */
const PARTNERS_TO_PLEDGE = 2;
const REGIONS_TO_SUBMIT = 3;
const COUNTRIES_TO_SUBMIT = 3;

type WithRoll = { readonly roll: RollState };
type WithBallot = { readonly ballot: BallotState };

export const joinedOf = (state: Investment): readonly string[] => [...state.s3Priorities].flatMap(([region, priority]) => (priority === undefined ? [] : [region]));

export function proposeJointInvestment(
  command: commands.ProposeJointInvestment, _state: InvestmentState, facts: { committee: CommitteeState }, meta: DecisionMeta,
): Decision<InvestmentEvent> {
  const unknown = command.keyAreas.filter((code) => !facts.committee.keyAreas.has(code));
  if (unknown.length > 0) return refuse('KEY_AREA_NOT_DEFINED', `The secretariat has not defined ${unknown.join(', ')} yet.`, { keyAreas: unknown });
  if (!command.relatedInitiatives) {
    return refuse('RELATED_INITIATIVES_UNDECLARED', 'Name the related initiatives in "relatedInitiatives", or declare with an empty list that there are none (J11).');
  }
  return JointInvestmentProposed({
    investmentId: meta.commandId, title: command.title, keyAreas: [...command.keyAreas], stage: command.stage, leadId: meta.actor.regionId as string,
    s3Priority: command.s3Priority, relatedInitiatives: [...command.relatedInitiatives],
  });
}

export function invitePartner(command: commands.InvitePartner, state: InvestmentState, { roll }: WithRoll): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  if (isFrozen(state)) return frozen(state);
  const region = roll.regions.get(command.region);
  if (!region) return notFound('region', command.region);
  if (region.membership !== 'MEMBER') return refuse('NOT_A_MEMBER', `${region.name} is not a member region.`, { region: region.id });
  if (state.s3Priorities.has(region.id)) return refuse('ALREADY_A_PARTNER', `${region.name} is invited or a partner already.`, { region: region.id });
  return PartnerInvited({ investmentId: command.investment, regionId: region.id });
}

export function acceptPartnership(command: commands.AcceptPartnership, state: InvestmentState, _facts: unknown, meta: DecisionMeta): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  const regionId = meta.actor.regionId as string;
  if (!state.s3Priorities.has(regionId)) return refuse('NOT_INVITED', 'The lead region has not invited this region.', { region: regionId });
  if (state.s3Priorities.get(regionId) !== undefined) return nothingToChange('This region is a partner already.');
  if (isFrozen(state)) return frozen(state);
  return PartnerJoined({ investmentId: command.investment, regionId, s3Priority: command.s3Priority });
}

export function setFinancingPlan(command: commands.SetFinancingPlan, state: InvestmentState): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  if (isFrozen(state)) return frozen(state);
  const partners: PartnerPlan[] = command.partners.map(({ region, costs, sources }) => ({
    regionId: region, costs: costs.map((line) => ({ ...line })), sources: sources.map((line) => ({ ...line })),
  }));
  if (new Set(partners.map((p) => p.regionId)).size < partners.length) return invalid('partners', 'partners must name each region once');
  const stranger = partners.find((p) => state.s3Priorities.get(p.regionId) === undefined);
  if (stranger) return refuse('NOT_A_PARTNER', 'The plan names a region that has not joined. Invite it, and plan with it once it has accepted.', { region: stranger.regionId });
  const unequal = partners.find((p) => costsOf(p) !== sourcesOf(p));
  if (unequal) {
    return refuse('NOT_BALANCED', `A partner's sources must be its costs (J3): here ${inEuro(sourcesOf(unequal))} for ${inEuro(costsOf(unequal))}.`, {
      region: unequal.regionId, costs: String(costsOf(unequal)), sources: String(sourcesOf(unequal)),
    });
  }
  const total = sumOf(partners.map(costsOf));
  if (total > BigInt(CENTS_AT_MOST)) return invalid('partners', `partners must cost ${CENTS_AT_MOST} cents together at most, not ${total}`);
  if (JSON.stringify(partners) === JSON.stringify(state.plan)) return nothingToChange('This is the plan already.');
  return FinancingPlanSet({ investmentId: command.investment, partners, total: Number(total) });
}

export function openPledging(command: commands.OpenPledging, state: InvestmentState, { roll }: WithRoll): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  if (state.status === 'OPEN_FOR_PLEDGES') return nothingToChange('It is open for pledges already.');
  if (isFrozen(state)) return frozen(state);
  if (!state.plan) return refuse('NO_PLAN', 'Set a financing plan first: pledges are for its regional part.');
  const partners = memberPartners(state, roll).length;
  if (partners < PARTNERS_TO_PLEDGE) {
    return refuse('TOO_FEW_PARTNERS', `Pledging takes at least ${PARTNERS_TO_PLEDGE} partner regions, the lead among them (J1); there is ${partners}.`, { partners, atLeast: PARTNERS_TO_PLEDGE });
  }
  return PledgingOpened({ investmentId: command.investment });
}

export function indicatePledge(command: commands.IndicatePledge, state: InvestmentState, _facts: unknown, meta: DecisionMeta): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  const regionId = meta.actor.regionId as string;
  const wrong = againstPledging(state, regionId);
  if (wrong) return wrong;
  const pledge = pledgeOf(state, regionId);
  if (pledge?.kind === 'CONFIRMED') return refuse('PLEDGE_LOWERED', 'The pledge is confirmed, and an indication would lower it. Withdraw it with a reason, or confirm more (J6).', { confirmed: String(pledge.amount) });
  if (pledge?.amount === command.amount) return nothingToChange('The region has indicated this amount already.');
  return PledgeIndicated({ investmentId: command.investment, regionId, amount: command.amount });
}

export function confirmPledge(command: commands.ConfirmPledge, state: InvestmentState, _facts: unknown, meta: DecisionMeta): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  const regionId = meta.actor.regionId as string;
  const wrong = againstPledging(state, regionId);
  if (wrong) return wrong;
  const { evidence, validUntil } = command;
  const today = brusselsDay(meta.now);
  if (evidence.kind === 'LETTER_OF_ADHESION') return invalid('evidence.kind', 'evidence.kind must be COMMITMENT_LETTER or APPROVED_MINUTES');
  if (evidence.date > today) return invalid('evidence.date', 'evidence.date must not lie in the future');
  if (validUntil < today) return invalid('validUntil', 'validUntil must not lie in the past');
  const pledge = pledgeOf(state, regionId);
  if (!pledge) return refuse('NO_PLEDGE', 'The region has no pledge to confirm. Indicate one first.');
  const amount = command.amount ?? pledge.amount;
  if (pledge.kind === 'CONFIRMED' && amount < pledge.amount) {
    return refuse('PLEDGE_LOWERED', `${inEuro(pledge.amount)} are confirmed. To lower it, withdraw the pledge with a reason and pledge anew (J6).`, { confirmed: String(pledge.amount) });
  }
  return PledgeConfirmed({ investmentId: command.investment, regionId, amount, evidence: { ...evidence }, validUntil });
}

export function withdrawPledge(command: commands.WithdrawPledge, state: InvestmentState, _facts: unknown, meta: DecisionMeta): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  const regionId = meta.actor.regionId as string;
  const wrong = againstPledging(state, regionId);
  if (wrong) return wrong;
  const pledge = pledgeOf(state, regionId);
  if (!pledge) return refuse('NO_PLEDGE', 'The region has no pledge to withdraw.');
  return PledgeWithdrawn({ investmentId: command.investment, regionId, amount: pledge.amount, reason: command.reason });
}

export function submitInvestmentToBallot(
  command: commands.SubmitInvestmentToBallot, state: InvestmentState, { roll }: WithRoll, meta: DecisionMeta,
): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  if (state.status !== 'OPEN_FOR_PLEDGES') return pledgingNotOpen(state);
  const partners = memberPartners(state, roll);
  if (partners.length < REGIONS_TO_SUBMIT) {
    return refuse('TOO_FEW_REGIONS', `A ballot takes at least ${REGIONS_TO_SUBMIT} partner regions, the lead among them (J1); there are ${partners.length}.`, { regions: partners.length, atLeast: REGIONS_TO_SUBMIT });
  }
  const countries = new Set(partners.map((region) => region.country)).size;
  if (countries < COUNTRIES_TO_SUBMIT) {
    return refuse('TOO_FEW_COUNTRIES', `A ballot takes partner regions of at least ${COUNTRIES_TO_SUBMIT} countries (J1); there are ${countries}.`, { countries, atLeast: COUNTRIES_TO_SUBMIT });
  }
  return InvestmentSubmittedToBallot({ investmentId: command.investment, ballotId: meta.commandId, contentHash: contentHash(state) });
}

export const endorseInvestment = (command: commands.EndorseInvestment, state: InvestmentState, facts: WithBallot): Decision<InvestmentEvent> =>
  conclude('ADOPTED', InvestmentEndorsed, command, state, facts);
export const declineEndorsement = (command: commands.DeclineEndorsement, state: InvestmentState, facts: WithBallot): Decision<InvestmentEvent> =>
  conclude('REJECTED', InvestmentNotEndorsed, command, state, facts);
export const leaveInvestmentWithoutOpinion = (command: commands.LeaveInvestmentWithoutOpinion, state: InvestmentState, facts: WithBallot): Decision<InvestmentEvent> =>
  conclude('NO_OPINION', InvestmentLeftWithoutOpinion, command, state, facts);

/** What a closed ballot on exactly this said, and nothing else. It says nothing of funding (J12). */
function conclude(
  outcome: Outcome, event: typeof InvestmentEndorsed | typeof InvestmentNotEndorsed | typeof InvestmentLeftWithoutOpinion,
  command: commands.EndorseInvestment, state: InvestmentState, { ballot }: WithBallot,
): Decision<InvestmentEvent> {
  if (state.status === 'NONE') return notFound('joint investment', command.investment);
  if (state.status !== 'IN_DELIBERATION' || state.ballotId !== command.ballot) {
    return refuse('NOT_IN_BALLOT', `The joint investment is ${words(state.status)}, not in the ballot ${command.ballot}.`, { state: state.status });
  }
  const hash = contentHash(state);
  return againstConcluding(ballot, command.ballot, hash, outcome) ?? event({ investmentId: command.investment, ballotId: command.ballot, contentHash: hash });
}

/** SHA-256, in hex, over the JSON of what a ballot is on: title, Key Areas, stage, lead, related initiatives, partners that joined, plan, pledges. */
export function contentHash(state: Investment): string {
  const joined = joinedOf(state).map((region) => [region, state.s3Priorities.get(region)]);
  const pledges = [...state.pledges].flatMap(([region, { kind, amount }]) => (kind === 'WITHDRAWN' ? [] : [[region, kind, amount]]));
  const content = [state.title, state.keyAreas, state.stage, state.leadId, state.relatedInitiatives, joined, state.plan ?? null, pledges];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function evolve(state: InvestmentState, { type, data }: EntryOf<InvestmentEvent>): InvestmentState {
  if (type === 'JointInvestmentProposed') {
    const { title, keyAreas, stage, leadId, relatedInitiatives, s3Priority } = data;
    return {
      status: 'PARTNERING', title, keyAreas, stage, leadId, relatedInitiatives, s3Priorities: new Map([[leadId, s3Priority]]), plan: undefined, pledges: new Map(), ballotId: undefined,
    };
  }
  if (state.status === 'NONE') return state;
  const pledged = (regionId: string, pledge: PledgeState): Investment => ({ ...state, pledges: new Map(state.pledges).set(regionId, pledge) });
  switch (type) {
    case 'PartnerInvited': return { ...state, s3Priorities: new Map(state.s3Priorities).set(data.regionId, undefined) };
    case 'PartnerJoined': return { ...state, s3Priorities: new Map(state.s3Priorities).set(data.regionId, data.s3Priority) };
    case 'FinancingPlanSet': return { ...state, plan: data.partners };
    case 'PledgingOpened': return { ...state, status: 'OPEN_FOR_PLEDGES' };
    case 'PledgeIndicated': return pledged(data.regionId, { kind: 'INDICATIVE', amount: data.amount });
    case 'PledgeConfirmed': return pledged(data.regionId, { kind: 'CONFIRMED', amount: data.amount });
    case 'PledgeWithdrawn': return pledged(data.regionId, { kind: 'WITHDRAWN', amount: data.amount });
    case 'InvestmentSubmittedToBallot': return { ...state, status: 'IN_DELIBERATION', ballotId: data.ballotId };
    case 'InvestmentEndorsed': return { ...state, status: 'ENDORSED' };
    case 'InvestmentNotEndorsed': return { ...state, status: 'NOT_ENDORSED' };
    case 'InvestmentLeftWithoutOpinion': return { ...state, status: 'NO_OPINION' };
    default: return state;
  }
}

export const investmentDecider: Decider<InvestmentState, InvestmentEvent> = { name: 'investment', initial: () => ({ status: 'NONE' }), evolve };

/** From the submission on partners and plan are what the regions vote on, or voted on. */
const isFrozen = ({ status }: Investment): boolean => status !== 'PARTNERING' && status !== 'OPEN_FOR_PLEDGES';
const frozen = ({ status }: Investment): Refusal =>
  refuse('ALREADY_SUBMITTED', `The joint investment is ${words(status)}; its partners and its plan stay what the regions were asked to vote on.`, { state: status });

/** An endorsed investment takes pledges on; while the regions deliberate nothing of it changes. */
const takesPledges = ({ status }: Investment): boolean => status === 'OPEN_FOR_PLEDGES' || status === 'ENDORSED';
const pledgingNotOpen = ({ status }: Investment): Refusal => refuse('PLEDGING_NOT_OPEN', `The joint investment is ${words(status)}; it is not open for pledges.`, { state: status });

function againstPledging(state: Investment, regionId: string): Refusal | undefined {
  if (!takesPledges(state)) return pledgingNotOpen(state);
  if (state.s3Priorities.get(regionId) === undefined) return refuse('NOT_A_PARTNER', 'Only a partner region pledges, and only for itself (J5). This region has not joined.', { region: regionId });
  return undefined;
}

function pledgeOf(state: Investment, regionId: string): PledgeState | undefined {
  const pledge = state.pledges.get(regionId);
  return pledge?.kind === 'WITHDRAWN' ? undefined : pledge;
}

const memberPartners = (state: Investment, roll: RollState) => membersOf(roll).filter((region) => state.s3Priorities.get(region.id) !== undefined);
const words = (status: InvestmentStatus): string => status.toLowerCase().replaceAll('_', ' ');
