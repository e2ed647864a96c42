import type { Type } from '@nestjs/common';
import { registrations } from './contexts.js';
import { CommitteeResolver } from './graphql/committee.resolver.js';
import { ConsequencesResolver } from './graphql/consequences.resolver.js';
import { MyDeskResolver, TasksResolver } from './graphql/desk.js';
import { mutationsResolver } from './graphql/mutations.js';
import { HistoryEntryResolver, ThingsResolver } from './graphql/things.resolver.js';
import { inTurns } from './graphql/turns.js';
import { BallotFieldsResolver, BallotsResolver } from './modules/ballots/ballots.resolver.js';
import { BoardsResolver } from './modules/boards/boards.resolver.js';
import { DocumentFieldsResolver, DocumentOfRecommendationResolver, DocumentsResolver, DocumentVersionResolver } from './modules/documents/documents.resolver.js';
import { InvestmentFieldsResolver, InvestmentsResolver } from './modules/investments/investments.resolver.js';
import { MembershipResolver, RegionResolver } from './modules/membership/membership.resolver.js';
import { RecommendationFieldsResolver, RecommendationsResolver } from './modules/recommendations/recommendations.resolver.js';

/** What finds fields. */
const finding: readonly Type[] = [
  CommitteeResolver, ThingsResolver, HistoryEntryResolver, MyDeskResolver, TasksResolver, ConsequencesResolver,
  MembershipResolver, RegionResolver, BallotsResolver, BallotFieldsResolver, RecommendationsResolver, RecommendationFieldsResolver,
  DocumentsResolver, DocumentFieldsResolver, DocumentVersionResolver, DocumentOfRecommendationResolver, InvestmentsResolver, InvestmentFieldsResolver, BoardsResolver,
].map((resolver) => inTurns(resolver));

/** Every class that answers fields. */
export const resolvers: Type[] = [mutationsResolver(registrations), ...finding];
