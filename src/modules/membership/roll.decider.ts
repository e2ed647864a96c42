import type { Instant } from '../../events/define.js';
import {
  AccessionAccepted, AccessionDeclined, AccessionSubmitted, AlternateAppointed, MandateEnded, MembershipWithdrawn, RepresentativeAppointed,
  type RollEvent, type SeatOffice,
} from '../../events/membership.events.js';
import type { EntryOf } from '../../event-store/entry.js';
import { brusselsDay } from '../../decider/calendar.js';
import { derivedId, type Decider, type Decision, type DecisionMeta } from '../../decider/decider.js';
import { invalid, notFound, nothingToChange, refuse } from '../../decider/problem.js';
import type { MandateHeld } from '../../identity/standing.js';
import { tableInForce, type CommitteeState } from './committee.decider.js';
import type {
  AcceptAccession, AppointAlternate, AppointRepresentative, DeclineAccession, EndMandate, JoinCommittee, RegionInput, WithdrawMembership,
} from './roll.commands.js';

export interface RegionState {
  readonly id: string;
  readonly code?: string;
  readonly nutsVersion?: string;
  readonly name: string;
  readonly country: string;
  readonly membership: 'NONE' | 'MEMBER' | 'WITHDRAWN';
  readonly contactPersonId?: string;
  /** The figure recorded at the accession, for the table of that year (C2). */
  readonly joinedWith?: { readonly year: number; readonly population: number };
  readonly seats: Readonly<Partial<Record<SeatOffice, MandateHeld>>>;
}
interface AccessionState { readonly id: string; readonly regionId: string; readonly state: 'SUBMITTED' | 'ACCEPTED' | 'DECLINED'; readonly contactPersonId: string }

export interface RollState {
  readonly regions: ReadonlyMap<string, RegionState>;
  readonly accessions: ReadonlyMap<string, AccessionState>;
  /** The seat that a person was last given and that was not ended; its term may have run out. */
  readonly seatOf: ReadonlyMap<string, MandateHeld>;
}

export const membersOf = (roll: RollState): readonly RegionState[] => [...roll.regions.values()].filter((region) => region.membership === 'MEMBER');

/** The member regions whose contact person somebody is. Asked for each command and each question, so no list of all is made for it. */
export function contactOf(roll: RollState, personId: string): readonly string[] {
  const ids: string[] = [];
  for (const region of roll.regions.values()) if (region.contactPersonId === personId && region.membership === 'MEMBER') ids.push(region.id);
  return ids;
}

/** The region's figure in the table in force, or the one recorded when it joined under that table (C2). */
export function figureOf(committee: CommitteeState, region: RegionState): number | undefined {
  const table = tableInForce(committee);
  if (!table) return undefined;
  return table.figures.get(region.id) ?? (region.joinedWith?.year === table.year ? region.joinedWith.population : undefined);
}

const lasts = (mandate: MandateHeld, now: Instant): boolean => mandate.until === undefined || mandate.until > now;

/** The seat that a person may act for at a moment. */
export function seatAt(roll: RollState, personId: string, now: Instant): MandateHeld | undefined {
  const seat = roll.seatOf.get(personId);
  return seat && lasts(seat, now) ? seat : undefined;
}

export function joinCommittee(command: JoinCommittee, state: RollState, _facts: unknown, meta: DecisionMeta): Decision<RollEvent> {
  const { region, letterOfAdhesion } = command;
  if ((region.code === undefined) !== (region.nutsVersion === undefined)) return invalid('region.nutsVersion', 'region.code and region.nutsVersion go together');
  if (letterOfAdhesion.kind !== 'LETTER_OF_ADHESION') return invalid('letterOfAdhesion.kind', 'letterOfAdhesion.kind must be LETTER_OF_ADHESION');
  if (letterOfAdhesion.date > brusselsDay(meta.now)) return invalid('letterOfAdhesion.date', 'letterOfAdhesion.date must not lie in the future');
  const known = [...state.regions.values()].find((other) => sameRegion(other, region));
  if (known?.membership === 'MEMBER') return refuse('ALREADY_MEMBER', `${known.name} is a member region already.`, { region: known.id });
  return AccessionSubmitted({
    accessionId: meta.commandId, letterOfAdhesion: { ...letterOfAdhesion }, contactPersonId: meta.actor.personId as string,
    region: { id: known?.id ?? derivedId(meta.commandId, 'region'), ...region },
  });
}

export function acceptAccession(command: AcceptAccession, state: RollState, facts: { committee: CommitteeState }): Decision<RollEvent> {
  const accession = state.accessions.get(command.accession);
  const region = accession && state.regions.get(accession.regionId);
  if (!accession || !region) return notFound('accession', command.accession);
  if (accession.state !== 'SUBMITTED') return refuse('NOT_PENDING', `This accession is ${accession.state.toLowerCase()} already.`, { state: accession.state });
  if (region.membership === 'MEMBER') return refuse('ALREADY_MEMBER', `${region.name} is a member region already.`, { region: region.id });
  const overlapping = membersOf(state).find((member) => contains(member, region) || contains(region, member));
  if (overlapping) {
    return refuse('REGIONS_OVERLAP', `${region.name} (${region.code}) and the member region ${overlapping.name} (${overlapping.code}) contain one another; people would be counted twice.`,
      { region: overlapping.id });
  }
  const table = tableInForce(facts.committee);
  if (!table && command.population !== undefined) return invalid('population', 'population must be left out: no population table is in force, and the first one will hold the figure');
  if (table?.figures.has(region.id) && command.population !== undefined) return invalid('population', `population must be left out: the table of ${table.year} has the region's figure and is never edited`);
  if (table && command.population === undefined && !table.figures.has(region.id)) {
    return refuse('FIGURE_MISSING', `The population table of ${table.year} is in force. Give the newcomer's figure for it in "population".`, { year: table.year });
  }
  return AccessionAccepted({
    accessionId: accession.id, regionId: region.id, contactPersonId: accession.contactPersonId,
    ...(table && command.population !== undefined && { population: command.population, populationYear: table.year }),
  });
}

export function declineAccession(command: DeclineAccession, state: RollState): Decision<RollEvent> {
  const accession = state.accessions.get(command.accession);
  if (!accession) return notFound('accession', command.accession);
  if (accession.state !== 'SUBMITTED') return refuse('NOT_PENDING', `This accession is ${accession.state.toLowerCase()} already.`, { state: accession.state });
  return AccessionDeclined({ accessionId: accession.id, regionId: accession.regionId });
}

export const appointRepresentative = (command: AppointRepresentative, state: RollState, _facts: unknown, meta: DecisionMeta): Decision<RollEvent> =>
  appoint('REPRESENTATIVE', command, state, meta);
export const appointAlternate = (command: AppointAlternate, state: RollState, _facts: unknown, meta: DecisionMeta): Decision<RollEvent> =>
  appoint('ALTERNATE', command, state, meta);

function appoint(office: SeatOffice, command: AppointRepresentative | AppointAlternate, state: RollState, meta: DecisionMeta): Decision<RollEvent> {
  const region = state.regions.get(command.region);
  if (!region) return notFound('region', command.region);
  if (region.membership !== 'MEMBER') return refuse('NOT_A_MEMBER', `${region.name} is not a member region.`, { region: region.id });
  if (command.until !== undefined && command.until <= meta.now) return invalid('until', 'until must lie in the future');
  if (meta.actor.office === 'SECRETARIAT' && !command.letter) return invalid('letter', "letter must be given: the secretariat records an appointment on the region's letter");
  const held = seatAt(state, command.person, meta.now);
  if (held && held.regionId !== region.id) {
    return refuse('REPRESENTS_ANOTHER_REGION', 'This person represents another region. A person represents one region at a time.', { region: held.regionId });
  }
  if (held && held.office !== office) return refuse('HOLDS_THE_OTHER_MANDATE', `This person is the region's ${held.office.toLowerCase()}. End that mandate first.`);
  if (held && held.until === command.until) return nothingToChange('This person holds this mandate already.');
  const predecessor = region.seats[office]?.personId;
  const data = {
    regionId: region.id, personId: command.person, ...(command.until !== undefined && { until: command.until }),
    ...(predecessor !== undefined && predecessor !== command.person && { predecessor }), ...(command.letter && { letter: { ...command.letter } }),
  };
  return office === 'REPRESENTATIVE' ? RepresentativeAppointed(data) : AlternateAppointed(data);
}

export function endMandate(command: EndMandate, state: RollState): Decision<RollEvent> {
  const region = state.regions.get(command.region);
  if (!region) return notFound('region', command.region);
  const mandate = region.seats[command.office];
  if (!mandate) return refuse('NO_MANDATE', `${region.name} has no ${command.office.toLowerCase()}.`, { region: region.id });
  return MandateEnded({ regionId: region.id, personId: mandate.personId, office: command.office, reason: command.reason });
}

export function withdrawMembership(command: WithdrawMembership, state: RollState): Decision<RollEvent> {
  const region = state.regions.get(command.region);
  if (!region) return notFound('region', command.region);
  if (region.membership !== 'MEMBER') return refuse('NOT_A_MEMBER', `${region.name} is not a member region.`, { region: region.id });
  return MembershipWithdrawn({ regionId: region.id, mandatesEnded: Object.values(region.seats).map(({ personId, office }) => ({ personId, office })) });
}

function evolve(state: RollState, { type, data, time }: EntryOf<RollEvent>): RollState {
  switch (type) {
    case 'AccessionSubmitted': {
      const { region, accessionId, contactPersonId } = data;
      const known = state.regions.get(region.id) ?? { ...region, membership: 'NONE' as const, seats: {} };
      return {
        ...state,
        regions: new Map(state.regions).set(region.id, known),
        accessions: new Map(state.accessions).set(accessionId, { id: accessionId, regionId: region.id, state: 'SUBMITTED', contactPersonId }),
      };
    }
    case 'AccessionAccepted':
      return {
        ...changeRegion(state, data.regionId, (region) => ({
          ...region, membership: 'MEMBER', contactPersonId: data.contactPersonId, seats: {},
          ...(data.population !== undefined && data.populationYear !== undefined && { joinedWith: { year: data.populationYear, population: data.population } }),
        })),
        accessions: changed(state.accessions, data.accessionId, (accession) => ({ ...accession, state: 'ACCEPTED' })),
      };
    case 'AccessionDeclined':
      return { ...state, accessions: changed(state.accessions, data.accessionId, (accession) => ({ ...accession, state: 'DECLINED' })) };
    case 'RepresentativeAppointed':
    case 'AlternateAppointed': {
      const office = type === 'RepresentativeAppointed' ? 'REPRESENTATIVE' : 'ALTERNATE';
      const mandate: MandateHeld = { office, regionId: data.regionId, personId: data.personId, from: time, ...(data.until !== undefined && { until: data.until }) };
      // A seat elsewhere whose term had run out by the date ends with the new one (M4).
      const elsewhere = state.seatOf.get(data.personId);
      const cleared = elsewhere && (elsewhere.regionId !== data.regionId || elsewhere.office !== office) ? clearSeat(state, elsewhere) : state;
      const seatOf = new Map(cleared.seatOf);
      if (data.predecessor !== undefined) seatOf.delete(data.predecessor);
      seatOf.set(data.personId, mandate);
      return { ...changeRegion(cleared, data.regionId, (region) => ({ ...region, seats: { ...region.seats, [office]: mandate } })), seatOf };
    }
    case 'MandateEnded':
      return clearSeat(state, data);
    case 'MembershipWithdrawn': {
      const ended = data.mandatesEnded.reduce((s, { personId, office }) => clearSeat(s, { regionId: data.regionId, personId, office }), state);
      return changeRegion(ended, data.regionId, (region) => ({ ...region, membership: 'WITHDRAWN' }));
    }
    default:
      return state;
  }
}

export const rollDecider: Decider<RollState, RollEvent> = {
  name: 'roll',
  initial: () => ({ regions: new Map(), accessions: new Map(), seatOf: new Map() }),
  evolve,
};

/** One membership a region (M1): the same code in the same NUTS version; where either has no code, the same name. */
function sameRegion(a: Pick<RegionState, 'code' | 'nutsVersion' | 'name'>, b: RegionInput): boolean {
  if (a.code !== undefined && b.code !== undefined) return a.code === b.code && a.nutsVersion === b.nutsVersion;
  return a.name.toLowerCase() === b.name.toLowerCase();
}

/** By NUTS codes the parent is the prefix of its parts (Reg. (EC) 1059/2003). Codes of different versions are not compared. */
const contains = (outer: RegionState, inner: RegionState): boolean =>
  outer.code !== undefined && inner.code !== undefined && outer.nutsVersion === inner.nutsVersion && inner.code.startsWith(outer.code);

function clearSeat(state: RollState, { regionId, personId, office }: Pick<MandateHeld, 'regionId' | 'personId' | 'office'>): RollState {
  const seatOf = new Map(state.seatOf);
  seatOf.delete(personId);
  return {
    ...changeRegion(state, regionId, (region) => {
      const { [office]: ended, ...others } = region.seats;
      return ended?.personId === personId ? { ...region, seats: others } : region;
    }),
    seatOf,
  };
}

const changeRegion = (state: RollState, id: string, change: (region: RegionState) => RegionState): RollState => ({ ...state, regions: changed(state.regions, id, change) });

function changed<V>(map: ReadonlyMap<string, V>, key: string, change: (value: V) => V): ReadonlyMap<string, V> {
  const value = map.get(key);
  return value === undefined ? map : new Map(map).set(key, change(value));
}
