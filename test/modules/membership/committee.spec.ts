import { describe, expect, it } from '@jest/globals';
import { CommitteeEstablished, KeyAreaDefined, PopulationTableAdopted } from '../../../src/events/membership.events.js';
import { KEY_AREA_CODES } from '../../../src/events/shared.js';
import {
  adoptRulesOfProcedure, committeeDecider, defineKeyArea, establishCommittee, renameKeyArea, rulesInForce, tableInForce,
} from '../../../src/modules/membership/committee.decider.js';
import type { RulesInput } from '../../../src/modules/membership/committee.commands.js';
import { COMMITTEE_STREAM } from '../../../src/modules/membership/membership.context.js';
import { figureOf, membersOf } from '../../../src/modules/membership/roll.decider.js';
import {
  act, alternateOf, AUDITOR, BOTH_ORDERS, CHAIR, committees, contactOf, DRAFT, establishing, OPERATOR, representativeOf, rulesInput, SECRETARIAT, tableOf,
} from '../../support/committee.js';
import { given, later, TODAY } from '../../support/given.js';
import { SYSTEM } from '../../support/kernel.js';

const LAST_YEAR = '2025-01-05T10:00:00.000Z';
const NEXT_YEAR = '2027-01-05T10:00:00.000Z';

const committee = committees();

describe('C1 rules of procedure are versioned', () => {
  it('C1 each adoption makes the next version, and the earlier ones stay', async () => {
    const at = await committee.of({ regions: 2 });
    await at.kernel.send('AdoptRulesOfProcedure', { rules: rulesInput({ name: 'UNANIMITY' }) }, SECRETARIAT);
    await at.kernel.send('AdoptRulesOfProcedure', { rules: rulesInput({ name: 'SIMPLE_MAJORITY_OF_MEMBERS' }) }, SECRETARIAT);
    expect(at.committee.rules.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(at.committee.rules.map(({ matters }) => matters.find(({ matter }) => matter === 'RECOMMENDATION')?.rule.name))
      .toEqual(['DOUBLE_MAJORITY', 'UNANIMITY', 'SIMPLE_MAJORITY_OF_MEMBERS']);
  });

  it('C1 a version with a later date applies from that date on and not a moment before', async () => {
    const at = await committee.of({ regions: 2 });
    await at.kernel.send('AdoptRulesOfProcedure', { rules: rulesInput({ name: 'UNANIMITY' }, { effectiveFrom: NEXT_YEAR }) }, SECRETARIAT);
    expect(rulesInForce(at.committee, later(NEXT_YEAR, -1))?.version).toBe(1);
    expect(rulesInForce(at.committee, NEXT_YEAR)?.version).toBe(2);

    at.kernel.clock.standAt(later(NEXT_YEAR, -1));
    expect(at.ballot((await at.opened()).ballot).opened).toMatchObject({ rulesVersion: 1, rule: { name: 'DOUBLE_MAJORITY' } });
    at.kernel.clock.standAt(NEXT_YEAR);
    expect(at.ballot((await at.opened()).ballot).opened).toMatchObject({ rulesVersion: 2, rule: { name: 'UNANIMITY' } });
  });

  it('C1 a ballot that is open when new rules come keeps the ones it was opened under', async () => {
    const at = await committee.of({ populations: [10, 10, 10] });
    const { ballot } = await at.opened();
    await at.kernel.send('AdoptRulesOfProcedure', { rules: rulesInput({ name: 'UNANIMITY' }) }, SECRETARIAT);
    await at.cast(ballot, 'FFA');
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
    expect(at.ballot(ballot)).toMatchObject({ opened: { rulesVersion: 1, rule: { name: 'DOUBLE_MAJORITY' } }, outcome: 'ADOPTED' });
  });

  it('C1 rules cannot apply from a moment that has passed', async () => {
    const at = await committee.of({ regions: 0 });
    const refused = await at.kernel.refusal('AdoptRulesOfProcedure', { rules: rulesInput(undefined, { effectiveFrom: later(TODAY, -1) }) }, SECRETARIAT);
    expect(refused).toMatchObject({ code: 'REFUSED', reason: 'EFFECTIVE_IN_THE_PAST', facts: { effectiveFrom: later(TODAY, -1), now: TODAY } });
    await at.kernel.send('AdoptRulesOfProcedure', { rules: rulesInput(undefined, { effectiveFrom: TODAY }) }, SECRETARIAT);
  });

  it('C1 every matter has exactly one rule', () => {
    const none = { ...rulesInput(), matters: [] } as unknown as RulesInput;
    const twice = { ...rulesInput(), matters: [...(rulesInput()['matters'] as object[]), { matter: 'PROCEDURE', rule: { name: 'UNANIMITY' } }] } as unknown as RulesInput;
    for (const rules of [none, twice]) {
      given(committeeDecider).when(adoptRulesOfProcedure, { rules }).isInvalid('rules.matters');
      given(committeeDecider).when(establishCommittee, { name: 'C', rules, secretariat: 's' }).isInvalid('rules.matters');
    }
  });

  it.each(BOTH_ORDERS)('C1 rules and an opening at once (%s): the ballot goes by the rules that were in force when it was decided', async (order) => {
    const at = await committee.of({ regions: 3 });
    const submitted = await at.submitted();
    const outcomes = await at.atOnce(order,
      act('AdoptRulesOfProcedure', { rules: rulesInput({ name: 'UNANIMITY' }) }, SECRETARIAT),
      act('OpenBallot', at.opening(submitted), CHAIR));
    expect(outcomes).toEqual(['ACCEPTED', 'ACCEPTED']);
    expect(at.ballot(submitted.ballot).opened).toMatchObject(order === 'AS_LISTED'
      ? { rulesVersion: 2, rule: { name: 'UNANIMITY' } } : { rulesVersion: 1, rule: { name: 'DOUBLE_MAJORITY' } });
  });

  it.each(BOTH_ORDERS)('C1 two adoptions at once (%s) make two versions, never one number twice', async (order) => {
    const at = await committee.of({ regions: 0 });
    const adopt = act('AdoptRulesOfProcedure', { rules: rulesInput() }, SECRETARIAT);
    expect(await at.atOnce(order, adopt, adopt)).toEqual(['ACCEPTED', 'ACCEPTED']);
    expect(at.committee.rules.map(({ version }) => version)).toEqual([1, 2, 3]);
  });
});

describe('C2 population tables', () => {
  it('C2 a population table has a year, a source and one figure for each member region', async () => {
    const at = await committee.of({ regions: 3, table: false });
    await at.kernel.send('AdoptPopulationTable', tableOf(2025, at.regions, [1, 2, 3]), SECRETARIAT);
    expect(tableInForce(at.committee)).toEqual({ year: 2025, source: 'Eurostat', figures: new Map(at.regions.map((region, i) => [region, i + 1])) });
  });

  it('C2 a table that leaves a member region out is refused, and names it', async () => {
    const at = await committee.of({ regions: 3, table: false });
    const refused = await at.kernel.refusal('AdoptPopulationTable', tableOf(2025, at.regions.slice(0, 2), [1, 2]), SECRETARIAT);
    expect(refused).toMatchObject({ reason: 'FIGURE_MISSING', facts: { regions: [at.region(3)] } });
    expect(refused.message).toContain('Region 3');
  });

  it('C2 a table names no region twice and none that is not a member', async () => {
    const at = await committee.of({ regions: 2, table: false });
    const twice = await at.kernel.refusal('AdoptPopulationTable', tableOf(2025, [at.region(1), at.region(2), at.region(1)], [1, 2, 3]), SECRETARIAT);
    expect(twice).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'figures' }] } });
    const stranger = await at.kernel.refusal('AdoptPopulationTable', tableOf(2025, [...at.regions, 'nowhere'], [1, 2, 3]), SECRETARIAT);
    expect(stranger).toMatchObject({ code: 'NOT_FOUND', facts: { id: 'nowhere' } });
  });

  it('C2 a table is adopted once a year and never edited', async () => {
    const at = await committee.of({ regions: 2 });
    expect(await at.kernel.refusal('AdoptPopulationTable', tableOf(2025, at.regions, [7, 8]), SECRETARIAT)).toMatchObject({ reason: 'YEAR_HAS_A_TABLE', facts: { year: 2025 } });
    await at.kernel.send('AdoptPopulationTable', tableOf(2026, at.regions, [7, 8]), SECRETARIAT);
    expect(at.committee.tables.map(({ year }) => year)).toEqual([2025, 2026]);
  });

  it('C2 the latest adopted table applies, also when its year is an earlier one', async () => {
    const at = await committee.of({ populations: [10, 20] });
    await at.kernel.send('AdoptPopulationTable', tableOf(2020, at.regions, [3, 4]), SECRETARIAT);
    expect(at.ballot((await at.opened()).ballot).opened).toMatchObject({ populationYear: 2020, electorate: [{ population: 3 }, { population: 4 }] });
  });

  it('C2 a newcomer gives its figure for the table in force', async () => {
    const at = await committee.of({ populations: [10, 20] });
    const { accession } = await at.asked(3);
    expect(await at.kernel.refusal('AcceptAccession', { accession }, SECRETARIAT)).toMatchObject({ reason: 'FIGURE_MISSING', facts: { year: 2025 } });
    await at.kernel.send('AcceptAccession', { accession, population: 30 }, SECRETARIAT);
    expect(at.kernel.last().data).toMatchObject({ population: 30, populationYear: 2025 });
    expect(membersOf(at.roll).map((region) => figureOf(at.committee, region))).toEqual([10, 20, 30]);
    expect(at.ballot((await at.opened()).ballot).opened.electorate.map(({ population }) => population)).toEqual([10, 20, 30]);
  });

  it('C2 a figure given at the accession counts for the table of that year only', async () => {
    const at = await committee.of({ populations: [10] });
    const newcomer = await at.joined(2, 30);
    await at.kernel.send('AdoptPopulationTable', tableOf(2026, [at.region(1), newcomer], [11, 31]), SECRETARIAT);
    expect(membersOf(at.roll).map((region) => figureOf(at.committee, region))).toEqual([11, 31]);
    // A later table that left it out, which no rule lets pass, would not be filled from an earlier year.
    const later = given(committeeDecider, PopulationTableAdopted({ year: 2027, source: 'x', figures: [] })).state;
    expect(membersOf(at.roll).map((region) => figureOf(later, region))).toEqual([undefined, undefined]);
  });

  it('C2 without a table in force a newcomer gives no figure: the first table will hold it', async () => {
    const at = await committee.of({ regions: 1, table: false });
    const { accession } = await at.asked(2);
    expect(await at.kernel.refusal('AcceptAccession', { accession, population: 30 }, SECRETARIAT)).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'population' }] } });
  });

  it('C2 a region that comes back gives no figure that the table has already', async () => {
    const at = await committee.of({ populations: [10, 20] });
    await at.kernel.send('WithdrawMembership', { region: at.region(2) }, contactOf(2));
    const { accession } = await at.asked(2);
    expect(await at.kernel.refusal('AcceptAccession', { accession, population: 99 }, SECRETARIAT)).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'population' }] } });
    await at.kernel.send('AcceptAccession', { accession }, SECRETARIAT);
    expect(membersOf(at.roll).map((region) => figureOf(at.committee, region))).toEqual([10, 20]);
  });

  it('C2 a ballot copies the figures, and a later table does not reach it', async () => {
    const at = await committee.of({ populations: [10, 20] });
    const { ballot } = await at.opened();
    await at.kernel.send('AdoptPopulationTable', tableOf(2026, at.regions, [1_000, 1]), SECRETARIAT);
    expect(at.ballot(ballot).opened).toMatchObject({ populationYear: 2025, electorate: [{ population: 10 }, { population: 20 }] });
  });

  it('C2 a double majority is not opened while a figure is missing; a rule that weighs nobody is', async () => {
    const at = await committee.of({ regions: 2, table: false });
    const submitted = await at.submitted();
    expect(await at.kernel.refusal('OpenBallot', at.opening(submitted), CHAIR)).toMatchObject({ reason: 'FIGURE_MISSING', facts: { regions: at.regions } });
    await at.kernel.send('AdoptRulesOfProcedure', { rules: rulesInput({ name: 'UNANIMITY' }) }, SECRETARIAT);
    await at.kernel.send('OpenBallot', at.opening(submitted), CHAIR);
    expect(at.ballot(submitted.ballot).opened.electorate).toEqual(at.regions.map((regionId) => ({ regionId })));
  });

  it.each(BOTH_ORDERS)('C2 two tables of one year at once (%s): one is adopted', async (order) => {
    const at = await committee.of({ regions: 2 });
    const outcomes = await at.atOnce(order,
      act('AdoptPopulationTable', tableOf(2026, at.regions, [1, 2]), SECRETARIAT), act('AdoptPopulationTable', tableOf(2026, at.regions, [3, 4]), SECRETARIAT));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'YEAR_HAS_A_TABLE'] : ['YEAR_HAS_A_TABLE', 'ACCEPTED']);
    expect([...(tableInForce(at.committee)?.figures.values() ?? [])]).toEqual(order === 'AS_LISTED' ? [1, 2] : [3, 4]);
  });

  it.each(BOTH_ORDERS)('C2 a first table and an accession at once (%s): no member is ever without a figure', async (order) => {
    const at = await committee.of({ regions: 2, table: false });
    const { accession } = await at.asked(3);
    const outcomes = await at.atOnce(order,
      act('AdoptPopulationTable', tableOf(2025, at.regions, [1, 2]), SECRETARIAT), act('AcceptAccession', { accession }, SECRETARIAT));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'FIGURE_MISSING'] : ['FIGURE_MISSING', 'ACCEPTED']);
    if (tableInForce(at.committee)) for (const member of membersOf(at.roll)) expect(figureOf(at.committee, member)).toBeGreaterThan(0);
  });

  it.each(BOTH_ORDERS)('C2 a new table and an accession with a figure for the old one at once (%s): the figure is never of another year', async (order) => {
    const at = await committee.of({ populations: [10] });
    const { accession } = await at.asked(2);
    const outcomes = await at.atOnce(order,
      act('AdoptPopulationTable', tableOf(2026, at.regions, [11]), SECRETARIAT), act('AcceptAccession', { accession, population: 20 }, SECRETARIAT));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ACCEPTED'] : ['FIGURE_MISSING', 'ACCEPTED']);
    expect(membersOf(at.roll).map((region) => figureOf(at.committee, region))).toEqual([order === 'AS_LISTED' ? 11 : 10, 20]);
    expect(membersOf(at.roll)[1]?.joinedWith?.year).toBe(order === 'AS_LISTED' ? 2026 : 2025);
  });
});

describe('C3 five key areas', () => {
  it('C3 there are exactly five codes, KA1 to KA5', () => {
    expect(KEY_AREA_CODES).toEqual(['KA1', 'KA2', 'KA3', 'KA4', 'KA5']);
  });

  it('C3 a key area is defined once and renamed after, and its code stays', () => {
    const defined = given(committeeDecider, KeyAreaDefined({ code: 'KA1', title: 'Big data' }));
    defined.when(defineKeyArea, { code: 'KA1', title: 'Other' }).isRefused('KEY_AREA_DEFINED');
    defined.when(renameKeyArea, { code: 'KA1', title: 'Big data and records' }).gives({ type: 'KeyAreaRenamed', data: { code: 'KA1', title: 'Big data and records' } });
    defined.when(renameKeyArea, { code: 'KA1', title: 'Big data' }).isRefused('NOTHING_TO_CHANGE');
    defined.when(renameKeyArea, { code: 'KA2', title: 'Big data' }).isRefused('KEY_AREA_NOT_DEFINED');
  });

  it('C3 another code is no key area', async () => {
    const at = await committee.of({ regions: 0 });
    for (const code of ['KA0', 'KA6', 'ka1', '']) {
      const refused = await at.kernel.refusal('DefineKeyArea', { code, title: 'Sixth' }, SECRETARIAT);
      expect(refused).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'code', message: 'code must be one of KA1, KA2, KA3, KA4, KA5' }] } });
    }
  });

  it.each(BOTH_ORDERS)('C3 two first titles at once (%s): one is given', async (order) => {
    const kernel = committee.kernel();
    await kernel.send('EstablishCommittee', establishing(), SYSTEM);
    const titles = order === 'AS_LISTED' ? ['Records', 'Biobanks'] : ['Biobanks', 'Records'];
    const answers = await Promise.all(titles.map((title) => kernel.answer('DefineKeyArea', { code: 'KA1', title }, SECRETARIAT)));
    expect(answers).toMatchObject([{ revision: 2 }, { reason: 'KEY_AREA_DEFINED' }]);
    expect(kernel.state(committeeDecider, COMMITTEE_STREAM).keyAreas).toEqual(new Map([['KA1', titles[0]]]));
  });
});

describe('C4 at most one chair', () => {
  const NEW = 'new-chair';

  it('C4 a second chair is not elected while one is in office', async () => {
    const at = await committee.of({ regions: 0 });
    expect(await at.kernel.refusal('ElectChair', { person: NEW }, SECRETARIAT)).toMatchObject({ reason: 'CHAIR_IN_OFFICE', facts: { until: '2036-01-01T00:00:00.000Z' } });
    await at.kernel.send('EndOffice', { office: 'CHAIR', person: CHAIR }, SECRETARIAT);
    await at.kernel.send('ElectChair', { person: NEW }, SECRETARIAT);
    expect(at.committee.offices.filter(({ office }) => office === 'CHAIR')).toMatchObject([{ personId: NEW }]);
  });

  it('C4 a term has an end: two years where none is said', async () => {
    const at = await committee.of({ regions: 0 });
    await at.kernel.send('EndOffice', { office: 'CHAIR', person: CHAIR }, SECRETARIAT);
    await at.kernel.send('ElectChair', { person: NEW }, SECRETARIAT);
    expect(at.kernel.last().data).toEqual({ personId: NEW, from: TODAY, until: '2028-01-05T10:00:00.000Z' });
  });

  it('C4 a term that has run out ends the office without an act, to the millisecond, and names the predecessor at the next election', async () => {
    const at = await committee.of({ regions: 2 });
    const submitted = await at.submitted();
    at.kernel.clock.standAt('2036-01-01T00:00:00.000Z');
    expect(await at.kernel.refusal('OpenBallot', at.opening(submitted), CHAIR)).toMatchObject({ code: 'FORBIDDEN' });
    await at.kernel.send('ElectChair', { person: NEW }, SECRETARIAT);
    expect(at.kernel.last().data).toMatchObject({ personId: NEW, predecessor: CHAIR });
    await at.kernel.send('OpenBallot', at.opening(submitted), NEW);
  });

  it('C4 a chair is in office until the last millisecond of the term', async () => {
    const at = await committee.of({ regions: 2 });
    const submitted = await at.submitted();
    at.kernel.clock.standAt('2035-12-31T23:59:59.999Z');
    expect(await at.kernel.refusal('ElectChair', { person: NEW }, SECRETARIAT)).toMatchObject({ reason: 'CHAIR_IN_OFFICE' });
    await at.kernel.send('OpenBallot', at.opening(submitted), CHAIR);
  });

  it('C4 a term neither begins in the future nor has ended already', async () => {
    const at = await committee.of({ regions: 0 });
    await at.kernel.send('EndOffice', { office: 'CHAIR', person: CHAIR }, SECRETARIAT);
    for (const [field, input] of [['from', { from: later(TODAY, 1) }], ['until', { until: TODAY }], ['until', { from: '2023-01-05T10:00:00.000Z' }]] as const) {
      expect(await at.kernel.refusal('ElectChair', { person: NEW, ...input }, SECRETARIAT)).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: field }] } });
    }
    await at.kernel.send('ElectChair', { person: NEW, from: LAST_YEAR }, SECRETARIAT);
    expect(at.kernel.last().data).toMatchObject({ from: LAST_YEAR, until: NEXT_YEAR });
  });

  it.each(BOTH_ORDERS)('C4 two elections at once (%s): one chair', async (order) => {
    const at = await committee.of({ regions: 0 });
    await at.kernel.send('EndOffice', { office: 'CHAIR', person: CHAIR }, SECRETARIAT);
    const outcomes = await at.atOnce(order, act('ElectChair', { person: 'x' }, SECRETARIAT), act('ElectChair', { person: 'y' }, SECRETARIAT));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'CHAIR_IN_OFFICE'] : ['CHAIR_IN_OFFICE', 'ACCEPTED']);
    expect(at.committee.offices.filter(({ office }) => office === 'CHAIR')).toHaveLength(1);
  });

  it.each(BOTH_ORDERS)('C4 a chair who is ended and opens a ballot at once (%s): opens it only while in office', async (order) => {
    const at = await committee.of({ regions: 2 });
    const submitted = await at.submitted();
    const outcomes = await at.atOnce(order, act('EndOffice', { office: 'CHAIR', person: CHAIR }, SECRETARIAT), act('OpenBallot', at.opening(submitted), CHAIR));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'FORBIDDEN'] : ['ACCEPTED', 'ACCEPTED']);
  });
});

describe('C5 how offices begin and end', () => {
  it('C5 the first rules and the first secretariat come with the establishment', async () => {
    const kernel = committee.kernel();
    await kernel.send('EstablishCommittee', establishing(), SYSTEM);
    expect(kernel.last()).toMatchObject({ position: 1, type: 'CommitteeEstablished', data: { secretariat: SECRETARIAT, rules: { version: 1, effectiveFrom: TODAY } } });
    await kernel.send('AppointToOffice', { office: 'AUDITOR', person: AUDITOR }, SECRETARIAT);
  });

  it('C5 the Committee is established once', () => {
    const rules = rulesInput() as unknown as RulesInput;
    const first = given(committeeDecider).when(establishCommittee, { name: 'C', rules, secretariat: 's' }).decision as ReturnType<typeof CommitteeEstablished>;
    given(committeeDecider, first).when(establishCommittee, { name: 'C', rules, secretariat: 's' }).isRefused('ALREADY_ESTABLISHED');
  });

  it('C5 two establishments at once: one Committee', async () => {
    const kernel = committee.kernel();
    const answers = await Promise.all([kernel.answer('EstablishCommittee', establishing(), SYSTEM), kernel.answer('EstablishCommittee', { ...establishing(), secretariat: 'other' }, SYSTEM)]);
    expect(answers).toMatchObject([{ position: 1 }, { reason: 'ALREADY_ESTABLISHED' }]);
    expect(kernel.entries()).toHaveLength(1);
  });

  it('C5 offices begin and end by events, and only while they last does a person act', async () => {
    const at = await committee.of({ regions: 0 });
    const define = (title: string) => at.kernel.answer('RenameKeyArea', { code: 'KA1', title }, 'assistant');
    expect(await define('a')).toMatchObject({ code: 'FORBIDDEN' });
    await at.kernel.send('AppointToOffice', { office: 'SECRETARIAT', person: 'assistant' }, SECRETARIAT);
    expect(await define('b')).toMatchObject({ repeated: false });
    await at.kernel.send('EndOffice', { office: 'SECRETARIAT', person: 'assistant' }, SECRETARIAT);
    expect(await define('c')).toMatchObject({ code: 'FORBIDDEN' });
    expect(at.kernel.typesAfter(0).slice(-3)).toEqual(['OfficerAppointed', 'KeyAreaRenamed', 'OfficeEnded']);
  });

  it('C5 nobody is given an office that they hold, or ended in one that they do not', async () => {
    const at = await committee.of({ regions: 0 });
    expect(await at.kernel.refusal('AppointToOffice', { office: 'AUDITOR', person: AUDITOR }, SECRETARIAT)).toMatchObject({ reason: 'ALREADY_IN_OFFICE' });
    expect(await at.kernel.refusal('EndOffice', { office: 'AUDITOR', person: OPERATOR }, SECRETARIAT)).toMatchObject({ reason: 'NOT_IN_OFFICE' });
    await at.kernel.send('AppointToOffice', { office: 'OPERATOR', person: AUDITOR }, SECRETARIAT);
  });

  it('C5 who holds an office may lay it down', async () => {
    const at = await committee.of({ regions: 0 });
    await at.kernel.send('EndOffice', { office: 'AUDITOR', person: AUDITOR }, AUDITOR);
    expect(at.kernel.last()).toMatchObject({ data: { office: 'AUDITOR', personId: AUDITOR }, meta: { actor: { office: 'AUDITOR', personId: AUDITOR } } });
    expect(await at.kernel.refusal('EndOffice', { office: 'OPERATOR', person: OPERATOR }, AUDITOR)).toMatchObject({ code: 'FORBIDDEN' });
  });

  it.each(BOTH_ORDERS)('C5 opening a ballot is the act of the chair, who else tries at once (%s) is turned away, and closing it too', async (order) => {
    const at = await committee.of({ regions: 2 });
    const submitted = await at.submitted();
    const outcomes = await at.atOnce(order,
      act('OpenBallot', at.opening(submitted), SECRETARIAT), act('OpenBallot', at.opening(submitted), representativeOf(1)),
      act('OpenBallot', at.opening(submitted), alternateOf(1)), act('OpenBallot', at.opening(submitted), CHAIR));
    expect(outcomes).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'ACCEPTED']);
    expect(await at.kernel.refusal('CloseBallot', { ballot: submitted.ballot }, SECRETARIAT)).toMatchObject({ code: 'FORBIDDEN' });
  });

  it.each(BOTH_ORDERS)('C5 an appointment and an act in that office at once (%s): the act is let through only after it', async (order) => {
    const at = await committee.of({ regions: 0 });
    const outcomes = await at.atOnce(order,
      act('AppointToOffice', { office: 'SECRETARIAT', person: 'assistant' }, SECRETARIAT), act('InitiateRecommendation', DRAFT, 'assistant'));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ACCEPTED'] : ['ACCEPTED', 'FORBIDDEN']);
  });
});

describe('C6 the last person of the secretariat', () => {
  it('C6 cannot be ended, neither by itself', async () => {
    const at = await committee.of({ regions: 0 });
    expect(await at.kernel.refusal('EndOffice', { office: 'SECRETARIAT', person: SECRETARIAT }, SECRETARIAT)).toMatchObject({ reason: 'LAST_OF_SECRETARIAT' });
  });

  it('C6 can be ended once there is another one, who is then the last', async () => {
    const at = await committee.of({ regions: 0 });
    await at.kernel.send('AppointToOffice', { office: 'SECRETARIAT', person: 'second' }, SECRETARIAT);
    await at.kernel.send('EndOffice', { office: 'SECRETARIAT', person: SECRETARIAT }, SECRETARIAT);
    expect(await at.kernel.refusal('EndOffice', { office: 'SECRETARIAT', person: 'second' }, 'second')).toMatchObject({ reason: 'LAST_OF_SECRETARIAT' });
  });

  it.each(BOTH_ORDERS)('C6 two that end one another at once (%s): one stays', async (order) => {
    const at = await committee.of({ regions: 0 });
    await at.kernel.send('AppointToOffice', { office: 'SECRETARIAT', person: 'second' }, SECRETARIAT);
    const outcomes = await at.atOnce(order,
      act('EndOffice', { office: 'SECRETARIAT', person: SECRETARIAT }, 'second'), act('EndOffice', { office: 'SECRETARIAT', person: 'second' }, SECRETARIAT));
    // The other one is not in office any more when its own act is decided.
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'FORBIDDEN'] : ['FORBIDDEN', 'ACCEPTED']);
    expect(at.committee.offices.filter(({ office }) => office === 'SECRETARIAT')).toHaveLength(1);
  });

  it.each(BOTH_ORDERS)('C6 two that lay down their offices at once (%s): one stays', async (order) => {
    const at = await committee.of({ regions: 0 });
    await at.kernel.send('AppointToOffice', { office: 'SECRETARIAT', person: 'second' }, SECRETARIAT);
    const outcomes = await at.atOnce(order,
      act('EndOffice', { office: 'SECRETARIAT', person: SECRETARIAT }, SECRETARIAT), act('EndOffice', { office: 'SECRETARIAT', person: 'second' }, 'second'));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'LAST_OF_SECRETARIAT'] : ['LAST_OF_SECRETARIAT', 'ACCEPTED']);
    expect(at.committee.offices.filter(({ office }) => office === 'SECRETARIAT')).toHaveLength(1);
  });
});
