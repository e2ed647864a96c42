import { Type } from '@sinclair/typebox';
import { defineEvent, type OccurrenceOf } from './define.js';
import { Id, KeyAreaCode, oneOf, Provision } from './shared.js';

const Hash = Type.String({ minLength: 64, maxLength: 64 });
const VersionNumber = Type.Integer({ minimum: 1 });
/** YYYY-MM-DD, in Europe/Brussels. */
const Day = Type.String({ minLength: 10, maxLength: 10 });
const Language = Type.String({ minLength: 2, maxLength: 3 });
export const CORRIGENDUM_REASONS = ['SPELLING', 'NUMBERING', 'REFERENCE', 'TRANSLATION', 'OTHER_CLERICAL'] as const;

/** An adopted recommendation as a policy document (a Work). `language`: the authentic one, for all its versions. */
export const DocumentCreated = defineEvent('DocumentCreated', {
  documentId: Id, recommendationId: Id, title: Type.String(), keyAreas: Type.Array(KeyAreaCode), language: Language,
}, { audience: 'PUBLIC', about: (d) => [d.documentId, d.recommendationId] });

/** A version is never changed; a change is a new version (P1). `basedOn`: the newest version before it (P2). */
export const VersionDrafted = defineEvent('VersionDrafted', {
  documentId: Id, number: VersionNumber, basedOn: Type.Optional(VersionNumber), text: Type.Array(Provision), hash: Hash,
}, { audience: 'MEMBERS', about: (d) => [d.documentId] });

/** `recommendationId`, `ballotId`: the decision behind it (P3). `supersedes`: the version that this one replaces, from the same day on. */
export const VersionPublished = defineEvent('VersionPublished', {
  documentId: Id, number: VersionNumber, effectiveFrom: Day, hash: Hash, recommendationId: Id, ballotId: Id, supersedes: Type.Optional(VersionNumber),
}, { audience: 'PUBLIC', parts: ['VersionSuperseded'], about: (d) => [d.documentId, d.recommendationId] });

/** Mends a clerical error of a published version, without a decision (R4). It is a version of its own. */
export const DocumentCorrigendumIssued = defineEvent('DocumentCorrigendumIssued', {
  documentId: Id, number: VersionNumber, basedOn: VersionNumber, effectiveFrom: Day, text: Type.Array(Provision), hash: Hash, reason: oneOf(CORRIGENDUM_REASONS),
}, { audience: 'PUBLIC', parts: ['VersionSuperseded'], about: (d) => [d.documentId] });

/** In the stream of its year: serials from 1 without a hole or a double (P5). `registerNumber`: IC/<year>/<serial>. */
export const RegisterNumberAssigned = defineEvent('RegisterNumberAssigned', {
  documentId: Id, number: VersionNumber, year: Type.Integer(), serial: VersionNumber, registerNumber: Type.String(),
}, { audience: 'PUBLIC', about: (d) => [d.documentId] });

export const documentEvents = [DocumentCreated, VersionDrafted, VersionPublished, DocumentCorrigendumIssued] as const;
export const registerEvents = [RegisterNumberAssigned] as const;
export type DocumentEvent = OccurrenceOf<(typeof documentEvents)[number]>;
export type RegisterEvent = OccurrenceOf<(typeof registerEvents)[number]>;
