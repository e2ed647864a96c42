import {
  AccessionAccepted, AccessionDeclined, AccessionSubmitted, AlternateAppointed, ChairElected, COMMITTEE_ID, CommitteeEstablished, KeyAreaDefined,
  KeyAreaRenamed, MandateEnded, MembershipWithdrawn, OfficeEnded, OfficerAppointed, PopulationTableAdopted, RepresentativeAppointed, RulesOfProcedureAdopted,
} from '../../events/membership.events.js';
import type { KeyAreaCode } from '../../events/shared.js';
import { sentence, type Contribution, type DeskTask, type ThingKind } from '../../graphql/contribution.js';
import type { Reads } from '../../graphql/reads.js';
import { everybody, MEMBERS, only, WHO_SEES_PERSONS } from '../../graphql/rights.js';
import type { Standing } from '../../identity/standing.js';
import { committeeTable } from '../../projections/committee.view.js';
import { accessionTable, regionTable, type AccessionRow, type RegionRow } from '../../projections/roll.view.js';
import { ROLL_STREAM } from './membership.context.js';
import type { Accession, KeyArea, Region } from './membership.types.js';

export function regionAt(reads: Reads, id: string, at: number, row: RegionRow | undefined = reads.get(regionTable, id, at)): Region | undefined {
  if (!row) return undefined;
  const { contactPersonId: _, vacantSince: __, ...shown } = row;
  return { ...shown, typename: 'Region', id, at, revision: reads.revisionAt(ROLL_STREAM, at) };
}

export function accessionAt(reads: Reads, id: string, at: number, row: AccessionRow | undefined = reads.get(accessionTable, id, at)): Accession | undefined {
  if (!row) return undefined;
  return {
    typename: 'Accession', id, at, revision: reads.revisionAt(ROLL_STREAM, at), state: row.state, letterOfAdhesion: row.letterOfAdhesion,
    contactPersonId: row.contactPersonId, region: regionAt(reads, row.regionId, at) as Region,
  };
}

/** The Key Areas of a thing, by their codes, as they were called at a moment. */
export const keyAreasAt = (reads: Reads, codes: readonly KeyAreaCode[], at: number): readonly KeyArea[] =>
  (reads.get(committeeTable, COMMITTEE_ID, at)?.keyAreas ?? []).filter(({ code }) => codes.includes(code));

export const nameOfRegion = (reads: Reads, id: string, at: number): string => reads.get(regionTable, id, at)?.name ?? 'a region';

const regionKind: ThingKind = {
  typename: 'Region',
  streamOf: () => ROLL_STREAM,
  find: regionAt,
  // Who asks to join is the secretariat's to know, and the members'; from the acceptance on the region stands in the register.
  isPublic: (reads, id, at) => (reads.get(regionTable, id, at)?.membership ?? 'NONE') !== 'NONE',
  fieldsAt: (reads, id, at) => {
    const row = reads.get(regionTable, id, at);
    return row ? {
      code: row.code, nutsVersion: row.nutsVersion, name: row.name, country: row.country, membership: row.membership, population: row.population?.toString(),
      representative: row.representative && `from ${row.representative.from}`, alternate: row.alternate && `from ${row.alternate.from}`,
    } : {};
  },
};

const accessionKind: ThingKind = {
  typename: 'Accession',
  streamOf: () => ROLL_STREAM,
  find: accessionAt,
  isPublic: () => false,
  fieldsAt: (reads, id, at) => ({ state: reads.get(accessionTable, id, at)?.state }),
};

function tasks(reads: Reads, reader: Standing, at: number, among?: readonly string[]): readonly DeskTask[] {
  const isSecretariat = reader.offices.some((held) => held.office === 'SECRETARIAT');
  const accessions = isSecretariat ? reads.all(accessionTable, at, { state: 'SUBMITTED' }, among) : [];
  return [
    ...accessions.map(({ id, row }): DeskTask => ({
      kind: 'DECIDE_ACCESSION', thingId: id, office: 'SECRETARIAT', since: row.submittedAt,
      sentence: `Accept or decline the accession of ${nameOfRegion(reads, row.regionId, at)}.`,
    })),
    ...reader.contactPersonOf.flatMap((id): DeskTask[] => {
      const region = reads.get(regionTable, id, at);
      return region?.vacantSince === undefined ? [] : [{
        kind: 'APPOINT_REPRESENTATIVE', thingId: id, office: 'CONTACT_PERSON', since: region.vacantSince, sentence: `Appoint a representative of ${region.name}: nobody can vote for it.`,
      }];
    }),
  ];
}

export const membershipContribution: Contribution = {
  things: [regionKind, accessionKind],
  tasks,
  rights: {
    Query: [everybody('me')],
    Me: [everybody('personId position seat offices contactPersonOf')],
    Committee: [
      everybody('name keyAreas rulesOfProcedure populationTable region regions'),
      only(['CHAIR', 'SECRETARIAT', 'AUDITOR'], 'offices'),
      only(WHO_SEES_PERSONS, 'accession accessions'),
    ],
    KeyArea: [everybody('code title')],
    OfficeHeld: [everybody('office from until'), only(WHO_SEES_PERSONS, 'personId')],
    Mandate: [everybody('office regionId from until'), only(WHO_SEES_PERSONS, 'personId')],
    Region: [everybody('id revision code nutsVersion name country membership population history'), only(MEMBERS, 'representative alternate')],
    RegionConnection: [everybody('edges pageInfo')],
    RegionEdge: [everybody('cursor node')],
    Accession: [only(WHO_SEES_PERSONS, 'id revision region state letterOfAdhesion contactPersonId history')],
    AccessionConnection: [only(WHO_SEES_PERSONS, 'edges pageInfo')],
    AccessionEdge: [only(WHO_SEES_PERSONS, 'cursor node')],
    Evidence: [everybody('kind sha256 signedAs date')],
    Threshold: [everybody('numerator denominator strict base')],
    BlockingMinority: [everybody('fixed share plus')],
    DecisionRule: [everybody('name regions population blockingMinority inFavourAtLeast againstAtMost tie')],
    MatterRule: [everybody('matter rule')],
    RulesOfProcedure: [everybody('version effectiveFrom matters quorum writtenDaysAtLeast')],
    PopulationFigure: [everybody('region population')],
    PopulationTable: [everybody('year source figures')],
  },
  sentences: {
    ...sentence(CommitteeEstablished, (d) => `The ${d.name} is established with its first rules of procedure and its secretariat.`),
    ...sentence(OfficerAppointed, (d) => `An office begins: ${d.office.toLowerCase()}.`),
    ...sentence(OfficeEnded, (d) => `An office ends: ${d.office.toLowerCase()}.`),
    ...sentence(ChairElected, (d) => `A chair is elected until ${d.until.slice(0, 10)}.`),
    ...sentence(RulesOfProcedureAdopted, (d) => `Version ${d.rules.version} of the rules of procedure is adopted, effective from ${d.rules.effectiveFrom.slice(0, 10)}.`),
    ...sentence(PopulationTableAdopted, (d) => `The population table of ${d.year} is adopted.`),
    ...sentence(KeyAreaDefined, (d) => `${d.code} is defined: ${d.title}.`),
    ...sentence(KeyAreaRenamed, (d) => `${d.code} is renamed: ${d.title}.`),
    ...sentence(AccessionSubmitted, (d) => `${d.region.name} asks to join.`),
    ...sentence(AccessionAccepted, (d, nameOf) => `${nameOf(d.regionId)} becomes a member region.`),
    ...sentence(AccessionDeclined, (d, nameOf) => `The accession of ${nameOf(d.regionId)} is declined.`),
    ...sentence(RepresentativeAppointed, (d, nameOf) => `${nameOf(d.regionId)} has a representative.`),
    ...sentence(AlternateAppointed, (d, nameOf) => `${nameOf(d.regionId)} has an alternate.`),
    ...sentence(MandateEnded, (d, nameOf) => `The mandate of the ${d.office.toLowerCase()} of ${nameOf(d.regionId)} ends.`),
    ...sentence(MembershipWithdrawn, (d, nameOf) => `${nameOf(d.regionId)} withdraws from the Committee.`),
  },
};

