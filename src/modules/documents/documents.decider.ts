import { validate as isUuid } from 'uuid';
import {
  DocumentCorrigendumIssued, DocumentCreated, VersionDrafted, VersionPublished, type DocumentEvent,
} from '../../events/documents.events.js';
import { textHash, type Provision } from '../../events/shared.js';
import type { EntryOf } from '../../event-store/entry.js';
import { brusselsDay, brusselsYear } from '../../decider/calendar.js';
import { derivedId, type Decider, type Decision, type DecisionMeta } from '../../decider/decider.js';
import { notFound, nothingToChange, refuse, type Refusal } from '../../decider/problem.js';
import { provisions } from '../../decider/provisions.js';
import type { RecommendationState } from '../recommendations/recommendations.decider.js';
import type { CreateDocument, DraftVersion, IssueCorrigendum, PublishVersion } from './documents.commands.js';

export interface VersionState {
  readonly number: number;
  readonly kind: 'VERSION' | 'CORRIGENDUM';
  readonly text: readonly Provision[];
  readonly hash: string;
  /** Left out while drafted. `year`: of the recorded time, in Brussels: the year of its register number. */
  readonly published?: { readonly effectiveFrom: string; readonly year: number };
}
export type DocumentState = { readonly status: 'NONE' } | {
  readonly status: 'CREATED';
  readonly recommendationId: string;
  readonly versions: readonly VersionState[];
};
export interface DecidedBy { readonly recommendation: RecommendationState }

/** One document a recommendation: whoever creates it, the process or the secretariat, creates the same one. */
export const documentIdOf = (recommendationId: string): string => (isUuid(recommendationId) ? derivedId(recommendationId, 'document') : recommendationId);
export const documentStream = (id: string): string => `document-${id}`;
const AUTHENTIC_LANGUAGE = 'en';

export const newestPublished = (state: DocumentState): VersionState | undefined =>
  (state.status === 'NONE' ? undefined : state.versions.findLast((version) => version.published));

export function createDocument(command: CreateDocument, state: DocumentState, { recommendation }: DecidedBy): Decision<DocumentEvent> {
  if (recommendation.status === 'NONE') return notFound('recommendation', command.recommendation);
  if (recommendation.status !== 'ADOPTED') return refuse('NOT_ADOPTED', 'Only an adopted recommendation becomes a document.', { state: recommendation.status });
  if (recommendation.revises !== undefined) {
    return refuse('REVISES_A_DOCUMENT', 'This recommendation revises a document. Draft and publish its text as the next version of that one.', { document: documentIdOf(recommendation.revises) });
  }
  if (state.status !== 'NONE') return nothingToChange('The recommendation is a document already.');
  return DocumentCreated({
    documentId: documentIdOf(command.recommendation), recommendationId: command.recommendation, title: recommendation.title,
    keyAreas: [...recommendation.keyAreas], language: command.language ?? AUTHENTIC_LANGUAGE,
  });
}

export function draftVersion(command: DraftVersion, state: DocumentState, { recommendation }: DecidedBy, meta: DecisionMeta): Decision<DocumentEvent> {
  if (state.status === 'NONE') return notFound('document', command.document);
  const newest = state.versions.at(-1);
  if (newest?.number !== command.basedOn) return notBasedOnNewest(newest?.number);
  if (command.recommendation !== undefined && !decidesOn(state, command.recommendation, recommendation)) return notDecided(command.recommendation);
  const adopted = recommendation.status === 'NONE' ? [] : recommendation.text;
  const text = command.text ? provisions(command.text, [...(newest?.text ?? []), ...adopted], meta.commandId) : [...adopted];
  if ('refused' in text) return text;
  const hash = textHash(text);
  if (hash === newest?.hash) return nothingToChange('The newest version has this text already.');
  return VersionDrafted({
    documentId: command.document, number: (newest?.number ?? 0) + 1, ...(newest && { basedOn: newest.number }), text, hash,
  });
}

export function publishVersion(command: PublishVersion, state: DocumentState, { recommendation }: DecidedBy, meta: DecisionMeta): Decision<DocumentEvent> {
  if (state.status === 'NONE') return notFound('document', command.document);
  const version = state.versions.find(({ number }) => number === command.number);
  const before = newestPublished(state);
  if (!version || version.published || (before && before.number > version.number)) {
    return refuse('NOT_DRAFTED', `Version ${command.number} is not a draft that can be published.`, { published: before?.number ?? null });
  }
  const by = command.recommendation ?? state.recommendationId;
  if (!decidesOn(state, by, recommendation)) return notDecided(by);
  if (recommendation.textHash !== version.hash) {
    return refuse('OTHER_TEXT', 'The recommendation adopted another text than this version has (P3).', { adopted: recommendation.textHash, version: version.hash });
  }
  const effectiveFrom = command.effectiveFrom ?? brusselsDay(meta.now);
  if (before?.published && effectiveFrom < before.published.effectiveFrom) return beforePredecessor(before.published.effectiveFrom);
  return VersionPublished({
    documentId: command.document, number: version.number, effectiveFrom, hash: version.hash, recommendationId: by, ballotId: recommendation.ballotId,
    ...(before && { supersedes: before.number }),
  });
}

export function issueCorrigendum(command: IssueCorrigendum, state: DocumentState, _facts: unknown, meta: DecisionMeta): Decision<DocumentEvent> {
  if (state.status === 'NONE') return notFound('document', command.document);
  const newest = newestPublished(state);
  if (!newest?.published) return refuse('NOT_PUBLISHED', 'Nothing is published yet. Draft another version instead.');
  if (newest.number !== command.basedOn) return notBasedOnNewest(newest.number);
  const text = provisions(command.text, newest.text, meta.commandId);
  if ('refused' in text) return text;
  const hash = textHash(text);
  if (hash === newest.hash) return nothingToChange('The published version has this text already.');
  const effectiveFrom = command.effectiveFrom ?? newest.published.effectiveFrom;
  if (effectiveFrom < newest.published.effectiveFrom) return beforePredecessor(newest.published.effectiveFrom);
  const last = state.versions.at(-1) as VersionState;
  return DocumentCorrigendumIssued({
    documentId: command.document, number: last.number + 1, basedOn: newest.number, effectiveFrom, text, hash, reason: command.reason,
  });
}

/**
 * Pure, also where it works out a year: that rests on the entry's recorded time and on a time zone that is named (decider/calendar.ts), not on
 * the machine's clock or place, and the offset that Brussels had at a past moment stays. The process that asks for the register number works
 * it out of the same entry in the same way, so nothing is stored twice that could differ.
 */
function evolve(state: DocumentState, { type, data, time }: EntryOf<DocumentEvent>): DocumentState {
  if (type === 'DocumentCreated') return { status: 'CREATED', recommendationId: data.recommendationId, versions: [] };
  if (state.status === 'NONE') return state;
  switch (type) {
    case 'VersionDrafted':
      return { ...state, versions: [...state.versions, { number: data.number, kind: 'VERSION', text: data.text, hash: data.hash }] };
    case 'VersionPublished':
      return {
        ...state,
        versions: state.versions.map((version) => (version.number === data.number
          ? { ...version, published: { effectiveFrom: data.effectiveFrom, year: brusselsYear(time) } } : version)),
      };
    case 'DocumentCorrigendumIssued':
      return {
        ...state,
        versions: [...state.versions, {
          number: data.number, kind: 'CORRIGENDUM', text: data.text, hash: data.hash, published: { effectiveFrom: data.effectiveFrom, year: brusselsYear(time) },
        }],
      };
    default: return state;
  }
}

export const documentDecider: Decider<DocumentState, DocumentEvent> = { name: 'document', initial: () => ({ status: 'NONE' }), evolve };

/** Whether a recommendation is adopted and is the one that the document was made of, or revises it. */
const decidesOn = (state: Exclude<DocumentState, { status: 'NONE' }>, id: string, recommendation: RecommendationState): recommendation is Adopted =>
  recommendation.status === 'ADOPTED' && recommendation.ballotId !== undefined && (id === state.recommendationId || recommendation.revises === state.recommendationId);
type Adopted = Exclude<RecommendationState, { status: 'NONE' }> & { readonly ballotId: string };
const notDecided = (recommendation: string): Refusal =>
  refuse('NOT_DECIDED', 'A version is published on an adopted recommendation: the one that the document was made of, or one that revises it (P3).', { recommendation });

const notBasedOnNewest = (newest: number | undefined) => refuse('NOT_BASED_ON_NEWEST',
  newest === undefined ? 'There is no version yet: leave basedOn out.' : `The newest version is ${newest}. Read it, and base the edit on it (P2).`, { newest: newest ?? null });
const beforePredecessor = (day: string) => refuse('BEFORE_PREDECESSOR', `The version before is in force from ${day}; this one cannot be from earlier (P4).`, { effectiveFrom: day });
