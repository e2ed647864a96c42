import type { CommandRegistration } from '../decider/command.js';
import type { Contribution } from './contribution.js';
import { everybody, only, WHO_SEES_PERSONS } from './rights.js';

export const mutationName = (commandName: string): string => commandName.charAt(0).toLowerCase() + commandName.slice(1);

/** Rights to what belongs to no context. Who may send which command is said at each command; anybody may ask. */
export const coreContribution = (registrations: readonly CommandRegistration[]): Contribution => ({
  rights: {
    Query: [everybody('committee')],
    Subscription: [everybody('committee')],
    Mutation: [everybody(registrations.filter((r) => r.mutation !== false).map((r) => mutationName(r.command.name)).join(' '))],
    Committee: [everybody('position time change'), only(['AUDITOR'], 'log')],
    Thing: [everybody('id revision history')],
    Change: [everybody('position time kind parts about actor cause sentence')],
    Actor: [everybody('office regionId onBehalfOfId'), only(WHO_SEES_PERSONS, 'personId')],
    HistoryConnection: [everybody('edges pageInfo')],
    HistoryEdge: [everybody('cursor node')],
    HistoryEntry: [everybody('change fields')],
    FieldChange: [everybody('field before after')],
    PageInfo: [everybody('hasNextPage endCursor')],
    Receipt: [everybody('id position revision commandId repeated')],
    ErrorExtensions: [everybody('code reason facts correlationId')],
    LogEntryConnection: [only(['AUDITOR'], 'edges pageInfo')],
    LogEntryEdge: [only(['AUDITOR'], 'cursor node')],
    LogEntry: [only(['AUDITOR'], 'position stream revision type version data time actor commandId commandName payloadDigest correlationId causationId')],
  },
  sentences: {},
});
