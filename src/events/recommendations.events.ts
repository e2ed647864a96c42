import { Type } from '@sinclair/typebox';
import { defineEvent, type OccurrenceOf } from './define.js';
import { Hash, Id, KeyAreaCode, Provision } from './shared.js';

const withThing = { audience: 'WITH_THING', about: (d: { recommendationId: string }) => [d.recommendationId] } as const;
const aboutBoth = (d: { recommendationId: string; ballotId: string }) => [d.recommendationId, d.ballotId];

/**
 * `initiatedBy`: the region whose seat began it; left out when the secretariat did. `revises`: the adopted recommendation whose policy document
 * it is to be the next version of, the first one where there were several.
 */
export const RecommendationInitiated = defineEvent('RecommendationInitiated', {
  recommendationId: Id, title: Type.String(), keyAreas: Type.Array(KeyAreaCode), addressees: Type.Array(Type.String()),
  initiatedBy: Type.Optional(Id), revises: Type.Optional(Id), text: Type.Array(Provision), textHash: Hash,
}, { audience: 'WITH_THING', about: (d) => [d.recommendationId, ...(d.revises === undefined ? [] : [d.revises])] });
/** `draft`: number of the draft that this makes, from 2. */
export const DraftRevised = defineEvent('DraftRevised', {
  recommendationId: Id, draft: Type.Integer({ minimum: 2 }), title: Type.String(), text: Type.Array(Provision), textHash: Hash,
}, withThing);
export const RecommendationTabled = defineEvent('RecommendationTabled', { recommendationId: Id, textHash: Hash }, withThing);
/** From here on the text is frozen (R2). The ballot is opened under the id that is named here. */
export const RecommendationSubmittedToBallot = defineEvent('RecommendationSubmittedToBallot', {
  recommendationId: Id, ballotId: Id, textHash: Hash,
}, withThing);
const decided = { recommendationId: Id, ballotId: Id, textHash: Hash };
/** `revises`: as at the beginning. */
export const RecommendationAdopted = defineEvent('RecommendationAdopted', { ...decided, revises: Type.Optional(Id) }, { audience: 'PUBLIC', about: aboutBoth });
export const RecommendationRejected = defineEvent('RecommendationRejected', decided, { audience: 'WITH_THING', about: aboutBoth });
export const RecommendationLeftWithoutOpinion = defineEvent('RecommendationLeftWithoutOpinion', decided, { audience: 'WITH_THING', about: aboutBoth });
export const RecommendationWithdrawn = defineEvent('RecommendationWithdrawn', { recommendationId: Id }, withThing);

export const recommendationEvents = [
  RecommendationInitiated, DraftRevised, RecommendationTabled, RecommendationSubmittedToBallot,
  RecommendationAdopted, RecommendationRejected, RecommendationLeftWithoutOpinion, RecommendationWithdrawn,
] as const;
export type RecommendationEvent = OccurrenceOf<(typeof recommendationEvents)[number]>;
