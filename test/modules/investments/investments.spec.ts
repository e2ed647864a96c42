import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { investmentsContribution } from '../../../src/modules/investments/investments.things.js';
import { until } from '../../support/server.js';
import type { Processes } from '../../support/kernel.js';
import { CENTS_AT_MOST } from '../../../src/events/shared.js';
import { ballotTable } from '../../../src/projections/ballots.view.js';
import { fundsTable, investmentTable } from '../../../src/projections/investments.view.js';
import { ALL_KEY_AREAS } from '../../../src/projections/key-areas.js';
import { alternateOf, BOTH_ORDERS, act, CHAIR, committees, contactOf, representativeOf, SECRETARIAT, type Committee } from '../../support/committee.js';
import { commitment, confirming, Investing, openForPledges, partOf, PROPOSAL } from '../../support/investments.js';
import type { Input, Who } from '../../support/kernel.js';
import { SEED } from '../../support/random.js';

const COUNTRIES = ['IT', 'DE', 'ES', 'PL', 'IT'];
const given = committees();
const committee = (): Promise<Committee> => given.of({ countries: COUNTRIES });
const lead = representativeOf(1);
const reason = async (at: Committee, name: string, input: Input, who: Who = lead): Promise<string> => {
  const { code, reason: told } = await at.kernel.refusal(name, input, who);
  return told ?? code;
};

describe('A joint investment', () => {
  it('J1 opens for pledges with two partner regions, the lead among them, and a plan', async () => {
    const at = await committee();
    const { id: investment } = await Investing.proposed(at);
    expect(await reason(at, 'OpenPledging', { investment })).toBe('NO_PLAN');
    await at.kernel.send('SetFinancingPlan', { investment, partners: [partOf(at.region(1), 1)] }, lead);
    expect(await reason(at, 'OpenPledging', { investment })).toBe('TOO_FEW_PARTNERS');
    await at.kernel.send('InvitePartner', { investment, region: at.region(2) }, lead);
    expect(await reason(at, 'OpenPledging', { investment })).toBe('TOO_FEW_PARTNERS');
    await at.kernel.send('AcceptPartnership', { investment, s3Priority: 'x' }, alternateOf(2));
    await at.kernel.send('OpenPledging', { investment }, lead);
    expect(await reason(at, 'OpenPledging', { investment })).toBe('NOTHING_TO_CHANGE');
  });

  it('J1 is put to the vote with three partner regions of three countries, which are members still', async () => {
    const at = await committee();
    const two = await openForPledges(at, 2);
    expect(await reason(at, 'SubmitInvestmentToBallot', { investment: two.id })).toBe('TOO_FEW_REGIONS');
    const three = await (await Investing.proposed(at)).joinedBy(2);
    await at.kernel.send('InvitePartner', { investment: three.id, region: at.region(5) }, lead);
    await at.kernel.send('AcceptPartnership', { investment: three.id, s3Priority: 'x' }, representativeOf(5));
    await (await three.planned()).openForPledges();
    expect(await reason(at, 'SubmitInvestmentToBallot', { investment: three.id })).toBe('TOO_FEW_COUNTRIES');
    await at.kernel.send('InvitePartner', { investment: three.id, region: at.region(3) }, lead);
    await at.kernel.send('AcceptPartnership', { investment: three.id, s3Priority: 'x' }, representativeOf(3));
    await at.kernel.send('WithdrawMembership', { region: at.region(3) }, contactOf(3));
    expect(await reason(at, 'SubmitInvestmentToBallot', { investment: three.id })).toBe('TOO_FEW_COUNTRIES');
    await at.kernel.send('InvitePartner', { investment: three.id, region: at.region(4) }, lead);
    await at.kernel.send('AcceptPartnership', { investment: three.id, s3Priority: 'x' }, representativeOf(4));
    await at.kernel.send('SubmitInvestmentToBallot', { investment: three.id }, lead);
  });

  it.each(BOTH_ORDERS)('J1 sent at once: what the last partner of a third country withdraws from is not put to the vote (%s)', async (order) => {
    const at = await committee();
    const { id: investment } = await openForPledges(at);
    const outcomes = await at.atOnce(order, act('WithdrawMembership', { region: at.region(3) }, contactOf(3)), act('SubmitInvestmentToBallot', { investment }, CHAIR));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'TOO_FEW_REGIONS'] : ['ACCEPTED', 'ACCEPTED']);
  });

  it('J3 its plan balances for each partner to the cent, and its total is the sum of the partners', async () => {
    const at = await committee();
    const investing = await (await Investing.proposed(at)).joinedBy(2);
    const plan = (...partners: Input[]): Input => ({ investment: investing.id, partners });
    const [one, two] = [partOf(at.region(1), 100, 50), partOf(at.region(2), 7)];
    const refused = await at.kernel.refusal('SetFinancingPlan', plan(one, { ...two, costs: [{ name: 'Pilot', amount: 8 }] }), lead);
    expect(refused).toMatchObject({ reason: 'NOT_BALANCED', facts: { region: at.region(2), costs: '8', sources: '7' } });
    expect(refused.message).toContain('0.07 euro for 0.08 euro');
    expect(await reason(at, 'SetFinancingPlan', plan(one, partOf(at.region(3), 7)))).toBe('NOT_A_PARTNER');
    expect(await reason(at, 'SetFinancingPlan', plan(one, one))).toBe('INVALID');
    await at.kernel.send('SetFinancingPlan', plan(one, two), lead);
    expect(at.kernel.last().data).toMatchObject({ total: 157 });
    expect(await reason(at, 'SetFinancingPlan', plan(one, two))).toBe('NOTHING_TO_CHANGE');
  });

  it.each([
    ['0', 0], ['-1', -1], ['half a cent', 0.5], ['a text', '100'], ['above the integers of JSON', CENTS_AT_MOST + 1], ['nothing', undefined],
  ])('J3 no amount is %s', async (_, amount) => {
    const at = await committee();
    const { id: investment } = await openForPledges(at);
    expect(await at.kernel.refusal('IndicatePledge', { investment, amount }, lead)).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'amount' }] } });
  });

  it('J3 sums above the integers of JSON are exact, or refused by name', async () => {
    const at = await committee();
    const investing = await (await Investing.proposed(at)).joinedBy(3);
    const huge = (n: number): Input => partOf(at.region(n), CENTS_AT_MOST);
    const tooMuch = await at.kernel.refusal('SetFinancingPlan', { investment: investing.id, partners: [huge(1), huge(2)] }, lead);
    expect(tooMuch).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'partners' }] } });
    expect(tooMuch.message).toContain(String(2n * BigInt(CENTS_AT_MOST)));
    // A cent less on one side, which a floating point sum would not see.
    const line = { name: 'x', amount: CENTS_AT_MOST };
    const four = ['a', 'b', 'c', 'd'].map((name) => ({ ...line, name }));
    const unequal = { region: at.region(1), costs: [...four, { name: 'z', amount: 1 }], sources: four.map((one) => ({ ...one, kind: 'PRIVATE' })) };
    expect(await reason(at, 'SetFinancingPlan', { investment: investing.id, partners: [unequal] })).toBe('NOT_BALANCED');
    await (await investing.planned(huge(1))).openForPledges();
    for (const n of [1, 2, 3]) await at.kernel.send('IndicatePledge', { investment: investing.id, amount: CENTS_AT_MOST }, representativeOf(n));
    const { reads } = await at.kernel.processes();
    expect(reads.get(investmentTable, investing.id, at.kernel.head)?.money).toEqual({ needed: String(CENTS_AT_MOST), pledged: '27021597764222973', confirmed: '0' });
  });

  it('J5 only a partner region pledges, for itself; confirmed on a paper and until a day', async () => {
    const at = await committee();
    const { id: investment } = await openForPledges(at);
    expect(await reason(at, 'ConfirmPledge', confirming(investment), representativeOf(2))).toBe('NO_PLEDGE');
    expect(await reason(at, 'IndicatePledge', { investment, amount: 5 }, representativeOf(4))).toBe('NOT_A_PARTNER');
    expect(await reason(at, 'IndicatePledge', { investment, amount: 5 }, SECRETARIAT)).toBe('FORBIDDEN');
    expect(await reason(at, 'IndicatePledge', { investment, amount: 5 }, CHAIR)).toBe('FORBIDDEN');
    await at.kernel.send('IndicatePledge', { investment, amount: 5 }, alternateOf(2));
    expect(at.kernel.last().data).toEqual({ investmentId: investment, regionId: at.region(2), amount: 5 });
    expect(await reason(at, 'IndicatePledge', { investment, amount: 5 }, representativeOf(2))).toBe('NOTHING_TO_CHANGE');
    const wrong: readonly (readonly [Input, string])[] = [
      [{ evidence: commitment({ kind: 'LETTER_OF_ADHESION' }) }, 'evidence.kind'], [{ evidence: commitment({ date: '2026-01-06' }) }, 'evidence.date'],
      [{ validUntil: '2026-01-04' }, 'validUntil'], [{ evidence: undefined }, 'evidence'], [{ validUntil: undefined }, 'validUntil'],
    ];
    for (const [differing, path] of wrong) {
      expect(await at.kernel.refusal('ConfirmPledge', confirming(investment, differing), representativeOf(2))).toMatchObject({ code: 'INVALID', facts: { fields: [{ path }] } });
    }
    await at.kernel.send('ConfirmPledge', confirming(investment), representativeOf(2));
    expect(at.kernel.last().data).toMatchObject({ amount: 5, evidence: { kind: 'COMMITMENT_LETTER' }, validUntil: '2027-12-31' });
  });

  it('J6 what is confirmed is lowered by a withdrawal with a reason only', async () => {
    const at = await committee();
    const { id: investment } = await openForPledges(at);
    await at.kernel.send('IndicatePledge', { investment, amount: 900 }, lead);
    await at.kernel.send('ConfirmPledge', confirming(investment, { amount: 800 }), lead);
    expect(await reason(at, 'ConfirmPledge', confirming(investment, { amount: 799 }))).toBe('PLEDGE_LOWERED');
    expect(await reason(at, 'IndicatePledge', { investment, amount: 1_000 })).toBe('PLEDGE_LOWERED');
    await at.kernel.send('ConfirmPledge', confirming(investment, { amount: 801 }), lead);
    expect(await reason(at, 'WithdrawPledge', { investment })).toBe('INVALID');
    await at.kernel.send('WithdrawPledge', { investment, reason: 'The regional budget was cut.' }, lead);
    expect(await reason(at, 'WithdrawPledge', { investment, reason: 'again' })).toBe('NO_PLEDGE');
    await at.kernel.send('IndicatePledge', { investment, amount: 1 }, lead);
    const { reads } = await at.kernel.processes();
    const money = (position: number) => reads.get(investmentTable, investment, position)?.money;
    expect(money(at.kernel.head)).toMatchObject({ pledged: '1', confirmed: '0' });
    expect(money(at.kernel.head - 1)).toMatchObject({ pledged: '0', confirmed: '0' });
    expect(money(at.kernel.head - 2)).toMatchObject({ pledged: '801', confirmed: '801' });
  });

  it.each(BOTH_ORDERS)('J6 sent at once: a pledge is not confirmed lower by who comes second (%s)', async (order) => {
    const at = await committee();
    const { id: investment } = await openForPledges(at);
    await at.kernel.send('IndicatePledge', { investment, amount: 9 }, lead);
    const outcomes = await at.atOnce(order, act('ConfirmPledge', confirming(investment, { amount: 7 }), lead), act('ConfirmPledge', confirming(investment, { amount: 8 }), alternateOf(1)));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ACCEPTED'] : ['PLEDGE_LOWERED', 'ACCEPTED']);
  });

  it('J11 says which initiatives are related, or that there are none', async () => {
    const at = await committee();
    expect(await reason(at, 'ProposeJointInvestment', { ...PROPOSAL, relatedInitiatives: undefined })).toBe('RELATED_INITIATIVES_UNDECLARED');
    const { id } = await Investing.proposed(at, { relatedInitiatives: [] });
    expect(at.kernel.last().data).toMatchObject({ investmentId: id, relatedInitiatives: [] });
    const few = await given.of({ regions: 1, keyAreas: ['KA2'] });
    expect(await reason(few, 'ProposeJointInvestment', PROPOSAL)).toBe('KEY_AREA_NOT_DEFINED');
  });

  it('J12 is endorsed or not, and nothing in the API says that it is funded', async () => {
    const schema = readFileSync('schema.graphql', 'utf8').split('\n').filter((line) => !/nothing of funding/.test(line));
    expect(schema.filter((line) => /\b\w*fund(ed|ing)?\b/i.test(line) && !/EU_FUND/.test(line))).toEqual([]);
    expect(schema.join('\n')).toMatch(/enum InvestmentState \{[^}]*ENDORSED/);
  });

  it('is led by the region that proposed it: only its seats act for it', async () => {
    const at = await committee();
    const { id: investment } = await Investing.proposed(at);
    for (const [name, input] of [['InvitePartner', { region: at.region(3) }], ['SetFinancingPlan', { partners: [partOf(at.region(1), 1)] }], ['OpenPledging', {}], ['SubmitInvestmentToBallot', {}]] as const) {
      expect([name, await reason(at, name, { investment, ...input }, representativeOf(2))]).toEqual([name, 'FORBIDDEN']);
      expect([name, await reason(at, name, { investment, ...input }, SECRETARIAT)]).toEqual([name, 'FORBIDDEN']);
    }
    await at.kernel.send('InvitePartner', { investment, region: at.region(2) }, alternateOf(1));
    expect(await reason(at, 'InvitePartner', { investment, region: at.region(2) })).toBe('ALREADY_A_PARTNER');
    expect(await reason(at, 'InvitePartner', { investment, region: at.region(1) })).toBe('ALREADY_A_PARTNER');
    expect(await reason(at, 'InvitePartner', { investment, region: 'none' })).toBe('NOT_FOUND');
    expect(await reason(at, 'AcceptPartnership', { investment, s3Priority: 'x' }, representativeOf(3))).toBe('NOT_INVITED');
    await at.kernel.send('AcceptPartnership', { investment, s3Priority: 'x' }, representativeOf(2));
    expect(await reason(at, 'AcceptPartnership', { investment, s3Priority: 'x' }, representativeOf(2))).toBe('NOTHING_TO_CHANGE');
    await at.kernel.send('WithdrawMembership', { region: at.region(3) }, contactOf(3));
    expect(await reason(at, 'InvitePartner', { investment, region: at.region(3) })).toBe('NOT_A_MEMBER');
  });
});

describe('What a region has to do for a joint investment', () => {
  it('stands on its desk from the position told, not before, until it is done', async () => {
    const at = await committee();
    const { reads } = await at.kernel.processes();
    const investing = await Investing.proposed(at);
    const { id: investment } = investing;
    await at.kernel.send('InvitePartner', { investment, region: at.region(2) }, lead);
    await at.kernel.send('InvitePartner', { investment, region: at.region(3) }, lead);
    await at.kernel.send('AcceptPartnership', { investment, s3Priority: 'x' }, representativeOf(2));
    await (await investing.planned()).openForPledges();
    await at.kernel.send('IndicatePledge', { investment, amount: 5 }, representativeOf(2));
    await at.kernel.send('IndicatePledge', { investment, amount: 6 }, lead);
    await at.kernel.send('ConfirmPledge', confirming(investment), representativeOf(2));
    await until(() => reads.position === at.kernel.head);
    const tasksOf = (n: number, position: number) => (investmentsContribution.tasks?.(reads, {
      personId: representativeOf(n), offices: [], contactPersonOf: [], seat: { office: 'REPRESENTATIVE', regionId: at.region(n), personId: representativeOf(n), from: '' },
    }, position) ?? []).map(({ kind, since }) => [kind, since] as const);
    const { head } = at.kernel;
    const begun = new Map<string, number>();
    for (let position = 1; position <= head; position++) {
      for (const n of [1, 2, 3]) {
        for (const [kind, since] of tasksOf(n, position)) {
          const key = `${n} ${kind}`;
          if (!begun.has(key)) begun.set(key, position);
          expect([key, since]).toEqual([key, begun.get(key)]);
          expect(tasksOf(n, since - 1)).toEqual([]);
        }
      }
    }
    expect([...begun.keys()].sort()).toEqual(['1 CONFIRM_PLEDGE', '2 ANSWER_INVITATION', '2 CONFIRM_PLEDGE', '3 ANSWER_INVITATION']);
    expect([tasksOf(1, head).length, tasksOf(2, head).length, tasksOf(3, head).length]).toEqual([1, 0, 1]);
  });
});

describe('The ballot on a joint investment', () => {
  const processesOf = async (at: Committee): Promise<Processes> => at.kernel.processes();
  it.each([
    ['FFFFF', 'InvestmentEndorsed', 'ENDORSED'], ['AAAAA', 'InvestmentNotEndorsed', 'NOT_ENDORSED'], ['.....', 'InvestmentLeftWithoutOpinion', 'NO_OPINION'],
  ] as const)('%s leads to %s by itself', async (letters, event, status) => {
    const at = await committee();
    const processes = await processesOf(at);
    const investing = await openForPledges(at);
    const ballot = await investing.votedOn(letters);
    await processes.drain();
    expect(at.kernel.last()).toMatchObject({ type: event, data: { investmentId: investing.id, ballotId: ballot }, meta: { actor: { office: 'SYSTEM' } } });
    expect(investing.state.status).toBe(status);
    expect(processes.reads.get(ballotTable, ballot, at.kernel.head)?.proof?.sentence).toMatch(/\S/);
    for (const name of ['EndorseInvestment', 'DeclineEndorsement', 'LeaveInvestmentWithoutOpinion']) expect(await reason(at, name, { investment: investing.id, ballot }, CHAIR)).toBe('NOT_IN_BALLOT');
  });

  it('ends what a declined one counts on the board; a revised plan moves the money, and leaves the state and the pledges as they are', async () => {
    const at = await committee();
    const processes = await processesOf(at);
    const investing = await openForPledges(at);
    await at.kernel.send('IndicatePledge', { investment: investing.id, amount: 9 }, representativeOf(2));
    await investing.planned(partOf(at.region(1), 50));
    await processes.drain();
    const { reads } = processes;
    const [open, replanned] = [reads.get(investmentTable, investing.id, at.kernel.head - 1), reads.get(investmentTable, investing.id, at.kernel.head)];
    expect([open?.money.needed, replanned?.money.needed]).toEqual(['130000', '50']);
    expect(replanned).toMatchObject({ state: 'OPEN_FOR_PLEDGES', pledges: open?.pledges, plan: { number: 2, total: 50 } });
    expect(reads.get(fundsTable, ALL_KEY_AREAS, at.kernel.head)).toEqual({ jointInvestments: 1, plans: 1, needed: '50', pledged: '9', confirmed: '0' });
    await investing.votedOn('AAAAA');
    await processes.drain();
    expect(at.kernel.last().type).toBe('InvestmentNotEndorsed');
    for (const area of [ALL_KEY_AREAS, 'KA2', 'KA4']) expect(reads.get(fundsTable, area, at.kernel.head)).toEqual({ jointInvestments: 0, plans: 0, pledged: '0', confirmed: '0' });
    expect(reads.get(fundsTable, ALL_KEY_AREAS, at.kernel.head - 1)).toMatchObject({ jointInvestments: 1, pledged: '9' });
  });

  it('freezes partners, plan and pledges until it is closed; afterwards an endorsed one takes pledges on', async () => {
    const at = await committee();
    const processes = await processesOf(at);
    const investing = await openForPledges(at);
    const { id: investment } = investing;
    await at.kernel.send('IndicatePledge', { investment, amount: 9 }, representativeOf(2));
    const ballot = await investing.submitted();
    expect(await reason(at, 'InvitePartner', { investment, region: at.region(4) })).toBe('ALREADY_SUBMITTED');
    expect(await reason(at, 'SetFinancingPlan', { investment, partners: [partOf(at.region(1), 3)] })).toBe('ALREADY_SUBMITTED');
    expect(await reason(at, 'OpenPledging', { investment })).toBe('ALREADY_SUBMITTED');
    for (const [name, input] of [['IndicatePledge', { amount: 3 }], ['ConfirmPledge', confirming(investment)], ['WithdrawPledge', { reason: 'x' }]] as const) {
      expect([name, await reason(at, name, { investment, ...input }, representativeOf(2))]).toEqual([name, 'PLEDGING_NOT_OPEN']);
    }
    expect(await reason(at, 'SubmitInvestmentToBallot', { investment }, CHAIR)).toBe('PLEDGING_NOT_OPEN');
    expect(await reason(at, 'EndorseInvestment', { investment, ballot }, CHAIR)).toBe('BALLOT_NOT_CLOSED');
    await at.kernel.send('OpenBallot', { ballot, subject: investment, procedure: 'MEETING', present: at.regions }, CHAIR);
    await at.cast(ballot, 'FFFFF');
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
    expect(await reason(at, 'DeclineEndorsement', { investment, ballot }, CHAIR)).toBe('OTHER_OUTCOME');
    await processes.drain();
    await at.kernel.send('ConfirmPledge', confirming(investment), representativeOf(2));
    expect(investing.state.pledges.get(at.region(2))).toEqual({ kind: 'CONFIRMED', amount: 9 });
    expect(await reason(at, 'SetFinancingPlan', { investment, partners: [partOf(at.region(1), 3)] })).toBe('ALREADY_SUBMITTED');
  });
});

describe('No euro cent appears or vanishes', () => {
  /** Acts by number, so that a sequence can be made smaller. Amounts small and huge. */
  const amount = fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.constant(CENTS_AT_MOST), fc.constant(CENTS_AT_MOST - 1));
  const step = fc.record({ what: fc.constantFrom('plan', 'indicate', 'confirm', 'withdraw', 'open', 'decline') as fc.Arbitrary<string>, of: fc.nat(1), by: fc.integer({ min: 1, max: 3 }), amount });

  it('over any sequence of plan, pledge and revision, in each thing and on the board, at every position', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const at = await committee();
      const both = [await (await Investing.proposed(at)).joinedBy(3), await (await Investing.proposed(at, { keyAreas: ['KA2'] })).joinedBy(3)];
      const processes = await at.kernel.processes();
      interface Naive { needed: bigint | undefined; readonly pledges: Map<number, readonly [kind: string, amount: bigint]>; counts: boolean }
      const naive: Naive[] = both.map(() => ({ needed: undefined, pledges: new Map(), counts: true }));
      const check: { position: number; total: readonly string[]; KA4: readonly string[] }[] = [];
      const note = (): void => {
        const sums = (of: readonly Naive[]): readonly string[] => {
          const all = of.filter((one) => one.counts);
          const pledged = (kinds: readonly string[]): bigint => all.flatMap(({ pledges }) => [...pledges.values()]).filter(([kind]) => kinds.includes(kind)).reduce((sum, [, cents]) => sum + cents, 0n);
          const planned = all.flatMap(({ needed }) => (needed === undefined ? [] : [needed]));
          return [String(all.length), planned.length === 0 ? 'none' : String(planned.reduce((a, b) => a + b, 0n)), String(pledged(['i', 'c'])), String(pledged(['c']))];
        };
        check.push({ position: at.kernel.head, total: sums(naive), KA4: sums(naive.slice(0, 1)) });
      };
      note();
      for (const { what, of, by, amount: cents } of steps) {
        const investing = both[of] as Investing;
        const model = naive[of] as Naive;
        const who = representativeOf(by);
        const pledge = model.pledges.get(by);
        const sent = async (name: string, input: Input, by_: Who = who): Promise<boolean> => !((await at.kernel.answer(name, { investment: investing.id, ...input }, by_)) instanceof Error);
        const expected = investing.state.status;
        if (what === 'plan' && await sent('SetFinancingPlan', { partners: [partOf(at.region(1), cents)] }, lead)) model.needed = BigInt(cents);
        if (what === 'indicate' && await sent('IndicatePledge', { amount: cents })) model.pledges.set(by, ['i', BigInt(cents)]);
        if (what === 'confirm' && await sent('ConfirmPledge', confirming(investing.id, cents % 2 === 0 ? {} : { amount: cents }))) model.pledges.set(by, ['c', cents % 2 === 0 ? pledge?.[1] ?? -1n : BigInt(cents)]);
        if (what === 'withdraw' && await sent('WithdrawPledge', { reason: 'x' })) model.pledges.delete(by);
        if (what === 'open') await sent('OpenPledging', {}, lead);
        if (what === 'decline' && expected === 'OPEN_FOR_PLEDGES' && cents < 200) {
          await investing.votedOn('AAAAA');
          await processes.drain();
          model.counts = false;
        }
        note();
      }
      await processes.drain();
      for (const { position, ...areas } of check) {
        for (const [area, expected] of Object.entries(areas)) {
          const row = processes.reads.get(fundsTable, area === 'total' ? ALL_KEY_AREAS : area, position);
          expect([position, area, String(row?.jointInvestments ?? 0), row?.needed ?? 'none', row?.pledged, row?.confirmed]).toEqual([position, area, ...expected]);
        }
      }
      await processes.stop();
    }), { numRuns: 25, seed: SEED });
  }, 120_000);
});
