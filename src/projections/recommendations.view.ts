import {
  DraftRevised, RecommendationAdopted, RecommendationInitiated, RecommendationLeftWithoutOpinion, RecommendationRejected,
  RecommendationSubmittedToBallot, RecommendationTabled, RecommendationWithdrawn,
} from '../events/recommendations.events.js';
import type { KeyAreaCode, Provision } from '../events/shared.js';
import { ALL_KEY_AREAS } from './key-areas.js';
import { parts, versioned } from './versioned.js';
import { defineView, on, type Write } from './view.js';

export const RECOMMENDATION_STATES = ['DRAFT', 'TABLED', 'IN_BALLOT', 'ADOPTED', 'REJECTED', 'NO_OPINION', 'WITHDRAWN'] as const;

/** Without the text: that is beside it, by draft. */
export interface RecommendationRow {
  readonly state: (typeof RECOMMENDATION_STATES)[number];
  readonly title: string;
  readonly keyAreas: readonly KeyAreaCode[];
  readonly addressees: readonly string[];
  readonly initiatedBy?: string;
  /** The first recommendation of the policy document that it is to be the next version of. */
  readonly revises?: string;
  readonly draft: number;
  readonly textHash: string;
  readonly ballotId?: string;
  /** Position of the submission to a ballot. */
  readonly submittedAt?: number;
}

export const recommendationTable = versioned<RecommendationRow>('recommendation', {
  state: (row) => [row.state],
  keyArea: (row) => row.keyAreas,
  /** Adopted for a document that is there: for its next version. */
  revising: (row) => (row.state === 'ADOPTED' && row.revises !== undefined ? ['true'] : []),
  // For the board, which counts by both.
  board: (row) => [ALL_KEY_AREAS, ...row.keyAreas].map((area) => `${area} ${row.state}`),
});
/** Part = number of the draft. */
export const recommendationTextParts = parts<{ readonly text: readonly Provision[] }>('recommendation_text');

const change = (write: Write, id: string, position: number, by: (row: RecommendationRow) => RecommendationRow): void =>
  write.table(recommendationTable).change(id, position, by);
const becomes = (state: RecommendationRow['state']) =>
  ({ data, position }: { data: { recommendationId: string }; position: number }, write: Write): void => change(write, data.recommendationId, position, (row) => ({ ...row, state }));

export const recommendationsView = defineView('recommendations', {
  version: 1,
  tables: [recommendationTable],
  parts: [recommendationTextParts],
  listens: [
    on(RecommendationInitiated, ({ data, position }, write) => {
      const { recommendationId: id, text, ...rest } = data;
      write.table(recommendationTable).put(id, position, { ...rest, state: 'DRAFT', draft: 1 });
      write.parts(recommendationTextParts).put(id, 1, position, { text });
    }),
    on(DraftRevised, ({ data, position }, write) => {
      const { recommendationId: id, draft, title, text, textHash } = data;
      change(write, id, position, (row) => ({ ...row, draft, title, textHash }));
      write.parts(recommendationTextParts).put(id, draft, position, { text });
    }),
    on(RecommendationTabled, becomes('TABLED')),
    on(RecommendationSubmittedToBallot, ({ data, position }, write) => change(write, data.recommendationId, position, (row) => ({
      ...row, state: 'IN_BALLOT', ballotId: data.ballotId, submittedAt: position,
    }))),
    on(RecommendationAdopted, becomes('ADOPTED')),
    on(RecommendationRejected, becomes('REJECTED')),
    on(RecommendationLeftWithoutOpinion, becomes('NO_OPINION')),
    on(RecommendationWithdrawn, becomes('WITHDRAWN')),
  ],
});
