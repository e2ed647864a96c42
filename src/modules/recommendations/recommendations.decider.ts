import type { Outcome } from '../../events/ballots.events.js';
import {
  DraftRevised, RecommendationAdopted, RecommendationInitiated, RecommendationLeftWithoutOpinion, RecommendationRejected,
  RecommendationSubmittedToBallot, RecommendationTabled, RecommendationWithdrawn, type RecommendationEvent,
} from '../../events/recommendations.events.js';
import { textHash, type KeyAreaCode, type Provision } from '../../events/shared.js';
import type { EntryOf } from '../../event-store/entry.js';
import type { Decider, Decision, DecisionMeta } from '../../decider/decider.js';
import { notFound, nothingToChange, refuse, type Refusal } from '../../decider/problem.js';
import { provisions } from '../../decider/provisions.js';
import { againstConcluding, type BallotState } from '../ballots/ballots.decider.js';
import type { CommitteeState } from '../membership/committee.decider.js';
import type {
  AdoptRecommendation, InitiateRecommendation, LeaveRecommendationWithoutOpinion, RejectRecommendation, ReviseDraft,
  SubmitRecommendationToBallot, TableRecommendation, WithdrawRecommendation,
} from './recommendations.commands.js';

export type RecommendationStatus = 'DRAFT' | 'TABLED' | 'IN_BALLOT' | 'ADOPTED' | 'REJECTED' | 'NO_OPINION' | 'WITHDRAWN';

export type RecommendationState = { readonly status: 'NONE' } | {
  readonly status: RecommendationStatus;
  readonly title: string;
  readonly keyAreas: readonly KeyAreaCode[];
  readonly initiatedBy: string | undefined;
  readonly draft: number;
  readonly text: readonly Provision[];
  readonly textHash: string;
  readonly ballotId: string | undefined;
  /** The first recommendation of the policy document that this one is to be the next version of. */
  readonly revises: string | undefined;
};
export interface InitiatingFacts { readonly committee: CommitteeState; readonly revised?: RecommendationState | undefined }

export const recommendationStream = (id: string): string => `recommendation-${id}`;

export function initiateRecommendation(
  command: InitiateRecommendation, _state: RecommendationState, { committee, revised }: InitiatingFacts, meta: DecisionMeta,
): Decision<RecommendationEvent> {
  const unknown = command.keyAreas.filter((code) => !committee.keyAreas.has(code));
  if (unknown.length > 0) return refuse('KEY_AREA_NOT_DEFINED', `The secretariat has not defined ${unknown.join(', ')} yet.`, { keyAreas: unknown });
  if (revised?.status === 'NONE') return notFound('recommendation', command.revises as string);
  if (revised && revised.status !== 'ADOPTED') return refuse('NOT_ADOPTED', `The recommendation to revise is ${words(revised.status)}; only what is adopted is revised.`, { state: revised.status });
  const text = provisions(command.text, revised?.text ?? [], meta.commandId);
  if ('refused' in text) return text;
  return RecommendationInitiated({
    recommendationId: meta.commandId, title: command.title, keyAreas: [...command.keyAreas], addressees: [...command.addressees],
    ...(meta.actor.regionId !== undefined && { initiatedBy: meta.actor.regionId }), ...(revised && { revises: revised.revises ?? command.revises }),
    text, textHash: textHash(text),
  });
}

export function reviseDraft(command: ReviseDraft, state: RecommendationState, _facts: unknown, meta: DecisionMeta): Decision<RecommendationEvent> {
  if (state.status === 'NONE') return notFound('recommendation', command.recommendation);
  if (state.status !== 'DRAFT') return notADraft(state.status);
  const text = provisions(command.text, state.text, meta.commandId);
  if ('refused' in text) return text;
  const title = command.title ?? state.title;
  const hash = textHash(text);
  if (hash === state.textHash && title === state.title) return nothingToChange('The draft has this title and text already.');
  return DraftRevised({ recommendationId: command.recommendation, draft: state.draft + 1, title, text, textHash: hash });
}

export function tableRecommendation(command: TableRecommendation, state: RecommendationState): Decision<RecommendationEvent> {
  if (state.status === 'NONE') return notFound('recommendation', command.recommendation);
  if (state.status !== 'DRAFT') return notADraft(state.status);
  return RecommendationTabled({ recommendationId: command.recommendation, textHash: state.textHash });
}

export function submitRecommendationToBallot(
  command: SubmitRecommendationToBallot, state: RecommendationState, _facts: unknown, meta: DecisionMeta,
): Decision<RecommendationEvent> {
  if (state.status === 'NONE') return notFound('recommendation', command.recommendation);
  if (state.status !== 'TABLED') return refuse('NOT_TABLED', `The recommendation is ${words(state.status)}; only a tabled one is put to the vote.`, { state: state.status });
  return RecommendationSubmittedToBallot({ recommendationId: command.recommendation, ballotId: meta.commandId, textHash: state.textHash });
}

export function withdrawRecommendation(command: WithdrawRecommendation, state: RecommendationState, facts: { ballot: BallotState | undefined }): Decision<RecommendationEvent> {
  if (state.status === 'NONE') return notFound('recommendation', command.recommendation);
  if (state.status === 'WITHDRAWN') return nothingToChange('The recommendation is withdrawn already.');
  if (isDecided(state.status)) return refuse('ALREADY_DECIDED', `The recommendation is ${words(state.status)}. What is decided stays (R4).`, { state: state.status });
  if (facts.ballot && facts.ballot.status !== 'NONE') return refuse('BALLOT_OPENED', 'The ballot on it is opened; the regions decide now.', { ballot: state.ballotId });
  return RecommendationWithdrawn({ recommendationId: command.recommendation });
}

export const adoptRecommendation = (command: AdoptRecommendation, state: RecommendationState, facts: { ballot: BallotState }): Decision<RecommendationEvent> =>
  conclude('ADOPTED', RecommendationAdopted, command, state, facts.ballot);
export const rejectRecommendation = (command: RejectRecommendation, state: RecommendationState, facts: { ballot: BallotState }): Decision<RecommendationEvent> =>
  conclude('REJECTED', RecommendationRejected, command, state, facts.ballot);
export const leaveRecommendationWithoutOpinion = (
  command: LeaveRecommendationWithoutOpinion, state: RecommendationState, facts: { ballot: BallotState },
): Decision<RecommendationEvent> => conclude('NO_OPINION', RecommendationLeftWithoutOpinion, command, state, facts.ballot);

/** What a closed ballot on exactly this text said, and nothing else (R3). */
function conclude(
  outcome: Outcome, event: typeof RecommendationAdopted | typeof RecommendationRejected | typeof RecommendationLeftWithoutOpinion,
  command: AdoptRecommendation, state: RecommendationState, ballot: BallotState,
): Decision<RecommendationEvent> {
  if (state.status === 'NONE') return notFound('recommendation', command.recommendation);
  if (state.status !== 'IN_BALLOT' || state.ballotId !== command.ballot) {
    return refuse('NOT_IN_BALLOT', `The recommendation is ${words(state.status)}, not in the ballot ${command.ballot}.`, { state: state.status });
  }
  return againstConcluding(ballot, command.ballot, state.textHash, outcome)
    ?? event({
      recommendationId: command.recommendation, ballotId: command.ballot, textHash: state.textHash, ...(outcome === 'ADOPTED' && state.revises !== undefined && { revises: state.revises }),
    });
}

function evolve(state: RecommendationState, { type, data }: EntryOf<RecommendationEvent>): RecommendationState {
  if (type === 'RecommendationInitiated') {
    return { status: 'DRAFT', title: data.title, keyAreas: data.keyAreas, initiatedBy: data.initiatedBy, draft: 1, text: data.text, textHash: data.textHash, ballotId: undefined, revises: data.revises };
  }
  if (state.status === 'NONE') return state;
  switch (type) {
    case 'DraftRevised': return { ...state, title: data.title, draft: data.draft, text: data.text, textHash: data.textHash };
    case 'RecommendationTabled': return { ...state, status: 'TABLED' };
    case 'RecommendationSubmittedToBallot': return { ...state, status: 'IN_BALLOT', ballotId: data.ballotId };
    case 'RecommendationAdopted': return { ...state, status: 'ADOPTED' };
    case 'RecommendationRejected': return { ...state, status: 'REJECTED' };
    case 'RecommendationLeftWithoutOpinion': return { ...state, status: 'NO_OPINION' };
    case 'RecommendationWithdrawn': return { ...state, status: 'WITHDRAWN' };
    default: return state;
  }
}

export const recommendationDecider: Decider<RecommendationState, RecommendationEvent> = { name: 'recommendation', initial: () => ({ status: 'NONE' }), evolve };

const isDecided = (status: RecommendationStatus): boolean => status === 'ADOPTED' || status === 'REJECTED' || status === 'NO_OPINION';
const words = (status: RecommendationStatus): string => status.toLowerCase().replaceAll('_', ' ');
const notADraft = (status: RecommendationStatus): Refusal => refuse('NOT_A_DRAFT', `The recommendation is ${words(status)}; only a draft can be revised or tabled.`, { state: status });
