import { Type } from '@sinclair/typebox';
import { defineEvent, type OccurrenceOf } from './define.js';
import { RulesOfProcedure } from './rules.js';
import { Evidence, Id, KeyAreaCode, oneOf, Population, Time } from './shared.js';

/** The thing that the stream `committee` is about. */
export const COMMITTEE_ID = 'committee';
const ofCommittee = () => [COMMITTEE_ID];

export const APPOINTED_OFFICES = ['SECRETARIAT', 'AUDITOR', 'OPERATOR'] as const;
export type AppointedOffice = (typeof APPOINTED_OFFICES)[number];
export const COMMITTEE_OFFICES = ['CHAIR', ...APPOINTED_OFFICES] as const;
export type CommitteeOffice = (typeof COMMITTEE_OFFICES)[number];
export const SEAT_OFFICES = ['REPRESENTATIVE', 'ALTERNATE'] as const;
export type SeatOffice = (typeof SEAT_OFFICES)[number];
/** Why a mandate ends (M5). A code, never a text about a person. */
export const MANDATE_END_REASONS = ['RESIGNATION', 'OFFICE_ENDED', 'REPLACED', 'DEATH'] as const;
export type MandateEndReason = (typeof MANDATE_END_REASONS)[number];

export const CommitteeEstablished = defineEvent('CommitteeEstablished', {
  name: Type.String(), rules: RulesOfProcedure, secretariat: Id,
}, { audience: 'PUBLIC', about: ofCommittee });
export const OfficerAppointed = defineEvent('OfficerAppointed', {
  office: oneOf(APPOINTED_OFFICES), personId: Id,
}, { audience: 'MEMBERS', about: ofCommittee });
export const OfficeEnded = defineEvent('OfficeEnded', {
  office: oneOf(COMMITTEE_OFFICES), personId: Id,
}, { audience: 'MEMBERS', about: ofCommittee });
/** `predecessor`: whose term had run out by the date and ends here in the views (C4). */
export const ChairElected = defineEvent('ChairElected', {
  personId: Id, from: Time, until: Time, predecessor: Type.Optional(Id),
}, { audience: 'MEMBERS', about: ofCommittee });
export const RulesOfProcedureAdopted = defineEvent('RulesOfProcedureAdopted', { rules: RulesOfProcedure }, { audience: 'PUBLIC', about: ofCommittee });
export const PopulationTableAdopted = defineEvent('PopulationTableAdopted', {
  year: Type.Integer(), source: Type.String(), figures: Type.Array(Type.Object({ regionId: Id, population: Population })),
}, { audience: 'PUBLIC', about: (d) => [COMMITTEE_ID, ...d.figures.map((f) => f.regionId)] });
export const KeyAreaDefined = defineEvent('KeyAreaDefined', { code: KeyAreaCode, title: Type.String() }, { audience: 'PUBLIC', about: ofCommittee });
export const KeyAreaRenamed = defineEvent('KeyAreaRenamed', { code: KeyAreaCode, title: Type.String() }, { audience: 'PUBLIC', about: ofCommittee });

/** A territory. `code` and `nutsVersion` go together; a region without a code is told by name and country. `country`: ISO 3166-1 alpha-2. */
export const RegionIdentity = Type.Object({
  id: Id, code: Type.Optional(Type.String()), nutsVersion: Type.Optional(Type.String()), name: Type.String(), country: Type.String(),
});
export const AccessionSubmitted = defineEvent('AccessionSubmitted', {
  accessionId: Id, region: RegionIdentity, letterOfAdhesion: Evidence, contactPersonId: Id,
}, { audience: 'SECRETARIAT', about: (d) => [d.accessionId, d.region.id] });
export const AccessionAccepted = defineEvent('AccessionAccepted', {
  accessionId: Id, regionId: Id, contactPersonId: Id, population: Type.Optional(Population), populationYear: Type.Optional(Type.Integer()),
}, { audience: 'PUBLIC', about: (d) => [d.accessionId, d.regionId] });
export const AccessionDeclined = defineEvent('AccessionDeclined', { accessionId: Id, regionId: Id }, {
  audience: 'SECRETARIAT', about: (d) => [d.accessionId, d.regionId],
});

/** `letter`: the region's, where the secretariat recorded the appointment. */
const appointment = { regionId: Id, personId: Id, until: Type.Optional(Time), predecessor: Type.Optional(Id), letter: Type.Optional(Evidence) };
export const RepresentativeAppointed = defineEvent('RepresentativeAppointed', appointment, { audience: 'MEMBERS', about: (d) => [d.regionId] });
export const AlternateAppointed = defineEvent('AlternateAppointed', appointment, { audience: 'MEMBERS', about: (d) => [d.regionId] });
export const MandateEnded = defineEvent('MandateEnded', {
  regionId: Id, personId: Id, office: oneOf(SEAT_OFFICES), reason: oneOf(MANDATE_END_REASONS),
}, { audience: 'MEMBERS', about: (d) => [d.regionId] });
/** The region's mandates end with it. */
export const MembershipWithdrawn = defineEvent('MembershipWithdrawn', {
  regionId: Id, mandatesEnded: Type.Array(Type.Object({ personId: Id, office: oneOf(SEAT_OFFICES) })),
}, { audience: 'PUBLIC', about: (d) => [d.regionId] });

export const committeeEvents = [
  CommitteeEstablished, OfficerAppointed, OfficeEnded, ChairElected, RulesOfProcedureAdopted, PopulationTableAdopted, KeyAreaDefined, KeyAreaRenamed,
] as const;
export const rollEvents = [
  AccessionSubmitted, AccessionAccepted, AccessionDeclined, RepresentativeAppointed, AlternateAppointed, MandateEnded, MembershipWithdrawn,
] as const;
export type CommitteeEvent = OccurrenceOf<(typeof committeeEvents)[number]>;
export type RollEvent = OccurrenceOf<(typeof rollEvents)[number]>;
