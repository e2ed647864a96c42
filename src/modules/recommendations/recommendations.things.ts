import {
  DraftRevised, RecommendationAdopted, RecommendationInitiated, RecommendationLeftWithoutOpinion, RecommendationRejected,
  RecommendationSubmittedToBallot, RecommendationTabled, RecommendationWithdrawn,
} from '../../events/recommendations.events.js';
import { sentence, type Contribution, type DeskTask, type ThingKind } from '../../graphql/contribution.js';
import type { Reads } from '../../graphql/reads.js';
import { everybody } from '../../graphql/rights.js';
import type { Standing } from '../../identity/standing.js';
import { recommendationTable, type RecommendationRow } from '../../projections/recommendations.view.js';
import { ballotsToOpen } from '../ballots/ballots.things.js';
import { recommendationStream } from './recommendations.decider.js';

export interface RecommendationParent {
  readonly typename: 'Recommendation';
  readonly id: string;
  readonly at: number;
  readonly revision: number;
  readonly row: RecommendationRow;
}

export function recommendationAt(
  reads: Reads, id: string, at: number, row: RecommendationRow | undefined = reads.get(recommendationTable, id, at),
): (RecommendationParent & Pick<RecommendationRow, 'state' | 'title' | 'addressees' | 'draft' | 'textHash' | 'ballotId'>) | undefined {
  if (!row) return undefined;
  const { state, title, addressees, draft, textHash, ballotId } = row;
  return { typename: 'Recommendation', id, at, revision: reads.revisionAt(recommendationStream(id), at), row, state, title, addressees, draft, textHash, ballotId };
}

const recommendationKind: ThingKind = {
  typename: 'Recommendation',
  streamOf: recommendationStream,
  find: recommendationAt,
  isPublic: (reads, id, at) => reads.get(recommendationTable, id, at)?.state === 'ADOPTED',
  fieldsAt: (reads, id, at) => {
    const row = reads.get(recommendationTable, id, at);
    return row ? {
      state: row.state, title: row.title, keyAreas: row.keyAreas.join(', '), addressees: row.addressees.join(', '), initiatedBy: row.initiatedBy, revises: row.revises,
      draft: String(row.draft), textHash: row.textHash, ballotId: row.ballotId,
    } : {};
  },
};

function tasks(reads: Reads, reader: Standing, at: number, among?: readonly string[]): readonly DeskTask[] {
  if (!reader.offices.some((held) => held.office === 'CHAIR')) return [];
  return ballotsToOpen(reads, reads.all(recommendationTable, at, { state: 'IN_BALLOT' }, among), at);
}

export const recommendationsContribution: Contribution = {
  things: [recommendationKind],
  tasks,
  rights: {
    Committee: [everybody('recommendation recommendations')],
    Recommendation: [everybody('id revision state title keyAreas addressees initiatedBy revises draft text textHash ballotId ballots history')],
    RecommendationConnection: [everybody('edges pageInfo')],
    RecommendationEdge: [everybody('cursor node')],
    Provision: [everybody('id heading text')],
  },
  sentences: {
    ...sentence(RecommendationInitiated, (d) => `A recommendation is begun: ${d.title}.`),
    ...sentence(DraftRevised, (d) => `Draft ${d.draft} of the recommendation: ${d.title}.`),
    ...sentence(RecommendationTabled, () => 'The recommendation is tabled.'),
    ...sentence(RecommendationSubmittedToBallot, () => 'The recommendation is put to the vote; its text is frozen.'),
    ...sentence(RecommendationAdopted, () => 'The recommendation is adopted.'),
    ...sentence(RecommendationRejected, () => 'The recommendation is rejected.'),
    ...sentence(RecommendationLeftWithoutOpinion, () => 'The Committee has no opinion on the recommendation.'),
    ...sentence(RecommendationWithdrawn, () => 'The recommendation is withdrawn.'),
  },
};
