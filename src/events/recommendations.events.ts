import { Type } from '@sinclair/typebox';
import { defineEvent, type OccurrenceOf } from './define.js';
import { Id, KeyAreaCode, Provision } from './shared.js';

const Hash = Type.String({ minLength: 64, maxLength: 64 });
const withThing = { audience: 'WITH_THING', about: (d: { recommendationId: string }) => [d.recommendationId] } as const;
const aboutBoth = (d: { recommendationId: string; ballotId: string }) => [d.recommendationId, d.ballotId];

/** `initiatedBy`: the region whose seat began it; left out when the secretariat did. */
export const RecommendationInitiated = defineEvent('RecommendationInitiated', {
  recommendationId: Id, title: Type.String(), keyAreas: Type.Array(KeyAreaCode), addressees: Type.Array(Type.String()),
  initiatedBy: Type.Optional(Id), text: Type.Array(Provision), textHash: Hash,
}, withThing);
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
export const RecommendationAdopted = defineEvent('RecommendationAdopted', decided, { audience: 'PUBLIC', about: aboutBoth });
export const RecommendationRejected = defineEvent('RecommendationRejected', decided, { audience: 'WITH_THING', about: aboutBoth });
export const RecommendationLeftWithoutOpinion = defineEvent('RecommendationLeftWithoutOpinion', decided, { audience: 'WITH_THING', about: aboutBoth });
export const RecommendationWithdrawn = defineEvent('RecommendationWithdrawn', { recommendationId: Id }, withThing);

export const recommendationEvents = [
  RecommendationInitiated, DraftRevised, RecommendationTabled, RecommendationSubmittedToBallot,
  RecommendationAdopted, RecommendationRejected, RecommendationLeftWithoutOpinion, RecommendationWithdrawn,
] as const;
export type RecommendationEvent = OccurrenceOf<(typeof recommendationEvents)[number]>;
