import { describe, expect, it } from '@jest/globals';
import { BallotClosed, BallotOpened, PositionCast, type RegionPosition } from '../../../src/events/ballots.events.js';
import { AccessionAccepted, AccessionSubmitted, MembershipWithdrawn } from '../../../src/events/membership.events.js';
import { DECISION_RULE_NAMES } from '../../../src/events/rules.js';
import type { Actor } from '../../../src/event-store/entry.js';
import { ballotDecider, castPosition, closeBallot, openBallot, type Frozen } from '../../../src/modules/ballots/ballots.decider.js';
import { resultOf } from '../../../src/modules/ballots/result.js';
import { committeeDecider } from '../../../src/modules/membership/committee.decider.js';
import { rollDecider } from '../../../src/modules/membership/roll.decider.js';
import { standardRule } from '../../../src/modules/membership/standard-rules.js';
import {
  act, alternateOf, BOTH_ORDERS, CHAIR, committees, contactOf, letterOf, representativeOf, rulesInput, SECRETARIAT, tableOf, type Committee,
} from '../../support/committee.js';
import { DAY_MS, given, later, TODAY } from '../../support/given.js';
import { SYSTEM } from '../../support/kernel.js';

const committee = committees();
const IN_A_MONTH = later(TODAY, 30 * DAY_MS);
const cast = (ballot: string, expressed: RegionPosition = 'IN_FAVOUR', replaces?: number) => ({ ballot, expressed, ...(replaces !== undefined && { replaces }) });
const electorateOf = (at: Committee, ballot: string) => at.ballot(ballot).opened.electorate.map(({ regionId }) => regionId);

/** A ballot as its decider sees it: three seats, without Nest, log or clock. */
const frozen = (differing: Partial<Frozen> = {}): Frozen => ({
  ballotId: 'b', subjectId: 's', matter: 'RECOMMENDATION', subjectHash: 'h', procedure: 'MEETING', rule: standardRule('SIMPLE_MAJORITY_OF_VOTES_CAST'),
  rulesVersion: 1, silence: 'NOT_VOTED', electorate: ['r1', 'r2', 'r3'].map((regionId) => ({ regionId, population: 10 })), recusals: [], ...differing,
});
const seatOf = (regionId: string): Actor => ({ office: 'REPRESENTATIVE', personId: 'p', regionId });
const member = (id: string) => [
  AccessionSubmitted({ accessionId: `a-${id}`, region: { id, name: id, country: 'ZZ' }, letterOfAdhesion: letterOf(), contactPersonId: 'c' }),
  AccessionAccepted({ accessionId: `a-${id}`, regionId: id, contactPersonId: 'c' }),
];

describe('B0 the electorate', () => {
  it('B0 is all member regions at the opening: those that asked, were declined or withdrew are none', async () => {
    const at = await committee.of({ regions: 4, table: false, rules: rulesInput({ name: 'UNANIMITY' }) });
    await at.asked(5);
    await at.kernel.send('DeclineAccession', { accession: (await at.asked(6)).accession }, SECRETARIAT);
    await at.kernel.send('WithdrawMembership', { region: at.region(4) }, contactOf(4));
    const { ballot } = await at.opened({ present: at.regions.slice(0, 3) });
    expect(electorateOf(at, ballot)).toEqual(at.regions.slice(0, 3));
  });

  it('B0 only recusal leaves it, with its reason, at the opening', async () => {
    const at = await committee.of({ populations: [10, 20, 30] });
    const { ballot } = await at.opened({ recusals: [{ region: at.region(2), reason: 'DECLARED_CONFLICT' }] });
    expect(electorateOf(at, ballot)).toEqual([at.region(1), at.region(3)]);
    expect(at.ballot(ballot).opened.recusals).toEqual([{ regionId: at.region(2), reason: 'DECLARED_CONFLICT', population: 20 }]);
    expect(await at.kernel.refusal('CastPosition', cast(ballot), representativeOf(2))).toMatchObject({ reason: 'NOT_IN_ELECTORATE', facts: { region: at.region(2) } });
  });

  it('B0 a region is recused once, for one reason', async () => {
    const at = await committee.of({ regions: 3 });
    const submitted = await at.submitted();
    const recusals = ['DECLARED_CONFLICT', 'RULED_CONFLICT'].map((reason) => ({ region: at.region(1), reason }));
    expect(await at.kernel.refusal('OpenBallot', at.opening(submitted, { recusals }), CHAIR)).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'recusals' }] } });
  });

  it('B0 a region that is no member is neither recused nor present', async () => {
    const at = await committee.of({ regions: 2 });
    const submitted = await at.submitted();
    for (const stranger of [{ recusals: [{ region: 'nowhere', reason: 'DECLARED_CONFLICT' }] }, { present: [...at.regions, 'nowhere'] }]) {
      expect(await at.kernel.refusal('OpenBallot', at.opening(submitted, stranger), CHAIR)).toMatchObject({ code: 'NOT_FOUND', facts: { id: 'nowhere' } });
    }
  });

  it('B0 nobody entitled, no ballot', async () => {
    const at = await committee.of({ regions: 2 });
    const submitted = await at.submitted();
    const recusals = at.regions.map((region) => ({ region, reason: 'RULED_CONFLICT' }));
    expect(await at.kernel.refusal('OpenBallot', at.opening(submitted, { recusals }), CHAIR)).toMatchObject({ reason: 'NOBODY_ENTITLED' });
  });

  it('B0 a region that withdraws stays in it with its position, and may no longer cast', async () => {
    const at = await committee.of({ populations: [10, 10, 10, 10] });
    const { ballot } = await at.opened();
    await at.cast(ballot, 'F');
    for (const n of [1, 2]) await at.kernel.send('WithdrawMembership', { region: at.region(n) }, contactOf(n));
    expect(await at.kernel.refusal('CastPosition', cast(ballot), representativeOf(2))).toMatchObject({ code: 'FORBIDDEN' });
    await at.kernel.send('CastPosition', cast(ballot), representativeOf(3));
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
    expect(at.kernel.last().data).toMatchObject({ tally: { electorate: 4, inFavour: 2, notVoted: 2, populationTotal: 40, populationInFavour: 20 }, outcome: 'NO_OPINION' });
  });

  it('B0 … not even for an act that its seat still let through', () => {
    const roll = given(rollDecider, ...member('r1'), MembershipWithdrawn({ regionId: 'r1', mandatesEnded: [] })).state;
    given(ballotDecider, BallotOpened(frozen())).when(castPosition, cast('b'), { facts: { roll }, by: seatOf('r1') }).isRefused('NOT_A_MEMBER', { region: 'r1' });
  });

  it('B0 a region that joins after the opening is not in it', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const region = await at.joined(3, 5);
    await at.kernel.send('AppointRepresentative', { region, person: representativeOf(3) }, contactOf(3));
    expect(await at.kernel.refusal('CastPosition', cast(ballot), representativeOf(3))).toMatchObject({ reason: 'NOT_IN_ELECTORATE' });
    expect(electorateOf(at, ballot)).toEqual(at.regions);
  });

  it.each(BOTH_ORDERS)('B0 an accession and an opening at once (%s): the newcomer is in the electorate, or not, as it was decided', async (order) => {
    const at = await committee.of({ regions: 2 });
    const [submitted, { accession, region }] = [await at.submitted(), await at.asked(3)];
    const outcomes = await at.atOnce(order, act('AcceptAccession', { accession, population: 5 }, SECRETARIAT), act('OpenBallot', at.opening(submitted), CHAIR));
    expect(outcomes).toEqual(['ACCEPTED', 'ACCEPTED']);
    expect(electorateOf(at, submitted.ballot)).toEqual(order === 'AS_LISTED' ? [...at.regions, region] : at.regions);
  });

  it.each(BOTH_ORDERS)('B0 a withdrawal and an opening at once (%s)', async (order) => {
    const at = await committee.of({ regions: 4 });
    const submitted = await at.submitted();
    const outcomes = await at.atOnce(order,
      act('WithdrawMembership', { region: at.region(4) }, contactOf(4)), act('OpenBallot', at.opening(submitted, { present: at.regions.slice(0, 3) }), CHAIR));
    expect(outcomes).toEqual(['ACCEPTED', 'ACCEPTED']);
    expect(electorateOf(at, submitted.ballot)).toHaveLength(order === 'AS_LISTED' ? 3 : 4);
  });

  it.each(BOTH_ORDERS)('B0 a withdrawal and a position of that region at once (%s): what was cast as a member stays', async (order) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const outcomes = await at.atOnce(order, act('WithdrawMembership', { region: at.region(1) }, contactOf(1)), act('CastPosition', cast(ballot), representativeOf(1)));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'FORBIDDEN' : 'ACCEPTED']);
    expect(at.ballot(ballot).castCount).toBe(order === 'AS_LISTED' ? 0 : 1);
  });
});

describe('B1 what the opening freezes', () => {
  it('B1 is the hash of the text, the rule, the version of the rules, the figures, the electorate and the recusals', async () => {
    const at = await committee.of({ populations: [10, 20] });
    const { recommendation, ballot } = await at.opened();
    expect(at.kernel.last()).toMatchObject({ type: 'BallotOpened', data: {
      ballotId: ballot, subjectId: recommendation, matter: 'RECOMMENDATION', subjectHash: at.recommendation(recommendation).textHash, procedure: 'MEETING',
      rule: standardRule('DOUBLE_MAJORITY'), rulesVersion: 1, populationYear: 2025, silence: 'NOT_VOTED', recusals: [], present: at.regions,
      electorate: [{ regionId: at.region(1), population: 10 }, { regionId: at.region(2), population: 20 }],
    } });
  });

  it('B1 nothing of it changes later: not by rules, tables, members or mandates', async () => {
    const at = await committee.of({ populations: [10, 10, 10] });
    const { ballot } = await at.opened();
    const before = at.ballot(ballot).opened;
    await at.kernel.send('AdoptRulesOfProcedure', { rules: rulesInput({ name: 'UNANIMITY' }) }, SECRETARIAT);
    await at.kernel.send('AdoptPopulationTable', tableOf(2026, at.regions, [1, 1, 1_000_000]), SECRETARIAT);
    await at.joined(4, 5_000_000);
    await at.kernel.send('WithdrawMembership', { region: at.region(3) }, contactOf(3));
    await at.cast(ballot, 'FF');
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
    expect(at.ballot(ballot)).toMatchObject({ opened: before, outcome: 'ADOPTED' });
  });

  it('B1 one submission, one ballot: it is opened once, and only on what was submitted to it', async () => {
    const at = await committee.of({ regions: 2 });
    const [first, second] = [await at.submitted(), await at.submitted()];
    for (const [ballot, recommendation] of [[first.ballot, second.recommendation], ['made-up', first.recommendation]] as const) {
      expect(await at.kernel.refusal('OpenBallot', at.opening({ ballot, recommendation }), CHAIR)).toMatchObject({ reason: 'NOT_SUBMITTED' });
    }
    expect(await at.kernel.refusal('OpenBallot', at.opening({ ballot: first.ballot, recommendation: 'nothing' }), CHAIR)).toMatchObject({ code: 'NOT_FOUND' });
    await at.kernel.send('OpenBallot', at.opening(first), CHAIR);
    expect(await at.kernel.refusal('OpenBallot', at.opening(first), CHAIR)).toMatchObject({ reason: 'ALREADY_OPENED', facts: { state: 'OPEN' } });
  });

  it('B1 what is only tabled, or withdrawn since, is not voted on', async () => {
    const at = await committee.of({ regions: 2 });
    const tabled = await at.tabled();
    expect(await at.kernel.refusal('OpenBallot', at.opening({ ballot: tabled, recommendation: tabled }), CHAIR)).toMatchObject({ reason: 'NOT_SUBMITTED', facts: { ballot: null } });
    const submitted = await at.submitted();
    await at.kernel.send('WithdrawRecommendation', { recommendation: submitted.recommendation }, representativeOf(1));
    expect(await at.kernel.refusal('OpenBallot', at.opening(submitted), CHAIR)).toMatchObject({ reason: 'NOT_SUBMITTED' });
  });

  it('B1 without rules in force no ballot is opened', async () => {
    const at = await committee.of({ regions: 2, rules: rulesInput(undefined, { effectiveFrom: IN_A_MONTH }) });
    const submitted = await at.submitted();
    expect(await at.kernel.refusal('OpenBallot', at.opening(submitted), CHAIR)).toMatchObject({ reason: 'NO_RULE' });
    at.kernel.clock.standAt(IN_A_MONTH);
    await at.kernel.send('OpenBallot', at.opening(submitted), CHAIR);
  });

  it.each(BOTH_ORDERS)('B1 two openings of one ballot at once (%s): one electorate', async (order) => {
    const at = await committee.of({ regions: 3 });
    const submitted = await at.submitted();
    const outcomes = await at.atOnce(order,
      act('OpenBallot', at.opening(submitted), CHAIR),
      act('OpenBallot', at.opening(submitted, { recusals: [{ region: at.region(1), reason: 'RULED_CONFLICT' }] }), CHAIR));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ALREADY_OPENED'] : ['ALREADY_OPENED', 'ACCEPTED']);
    expect(electorateOf(at, submitted.ballot)).toHaveLength(order === 'AS_LISTED' ? 3 : 2);
  });

  it.each(BOTH_ORDERS)('B1 a new table and an opening at once (%s): all figures are of one table', async (order) => {
    const at = await committee.of({ populations: [10, 20] });
    const submitted = await at.submitted();
    await at.atOnce(order, act('AdoptPopulationTable', tableOf(2026, at.regions, [11, 21]), SECRETARIAT), act('OpenBallot', at.opening(submitted), CHAIR));
    expect(at.ballot(submitted.ballot).opened).toMatchObject(order === 'AS_LISTED'
      ? { populationYear: 2026, electorate: [{ population: 11 }, { population: 21 }] } : { populationYear: 2025, electorate: [{ population: 10 }, { population: 20 }] });
  });
});

describe('B2 one effective position a region', () => {
  it('B2 a first position names none; a change names the one that it replaces, the last counts and all are kept', async () => {
    const at = await committee.of({ populations: [10, 10] });
    const { ballot } = await at.opened();
    const first = await at.kernel.send('CastPosition', cast(ballot, 'IN_FAVOUR'), representativeOf(1));
    const second = await at.kernel.send('CastPosition', cast(ballot, 'ABSTENTION', first.position), alternateOf(1));
    const third = await at.kernel.send('CastPosition', cast(ballot, 'AGAINST', second.position), representativeOf(1));
    expect(at.ballot(ballot)).toMatchObject({ castCount: 1, cast: [{ expressed: 'AGAINST', position: third.position }, null] });
    expect(at.kernel.entries().slice(-3).map(({ data }) => data)).toMatchObject([
      { expressed: 'IN_FAVOUR' }, { expressed: 'ABSTENTION', replaces: first.position }, { expressed: 'AGAINST', replaces: second.position },
    ]);
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
    expect(at.kernel.last().data).toMatchObject({ tally: { inFavour: 0, against: 1, abstention: 0, notVoted: 1 } });
  });

  it('B2 a second position that names none, or one that does not count any more, is refused with what counts', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const first = await at.kernel.send('CastPosition', cast(ballot, 'IN_FAVOUR'), representativeOf(1));
    const second = await at.kernel.send('CastPosition', cast(ballot, 'AGAINST', first.position), representativeOf(1));
    for (const replaces of [undefined, first.position, second.position + 1]) {
      expect(await at.kernel.refusal('CastPosition', cast(ballot, 'ABSTENTION', replaces), alternateOf(1)))
        .toMatchObject({ reason: 'ALREADY_CAST', facts: { position: String(second.position), expressed: 'AGAINST' } });
    }
  });

  it('B2 a first position replaces nothing, least of all another region\'s', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const first = await at.kernel.send('CastPosition', cast(ballot), representativeOf(1));
    expect(await at.kernel.refusal('CastPosition', cast(ballot, 'AGAINST', first.position), representativeOf(2))).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'replaces' }] } });
  });

  it('B2 a change to what it is already changes nothing', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const { position } = await at.kernel.send('CastPosition', cast(ballot), representativeOf(1));
    expect(await at.kernel.refusal('CastPosition', cast(ballot, 'IN_FAVOUR', position), representativeOf(1))).toMatchObject({ reason: 'NOTHING_TO_CHANGE' });
  });

  it.each(BOTH_ORDERS)('B2 representative and alternate cast at once (%s): one position, the other is told of it', async (order) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const outcomes = await at.atOnce(order, act('CastPosition', cast(ballot, 'IN_FAVOUR'), representativeOf(1)), act('CastPosition', cast(ballot, 'AGAINST'), alternateOf(1)));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ALREADY_CAST'] : ['ALREADY_CAST', 'ACCEPTED']);
    expect(at.ballot(ballot)).toMatchObject({ castCount: 1, cast: [{ expressed: order === 'AS_LISTED' ? 'IN_FAVOUR' : 'AGAINST' }, null] });
  });

  it.each(BOTH_ORDERS)('B2 two changes of one position at once (%s): nobody overwrites the other\'s act unseen', async (order) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const { position } = await at.kernel.send('CastPosition', cast(ballot), representativeOf(1));
    const outcomes = await at.atOnce(order,
      act('CastPosition', cast(ballot, 'AGAINST', position), representativeOf(1)), act('CastPosition', cast(ballot, 'ABSTENTION', position), alternateOf(1)));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ALREADY_CAST'] : ['ALREADY_CAST', 'ACCEPTED']);
  });
});

describe('B3 when positions count', () => {
  it('B3 not before the opening', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.submitted();
    expect(await at.kernel.refusal('CastPosition', cast(ballot), representativeOf(1))).toMatchObject({ code: 'NOT_FOUND', facts: { id: ballot } });
    expect(await at.kernel.refusal('CloseBallot', { ballot }, CHAIR)).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('B3 not after the closing', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.closed('F');
    expect(await at.kernel.refusal('CastPosition', cast(ballot), representativeOf(2))).toMatchObject({ reason: 'BALLOT_NOT_OPEN', facts: { state: 'CLOSED' } });
    expect(await at.kernel.refusal('CloseBallot', { ballot }, CHAIR)).toMatchObject({ reason: 'BALLOT_NOT_OPEN' });
  });

  it('B3 not after the deadline, which is inclusive, by the server\'s time', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.openedInWriting(IN_A_MONTH);
    at.kernel.clock.standAt(IN_A_MONTH);
    await at.kernel.send('CastPosition', cast(ballot), representativeOf(1));
    at.kernel.clock.standAt(later(IN_A_MONTH, 1));
    expect(await at.kernel.refusal('CastPosition', cast(ballot), representativeOf(2))).toMatchObject({ reason: 'AFTER_DEADLINE', facts: { deadline: IN_A_MONTH } });
  });

  it('B3 a clock that goes back brings no time back: what is recorded after the deadline ends it', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.openedInWriting(IN_A_MONTH);
    at.kernel.clock.standAt(later(IN_A_MONTH, 1));
    await at.drafted();
    at.kernel.clock.standAt(TODAY);
    expect(await at.kernel.refusal('CastPosition', cast(ballot), representativeOf(1))).toMatchObject({ reason: 'AFTER_DEADLINE' });
  });

  it('B3 a ballot with a deadline closes before it only when all have cast', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.openedInWriting(IN_A_MONTH);
    await at.cast(ballot, 'FA');
    at.kernel.clock.standAt(IN_A_MONTH);
    for (const who of [CHAIR, SYSTEM]) expect(await at.kernel.refusal('CloseBallot', { ballot }, who)).toMatchObject({ reason: 'TOO_EARLY', facts: { deadline: IN_A_MONTH } });
    await at.kernel.send('CastPosition', cast(ballot, 'ABSTENTION'), representativeOf(3));
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
  });

  it('B3 … a region that cast twice has cast once', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.openedInWriting(IN_A_MONTH);
    const { position } = await at.kernel.send('CastPosition', cast(ballot), representativeOf(1));
    await at.kernel.send('CastPosition', cast(ballot, 'AGAINST', position), representativeOf(1));
    expect(await at.kernel.refusal('CloseBallot', { ballot }, CHAIR)).toMatchObject({ reason: 'TOO_EARLY' });
  });

  it('B3 after the deadline it closes, whoever has not cast', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.openedInWriting(IN_A_MONTH);
    at.kernel.clock.standAt(later(IN_A_MONTH, 1));
    await at.kernel.send('CloseBallot', { ballot }, SYSTEM);
    expect(at.kernel.last()).toMatchObject({ data: { outcome: 'NO_OPINION', proof: { reason: 'NOBODY_VOTED' } }, meta: { actor: { office: 'SYSTEM' } } });
  });

  it('B3 without a deadline the chair closes', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.opened();
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
  });

  it('B3 a written procedure lasts at least as long as the rules say, to the millisecond, and has no silent agreement yet', async () => {
    const at = await committee.of({ regions: 2 });
    const submitted = await at.submitted();
    const earliest = later(TODAY, 14 * DAY_MS);
    const inWriting = (deadline: string) => at.opening(submitted, { procedure: 'WRITTEN', present: undefined, deadline });
    expect(await at.kernel.refusal('OpenBallot', inWriting(later(earliest, -1)), CHAIR)).toMatchObject({ reason: 'DEADLINE_TOO_SHORT', facts: { earliest } });
    await at.kernel.send('OpenBallot', inWriting(earliest), CHAIR);
    expect(at.ballot(submitted.ballot).opened).toMatchObject({ procedure: 'WRITTEN', deadline: earliest, silence: 'NOT_VOTED' });
  });

  it.each([
    ['a written procedure without a deadline', { procedure: 'WRITTEN', present: undefined }, 'deadline'],
    ['a written procedure with regions present', { procedure: 'WRITTEN', deadline: IN_A_MONTH }, 'present'],
    ['a meeting with a deadline', { deadline: IN_A_MONTH }, 'deadline'],
    ['a meeting without regions present', { present: undefined }, 'present'],
  ])('B3 %s is refused, and the field named', async (_, differing, path) => {
    const at = await committee.of({ regions: 2 });
    const submitted = await at.submitted();
    expect(await at.kernel.refusal('OpenBallot', at.opening(submitted, differing), CHAIR)).toMatchObject({ code: 'INVALID', facts: { fields: [{ path, message: expect.stringContaining(path) }] } });
  });

  it.each(BOTH_ORDERS)('B3 a position and the closing at once (%s): it counts if it came first, and else is refused', async (order) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const outcomes = await at.atOnce(order, act('CastPosition', cast(ballot), representativeOf(1)), act('CloseBallot', { ballot }, CHAIR));
    expect(outcomes).toEqual([order === 'AS_LISTED' ? 'ACCEPTED' : 'BALLOT_NOT_OPEN', 'ACCEPTED']);
    const closed = at.kernel.entries().find(({ type }) => type === 'BallotClosed');
    expect(closed?.data).toMatchObject({ tally: { inFavour: order === 'AS_LISTED' ? 1 : 0 } });
  });

  it.each(BOTH_ORDERS)('B3 chair and process close at once (%s): one result', async (order) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.openedInWriting(IN_A_MONTH);
    at.kernel.clock.standAt(later(IN_A_MONTH, 1));
    const outcomes = await at.atOnce(order, act('CloseBallot', { ballot }, CHAIR), act('CloseBallot', { ballot }, SYSTEM));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'BALLOT_NOT_OPEN'] : ['BALLOT_NOT_OPEN', 'ACCEPTED']);
  });

  it.each(BOTH_ORDERS)('B3 the last position and a closing before the deadline at once (%s)', async (order) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.openedInWriting(IN_A_MONTH);
    await at.cast(ballot, 'F');
    const outcomes = await at.atOnce(order, act('CastPosition', cast(ballot), representativeOf(2)), act('CloseBallot', { ballot }, CHAIR));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'ACCEPTED' : 'TOO_EARLY']);
  });
});

describe('B4 the quorum', () => {
  it('B4 a ballot in a meeting needs more than half of the entitled regions at its opening', async () => {
    const at = await committee.of({ regions: 4 });
    const submitted = await at.submitted();
    const withPresent = (n: number) => at.opening(submitted, { present: at.regions.slice(0, n) });
    for (const present of [0, 1, 2]) {
      expect(await at.kernel.refusal('OpenBallot', withPresent(present), CHAIR)).toMatchObject({ reason: 'NO_QUORUM', facts: { present, entitled: 4 } });
    }
    await at.kernel.send('OpenBallot', withPresent(3), CHAIR);
    expect(at.ballot(submitted.ballot).opened.present).toEqual(at.regions.slice(0, 3));
  });

  it('B4 a recused region counts neither among the present nor among the entitled', async () => {
    const at = await committee.of({ regions: 4 });
    const submitted = await at.submitted();
    const recusals = [{ region: at.region(1), reason: 'DECLARED_CONFLICT' }];
    const withPresent = (...ns: number[]) => at.opening(submitted, { recusals, present: ns.map((n) => at.region(n)) });
    expect(await at.kernel.refusal('OpenBallot', withPresent(1, 2), CHAIR)).toMatchObject({ reason: 'NO_QUORUM', facts: { present: 1, entitled: 3 } });
    await at.kernel.send('OpenBallot', withPresent(1, 2, 3), CHAIR);
  });

  it.each([
    ['at least half', { numerator: 1, denominator: 2, strict: false }, 2],
    ['more than two thirds', { numerator: 2, denominator: 3, strict: true }, 3],
    ['at least two thirds', { numerator: 2, denominator: 3, strict: false }, 3],
    ['none', { numerator: 0, denominator: 1, strict: false }, 0],
  ])('B4 the rules may ask for another one: %s of four', async (_, quorum, enough) => {
    const at = await committee.of({ regions: 4, rules: rulesInput(undefined, { quorum }) });
    const submitted = await at.submitted();
    const withPresent = (n: number) => at.opening(submitted, { present: at.regions.slice(0, n) });
    if (enough > 0) expect(await at.kernel.refusal('OpenBallot', withPresent(enough - 1), CHAIR)).toMatchObject({ reason: 'NO_QUORUM' });
    await at.kernel.send('OpenBallot', withPresent(enough), CHAIR);
  });

  it('B4 whoever was absent at the opening may cast all the same', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.opened({ present: at.regions.slice(0, 2) });
    await at.kernel.send('CastPosition', cast(ballot), representativeOf(3));
  });

  it.each(BOTH_ORDERS)('B4 an accession and an opening at once (%s): the quorum is of the electorate that is frozen', async (order) => {
    const at = await committee.of({ regions: 3 });
    const [submitted, { accession }] = [await at.submitted(), await at.asked(4)];
    const outcomes = await at.atOnce(order,
      act('AcceptAccession', { accession, population: 5 }, SECRETARIAT), act('OpenBallot', at.opening(submitted, { present: at.regions.slice(0, 2) }), CHAIR));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'NO_QUORUM' : 'ACCEPTED']);
  });
});

describe('B8 the result', () => {
  it.each(DECISION_RULE_NAMES)('B8 %s is frozen as integers, and the result is a function of what was frozen and what was cast', async (name) => {
    const at = await committee.of({ populations: [10, 20, 30, 40, 50], rules: rulesInput({ name }) });
    const { ballot } = await at.closed('FFA-');
    const { opened, cast: positions, outcome } = at.ballot(ballot);
    expect(opened.rule).toEqual(standardRule(name));
    expect(JSON.stringify(opened)).not.toMatch(/\d\.\d/);
    const again = resultOf(opened, positions.map((one) => one?.expressed));
    expect(at.kernel.last().data).toEqual({ ballotId: ballot, subjectId: opened.subjectId, matter: 'RECOMMENDATION', outcome: again.proof.outcome, ...again });
    expect(outcome).toBe(again.proof.outcome);
  });

  it('B8 the blocking minority may be fixed by the rules of procedure', async () => {
    const at = await committee.of({ populations: [100, 1, 1, 1], rules: rulesInput({ name: 'DOUBLE_MAJORITY', fixedBlockingMinority: 4 }) });
    const { ballot } = await at.closed('AFFF');
    expect(at.ballot(ballot)).toMatchObject({ opened: { rule: { blockingMinority: { fixed: 4 } } }, outcome: 'ADOPTED' });
  });

  it('B8 a ballot replayed from its events alone has the same result', () => {
    const opened = frozen();
    const events = [PositionCast({ ballotId: 'b', regionId: 'r1', expressed: 'IN_FAVOUR' }), PositionCast({ ballotId: 'b', regionId: 'r3', expressed: 'AGAINST' }),
      PositionCast({ ballotId: 'b', regionId: 'r3', expressed: 'IN_FAVOUR', replaces: 3 })];
    const { tally, proof } = resultOf(opened, ['IN_FAVOUR', undefined, 'IN_FAVOUR']);
    given(ballotDecider, BallotOpened(opened), ...events).when(closeBallot, { ballot: 'b' }, {})
      .gives(BallotClosed({ ballotId: 'b', subjectId: 's', matter: 'RECOMMENDATION', outcome: 'ADOPTED', tally, proof }));
  });

  it.each(BOTH_ORDERS)('B8 all positions and the closing at once (%s): the result counts exactly what was accepted before it', async (order) => {
    const at = await committee.of({ populations: [10, 10, 10] });
    const { ballot } = await at.opened();
    const outcomes = await at.atOnce(order, ...[1, 2].map((n) => act('CastPosition', cast(ballot), representativeOf(n))), act('CloseBallot', { ballot }, CHAIR), act('CastPosition', cast(ballot), representativeOf(3)));
    const accepted = [0, 1, 3].filter((i) => outcomes[i] === 'ACCEPTED').length;
    expect(accepted).toBe(order === 'AS_LISTED' ? 2 : 1);
    expect(at.kernel.entries().find(({ type }) => type === 'BallotClosed')?.data).toMatchObject({ tally: { inFavour: accepted, notVoted: 3 - accepted } });
  });
});

describe('B9 outcomes', () => {
  it.each([
    ['ADOPTED', 'FFFA.', undefined], ['REJECTED', 'AAAAF', undefined], ['NO_OPINION', 'FFA..', undefined], ['NO_OPINION', '.....', 'NOBODY_VOTED'],
  ])('B9 double majority: %s for %s', async (outcome, letters, reason) => {
    const at = await committee.of({ populations: [10, 10, 10, 1, 1] });
    const { ballot } = await at.closed(letters);
    expect(at.ballot(ballot).outcome).toBe(outcome);
    expect((at.kernel.last().data as { proof: { reason?: string } }).proof.reason).toBe(reason);
  });

  it('B9 votes cast, equal and not nought, are rejected as a tie; nought to nought is no opinion', async () => {
    const at = await committee.of({ regions: 3, rules: rulesInput({ name: 'SIMPLE_MAJORITY_OF_VOTES_CAST' }) });
    await at.closed('FA-');
    expect(at.kernel.last().data).toMatchObject({ outcome: 'REJECTED', proof: { reason: 'TIE' } });
    await at.closed('---');
    expect(at.kernel.last().data).toMatchObject({ outcome: 'NO_OPINION' });
  });

  describe('with a casting vote', () => {
    const rules = rulesInput({ name: 'SIMPLE_MAJORITY_OF_VOTES_CAST', tie: 'CASTING_VOTE' });

    it.each([['IN_FAVOUR', 'ADOPTED'], ['AGAINST', 'REJECTED']] as const)('B9 the chair\'s casting vote %s decides equal votes: %s', async (castingVote, outcome) => {
      const at = await committee.of({ regions: 2, rules });
      const { ballot } = await at.opened();
      await at.cast(ballot, 'FA');
      expect(await at.kernel.refusal('CloseBallot', { ballot }, CHAIR)).toMatchObject({ code: 'REFUSED', reason: 'CASTING_VOTE_NEEDED' });
      await at.kernel.send('CloseBallot', { ballot, castingVote }, CHAIR);
      expect(at.kernel.last().data).toMatchObject({ outcome, castingVote, tally: { inFavour: 1, against: 1 } });
    });

    it('B9 is not heard where the votes are not equal, nor where the rule gives none', async () => {
      const at = await committee.of({ regions: 2, rules });
      const { ballot } = await at.opened();
      await at.cast(ballot, 'F');
      const invalid = { code: 'INVALID', facts: { fields: [{ path: 'castingVote' }] } };
      expect(await at.kernel.refusal('CloseBallot', { ballot, castingVote: 'AGAINST' }, CHAIR)).toMatchObject(invalid);
      await at.kernel.send('AdoptRulesOfProcedure', { rules: rulesInput({ name: 'SIMPLE_MAJORITY_OF_VOTES_CAST' }) }, SECRETARIAT);
      const other = await at.opened();
      await at.cast(other.ballot, 'FA');
      expect(await at.kernel.refusal('CloseBallot', { ballot: other.ballot, castingVote: 'AGAINST' }, CHAIR)).toMatchObject(invalid);
    });

    it('B9 a rule other than the simple majority of votes cast gives none, whatever the rules of procedure say', async () => {
      const at = await committee.of({ regions: 2, rules: rulesInput({ name: 'SIMPLE_MAJORITY_OF_MEMBERS', tie: 'CASTING_VOTE' }) });
      const { ballot } = await at.closed('FA');
      expect(at.ballot(ballot)).toMatchObject({ opened: { rule: { tie: 'REJECTED' } } });
    });

    it('B9 where a deadline passes on equal votes, the process is refused and the chair decides', async () => {
      const at = await committee.of({ regions: 3, rules });
      const { ballot } = await at.openedInWriting(IN_A_MONTH);
      await at.cast(ballot, 'FA');
      at.kernel.clock.standAt(later(IN_A_MONTH, 1));
      const processes = await at.kernel.processes();
      await processes.drain();
      expect(processes.consequences('REFUSED')).toMatchObject([{ command: 'CloseBallot', refusal: 'CASTING_VOTE_NEEDED', thingId: ballot }]);
      await at.kernel.send('CloseBallot', { ballot, castingVote: 'AGAINST' }, CHAIR);
      await processes.drain();
      expect(processes.consequences('REFUSED')).toEqual([]);
      expect(at.ballot(ballot).outcome).toBe('REJECTED');
    });

    it.each(BOTH_ORDERS)('B9 two casting votes at once (%s): one decides', async (order) => {
      const at = await committee.of({ regions: 2, rules });
      const { ballot } = await at.opened();
      await at.cast(ballot, 'FA');
      const outcomes = await at.atOnce(order, act('CloseBallot', { ballot, castingVote: 'IN_FAVOUR' }, CHAIR), act('CloseBallot', { ballot, castingVote: 'AGAINST' }, CHAIR));
      expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'BALLOT_NOT_OPEN'] : ['BALLOT_NOT_OPEN', 'ACCEPTED']);
      expect(at.ballot(ballot).outcome).toBe(order === 'AS_LISTED' ? 'ADOPTED' : 'REJECTED');
    });
  });
});

describe('B11 positions are by region', () => {
  it('B11 each position names its region and never a person, and none is lost with the closing', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.closed('FA-');
    const casts = at.kernel.entries().filter(({ type }) => type === 'PositionCast');
    expect(casts.map(({ data }) => data)).toEqual(['IN_FAVOUR', 'AGAINST', 'ABSTENTION'].map((expressed, i) => ({ ballotId: ballot, regionId: at.regions[i], expressed })));
    expect(at.ballot(ballot).cast.map((one) => one?.expressed)).toEqual(['IN_FAVOUR', 'AGAINST', 'ABSTENTION']);
    expect(at.kernel.codec.about(casts[0] as (typeof casts)[0])).toEqual([ballot, at.region(1)]);
  });

  it('B11 no command makes a ballot secret', async () => {
    const at = await committee.of({ regions: 3 });
    const submitted = await at.submitted();
    expect(await at.kernel.refusal('OpenBallot', at.opening(submitted, { secret: true }), CHAIR)).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'secret' }] } });
  });
});

describe('a ballot that is not there', () => {
  it('is told as not found, whatever is asked of it', () => {
    const facts = { roll: given(rollDecider, ...member('r1')).state };
    given(ballotDecider).when(castPosition, cast('b'), { facts, by: seatOf('r1') }).isNotFound();
    given(ballotDecider).when(closeBallot, { ballot: 'b' }).isNotFound();
    const opening = { subject: undefined, committee: committeeDecider.initial(), roll: facts.roll };
    given(ballotDecider).when(openBallot, { ballot: 'b', subject: 's', procedure: 'MEETING', present: [] }, { facts: opening }).isNotFound();
  });
});
