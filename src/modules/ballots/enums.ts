import {
  COMPARISONS, OUTCOME_REASONS, PROCEDURES, PROOF_TEST_NAMES, RECUSAL_REASONS, REGION_POSITIONS,
} from '../../events/ballots.events.js';
import { enumOf } from '../../graphql/fields.js';

export const RegionPositionEnum = enumOf('RegionPosition', REGION_POSITIONS, 'What a region expressed.');
export const CastingVoteEnum = enumOf('CastingVote', ['IN_FAVOUR', 'AGAINST'] as const);
export const OutcomeReasonEnum = enumOf('OutcomeReason', OUTCOME_REASONS);
export const BallotStateEnum = enumOf('BallotState', ['OPEN', 'CLOSED'] as const);
export const ProcedureEnum = enumOf('Procedure', PROCEDURES);
export const RecusalReasonEnum = enumOf('RecusalReason', RECUSAL_REASONS);
export const ProofTestNameEnum = enumOf('ProofTestName', PROOF_TEST_NAMES);
export const ComparisonEnum = enumOf('Comparison', COMPARISONS);
