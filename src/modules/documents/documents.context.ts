import { DocumentCorrigendumIssued, DocumentCreated, RegisterNumberAssigned, VersionPublished } from '../../events/documents.events.js';
import { RecommendationAdopted } from '../../events/recommendations.events.js';
import { brusselsYear } from '../../decider/calendar.js';
import { command, type ReadFact } from '../../decider/command.js';
import { isEntry, type Process } from '../../decider/process.js';
import { streamKind, type Context } from '../../decider/registry.js';
import { recommendationDecider, recommendationStream } from '../recommendations/recommendations.decider.js';
import { AssignRegisterNumber, CreateDocument, DraftVersion, IssueCorrigendum, PublishVersion } from './documents.commands.js';
import * as decider from './documents.decider.js';
import { documentDecider, documentIdOf, documentStream } from './documents.decider.js';
import { assignRegisterNumber, registerDecider, registerKey, registerStream } from './register.decider.js';

const existing = { decider: documentDecider, stream: (c: { document: string }) => documentStream(c.document) };
const recommendation = (read: ReadFact, id: string) => read(recommendationDecider, recommendationStream(id));
const madeOf = (read: ReadFact, document: string): string => {
  const state = read(documentDecider, documentStream(document));
  return state.status === 'NONE' ? '' : state.recommendationId;
};

/** An adopted recommendation becomes a document, unless it revises one. */
export const documenting: Process = {
  name: 'documenting',
  begin: (entry) => (isEntry(entry, RecommendationAdopted) && entry.data.revises === undefined
    ? [{ command: CreateDocument.name, input: { recommendation: entry.data.recommendationId }, thingId: entry.data.recommendationId }] : []),
  settledBy: (entry) => (isEntry(entry, DocumentCreated) ? entry.data.recommendationId : undefined),
};

/** What is published is given its number in the register of its year. */
export const registering: Process = {
  name: 'registering',
  begin: (entry) => {
    if (!isEntry(entry, VersionPublished) && !isEntry(entry, DocumentCorrigendumIssued)) return [];
    const { documentId: document, number } = entry.data;
    return [{ command: AssignRegisterNumber.name, input: { document, number, year: brusselsYear(entry.time) }, thingId: document, key: registerKey(document, number) }];
  },
  settledBy: (entry) => (isEntry(entry, RegisterNumberAssigned) ? registerKey(entry.data.documentId, entry.data.number) : undefined),
};

export const documentsContext: Context = {
  name: 'documents',
  streams: [streamKind('document-', documentDecider), streamKind('register-', registerDecider)],
  processes: [documenting, registering],
  commands: [
    command(CreateDocument, {
      description: 'Makes a policy document of an adopted recommendation.', decider: documentDecider, stream: (c) => documentStream(documentIdOf(c.recommendation)),
      by: ['SECRETARIAT', 'SYSTEM'], facts: (read, c) => ({ recommendation: recommendation(read, c.recommendation) }), decide: decider.createDocument,
    }),
    command(DraftVersion, {
      ...existing, description: 'Drafts the next version, based on the newest (P1, P2).', by: ['SECRETARIAT'],
      facts: (read, c) => ({ recommendation: recommendation(read, c.recommendation ?? madeOf(read, c.document)) }), decide: decider.draftVersion,
    }),
    command(PublishVersion, {
      ...existing, description: 'Publishes a drafted version on the decision behind it (P3, P4).', by: ['SECRETARIAT'],
      facts: (read, c) => ({ recommendation: recommendation(read, c.recommendation ?? madeOf(read, c.document)) }), decide: decider.publishVersion,
    }),
    command(IssueCorrigendum, { ...existing, description: 'Mends a clerical error of the published version, as a version of its own (R4).', by: ['SECRETARIAT'], decide: decider.issueCorrigendum }),
    command(AssignRegisterNumber, {
      description: 'Gives a published version its number in the register (P5).', decider: registerDecider, stream: (c) => registerStream(c.year), by: ['SYSTEM'], mutation: false,
      facts: (read, c) => ({ document: read(documentDecider, documentStream(c.document)) }), decide: assignRegisterNumber,
    }),
  ],
};
