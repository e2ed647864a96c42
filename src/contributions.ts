import 'reflect-metadata';
import { registrations } from './contexts.js';
import { consequencesContribution } from './graphql/consequences.resolver.js';
import type { Contribution } from './graphql/contribution.js';
import { coreContribution } from './graphql/core.contribution.js';
import { deskContribution } from './graphql/desk.js';
import { ballotsContribution } from './modules/ballots/ballots.things.js';
import { boardsContribution } from './modules/boards/boards.resolver.js';
import { documentsContribution } from './modules/documents/documents.things.js';
import { investmentsContribution } from './modules/investments/investments.things.js';
import { membershipContribution } from './modules/membership/membership.things.js';
import { recommendationsContribution } from './modules/recommendations/recommendations.things.js';

/** What the contexts bring to the API. */
export const contributions: readonly Contribution[] = [
  coreContribution(registrations), deskContribution, consequencesContribution,
  membershipContribution, ballotsContribution, recommendationsContribution, documentsContribution,
  investmentsContribution, boardsContribution,
];
