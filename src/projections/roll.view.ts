import {
  AccessionAccepted, AccessionDeclined, AccessionSubmitted, AlternateAppointed, MandateEnded, MembershipWithdrawn, PopulationTableAdopted,
  RepresentativeAppointed, type SeatOffice,
} from '../events/membership.events.js';
import type { Entry } from '../event-store/entry.js';
import type { Evidence } from '../events/shared.js';
import type { MandateHeld } from '../identity/standing.js';
import { versioned } from './versioned.js';
import { defineView, on, type Write } from './view.js';

export interface RegionRow {
  readonly code?: string;
  readonly nutsVersion?: string;
  readonly name: string;
  readonly country: string;
  readonly membership: 'NONE' | 'MEMBER' | 'WITHDRAWN';
  readonly contactPersonId?: string;
  /** In the table in force. */
  readonly population?: number;
  readonly representative?: MandateHeld;
  readonly alternate?: MandateHeld;
  /** Position since which a member region has had no representative. */
  readonly vacantSince?: number;
}
export interface AccessionRow {
  readonly regionId: string;
  readonly state: 'SUBMITTED' | 'ACCEPTED' | 'DECLINED';
  readonly letterOfAdhesion: Evidence;
  readonly contactPersonId: string;
  readonly submittedAt: number;
}

export const regionTable = versioned<RegionRow>('region', {
  membership: (row) => [row.membership],
  /** Who has a seat here, also where its term has run out by the date and nothing has ended it yet. */
  seatOf: (row) => [row.representative, row.alternate].flatMap((mandate) => mandate?.personId ?? []),
  withoutRepresentative: (row) => [String(row.membership === 'MEMBER' && row.representative === undefined)],
});
export const accessionTable = versioned<AccessionRow>('accession', { state: (row) => [row.state] });

const SEAT: Readonly<Record<SeatOffice, 'representative' | 'alternate'>> = { REPRESENTATIVE: 'representative', ALTERNATE: 'alternate' };

function appointed(office: SeatOffice, { data, position, time }: Entry<{ type: string; data: NonNullable<(typeof RepresentativeAppointed)['data']> }>, write: Write): void {
  const regions = write.table(regionTable);
  const { regionId, personId, until } = data;
  // A seat elsewhere whose term had run out by the date ends with the new one (M4).
  for (const { id, row } of regions.list(position, { limit: Number.MAX_SAFE_INTEGER, filters: { seatOf: personId } })) {
    for (const { office: other } of [row.representative, row.alternate].filter((mandate) => mandate?.personId === personId) as readonly MandateHeld[]) {
      if (id !== regionId || other !== office) ended(other, id, position, write);
    }
  }
  regions.change(regionId, position, (row) => {
    // The person's seat in the other office, or a vacancy, ends with this.
    const { vacantSince: _, ...rest } = row;
    const kept = office === 'REPRESENTATIVE' ? rest : row;
    return { ...kept, [SEAT[office]]: { office, regionId, personId, from: time, ...(until !== undefined && { until }) } };
  });
}

function ended(office: SeatOffice, regionId: string, position: number, write: Write): void {
  write.table(regionTable).change(regionId, position, (row) => {
    const { [SEAT[office]]: _, ...rest } = row;
    return office === 'REPRESENTATIVE' && rest.membership === 'MEMBER' ? { ...rest, vacantSince: position } : rest;
  });
}

export const rollView = defineView('roll', {
  version: 1,
  tables: [regionTable, accessionTable],
  listens: [
    on(AccessionSubmitted, ({ data, position }, write) => {
      const { id, ...region } = data.region;
      const regions = write.table(regionTable);
      if (!regions.current(id)) regions.put(id, position, { ...region, membership: 'NONE' });
      write.table(accessionTable).put(data.accessionId, position, {
        regionId: id, state: 'SUBMITTED', letterOfAdhesion: data.letterOfAdhesion, contactPersonId: data.contactPersonId, submittedAt: position,
      });
    }),
    on(AccessionAccepted, ({ data, position }, write) => {
      write.table(accessionTable).change(data.accessionId, position, (row) => ({ ...row, state: 'ACCEPTED' }));
      write.table(regionTable).change(data.regionId, position, ({ representative: _r, alternate: _a, ...row }) => ({
        ...row, membership: 'MEMBER', contactPersonId: data.contactPersonId, vacantSince: position, ...(data.population !== undefined && { population: data.population }),
      }));
    }),
    on(AccessionDeclined, ({ data, position }, write) => write.table(accessionTable).change(data.accessionId, position, (row) => ({ ...row, state: 'DECLINED' }))),
    on(RepresentativeAppointed, (entry, write) => appointed('REPRESENTATIVE', entry, write)),
    on(AlternateAppointed, (entry, write) => appointed('ALTERNATE', entry, write)),
    on(MandateEnded, ({ data, position }, write) => ended(data.office, data.regionId, position, write)),
    on(MembershipWithdrawn, ({ data, position }, write) => {
      write.table(regionTable).change(data.regionId, position, ({ representative: _r, alternate: _a, vacantSince: _v, ...row }) => ({ ...row, membership: 'WITHDRAWN' }));
    }),
    on(PopulationTableAdopted, ({ data, position }, write) => {
      const regions = write.table(regionTable);
      const figures = new Map(data.figures.map(({ regionId, population }) => [regionId, population]));
      for (const { id, row } of regions.list(position, { limit: Number.MAX_SAFE_INTEGER })) {
        // A region that has withdrawn has none in the new table.
        const population = figures.get(id);
        const { population: before, ...rest } = row;
        if (population !== before) regions.put(id, position, { ...rest, ...(population !== undefined && { population }) });
      }
    }),
  ],
});
