import type { Instant } from '../events/define.js';
import { DocumentCorrigendumIssued, DocumentCreated, RegisterNumberAssigned, VersionDrafted, VersionPublished } from '../events/documents.events.js';
import type { KeyAreaCode, Office, Provision } from '../events/shared.js';
import type { Entry } from '../event-store/entry.js';
import { parts, versioned } from './versioned.js';
import { defineView, on, type Write } from './view.js';

/** Without the text: that is beside it, by number. `until`: the day from which its successor is in force. */
export interface VersionRow {
  readonly number: number;
  readonly kind: 'VERSION' | 'CORRIGENDUM';
  readonly state: 'DRAFTED' | 'PUBLISHED' | 'SUPERSEDED';
  readonly basedOn?: number;
  readonly hash: string;
  readonly draftedBy: { readonly office: Office; readonly regionId?: string; readonly personId?: string };
  readonly draftedAt: Instant;
  readonly publishedAt?: Instant;
  readonly effectiveFrom?: string;
  readonly until?: string;
  readonly registerNumber?: string;
  readonly ballotId?: string;
  readonly reason?: string;
}
export interface DocumentRow {
  readonly title: string;
  readonly keyAreas: readonly KeyAreaCode[];
  readonly recommendationId: string;
  readonly language: string;
  readonly versions: readonly VersionRow[];
  /** Position of the creation. */
  readonly created: number;
}

export const documentTable = versioned<DocumentRow>('document', {
  keyArea: (row) => row.keyAreas,
  published: (row) => [String(row.versions.some((version) => version.publishedAt !== undefined))],
  recommendation: (row) => [row.recommendationId],
});
/** Part = number of the version. */
export const documentTextParts = parts<{ readonly text: readonly Provision[] }>('document_text');

const change = (write: Write, id: string, position: number, by: (versions: readonly VersionRow[]) => readonly VersionRow[]): void =>
  write.table(documentTable).change(id, position, (row) => ({ ...row, versions: by(row.versions) }));

/** The version before gives way on the day that the new one is in force. */
const publish = (number: number, effectiveFrom: string, publishedAt: Instant, ballotId?: string) => (versions: readonly VersionRow[]): readonly VersionRow[] =>
  versions.map((version) => {
    if (version.number === number) return { ...version, state: 'PUBLISHED' as const, publishedAt, effectiveFrom, ...(ballotId !== undefined && { ballotId }) };
    return version.state === 'PUBLISHED' ? { ...version, state: 'SUPERSEDED' as const, until: effectiveFrom } : version;
  });

const draftedBy = ({ meta: { actor } }: Pick<Entry, 'meta'>): VersionRow['draftedBy'] => actor;

export const documentsView = defineView('documents', {
  version: 1,
  tables: [documentTable],
  parts: [documentTextParts],
  listens: [
    on(DocumentCreated, ({ data, position }, write) => {
      const { documentId, ...rest } = data;
      write.table(documentTable).put(documentId, position, { ...rest, versions: [], created: position });
    }),
    on(VersionDrafted, (entry, write) => {
      const { documentId, number, basedOn, hash, text } = entry.data;
      write.parts(documentTextParts).put(documentId, number, entry.position, { text });
      change(write, documentId, entry.position, (versions) => [...versions, {
        number, kind: 'VERSION', state: 'DRAFTED', ...(basedOn !== undefined && { basedOn }), hash, draftedBy: draftedBy(entry), draftedAt: entry.time,
      }]);
    }),
    on(VersionPublished, ({ data, position, time }, write) => change(write, data.documentId, position, publish(data.number, data.effectiveFrom, time, data.ballotId))),
    on(DocumentCorrigendumIssued, (entry, write) => {
      const { documentId, number, basedOn, hash, text, effectiveFrom, reason } = entry.data;
      write.parts(documentTextParts).put(documentId, number, entry.position, { text });
      change(write, documentId, entry.position, (versions) => publish(number, effectiveFrom, entry.time)([...versions, {
        number, kind: 'CORRIGENDUM', state: 'DRAFTED', basedOn, hash, draftedBy: draftedBy(entry), draftedAt: entry.time, reason,
      }]));
    }),
    on(RegisterNumberAssigned, ({ data, position }, write) => change(write, data.documentId, position, (versions) => versions.map((version) => (
      version.number === data.number ? { ...version, registerNumber: data.registerNumber } : version)))),
  ],
});
