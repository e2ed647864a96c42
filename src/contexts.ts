import 'reflect-metadata';
import { consequencesContext } from './decider/consequences.js';
import type { Context } from './decider/registry.js';
import { ballotsContext } from './modules/ballots/ballots.context.js';
import { documentsContext } from './modules/documents/documents.context.js';
import { investmentsContext } from './modules/investments/investments.context.js';
import { membershipContext } from './modules/membership/membership.context.js';
import { recommendationsContext } from './modules/recommendations/recommendations.context.js';
import { ballotsView } from './projections/ballots.view.js';
import { committeeView } from './projections/committee.view.js';
import { consequencesView } from './projections/consequences.view.js';
import { documentsView } from './projections/documents.view.js';
import { investmentsView } from './projections/investments.view.js';
import { recommendationsView } from './projections/recommendations.view.js';
import { rollView } from './projections/roll.view.js';
import type { View } from './projections/view.js';

/** All contexts, the lower ones first. A new context is a line here, in contributions.ts and, with a view of its own, in `views`. */
const withBallots: readonly Context[] = [recommendationsContext, investmentsContext];
export const contexts: readonly Context[] = [
  membershipContext,
  ballotsContext(withBallots.flatMap((context) => context.ballotSubjects ?? [])),
  ...withBallots,
  documentsContext,
  consequencesContext,
];

export const registrations = contexts.flatMap((context) => context.commands);

export const views: readonly View[] = [
  committeeView, rollView, ballotsView, recommendationsView, documentsView, investmentsView, consequencesView(contexts.flatMap((context) => context.processes ?? [])),
];
