import {
  DocumentCorrigendumIssued, DocumentCreated, RegisterNumberAssigned, VersionDrafted, VersionPublished,
} from '../../events/documents.events.js';
import { sentence, type Contribution, type DeskTask, type ThingKind } from '../../graphql/contribution.js';
import type { Reads } from '../../graphql/reads.js';
import { everybody } from '../../graphql/rights.js';
import { isMember, type Standing } from '../../identity/standing.js';
import { documentTable, type DocumentRow, type VersionRow } from '../../projections/documents.view.js';
import { recommendationTable } from '../../projections/recommendations.view.js';
import { documentIdOf, documentStream } from './documents.decider.js';

export interface DocumentParent {
  readonly typename: 'PolicyDocument';
  readonly id: string;
  readonly at: number;
  readonly revision: number;
  readonly title: string;
  readonly row: DocumentRow;
}

export function documentAt(reads: Reads, id: string, at: number, row: DocumentRow | undefined = reads.get(documentTable, id, at)): DocumentParent | undefined {
  return row && { typename: 'PolicyDocument', id, at, revision: reads.revisionAt(documentStream(id), at), title: row.title, row };
}

const isPublic = ({ publishedAt }: VersionRow): boolean => publishedAt !== undefined;

/** Members see drafts; everybody what is or was published. */
export const versionsVisibleTo = (reader: Standing, { row }: DocumentParent): readonly VersionRow[] => row.versions.filter((version) => isPublic(version) || isMember(reader));

const documentKind: ThingKind = {
  typename: 'PolicyDocument',
  streamOf: documentStream,
  find: documentAt,
  isPublic: () => true,
  fieldsAt: (reads, id, at) => {
    const row = reads.get(documentTable, id, at);
    return row ? {
      title: row.title, keyAreas: row.keyAreas.join(', '), recommendation: row.recommendationId,
      // Drafts are not told to visitors by the way of history: what is published stands in a field of its own.
      versions: row.versions.filter(isPublic)
        .map((version) => `${version.number} ${version.state}${version.registerNumber ? ` ${version.registerNumber}` : ''}`).join(', ') || undefined,
    } : {};
  },
};

/** Each adopted text is to be published: for the secretariat, until a version is. */
function tasks(reads: Reads, reader: Standing, at: number, among?: readonly string[]): readonly DeskTask[] {
  if (!reader.offices.some((held) => held.office === 'SECRETARIAT')) return [];
  const task = (id: string, since: number, sentence_: string): DeskTask => ({ kind: 'PUBLISH_TEXT', thingId: id, office: 'SECRETARIAT', since, sentence: sentence_ });
  return [
    ...reads.all(documentTable, at, { published: 'false' }, among).map(({ id, row }) => task(id, row.created,
      row.versions.length === 0 ? `Draft and publish the adopted text of "${row.title}".` : `Publish the drafted text of "${row.title}".`)),
    ...reads.all(recommendationTable, at, { revising: 'true' }).flatMap(({ row: { revises, ballotId, title, submittedAt } }) => {
      const id = documentIdOf(revises as string);
      if (among && !among.includes(id)) return [];
      const isPublished = reads.get(documentTable, id, at)?.versions.some((version) => version.ballotId === ballotId && version.publishedAt !== undefined);
      return isPublished ? [] : [task(id, submittedAt ?? at, `Draft and publish the next version, as "${title}" was adopted.`)];
    }),
  ];
}

export const documentsContribution: Contribution = {
  things: [documentKind],
  tasks,
  rights: {
    Committee: [everybody('policyDocument policyDocuments')],
    Recommendation: [everybody('policyDocument')],
    PolicyDocument: [everybody('id revision title keyAreas recommendation version versions inForce difference history')],
    PolicyDocumentConnection: [everybody('edges pageInfo')],
    PolicyDocumentEdge: [everybody('cursor node')],
    DocumentVersion: [everybody('number kind state language basedOn text hash draftedBy draftedAt publishedAt effectiveFrom registerNumber decision reason')],
    DocumentVersionConnection: [everybody('edges pageInfo')],
    DocumentVersionEdge: [everybody('cursor node')],
    ProvisionDifference: [everybody('provision kind words')],
    WordDifference: [everybody('kind text')],
  },
  sentences: {
    ...sentence(DocumentCreated, (d) => `The adopted recommendation becomes a policy document: ${d.title}.`),
    ...sentence(VersionDrafted, (d) => `Version ${d.number} is drafted.`),
    ...sentence(VersionPublished, (d) => `Version ${d.number} is published, in force from ${d.effectiveFrom}${d.supersedes === undefined ? '' : `; it supersedes version ${d.supersedes}`}.`),
    ...sentence(DocumentCorrigendumIssued, (d) => `A corrigendum to version ${d.basedOn} is issued as version ${d.number}, in force from ${d.effectiveFrom}.`),
    ...sentence(RegisterNumberAssigned, (d) => `Version ${d.number} is registered as ${d.registerNumber}.`),
  },
};
