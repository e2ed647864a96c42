import type { Instant } from '../../events/define.js';
import {
  ChairElected, CommitteeEstablished, KeyAreaDefined, KeyAreaRenamed, OfficeEnded, OfficerAppointed, PopulationTableAdopted, RulesOfProcedureAdopted,
  type CommitteeEvent, type CommitteeOffice,
} from '../../events/membership.events.js';
import { MATTERS, type RulesOfProcedure } from '../../events/rules.js';
import type { KeyAreaCode } from '../../events/shared.js';
import type { EntryOf } from '../../event-store/entry.js';
import type { Decider, Decision, DecisionMeta } from '../../decider/decider.js';
import { invalid, notFound, nothingToChange, refuse } from '../../decider/problem.js';
import type { OfficeHeld } from '../../identity/standing.js';
import { standardRule } from './standard-rules.js';
import type {
  AdoptPopulationTable, AdoptRulesOfProcedure, AppointToOffice, DefineKeyArea, ElectChair, EndOffice, EstablishCommittee, RenameKeyArea, RulesInput,
} from './committee.commands.js';

export interface PopulationTable { readonly year: number; readonly source: string; readonly figures: ReadonlyMap<string, number> }

export interface CommitteeState {
  readonly established: boolean;
  /** All versions, in the order of their adoption (C1). */
  readonly rules: readonly RulesOfProcedure[];
  readonly tables: readonly PopulationTable[];
  readonly keyAreas: ReadonlyMap<KeyAreaCode, string>;
  /** Those that were not ended; a term may have run out by the date. */
  readonly offices: readonly OfficeHeld[];
}

/** A chair's term when none is said: two years, as ICPerMed has it (C4). */
const CHAIR_YEARS = 2;

export const rulesInForce = (state: CommitteeState, now: Instant): RulesOfProcedure | undefined =>
  state.rules.findLast((rules) => rules.effectiveFrom <= now);

/** The latest adopted table applies (C2). */
export const tableInForce = (state: CommitteeState): PopulationTable | undefined => state.tables.at(-1);

export const officesAt = (state: CommitteeState, now: Instant): readonly OfficeHeld[] =>
  state.offices.filter((held) => held.until === undefined || held.until > now);

export function establishCommittee(command: EstablishCommittee, state: CommitteeState, _facts: unknown, meta: DecisionMeta): Decision<CommitteeEvent> {
  if (state.established) return refuse('ALREADY_ESTABLISHED', 'The Committee is established already. It is established once, on an empty log.');
  const rules = rulesFrom(command.rules, 1, command.rules.effectiveFrom ?? meta.now);
  if ('refused' in rules) return rules;
  return CommitteeEstablished({ name: command.name, rules, secretariat: command.secretariat });
}

export function appointToOffice(command: AppointToOffice, state: CommitteeState): Decision<CommitteeEvent> {
  if (holds(state, command.office, command.person)) {
    return refuse('ALREADY_IN_OFFICE', `This person holds the office ${command.office} already.`, { office: command.office });
  }
  return OfficerAppointed({ office: command.office, personId: command.person });
}

export function endOffice(command: EndOffice, state: CommitteeState): Decision<CommitteeEvent> {
  if (!holds(state, command.office, command.person)) {
    return refuse('NOT_IN_OFFICE', `This person does not hold the office ${command.office}.`, { office: command.office });
  }
  if (command.office === 'SECRETARIAT' && state.offices.filter((held) => held.office === 'SECRETARIAT').length === 1) {
    return refuse('LAST_OF_SECRETARIAT', 'This is the last person of the secretariat. Appoint another one first.');
  }
  return OfficeEnded({ office: command.office, personId: command.person });
}

export function electChair(command: ElectChair, state: CommitteeState, _facts: unknown, meta: DecisionMeta): Decision<CommitteeEvent> {
  const from = command.from ?? meta.now;
  const until = command.until ?? yearsAfter(from, CHAIR_YEARS);
  if (from > meta.now) return invalid('from', 'from must not lie in the future: the election is recorded when the term begins');
  if (until <= meta.now) return invalid('until', 'until must lie in the future');
  const before = state.offices.find((held) => held.office === 'CHAIR');
  if (before && (before.until === undefined || before.until > meta.now)) {
    return refuse('CHAIR_IN_OFFICE', `A chair is in office until ${before.until ?? 'ended'}. End that office first.`, { until: before.until });
  }
  return ChairElected({ personId: command.person, from, until, ...(before && { predecessor: before.personId }) });
}

export function adoptRulesOfProcedure(command: AdoptRulesOfProcedure, state: CommitteeState, _facts: unknown, meta: DecisionMeta): Decision<CommitteeEvent> {
  const effectiveFrom = command.rules.effectiveFrom ?? meta.now;
  if (effectiveFrom < meta.now) {
    return refuse('EFFECTIVE_IN_THE_PAST', `Rules apply from ${meta.now} on at the earliest, since ballots before that were opened under others.`, { effectiveFrom, now: meta.now });
  }
  const rules = rulesFrom(command.rules, state.rules.length + 1, effectiveFrom);
  return 'refused' in rules ? rules : RulesOfProcedureAdopted({ rules });
}

/** `members`: of the roll. Told as ids and names, since the roll knows the Committee and not the other way round. */
export interface MembersFact { readonly members: readonly { readonly id: string; readonly name: string }[] }

export function adoptPopulationTable(command: AdoptPopulationTable, state: CommitteeState, { members }: MembersFact): Decision<CommitteeEvent> {
  if (state.tables.some((table) => table.year === command.year)) {
    return refuse('YEAR_HAS_A_TABLE', `The table of ${command.year} is adopted and is never edited.`, { year: command.year });
  }
  const figures = new Map(command.figures.map((figure) => [figure.region, figure.population]));
  if (figures.size < command.figures.length) return invalid('figures', 'figures must name each region once');
  const stranger = command.figures.find((figure) => !members.some((member) => member.id === figure.region));
  if (stranger) return notFound('member region', stranger.region);
  const missing = members.filter((member) => !figures.has(member.id));
  if (missing.length > 0) {
    return refuse('FIGURE_MISSING', `A table has one figure for each member region. Missing: ${missing.map((m) => m.name).join(', ')}.`, { regions: missing.map((m) => m.id) });
  }
  return PopulationTableAdopted({ year: command.year, source: command.source, figures: command.figures.map((f) => ({ regionId: f.region, population: f.population })) });
}

export function defineKeyArea(command: DefineKeyArea, state: CommitteeState): Decision<CommitteeEvent> {
  if (state.keyAreas.has(command.code)) return refuse('KEY_AREA_DEFINED', `${command.code} is defined already. RenameKeyArea gives it another title.`);
  return KeyAreaDefined({ code: command.code, title: command.title });
}

export function renameKeyArea(command: RenameKeyArea, state: CommitteeState): Decision<CommitteeEvent> {
  const title = state.keyAreas.get(command.code);
  if (title === undefined) return refuse('KEY_AREA_NOT_DEFINED', `${command.code} is not defined yet. DefineKeyArea gives it its first title.`);
  if (title === command.title) return nothingToChange(`${command.code} has this title already.`);
  return KeyAreaRenamed({ code: command.code, title: command.title });
}

function evolve(state: CommitteeState, { type, data, time }: EntryOf<CommitteeEvent>): CommitteeState {
  switch (type) {
    case 'CommitteeEstablished':
      return { ...state, established: true, rules: [data.rules], offices: [{ office: 'SECRETARIAT', personId: data.secretariat, from: time }] };
    case 'OfficerAppointed':
      return { ...state, offices: [...state.offices, { office: data.office, personId: data.personId, from: time }] };
    case 'OfficeEnded':
      return { ...state, offices: without(state.offices, data.office, data.personId) };
    case 'ChairElected':
      return { ...state, offices: [...state.offices.filter((held) => held.office !== 'CHAIR'), { office: 'CHAIR', personId: data.personId, from: data.from, until: data.until }] };
    case 'RulesOfProcedureAdopted':
      return { ...state, rules: [...state.rules, data.rules] };
    case 'PopulationTableAdopted':
      return { ...state, tables: [...state.tables, { year: data.year, source: data.source, figures: new Map(data.figures.map((f) => [f.regionId, f.population])) }] };
    case 'KeyAreaDefined':
    case 'KeyAreaRenamed':
      return { ...state, keyAreas: new Map(state.keyAreas).set(data.code, data.title) };
    default:
      return state;
  }
}

export const committeeDecider: Decider<CommitteeState, CommitteeEvent> = {
  name: 'committee',
  initial: () => ({ established: false, rules: [], tables: [], keyAreas: new Map(), offices: [] }),
  evolve,
};

const holds = (state: CommitteeState, office: CommitteeOffice, person: string): boolean =>
  state.offices.some((held) => held.office === office && held.personId === person);

const without = (offices: readonly OfficeHeld[], office: CommitteeOffice, person: string): readonly OfficeHeld[] =>
  offices.filter((held) => held.office !== office || held.personId !== person);

/** Every matter has one rule, so that no ballot can be opened on a matter without one. */
function rulesFrom(input: RulesInput, version: number, effectiveFrom: Instant): RulesOfProcedure | ReturnType<typeof invalid> {
  const given = input.matters.map(({ matter }) => matter);
  const missing = MATTERS.filter((matter) => given.filter((m) => m === matter).length !== 1);
  if (missing.length > 0) return invalid('rules.matters', `rules.matters must name each matter once: ${missing.join(', ')}`);
  return {
    version, effectiveFrom, writtenDaysAtLeast: input.writtenDaysAtLeast, quorum: { ...input.quorum, base: 'ELECTORATE' },
    matters: input.matters.map(({ matter, rule }) => ({
      matter,
      rule: standardRule(rule.name, {
        ...(rule.tie && { tie: rule.tie }),
        ...(rule.fixedBlockingMinority !== undefined && { blockingMinority: { fixed: rule.fixedBlockingMinority } }),
      }),
    })),
  };
}

function yearsAfter(time: Instant, years: number): Instant {
  const date = new Date(time);
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return date.toISOString();
}
