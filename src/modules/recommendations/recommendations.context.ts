import { BallotClosed } from '../../events/ballots.events.js';
import {
  RecommendationAdopted, RecommendationLeftWithoutOpinion, RecommendationRejected,
} from '../../events/recommendations.events.js';
import { command, type ReadFact } from '../../decider/command.js';
import { isEntry, type Process } from '../../decider/process.js';
import { streamKind, type Context } from '../../decider/registry.js';
import type { BallotSubjectKind } from '../../decider/subjects.js';
import { ballotDecider, ballotStream } from '../ballots/ballots.decider.js';
import { committeeDecider } from '../membership/committee.decider.js';
import { COMMITTEE_STREAM } from '../membership/membership.context.js';
import {
  AdoptRecommendation, InitiateRecommendation, LeaveRecommendationWithoutOpinion, RejectRecommendation, ReviseDraft, SubmitRecommendationToBallot,
  TableRecommendation, WithdrawRecommendation,
} from './recommendations.commands.js';
import * as decider from './recommendations.decider.js';
import { recommendationDecider, recommendationStream, type RecommendationState } from './recommendations.decider.js';

const existing = { decider: recommendationDecider, stream: (c: { recommendation: string }) => recommendationStream(c.recommendation) };
/** Acts of the region that began it. A draft of the secretariat is nobody's region's. */
const ofInitiator = { ...existing, region: (_: unknown, state: RecommendationState) => (state.status === 'NONE' ? undefined : state.initiatedBy ?? 'none') };
const afterBallot = {
  ...existing, by: ['CHAIR', 'SYSTEM'] as const,
  facts: (read: ReadFact, c: { ballot: string }) => ({ ballot: read(ballotDecider, ballotStream(c.ballot)) }),
};

/** A recommendation as something that a ballot can be on: frozen from its submission (R2). */
export const recommendationSubject: BallotSubjectKind<RecommendationState> = {
  decider: recommendationDecider,
  streamOf: recommendationStream,
  asSubject: (state) => (state.status === 'NONE' ? undefined
    : { matter: 'RECOMMENDATION', hash: state.textHash, ballotId: state.status === 'IN_BALLOT' ? state.ballotId : undefined }),
};

const BY_OUTCOME = { ADOPTED: AdoptRecommendation, REJECTED: RejectRecommendation, NO_OPINION: LeaveRecommendationWithoutOpinion } as const;

/** A closed ballot leads to adoption, rejection or no opinion on the recommendation that it was on. */
export const adoption: Process = {
  name: 'adoption',
  begin: (entry) => {
    if (!isEntry(entry, BallotClosed) || entry.data.matter !== 'RECOMMENDATION') return [];
    const { subjectId, ballotId, outcome } = entry.data;
    return [{ command: BY_OUTCOME[outcome].name, input: { recommendation: subjectId, ballot: ballotId }, thingId: subjectId }];
  },
  settledBy: (entry) => (isEntry(entry, RecommendationAdopted) || isEntry(entry, RecommendationRejected) || isEntry(entry, RecommendationLeftWithoutOpinion)
    ? entry.data.recommendationId : undefined),
};

export const recommendationsContext: Context = {
  name: 'recommendations',
  streams: [streamKind('recommendation-', recommendationDecider)],
  processes: [adoption],
  ballotSubjects: [recommendationSubject as BallotSubjectKind],
  commands: [
    command(InitiateRecommendation, { description: 'Begins the draft of a recommendation (R1).', decider: recommendationDecider,
      stream: (_, commandId) => recommendationStream(commandId), by: ['REPRESENTATIVE', 'ALTERNATE', 'SECRETARIAT'],
      facts: (read, c) => ({
        committee: read(committeeDecider, COMMITTEE_STREAM), revised: c.revises === undefined ? undefined : read(recommendationDecider, recommendationStream(c.revises)),
      }),
      decide: decider.initiateRecommendation,
    }),
    command(ReviseDraft, { ...ofInitiator, description: 'Makes the next draft, with its whole text.', by: ['REPRESENTATIVE', 'ALTERNATE', 'SECRETARIAT'], decide: decider.reviseDraft }),
    command(TableRecommendation, { ...ofInitiator, description: 'Tables the draft: its text can then be put to the vote.', by: ['REPRESENTATIVE', 'ALTERNATE', 'SECRETARIAT'], decide: decider.tableRecommendation }),
    command(SubmitRecommendationToBallot, { ...existing, description: 'Puts the tabled text to the vote and freezes it (R2).', by: ['CHAIR', 'SECRETARIAT'], decide: decider.submitRecommendationToBallot }),
    command(WithdrawRecommendation, { ...ofInitiator, description: 'Withdraws a recommendation that is not being voted on.', by: ['REPRESENTATIVE', 'ALTERNATE', 'SECRETARIAT'],
      facts: (read, c) => {
        const state = read(recommendationDecider, recommendationStream(c.recommendation));
        return { ballot: state.status !== 'NONE' && state.ballotId !== undefined ? read(ballotDecider, ballotStream(state.ballotId)) : undefined };
      },
      decide: decider.withdrawRecommendation,
    }),
    command(AdoptRecommendation, { ...afterBallot, description: 'Adopts the text that its ballot adopted (R3).', decide: decider.adoptRecommendation }),
    command(RejectRecommendation, { ...afterBallot, description: 'Rejects the text that its ballot rejected.', decide: decider.rejectRecommendation }),
    command(LeaveRecommendationWithoutOpinion, { ...afterBallot, description: 'Leaves a text without opinion, as its ballot did.', decide: decider.leaveRecommendationWithoutOpinion }),
  ],
};
