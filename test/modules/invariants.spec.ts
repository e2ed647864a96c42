import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BallotOpened } from '../../src/events/ballots.events.js';
import { derivedId } from '../../src/decider/decider.js';
import { Problem } from '../../src/decider/problem.js';
import { ballotDecider, ballotStream } from '../../src/modules/ballots/ballots.decider.js';
import { DEFAULT_RULES } from '../../src/modules/membership/default-rules.js';
import { recommendationDecider, recommendationStream } from '../../src/modules/recommendations/recommendations.decider.js';
import { DAY_MS, later, TODAY } from '../support/given.js';
import { Kernel, SYSTEM, VISITOR, type Input } from '../support/kernel.js';

/** The five founders, with their figures of 2018 (domain 6.3). */
const FOUNDERS = [
  { name: 'Tuscany', code: 'ITI1', country: 'IT', population: 3_731_240 }, { name: 'Saxony', code: 'DED', country: 'DE', population: 4_079_290 },
  { name: 'Galicia', code: 'ES11', country: 'ES', population: 2_674_468 }, { name: 'Lower Silesia', code: 'PL51', country: 'PL', population: 2_903_385 },
  { name: 'Lombardy', code: 'ITC4', country: 'IT', population: 10_035_205 },
] as const;
const LETTER = { kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'President of the Region', date: '2019-01-14' };
const rules = (change: Record<string, string> = {}, more: object = {}) => ({
  ...DEFAULT_RULES, ...more, matters: DEFAULT_RULES.matters.map(({ matter, rule }) => ({ matter, rule: change[matter] ? { name: change[matter] } : rule })),
});

let kernel: Kernel;
const regions = new Map<string, string>();
const region = (name: string): string => regions.get(name) as string;

const join = async (name: string, more: { code?: string; country: string; nutsVersion?: string }): Promise<string> => {
  const { id } = await kernel.send('JoinCommittee', { region: { name, ...(more.code ? { nutsVersion: '2024' } : {}), ...more }, letterOfAdhesion: LETTER }, `${name} contact`);
  return id;
};
const refusal = async (name: string, input: Input, who: string, sent = {}): Promise<string> => (await kernel.refusal(name, input, who, sent)).reason ?? '';

beforeEach(async () => {
  kernel = new Kernel();
  await kernel.send('EstablishCommittee', { name: 'Interregional Committee', rules: DEFAULT_RULES, secretariat: 'secretariat' }, SYSTEM);
  await kernel.send('DefineKeyArea', { code: 'KA1', title: 'Big Data' }, 'secretariat');
  await kernel.send('ElectChair', { person: 'chair' }, 'secretariat');
  for (const { name, population: _, ...more } of FOUNDERS) {
    const accession = await join(name, more);
    regions.set(name, derivedId(accession, 'region'));
    await kernel.send('AcceptAccession', { accession }, 'secretariat');
    await kernel.send('AppointRepresentative', { region: region(name), person: name }, `${name} contact`);
    await kernel.send('AppointAlternate', { region: region(name), person: `${name} alternate` }, `${name} contact`);
  }
  await kernel.send('AdoptPopulationTable', { year: 2018, source: 'JRC-GEOSTAT', figures: FOUNDERS.map(({ name, population }) => ({ region: region(name), population })) }, 'secretariat');
});
afterEach(async () => {
  expect(kernel.internalErrors).toEqual([]);
  await kernel.close();
});

/** A tabled recommendation of Tuscany, put to the vote. */
async function submitted(): Promise<{ recommendation: string; ballot: string }> {
  const { id: recommendation } = await kernel.send('InitiateRecommendation', { title: 'Records', keyAreas: ['KA1'], addressees: ['European Commission'], text: [{ text: 'One.' }] }, 'Tuscany');
  await kernel.send('TableRecommendation', { recommendation }, 'Tuscany');
  const { commandId: ballot } = await kernel.send('SubmitRecommendationToBallot', { recommendation }, 'chair');
  return { recommendation, ballot };
}
async function opened(more: Input = {}): Promise<{ recommendation: string; ballot: string }> {
  const both = await submitted();
  await kernel.send('OpenBallot', { ballot: both.ballot, subject: both.recommendation, procedure: 'MEETING', present: FOUNDERS.map((f) => region(f.name)), ...more }, 'chair');
  return both;
}
const frozen = (): NonNullable<(typeof BallotOpened)['data']> => kernel.entries().findLast((e) => e.type === 'BallotOpened')?.data as never;
const inFavour = (ballot: string, name: string): Promise<unknown> => kernel.send('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, name);

describe('The Committee', () => {
  it('C1 rules are versioned: a new version applies to ballots opened from its date on, and to no other', async () => {
    const first = await opened();
    await kernel.send('AdoptRulesOfProcedure', { rules: rules({ RECOMMENDATION: 'UNANIMITY' }, { effectiveFrom: later(TODAY, DAY_MS) }) }, 'secretariat');
    await opened();
    expect(frozen()).toMatchObject({ rulesVersion: 1, rule: { name: 'DOUBLE_MAJORITY' } });
    kernel.clock.standAt(later(TODAY, DAY_MS));
    await opened();
    expect(frozen()).toMatchObject({ rulesVersion: 2, rule: { name: 'UNANIMITY' } });
    expect(kernel.state(ballotDecider, ballotStream(first.ballot))).toMatchObject({ opened: { rulesVersion: 1 } });
    expect(await refusal('AdoptRulesOfProcedure', { rules: rules({}, { effectiveFrom: TODAY }) }, 'secretariat')).toBe('EFFECTIVE_IN_THE_PAST');
  });

  it('C2 a population table is adopted once a year, with a figure for each member region, and is never edited', async () => {
    const figures = FOUNDERS.map(({ name, population }) => ({ region: region(name), population }));
    expect(await refusal('AdoptPopulationTable', { year: 2018, source: 'x', figures }, 'secretariat')).toBe('YEAR_HAS_A_TABLE');
    expect(await refusal('AdoptPopulationTable', { year: 2019, source: 'x', figures: figures.slice(1) }, 'secretariat')).toBe('FIGURE_MISSING');
    expect((await kernel.refusal('AdoptPopulationTable', { year: 2019, source: 'x', figures: [...figures, { region: 'nowhere', population: 1 }] }, 'secretariat')).code).toBe('NOT_FOUND');
    expect((await kernel.refusal('AdoptPopulationTable', { year: 2019, source: 'x', figures: [{ region: region('Tuscany'), population: 0 }] }, 'secretariat')).code).toBe('INVALID');
    const answers = await Promise.all([1, 2, 3, 4].map(() => kernel.answer('AdoptPopulationTable', { year: 2020, source: 'x', figures }, 'secretariat')));
    expect(answers.filter((a) => !(a instanceof Problem))).toHaveLength(1);
  });

  it('C2 a newcomer brings its figure for the table in force, and a ballot copies it', async () => {
    const accession = await join('Veneto', { code: 'ITH3', country: 'IT' });
    expect(await refusal('AcceptAccession', { accession }, 'secretariat')).toBe('FIGURE_MISSING');
    await kernel.send('AcceptAccession', { accession, population: 4_878_364 }, 'secretariat');
    await opened({ present: [...regions.values()] });
    expect(frozen().electorate.at(-1)).toEqual({ regionId: derivedId(accession, 'region'), population: 4_878_364 });
  });

  it('C3 there are five Key Areas; a code is defined once and never changes, a title does', async () => {
    expect(await refusal('DefineKeyArea', { code: 'KA1', title: 'x' }, 'secretariat')).toBe('KEY_AREA_DEFINED');
    expect(await refusal('RenameKeyArea', { code: 'KA2', title: 'x' }, 'secretariat')).toBe('KEY_AREA_NOT_DEFINED');
    expect(await refusal('RenameKeyArea', { code: 'KA1', title: 'Big Data' }, 'secretariat')).toBe('NOTHING_TO_CHANGE');
    expect((await kernel.refusal('DefineKeyArea', { code: 'KA6', title: 'x' }, 'secretariat')).code).toBe('INVALID');
    await kernel.send('RenameKeyArea', { code: 'KA1', title: 'Records' }, 'secretariat');
  });

  it('C4 there is one chair at most, with an end to the term', async () => {
    expect(await refusal('ElectChair', { person: 'other' }, 'secretariat')).toBe('CHAIR_IN_OFFICE');
    expect(kernel.entries().find((e) => e.type === 'ChairElected')?.data).toMatchObject({ until: '2028-01-05T10:00:00.000Z' });
    await kernel.send('EndOffice', { office: 'CHAIR', person: 'chair' }, 'chair');
    const answers = await Promise.all(['a', 'b', 'c'].map((person) => kernel.answer('ElectChair', { person }, 'secretariat')));
    expect(answers.filter((a) => !(a instanceof Problem))).toHaveLength(1);
    kernel.clock.standAt('2028-01-06T00:00:00.000Z');
    expect((await kernel.refusal('CloseBallot', { ballot: 'x' }, 'a')).code).toBe('FORBIDDEN');
    await kernel.send('ElectChair', { person: 'next' }, 'secretariat');
    expect(kernel.last().data).toMatchObject({ predecessor: 'a' });
  });

  it('C5 the first rules and the first secretariat come with the founding, which happens once; offices begin and end by event', async () => {
    expect(await refusal('EstablishCommittee', { name: 'x', rules: DEFAULT_RULES, secretariat: 'x' }, SYSTEM)).toBe('ALREADY_ESTABLISHED');
    await kernel.send('AppointToOffice', { office: 'AUDITOR', person: 'auditor' }, 'secretariat');
    expect(await refusal('AppointToOffice', { office: 'AUDITOR', person: 'auditor' }, 'secretariat')).toBe('ALREADY_IN_OFFICE');
    await kernel.send('EndOffice', { office: 'AUDITOR', person: 'auditor' }, 'auditor');
    expect(await refusal('EndOffice', { office: 'AUDITOR', person: 'auditor' }, 'secretariat')).toBe('NOT_IN_OFFICE');
  });

  it('C6 the last person of the secretariat stays, also when two end one another at once', async () => {
    expect(await refusal('EndOffice', { office: 'SECRETARIAT', person: 'secretariat' }, 'secretariat')).toBe('LAST_OF_SECRETARIAT');
    await kernel.send('AppointToOffice', { office: 'SECRETARIAT', person: 'second' }, 'secretariat');
    const answers = await Promise.all([
      kernel.answer('EndOffice', { office: 'SECRETARIAT', person: 'second' }, 'secretariat'), kernel.answer('EndOffice', { office: 'SECRETARIAT', person: 'secretariat' }, 'second'),
    ]);
    expect(answers.filter((a) => !(a instanceof Problem))).toHaveLength(1);
  });
});

describe('Membership', () => {
  it('M0 joining is the act of whoever is signed in, who is the contact person', async () => {
    expect((await kernel.refusal('JoinCommittee', { region: { name: 'Veneto', country: 'IT' }, letterOfAdhesion: LETTER }, VISITOR)).code).toBe('UNAUTHENTICATED');
    await join('Veneto', { code: 'ITH3', country: 'IT' });
    expect(kernel.last().data).toMatchObject({ contactPersonId: 'Veneto contact' });
  });

  it('M1 a region is a member once, and two members never contain one another, whatever comes at once', async () => {
    expect(await refusal('JoinCommittee', { region: { name: 'Toscana', code: 'ITI1', nutsVersion: '2024', country: 'IT' }, letterOfAdhesion: LETTER }, 'x')).toBe('ALREADY_MEMBER');
    const dresden = await join('Dresden', { code: 'DED2', country: 'DE' });
    expect(await refusal('AcceptAccession', { accession: dresden, population: 1 }, 'secretariat')).toBe('REGIONS_OVERLAP');
    const [north, south] = [await join('Norte', { code: 'PT1', country: 'PT' }), await join('Porto', { code: 'PT11', country: 'PT' })];
    const answers = await Promise.all([north, south].map((accession) => kernel.answer('AcceptAccession', { accession, population: 1 }, 'secretariat')));
    expect(answers.map((a) => (a instanceof Problem ? a.reason : 'accepted'))).toEqual(['accepted', 'REGIONS_OVERLAP']);
    const [a, b] = [await join('Crete', { country: 'EL' }), await join('crete', { country: 'EL' })];
    const twice = await Promise.all([a, b].map((accession) => kernel.answer('AcceptAccession', { accession, population: 1 }, 'secretariat')));
    expect(twice.map((x) => (x instanceof Problem ? x.reason : 'accepted'))).toEqual(['accepted', 'ALREADY_MEMBER']);
    expect(await refusal('DeclineAccession', { accession: a }, 'secretariat')).toBe('NOT_PENDING');
    await kernel.send('DeclineAccession', { accession: b }, 'secretariat');
  });

  it('M2 an accession needs a letter of adhesion: hash, function, date', async () => {
    for (const letter of [{ ...LETTER, sha256: 'x' }, { ...LETTER, signedAs: ' ' }, { ...LETTER, date: '2999-01-01' }, { ...LETTER, kind: 'COMMITMENT_LETTER' }, undefined]) {
      expect((await kernel.refusal('JoinCommittee', { region: { name: 'Veneto', country: 'IT' }, ...(letter && { letterOfAdhesion: letter }) }, 'x')).code).toBe('INVALID');
    }
  });

  it('M3 only the representative or the alternate casts for a region; a mandate given after the opening counts', async () => {
    const { ballot } = await opened();
    for (const who of ['Tuscany contact', 'chair', 'secretariat', 'nobody']) expect((await kernel.refusal('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, who)).code).toBe('FORBIDDEN');
    await kernel.send('EndMandate', { region: region('Tuscany'), office: 'REPRESENTATIVE', reason: 'OFFICE_ENDED' }, 'Tuscany contact');
    expect((await kernel.refusal('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, 'Tuscany')).code).toBe('FORBIDDEN');
    await kernel.send('AppointRepresentative', { region: region('Tuscany'), person: 'successor' }, 'Tuscany contact');
    await inFavour(ballot, 'successor');
    await inFavour(ballot, 'Saxony alternate');
  });

  it('M4 a person represents one region at a time, whoever appoints first', async () => {
    const answers = await Promise.all(['Tuscany', 'Saxony'].map((name) => kernel.answer('AppointAlternate', { region: region(name), person: 'the same' }, `${name} contact`)));
    expect(answers.map((a) => (a instanceof Problem ? a.reason : 'accepted'))).toEqual(['accepted', 'REPRESENTS_ANOTHER_REGION']);
    expect(await refusal('AppointRepresentative', { region: region('Tuscany'), person: 'the same' }, 'Tuscany contact')).toBe('HOLDS_THE_OTHER_MANDATE');
    expect(await refusal('AppointRepresentative', { region: region('Tuscany'), person: 'Tuscany' }, 'Tuscany contact')).toBe('NOTHING_TO_CHANGE');
    expect((await kernel.refusal('AppointRepresentative', { region: region('Tuscany'), person: 'x' }, 'secretariat')).facts).toMatchObject({ fields: [{ path: 'letter' }] });
    expect((await kernel.refusal('AppointRepresentative', { region: region('Tuscany'), person: 'x' }, 'Saxony contact')).code).toBe('FORBIDDEN');
  });

  it('M5 a mandate ends, a region withdraws; what it voted stays valid', async () => {
    const { ballot } = await opened();
    await inFavour(ballot, 'Tuscany');
    await kernel.send('EndMandate', { region: region('Tuscany'), office: 'REPRESENTATIVE', reason: 'RESIGNATION' }, 'Tuscany');
    await kernel.send('WithdrawMembership', { region: region('Tuscany') }, 'Tuscany contact');
    expect(await refusal('AppointRepresentative', { region: region('Tuscany'), person: 'x', letter: LETTER }, 'secretariat')).toBe('NOT_A_MEMBER');
    expect((await kernel.refusal('CastPosition', { ballot, expressed: 'AGAINST' }, 'Tuscany alternate')).code).toBe('FORBIDDEN');
    for (const name of ['Saxony', 'Galicia', 'Lower Silesia']) await inFavour(ballot, name);
    await kernel.send('CloseBallot', { ballot }, 'chair');
    expect(kernel.last().data).toMatchObject({ outcome: 'ADOPTED', tally: { electorate: 5, inFavour: 4 } });
  });
});

describe('Recommendations', () => {
  it('R1 a recommendation belongs to Key Areas and names its addressees', async () => {
    const input = { title: 'x', keyAreas: ['KA1'], addressees: ['x'], text: [{ text: 'x' }] };
    expect((await kernel.refusal('InitiateRecommendation', { ...input, keyAreas: [] }, 'Tuscany')).code).toBe('INVALID');
    expect((await kernel.refusal('InitiateRecommendation', { ...input, addressees: [] }, 'Tuscany')).code).toBe('INVALID');
    expect(await refusal('InitiateRecommendation', { ...input, keyAreas: ['KA2'] }, 'Tuscany')).toBe('KEY_AREA_NOT_DEFINED');
    expect((await kernel.refusal('InitiateRecommendation', input, 'chair')).code).toBe('FORBIDDEN');
  });

  it('R2 the text is frozen from its submission, which gives the ballot its id: one submission, one ballot', async () => {
    const { recommendation, ballot } = await submitted();
    expect(await refusal('ReviseDraft', { recommendation, text: [{ text: 'Two.' }] }, 'Tuscany')).toBe('NOT_A_DRAFT');
    expect(await refusal('TableRecommendation', { recommendation }, 'Tuscany')).toBe('NOT_A_DRAFT');
    expect(await refusal('SubmitRecommendationToBallot', { recommendation }, 'chair')).toBe('NOT_TABLED');
    const present = [...regions.values()].slice(0, 5);
    expect(await refusal('OpenBallot', { ballot: 'another', subject: recommendation, procedure: 'MEETING', present }, 'chair')).toBe('NOT_SUBMITTED');
    const answers = await Promise.all([1, 2, 3].map(() => kernel.answer('OpenBallot', { ballot, subject: recommendation, procedure: 'MEETING', present }, 'chair')));
    expect(answers.map((a) => (a instanceof Problem ? a.reason : 'opened'))).toEqual(['opened', 'ALREADY_OPENED', 'ALREADY_OPENED']);
    expect(await refusal('WithdrawRecommendation', { recommendation }, 'Tuscany')).toBe('BALLOT_OPENED');
  });

  it('R2 revising and submitting at once: the ballot is on one text', async () => {
    const { id: recommendation } = await kernel.send('InitiateRecommendation', { title: 'x', keyAreas: ['KA1'], addressees: ['x'], text: [{ text: 'One.' }] }, 'Tuscany');
    await Promise.all([
      kernel.answer('ReviseDraft', { recommendation, text: [{ text: 'Two.' }] }, 'Tuscany'), kernel.answer('TableRecommendation', { recommendation }, 'Tuscany alternate'),
      kernel.answer('SubmitRecommendationToBallot', { recommendation }, 'chair'), kernel.answer('ReviseDraft', { recommendation, text: [{ text: 'Three.' }] }, 'Tuscany'),
    ]);
    const state = kernel.state(recommendationDecider, recommendationStream(recommendation));
    expect(kernel.last().data).toMatchObject({ textHash: state.status === 'NONE' ? '' : state.textHash });
    expect(state).toMatchObject({ status: 'IN_BALLOT', text: [{ text: 'Two.' }] });
  });

  it('R3 it is adopted on a closed ballot on exactly this text with this outcome, once, by the process or by the chair', async () => {
    const { recommendation, ballot } = await opened();
    const input = { recommendation, ballot };
    expect(await refusal('AdoptRecommendation', input, 'chair')).toBe('BALLOT_NOT_CLOSED');
    for (const { name } of FOUNDERS) await inFavour(ballot, name);
    await kernel.send('CloseBallot', { ballot }, 'chair');
    expect(await refusal('RejectRecommendation', input, 'chair')).toBe('OTHER_OUTCOME');
    expect(await refusal('AdoptRecommendation', { recommendation, ballot: 'another' }, 'chair')).toBe('NOT_IN_BALLOT');
    const answers = await Promise.all([kernel.answer('AdoptRecommendation', input, 'chair'), kernel.answer('AdoptRecommendation', input, SYSTEM)]);
    expect(answers.map((a) => (a instanceof Problem ? a.reason : 'adopted'))).toEqual(['adopted', 'NOT_IN_BALLOT']);
  });

  it('R4 what is decided never changes', async () => {
    const { recommendation, ballot } = await opened();
    await kernel.send('CloseBallot', { ballot }, 'chair');
    await kernel.send('LeaveRecommendationWithoutOpinion', { recommendation, ballot }, SYSTEM);
    expect(await refusal('WithdrawRecommendation', { recommendation }, 'Tuscany')).toBe('ALREADY_DECIDED');
    expect(await refusal('ReviseDraft', { recommendation, text: [{ text: 'x' }] }, 'Tuscany')).toBe('NOT_A_DRAFT');
  });
});

describe('Ballots', () => {
  it('B0 the electorate is all member regions at the opening but the recused; nothing leaves it later', async () => {
    const { ballot } = await opened({ recusals: [{ region: region('Lombardy'), reason: 'DECLARED_CONFLICT' }] });
    expect(frozen()).toMatchObject({ recusals: [{ regionId: region('Lombardy'), reason: 'DECLARED_CONFLICT', population: 10_035_205 }] });
    expect(frozen().electorate.map((seat) => seat.regionId)).toEqual(FOUNDERS.slice(0, 4).map((f) => region(f.name)));
    expect(await refusal('CastPosition', { ballot, expressed: 'AGAINST' }, 'Lombardy')).toBe('NOT_IN_ELECTORATE');
    await kernel.send('CastPosition', { ballot, expressed: 'AGAINST' }, 'Galicia');
    await kernel.send('WithdrawMembership', { region: region('Saxony') }, 'Saxony contact');
    for (const name of ['Tuscany', 'Lower Silesia']) await inFavour(ballot, name);
    await kernel.send('CloseBallot', { ballot }, 'chair');
    expect(kernel.last().data).toMatchObject({ tally: { electorate: 4, inFavour: 2, against: 1, notVoted: 1 } });
  });

  it('B1 what was frozen at the opening stays, whatever changes around it', async () => {
    const { ballot } = await opened();
    const before = frozen();
    await kernel.send('AdoptRulesOfProcedure', { rules: rules({ RECOMMENDATION: 'UNANIMITY' }) }, 'secretariat');
    await kernel.send('AdoptPopulationTable', { year: 2019, source: 'x', figures: FOUNDERS.map((f) => ({ region: region(f.name), population: 1 })) }, 'secretariat');
    const accession = await join('Veneto', { code: 'ITH3', country: 'IT' });
    await kernel.send('AcceptAccession', { accession, population: 5 }, 'secretariat');
    expect(kernel.state(ballotDecider, ballotStream(ballot))).toMatchObject({ opened: before });
  });

  it('B2 one effective position a region: of three who cast at once one is first, and a change names what it replaces', async () => {
    const { ballot } = await opened();
    const answers = await Promise.all(['Tuscany', 'Tuscany alternate', 'Tuscany'].map((who, i) => kernel.answer('CastPosition', { ballot, expressed: i === 1 ? 'AGAINST' : 'IN_FAVOUR' }, who)));
    expect(answers.map((a) => (a instanceof Problem ? a.reason : 'cast'))).toEqual(['cast', 'ALREADY_CAST', 'ALREADY_CAST']);
    const first = kernel.last().position;
    expect((await kernel.refusal('CastPosition', { ballot, expressed: 'AGAINST', replaces: first - 1 }, 'Tuscany')).facts).toMatchObject({ position: String(first) });
    expect(await refusal('CastPosition', { ballot, expressed: 'IN_FAVOUR', replaces: first }, 'Tuscany')).toBe('NOTHING_TO_CHANGE');
    await kernel.send('CastPosition', { ballot, expressed: 'AGAINST', replaces: first }, 'Tuscany alternate');
    expect(await refusal('CastPosition', { ballot, expressed: 'ABSTENTION', replaces: first }, 'Tuscany')).toBe('ALREADY_CAST');
    expect((await kernel.refusal('CastPosition', { ballot, expressed: 'AGAINST', replaces: first }, 'Saxony')).code).toBe('INVALID');
    await kernel.send('CloseBallot', { ballot }, 'chair');
    expect(kernel.last().data).toMatchObject({ tally: { against: 1, notVoted: 4 } });
    expect(kernel.entries().filter((e) => e.type === 'PositionCast')).toHaveLength(2);
  });

  it('B3 no position before the opening, after the closing or after the deadline, which is inclusive', async () => {
    const { recommendation, ballot } = await submitted();
    expect((await kernel.refusal('CastPosition', { ballot, expressed: 'AGAINST' }, 'Tuscany')).code).toBe('NOT_FOUND');
    const deadline = later(TODAY, 14 * DAY_MS);
    expect(await refusal('OpenBallot', { ballot, subject: recommendation, procedure: 'WRITTEN', deadline: later(deadline, -1) }, 'chair')).toBe('DEADLINE_TOO_SHORT');
    await kernel.send('OpenBallot', { ballot, subject: recommendation, procedure: 'WRITTEN', deadline }, 'chair');
    expect(frozen()).toMatchObject({ silence: 'NOT_VOTED', deadline });
    await inFavour(ballot, 'Tuscany');
    expect(await refusal('CloseBallot', { ballot }, 'chair')).toBe('TOO_EARLY');
    kernel.clock.standAt(deadline);
    await inFavour(ballot, 'Saxony');
    expect(await refusal('CloseBallot', { ballot }, SYSTEM)).toBe('TOO_EARLY');
    kernel.clock.standAt(later(deadline, 1));
    expect(await refusal('CastPosition', { ballot, expressed: 'AGAINST' }, 'Galicia')).toBe('AFTER_DEADLINE');
    const closes = await Promise.all([kernel.answer('CloseBallot', { ballot }, SYSTEM), kernel.answer('CloseBallot', { ballot }, 'chair')]);
    expect(closes.map((a) => (a instanceof Problem ? a.reason : 'closed'))).toEqual(['closed', 'BALLOT_NOT_OPEN']);
    expect(await refusal('CastPosition', { ballot, expressed: 'AGAINST' }, 'Galicia')).toBe('BALLOT_NOT_OPEN');
  });

  it('B3 with a deadline it closes before only when all have cast', async () => {
    const { recommendation, ballot } = await submitted();
    await kernel.send('OpenBallot', { ballot, subject: recommendation, procedure: 'WRITTEN', deadline: later(TODAY, 30 * DAY_MS) }, 'chair');
    for (const { name } of FOUNDERS) await inFavour(ballot, name);
    await kernel.send('CloseBallot', { ballot }, 'chair');
  });

  it('B4 a ballot in a meeting needs the quorum at its opening: more than half of the entitled', async () => {
    const { recommendation, ballot } = await submitted();
    const open = (present: string[], recusals: object[] = []) => kernel.answer('OpenBallot', { ballot, subject: recommendation, procedure: 'MEETING', present, recusals }, 'chair');
    const all = FOUNDERS.map((f) => region(f.name));
    expect(await open(all.slice(0, 2))).toMatchObject({ reason: 'NO_QUORUM' });
    // Of four who are left after a recusal, two are no quorum, and the recused one does not count.
    expect(await open([all[0], all[1], all[4]] as string[], [{ region: all[4], reason: 'RULED_CONFLICT' }])).toMatchObject({ reason: 'NO_QUORUM' });
    expect(await open(['nowhere'])).toMatchObject({ code: 'NOT_FOUND' });
    expect(await open(all, all.map((r) => ({ region: r, reason: 'RULED_CONFLICT' })))).toMatchObject({ reason: 'NOBODY_ENTITLED' });
    expect(await kernel.answer('OpenBallot', { ballot, subject: recommendation, procedure: 'MEETING' }, 'chair')).toMatchObject({ code: 'INVALID' });
    expect(await kernel.answer('OpenBallot', { ballot, subject: recommendation, procedure: 'WRITTEN' }, 'chair')).toMatchObject({ code: 'INVALID' });
    expect(await open(all.slice(0, 3))).not.toBeInstanceOf(Problem);
  });

  it('B8 B11 a result is declared with its proof, by region', async () => {
    const { ballot } = await opened();
    for (const { name } of FOUNDERS) await kernel.send('CastPosition', { ballot, expressed: name === 'Lombardy' ? 'AGAINST' : 'IN_FAVOUR' }, name);
    await kernel.send('CloseBallot', { ballot }, 'chair');
    expect(kernel.last().data).toMatchObject({
      outcome: 'ADOPTED', tally: { inFavour: 4, against: 1, populationInFavour: 13_388_383, populationTotal: 23_423_588 },
      proof: { outcome: 'ADOPTED', populationCouldMatter: true, recusalsCouldMatter: false, sentence: expect.stringContaining('57.15 %') },
    });
    expect(kernel.entries().filter((e) => e.type === 'PositionCast').map((e) => e.meta.actor.regionId)).toEqual(FOUNDERS.map((f) => region(f.name)));
  });

  it('B9 a tie is rejected by default, and decided by the chair where the rules give a casting vote', async () => {
    await kernel.send('AdoptRulesOfProcedure', { rules: { ...rules(), matters: DEFAULT_RULES.matters.map(({ matter }) => ({ matter, rule: { name: 'SIMPLE_MAJORITY_OF_VOTES_CAST', tie: 'CASTING_VOTE' } })) } }, 'secretariat');
    const { ballot } = await opened();
    await inFavour(ballot, 'Tuscany');
    await kernel.send('CastPosition', { ballot, expressed: 'AGAINST' }, 'Lombardy');
    expect(await refusal('CloseBallot', { ballot }, SYSTEM)).toBe('CASTING_VOTE_NEEDED');
    await kernel.send('CloseBallot', { ballot, castingVote: 'IN_FAVOUR' }, 'chair');
    expect(kernel.last().data).toMatchObject({ outcome: 'ADOPTED', castingVote: 'IN_FAVOUR', proof: { reason: 'TIE' } });
    const other = await opened();
    await inFavour(other.ballot, 'Tuscany');
    expect((await kernel.refusal('CloseBallot', { ballot: other.ballot, castingVote: 'AGAINST' }, 'chair')).code).toBe('INVALID');
  });
});

describe('Commands', () => {
  it('are refused with CONFLICT for a revision that has passed, and for an id that was used for something else', async () => {
    const commandId = '01900000-0000-7000-8000-00000000000a';
    const first = await kernel.send('AppointToOffice', { office: 'AUDITOR', person: 'a' }, 'secretariat', { commandId });
    expect(await kernel.send('AppointToOffice', { office: 'AUDITOR', person: 'a' }, 'secretariat', { commandId })).toEqual({ ...first, repeated: true });
    for (const [input, who] of [[{ office: 'AUDITOR', person: 'b' }, 'secretariat'], [{ office: 'AUDITOR', person: 'a' }, 'other']] as const) {
      expect(await kernel.answer('AppointToOffice', input, who, { commandId })).toMatchObject({ code: 'CONFLICT', reason: 'COMMAND_ID_REUSED' });
    }
    expect(await kernel.answer('EndOffice', { office: 'AUDITOR', person: 'a' }, 'secretariat', { commandId })).toMatchObject({ code: 'CONFLICT' });
    expect(await kernel.answer('AppointToOffice', { office: 'AUDITOR', person: 'c' }, 'secretariat', { revision: first.revision - 1 })).toMatchObject({ code: 'CONFLICT', reason: 'REVISION', facts: { actual: first.revision } });
    await kernel.send('AppointToOffice', { office: 'AUDITOR', person: 'c' }, 'secretariat', { revision: first.revision });
  });

  it('500 at once have 500 positions without a hole, each its own', async () => {
    const before = kernel.head;
    const receipts = await Promise.all(Array.from({ length: 500 }, (_, i) => kernel.send('AppointToOffice', { office: 'OPERATOR', person: `person ${i}` }, 'secretariat')));
    expect(receipts.map((r) => r.position).sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => before + 1 + i));
  });
});
