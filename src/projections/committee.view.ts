import {
  ChairElected, CommitteeEstablished, COMMITTEE_ID, KeyAreaDefined, KeyAreaRenamed, OfficeEnded, OfficerAppointed, PopulationTableAdopted, RulesOfProcedureAdopted,
} from '../events/membership.events.js';
import type { RulesOfProcedure } from '../events/rules.js';
import type { KeyAreaCode } from '../events/shared.js';
import type { OfficeHeld } from '../identity/standing.js';
import { versioned } from './versioned.js';
import { defineView, on, type Write } from './view.js';

export interface CommitteeRow {
  readonly name: string;
  readonly rules: readonly RulesOfProcedure[];
  readonly keyAreas: readonly { readonly code: KeyAreaCode; readonly title: string }[];
  /** The latest adopted one. */
  readonly table?: { readonly year: number; readonly source: string; readonly figures: readonly { readonly regionId: string; readonly population: number }[] };
  readonly offices: readonly OfficeHeld[];
}

export const committeeTable = versioned<CommitteeRow>('committee');

const change = (write: Write, position: number, by: (row: CommitteeRow) => CommitteeRow): void => write.table(committeeTable).change(COMMITTEE_ID, position, by);

export const committeeView = defineView('committee', {
  version: 1,
  tables: [committeeTable],
  listens: [
    on(CommitteeEstablished, ({ data, position, time }, write) => write.table(committeeTable).put(COMMITTEE_ID, position, {
      name: data.name, rules: [data.rules], keyAreas: [], offices: [{ office: 'SECRETARIAT', personId: data.secretariat, from: time }],
    })),
    on(OfficerAppointed, ({ data, position, time }, write) => change(write, position, (row) => ({
      ...row, offices: [...row.offices, { office: data.office, personId: data.personId, from: time }],
    }))),
    on(OfficeEnded, ({ data, position }, write) => change(write, position, (row) => ({
      ...row, offices: row.offices.filter((held) => held.office !== data.office || held.personId !== data.personId),
    }))),
    on(ChairElected, ({ data, position }, write) => change(write, position, (row) => ({
      ...row, offices: [...row.offices.filter((held) => held.office !== 'CHAIR'), { office: 'CHAIR', personId: data.personId, from: data.from, until: data.until }],
    }))),
    on(RulesOfProcedureAdopted, ({ data, position }, write) => change(write, position, (row) => ({ ...row, rules: [...row.rules, data.rules] }))),
    on(PopulationTableAdopted, ({ data, position }, write) => change(write, position, (row) => ({ ...row, table: data }))),
    on(KeyAreaDefined, ({ data, position }, write) => change(write, position, (row) => ({
      ...row, keyAreas: [...row.keyAreas, data].sort((a, b) => (a.code < b.code ? -1 : 1)),
    }))),
    on(KeyAreaRenamed, ({ data, position }, write) => change(write, position, (row) => ({
      ...row, keyAreas: row.keyAreas.map((area) => (area.code === data.code ? data : area)),
    }))),
  ],
});
