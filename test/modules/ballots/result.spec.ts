import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BallotClosed, type Outcome, type OutcomeReason, type Seat, type Silence } from '../../../src/events/ballots.events.js';
import { DECISION_RULE_NAMES, type DecisionRule, type DecisionRuleName } from '../../../src/events/rules.js';
import { isTie, resultOf } from '../../../src/modules/ballots/result.js';
import { blockingMinimumOf, percentOf, tallyOf, verdictOf, type CastingVote, type FrozenBallot } from '../../../src/modules/ballots/verdict.js';
import { standardRule } from '../../../src/modules/membership/standard-rules.js';
import { anyRule, everyPosition, figure, FOUNDERS, naively, positionsOf, seats, seatsOf, SEED, TWELVE, voting, type MaybePosition } from './ballots.fixture.js';
import { byTakingTheLargest, byTryingAll, naiveAdopts, naiveResult, type NaiveOptions } from './naive-tally.js';

const WEIGHTED: readonly DecisionRuleName[] = ['DOUBLE_MAJORITY', 'REINFORCED_MAJORITY'];
const FIXED_FOUR = { blockingMinority: { fixed: 4 } };

function frozen(rule: DecisionRule, electorate: readonly Seat[], silence: Silence = 'NOT_VOTED', recused: readonly Seat[] = []): FrozenBallot {
  return { rule, electorate, silence, recusals: recused.map((seat) => ({ ...seat, reason: 'DECLARED_CONFLICT' })) };
}
function outcomeOf(ballot: FrozenBallot, positions: readonly MaybePosition[], castingVote?: CastingVote): string {
  return said(resultOf(ballot, positions, castingVote).proof);
}
function said({ outcome, reason }: { readonly outcome: Outcome; readonly reason?: OutcomeReason }): string {
  return reason ? `${outcome} ${reason}` : outcome;
}
/** Where two of anything differ; the first few are enough to see why. */
class Differences {
  private readonly found: string[] = [];
  compared = 0;
  compare(ours: unknown, theirs: unknown, where: () => unknown): void {
    this.compared++;
    if (ours !== theirs && this.found.length < 5) this.found.push(`${String(ours)} here, ${String(theirs)} naively: ${JSON.stringify(where())}`);
  }
  none(atLeast = 1): void {
    expect(this.found).toEqual([]);
    expect(this.compared).toBeGreaterThanOrEqual(atLeast);
  }
}

describe('B8 the rules as integers', () => {
  it('B8 each rule is data, and options go where they have a meaning', () => {
    const people = { numerator: 65, denominator: 100, strict: false, base: 'POPULATION_OF_ELECTORATE' };
    const blockingMinority = { share: { numerator: 35, denominator: 100, strict: true, base: 'POPULATION_OF_ELECTORATE' }, plus: 1 };
    expect(DECISION_RULE_NAMES.map((name) => standardRule(name))).toEqual([
      { name: 'SIMPLE_MAJORITY_OF_VOTES_CAST', regions: { numerator: 1, denominator: 2, strict: true, base: 'VOTES_CAST' }, tie: 'REJECTED' },
      { name: 'SIMPLE_MAJORITY_OF_MEMBERS', regions: { numerator: 1, denominator: 2, strict: true, base: 'ELECTORATE' }, tie: 'REJECTED' },
      { name: 'TWO_THIRDS_OF_MEMBERS', regions: { numerator: 2, denominator: 3, strict: false, base: 'ELECTORATE' }, tie: 'REJECTED' },
      {
        name: 'DOUBLE_MAJORITY', regions: { numerator: 55, denominator: 100, strict: false, base: 'ELECTORATE' },
        population: people, blockingMinority, tie: 'REJECTED',
      },
      {
        name: 'REINFORCED_MAJORITY', regions: { numerator: 72, denominator: 100, strict: false, base: 'ELECTORATE' },
        population: people, blockingMinority, tie: 'REJECTED',
      },
      { name: 'UNANIMITY', inFavourAtLeast: 1, againstAtMost: 0, tie: 'REJECTED' },
    ]);
    const options = { tie: 'CASTING_VOTE', blockingMinority: { fixed: 4 } } as const;
    expect(DECISION_RULE_NAMES.filter((name) => standardRule(name, options).tie === 'CASTING_VOTE')).toEqual(['SIMPLE_MAJORITY_OF_VOTES_CAST']);
    expect(DECISION_RULE_NAMES.filter((name) => standardRule(name, options).blockingMinority?.fixed === 4)).toEqual(WEIGHTED);
  });
});

describe('domain.md 2.8: the vectors of the double majority, populations of 2018', () => {
  // The table rounds its percentages (57.16, 66.67); a proof truncates them.
  const vectors = [
    { name: '5 founders', codes: FOUNDERS, against: 'ITC4', regions: '80.00', people: '57.15', A: 'ADOPTED', B: 'ADOPTED', needs: 2 },
    { name: '5 founders', codes: FOUNDERS, against: 'ITC4 ES11', regions: '60.00', people: '45.73', A: 'ADOPTED', B: 'NO_OPINION', needs: 2 },
    { name: '5 founders', codes: FOUNDERS, against: 'ES11 PL51', regions: '60.00', people: '76.18', A: 'ADOPTED', B: 'ADOPTED', needs: 2 },
    { name: '5 founders', codes: FOUNDERS, against: 'ES11 PL51 DED', regions: '40.00', people: '58.77', A: 'REJECTED', B: 'NO_OPINION', needs: 2 },
    { name: '12 regions', codes: TWELVE, against: 'DE1 ITC4', regions: '83.33', people: '63.84', A: 'ADOPTED', B: 'ADOPTED', needs: 3 },
    { name: '12 regions', codes: TWELVE, against: 'DE1 ITC4 ES51', regions: '75.00', people: '50.81', A: 'ADOPTED', B: 'NO_OPINION', needs: 3 },
    { name: '12 regions', codes: TWELVE, against: 'EL43 ES42 ES11 PL51', regions: '66.66', people: '85.87', A: 'ADOPTED', B: 'ADOPTED', needs: 3 },
    { name: '12 regions', codes: TWELVE, against: 'DE1 ITC4 EL43 ES42', regions: '66.66', people: '59.29', A: 'NO_OPINION', B: 'NO_OPINION', needs: 3 },
    { name: '12 regions', codes: TWELVE, against: 'EL43 ES42 ES11 PL51 RO21 ITI1', regions: '50.00', people: '73.93', A: 'NO_OPINION', B: 'NO_OPINION', needs: 3 },
  ] as const;

  it.each(vectors)('B8 double majority: $name, against $against: $A with four fixed, $B by default', ({ codes, against, regions, people, A, B, needs }) => {
    const positions = codes.map((code): MaybePosition => (against.split(' ').includes(code) ? 'AGAINST' : 'IN_FAVOUR'));
    const byDefault = resultOf(frozen(standardRule('DOUBLE_MAJORITY'), seatsOf(codes)), positions).proof;
    const fixed = resultOf(frozen(standardRule('DOUBLE_MAJORITY', FIXED_FOUR), seatsOf(codes)), positions).proof;
    expect([fixed.outcome, byDefault.outcome]).toEqual([A, B]);
    expect(byDefault.tests.filter((test) => test.towards === 'ADOPTED').map((test) => test.percent)).toEqual([regions, people, undefined]);
    expect(byDefault.tests.find((test) => test.name === 'BLOCKING_MINORITY')?.bound).toBe(needs);
    expect(fixed.tests.find((test) => test.name === 'BLOCKING_MINORITY')?.bound).toBe(4);
  });

  it('B8 the proof gives the integers that were compared', () => {
    const { tally, proof } = resultOf(frozen(standardRule('DOUBLE_MAJORITY'), seatsOf(FOUNDERS)), positionsOf('FAFFF'));
    expect(tally).toEqual({
      electorate: 5, inFavour: 4, tacit: 0, against: 1, abstention: 0, notVoted: 0,
      populationTotal: 23_423_588, populationInFavour: 13_388_383, populationAgainst: 10_035_205,
    });
    expect(proof.tests.map(({ sentence: _, ...numbers }) => numbers)).toEqual([
      { towards: 'ADOPTED', name: 'REGIONS', counted: 4, comparison: 'AT_LEAST', bound: 3, of: 5, numerator: 55, denominator: 100, passed: true, percent: '80.00' },
      {
        towards: 'ADOPTED', name: 'POPULATION', counted: 13_388_383, comparison: 'AT_LEAST', bound: 15_225_333, of: 23_423_588,
        numerator: 65, denominator: 100, passed: false, percent: '57.15',
      },
      { towards: 'ADOPTED', name: 'BLOCKING_MINORITY', counted: 1, comparison: 'FEWER_THAN', bound: 2, numerator: 35, denominator: 100, passed: true },
    ]);
  });

  it('B0 a recusal leaves the electorate and can turn the result: Lombardy and Galicia against, or Lombardy recused', () => {
    const rule = standardRule('DOUBLE_MAJORITY');
    const all = frozen(rule, seatsOf(FOUNDERS));
    const without = frozen(rule, seatsOf(['ITI1', 'DED', 'ES11', 'PL51']), 'NOT_VOTED', seatsOf(['ITC4']));
    expect(outcomeOf(all, positionsOf('FAFAF'))).toBe('NO_OPINION');
    const { tally, proof } = resultOf(without, positionsOf('FFAF'));
    expect([proof.outcome, tally.electorate, tally.populationTotal, proof.recusalsCouldMatter]).toEqual(['ADOPTED', 4, 13_388_383, true]);
    // with all four in favour there is nothing that Lombardy could have turned
    expect(resultOf(without, positionsOf('FFFF')).proof).toMatchObject({ outcome: 'ADOPTED', recusalsCouldMatter: false });
  });

  it('B8 the fixed four switches population off with 8 or fewer regions, not with 9', () => {
    const lopsided = (n: number): Seat[] => seats([1_000_000, ...Array.from({ length: n - 1 }, () => 1)]);
    const could = (n: number): boolean =>
      resultOf(frozen(standardRule('DOUBLE_MAJORITY', FIXED_FOUR), lopsided(n)), positionsOf('F'.repeat(n))).proof.populationCouldMatter;
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter(could)).toEqual([9, 10]);
  });
});

describe('B8, B9: every position of up to seven regions, against the naive tally', () => {
  const GIANT = [1_000_000, 1, 2, 3, 4, 5, 6];
  const STEPS = [64, 32, 16, 8, 4, 2, 1];
  const REAL = seatsOf([...FOUNDERS, 'DE1', 'EL43']).map((seat) => seat.population ?? 0);
  // all equal; a giant of exactly 35 %; two giants: six of these show what seven would, in a quarter of the time
  const PROFILES: readonly (readonly number[])[] = [GIANT, REAL, STEPS.slice(0, 6), [1, 1, 1, 1, 1, 1], [35, 13, 13, 13, 13, 13], [40, 1, 40, 1, 1, 1]];
  const cases = DECISION_RULE_NAMES.flatMap((name) => WEIGHTED.includes(name)
    ? [{ name, label: 'default blocking minority', options: {}, naive: {}, profiles: PROFILES },
      { name, label: 'four fixed', options: FIXED_FOUR, naive: { fixed: 4n }, profiles: [GIANT] },
      { name, label: 'two fixed', options: { blockingMinority: { fixed: 2 } }, naive: { fixed: 2n }, profiles: [STEPS] }]
    : [{ name, label: 'populations without effect', options: {}, naive: {}, profiles: [GIANT] }]);

  it.each(cases)('B8 $name, $label', ({ name, options, naive, profiles }) => {
    const rule = standardRule(name, options);
    const differences = new Differences();
    for (const profile of profiles) {
      for (let n = 1; n <= profile.length; n++) {
        const electorate = seats(profile.slice(0, n));
        const ballot = frozen(rule, electorate);
        const blocking = blockingMinimumOf(rule, electorate);
        for (const positions of everyPosition(n)) {
          // a whole proof for each would take a minute; that a proof says what the verdict says is shown up to five, and at random
          const ours = n <= 5 ? outcomeOf(ballot, positions) : said(verdictOf(rule, tallyOf(electorate, positions), blocking));
          differences.compare(ours, said(naiveResult(name, naively(electorate, positions), naive)), () => ({ profile, positions }));
        }
      }
    }
    differences.none(21_844);
  });

  it.each(DECISION_RULE_NAMES)('B6, B7 %s: silence as agreement counts as in favour, an explicit abstention does not', (name) => {
    const differences = new Differences();
    const electorate = seats([64, 32, 16, 8, 4]);
    const ballot = frozen(standardRule(name), electorate, 'TACIT_AGREEMENT');
    for (const positions of everyPosition(5)) {
      const { tally, proof } = resultOf(ballot, positions);
      differences.compare(said(proof), said(naiveResult(name, naively(electorate, positions), { tacit: true })), () => positions);
      differences.compare(tally.tacit, positions.filter((position) => position === null).length, () => positions);
      differences.compare(tally.inFavour, positions.filter((position) => position === null || position === 'IN_FAVOUR').length, () => positions);
      differences.compare(tally.notVoted, 0, () => positions);
    }
    differences.none();
  });

  it('B9 no figures are needed where the rule does not weigh population, and a rule that does never takes a missing one for zero', () => {
    const electorate = [{ regionId: 'R1' }, { regionId: 'R2', population: 5 }];
    const { tally, proof } = resultOf(frozen(standardRule('UNANIMITY'), electorate, 'NOT_VOTED', [{ regionId: 'R3' }]), positionsOf('FF'));
    expect(tally).toEqual({ electorate: 2, inFavour: 2, tacit: 0, against: 0, abstention: 0, notVoted: 0 });
    expect(proof).toMatchObject({ outcome: 'ADOPTED', populationCouldMatter: false, recusalsCouldMatter: true });
    expect(() => resultOf(frozen(standardRule('DOUBLE_MAJORITY'), electorate), positionsOf('FF'))).toThrow('no figure');
  });

  it(`B8 the blocking minority by sorting is the one by trying every set of regions (SEED=${SEED})`, () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 20_000_000 }), { minLength: 1, maxLength: 10 }), (figures) => {
      const bound = resultOf(frozen(standardRule('DOUBLE_MAJORITY'), seats(figures)), figures.map(() => 'AGAINST'))
        .proof.tests.find((test) => test.name === 'BLOCKING_MINORITY')?.bound;
      const tried = byTryingAll(figures.map(BigInt));
      return BigInt(bound ?? -1) === tried && byTakingTheLargest(figures.map(BigInt)) === tried;
    }), { seed: SEED, numRuns: 60 });
  });
});

describe('B9 rules below one half', () => {
  // none of the six: both sides can reach these at once, or nobody at all
  const third: DecisionRule = { name: 'TWO_THIRDS_OF_MEMBERS', regions: { numerator: 1, denominator: 3, strict: false, base: 'ELECTORATE' }, tie: 'REJECTED' };
  const nothing: DecisionRule = { name: 'UNANIMITY', inFavourAtLeast: 0, tie: 'REJECTED' };

  it('B9 adopted is tested first', () => {
    expect(outcomeOf(frozen(third, seats([1, 1, 1])), positionsOf('FA-'))).toBe('ADOPTED');
    expect(outcomeOf(frozen(third, seats([1, 1, 1])), positionsOf('-A-'))).toBe('REJECTED');
  });
  it('B9 what nobody took part in is never adopted', () => {
    expect(outcomeOf(frozen(nothing, seats([1, 1])), positionsOf('..'))).toBe('NO_OPINION NOBODY_VOTED');
    expect(outcomeOf(frozen(nothing, seats([1, 1])), positionsOf('.-'))).toBe('ADOPTED');
    expect(outcomeOf(frozen(nothing, [], 'TACIT_AGREEMENT'), [])).toBe('NO_OPINION NOBODY_VOTED');
  });
});

describe('B9 ties', () => {
  const rule = standardRule('SIMPLE_MAJORITY_OF_VOTES_CAST');
  const withChair = standardRule('SIMPLE_MAJORITY_OF_VOTES_CAST', { tie: 'CASTING_VOTE' });
  const four = seats([1, 2, 3, 4]);

  it('B9 a tie is rejected by default, whatever the chair says', () => {
    expect(outcomeOf(frozen(rule, four), positionsOf('FFAA'))).toBe('REJECTED TIE');
    expect(outcomeOf(frozen(rule, four), positionsOf('FFAA'), 'IN_FAVOUR')).toBe('REJECTED TIE');
  });
  it('B9 a casting vote decides a tie, and nothing but a tie', () => {
    expect(outcomeOf(frozen(withChair, four), positionsOf('FA-.'), 'IN_FAVOUR')).toBe('ADOPTED TIE');
    expect(outcomeOf(frozen(withChair, four), positionsOf('FA-.'), 'AGAINST')).toBe('REJECTED TIE');
    expect(outcomeOf(frozen(withChair, four), positionsOf('FFA.'), 'AGAINST')).toBe('ADOPTED');
    expect(outcomeOf(frozen(withChair, four), positionsOf('FAA.'), 'IN_FAVOUR')).toBe('REJECTED');
    expect(outcomeOf(frozen(withChair, four), positionsOf('--..'), 'IN_FAVOUR')).toBe('NO_OPINION');
    expect(outcomeOf(frozen(withChair, four), positionsOf('....'), 'IN_FAVOUR')).toBe('NO_OPINION NOBODY_VOTED');
  });
  it.each(DECISION_RULE_NAMES)('B9 %s: isTie is true exactly where the naive tally says TIE', (name) => {
    const differences = new Differences();
    for (const silence of ['NOT_VOTED', 'TACIT_AGREEMENT'] as const) {
      for (const positions of everyPosition(4)) {
        const ours = isTie(frozen(standardRule(name, { tie: 'CASTING_VOTE' }), four, silence), positions);
        differences.compare(ours, naiveResult(name, naively(four, positions), { tacit: silence === 'TACIT_AGREEMENT' }).reason === 'TIE', () => positions);
      }
    }
    differences.none();
  });
});

describe(`B8, B9: random electorates (SEED=${SEED})`, () => {
  it.each(DECISION_RULE_NAMES)('B8 %s: up to 60 regions, against the naive tally, and every outcome comes up', (name) => {
    const seen = new Set<Outcome>();
    const rule = standardRule(name);
    fc.assert(fc.property(voting(8, 60), ({ figures, positions }) => {
      const electorate = seats(figures);
      const { proof } = resultOf(frozen(rule, electorate), positions);
      seen.add(proof.outcome);
      expect(said(proof)).toBe(said(naiveResult(name, naively(electorate, positions))));
    }), { seed: SEED, numRuns: 300 });
    expect([...seen].sort()).toEqual(['ADOPTED', 'NO_OPINION', 'REJECTED']);
  });

  it('B8 every test of a proof holds by its own integers, and a percentage never reaches a threshold that was missed', () => {
    fc.assert(fc.property(anyRule, voting(1, 30), (rule, { figures, positions }) => {
      const { tally, proof } = resultOf(frozen(rule, seats(figures)), positions);
      for (const test of proof.tests) {
        const { counted, comparison, bound, of, numerator, denominator, passed, percent } = test;
        expect(Object.values(test).filter((value) => typeof value === 'number' && !Number.isSafeInteger(value))).toEqual([]);
        expect(passed).toBe({ AT_LEAST: counted >= bound, MORE_THAN: counted > bound, FEWER_THAN: counted < bound, AT_MOST: counted <= bound }[comparison]);
        if (of === undefined || numerator === undefined || denominator === undefined) continue;
        const [left, right] = [BigInt(counted) * BigInt(denominator), BigInt(numerator) * BigInt(of)];
        expect(passed).toBe(comparison === 'MORE_THAN' ? left > right : left >= right);
        if (of === 0) expect(percent).toBeUndefined();
        else expect(BigInt((percent ?? '').replace('.', ''))).toBe((BigInt(counted) * 10_000n) / BigInt(of));
      }
      const directions = new Set(proof.tests.map((test) => test.towards));
      if (proof.outcome === 'ADOPTED' && !proof.reason) expect(directions.has('REJECTED')).toBe(false);
      else expect(proof.tests.filter((test) => test.towards === 'ADOPTED').map((test) => test.name))
        .toEqual(proof.tests.filter((test) => test.towards === 'REJECTED').map((test) => test.name));
      const closed = { ballotId: 'b', subjectId: 's', matter: 'PROCEDURE', outcome: proof.outcome, tally, proof };
      expect(BallotClosed.check(closed)).toBe(true);
      // nothing that gets lost on the way to the log
      expect(JSON.parse(JSON.stringify(closed))).toStrictEqual(closed);
    }), { seed: SEED, numRuns: 300 });
  });

  it('B8 the order of the regions is irrelevant, under any rule', () => {
    fc.assert(fc.property(anyRule, voting(1, 20), fc.array(fc.nat(1_000), { minLength: 20, maxLength: 20 }), (rule, { figures, positions }, keys) => {
      const order = figures.map((_, index) => index).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
      const one = resultOf(frozen(rule, seats(figures)), positions);
      const other = resultOf(frozen(rule, seats(order.map((index) => figures[index] ?? 0))), order.map((index) => positions[index]));
      expect(other).toEqual(one);
    }), { seed: SEED, numRuns: 300 });
  });

  it('B8 a vote more in favour never leads from adopted, one more against never from rejected by a majority, under any rule', () => {
    fc.assert(fc.property(anyRule, voting(1, 20), fc.nat(19), fc.boolean(), (rule, { figures, positions }, at, tacit) => {
      const ballot = frozen(rule, seats(figures), tacit ? 'TACIT_AGREEMENT' : 'NOT_VOTED');
      const changed = (position: MaybePosition): string => outcomeOf(ballot, positions.map((old, index) => (index === at % figures.length ? position : old)));
      const before = outcomeOf(ballot, positions);
      if (before === 'ADOPTED') expect(changed('IN_FAVOUR')).toBe('ADOPTED');
      // adopted is tested first: only a rule that a minority meets can be adopted and rejected at once
      if (before === 'REJECTED') expect(changed('AGAINST')).toBe('REJECTED');
    }), { seed: SEED, numRuns: 1_000 });
  });

  it.each(DECISION_RULE_NAMES)('B9 %s: when everybody changes sides, adopted and rejected change places', (name) => {
    const mirror = { IN_FAVOUR: 'AGAINST', AGAINST: 'IN_FAVOUR', ABSTENTION: 'ABSTENTION' } as const;
    const places: Readonly<Record<string, string>> = { ADOPTED: 'REJECTED', REJECTED: 'ADOPTED' };
    fc.assert(fc.property(voting(1, 20), ({ figures, positions }) => {
      const ballot = frozen(standardRule(name), seats(figures));
      const before = outcomeOf(ballot, positions);
      expect(outcomeOf(ballot, positions.map((position) => position && mirror[position]))).toBe(places[before] ?? before);
    }), { seed: SEED, numRuns: 200 });
  });
});

describe('B8 what could matter, against brute force', () => {
  const profiles = [[1, 1, 1, 1, 1, 1], [100, 1, 2, 3, 4, 5], [40, 1, 40, 1, 1, 1], [30, 25, 20, 10, 8, 7], [36, 35, 10, 9, 5, 5]];
  const variants: readonly { readonly fixed?: number }[] = [{}, { fixed: 1 }, { fixed: 2 }, { fixed: 3 }];

  it.each(WEIGHTED)('B8 %s: populationCouldMatter is true exactly where some positions exist that only population keeps from deciding', (name) => {
    const differences = new Differences();
    const seen = new Set<boolean>();
    for (const profile of profiles) for (let n = 1; n <= 6; n++) for (const { fixed } of variants) {
      const electorate = seats(profile.slice(0, n));
      const options: NaiveOptions = fixed === undefined ? {} : { fixed: BigInt(fixed) };
      let could = false;
      for (const positions of everyPosition(n)) {
        const regions = naively(electorate, positions);
        if (naiveAdopts(name, regions, { ...options, withoutPopulation: true }) && !naiveAdopts(name, regions, options)) { could = true; break; }
      }
      const rule = standardRule(name, fixed === undefined ? {} : { blockingMinority: { fixed } });
      const ours = resultOf(frozen(rule, electorate), positionsOf('F'.repeat(n))).proof.populationCouldMatter;
      seen.add(ours);
      differences.compare(ours, could, () => ({ profile, n, fixed }));
    }
    differences.none();
    expect(seen.size).toBe(2);
  });

  it(`B8 population never could matter where the rule does not weigh it, and under the default with four regions or fewer (SEED=${SEED})`, () => {
    fc.assert(fc.property(fc.array(figure, { minLength: 1, maxLength: 4 }), (figures) => {
      const rule = standardRule('DOUBLE_MAJORITY');
      return !resultOf(frozen(rule, seats(figures)), figures.map(() => 'IN_FAVOUR')).proof.populationCouldMatter;
    }), { seed: SEED, numRuns: 100 });
    expect(resultOf(frozen(standardRule('UNANIMITY'), seats([9, 1])), positionsOf('FF')).proof.populationCouldMatter).toBe(false);
  });

  it.each(DECISION_RULE_NAMES)('B0 %s: recusalsCouldMatter is true exactly where some positions of the recused regions give another outcome', (name) => {
    const differences = new Differences();
    const seen = new Set<boolean>();
    for (const [profile, recusedFigures] of [[[5, 4, 3, 2], [50]], [[5, 4, 3, 2], [1, 30]], [[20, 1, 1], [1, 1]], [[1, 1], []], [[1], [7]]] as const) {
      const [electorate, recused] = [seats(profile), seats(recusedFigures).map((seat) => ({ ...seat, regionId: `${seat.regionId}-recused` }))];
      for (const silence of ['NOT_VOTED', 'TACIT_AGREEMENT'] as const) for (const positions of everyPosition(profile.length)) {
        const ballot = frozen(standardRule(name), electorate, silence, recused);
        const { proof } = resultOf(ballot, positions);
        const tacit = silence === 'TACIT_AGREEMENT';
        const could = [...everyPosition(recused.length)].some((theirs) =>
          naiveResult(name, naively([...electorate, ...recused], [...positions, ...theirs]), { tacit }).outcome !== proof.outcome);
        seen.add(proof.recusalsCouldMatter);
        differences.compare(proof.recusalsCouldMatter, could, () => ({ profile, recusedFigures, silence, positions }));
      }
    }
    differences.none();
    expect(seen.size).toBe(2);
  });

  it('B9 a recused vote that would have made a tie could have mattered where the chair decides ties', () => {
    const three = seats([1, 1, 1]);
    const ballot = (tie: 'REJECTED' | 'CASTING_VOTE'): FrozenBallot =>
      frozen(standardRule('SIMPLE_MAJORITY_OF_VOTES_CAST', { tie }), three, 'NOT_VOTED', [{ regionId: 'R4', population: 1 }]);
    expect(resultOf(ballot('REJECTED'), positionsOf('FAA')).proof.recusalsCouldMatter).toBe(false);
    expect(resultOf(ballot('CASTING_VOTE'), positionsOf('FAA')).proof.recusalsCouldMatter).toBe(true);
    expect(resultOf(ballot('CASTING_VOTE'), positionsOf('AAA')).proof.recusalsCouldMatter).toBe(false);
  });

  it('B0 a recused region without a figure cannot be ruled out where population is weighed', () => {
    const ballot = frozen(standardRule('DOUBLE_MAJORITY'), seats([1, 1, 1]), 'NOT_VOTED', [{ regionId: 'R4' }]);
    expect(resultOf(ballot, positionsOf('FFF')).proof.recusalsCouldMatter).toBe(true);
  });
});

describe('B8 percentages', () => {
  it.each([[13_388_383, 23_423_588, '57.15'], [64_999_999, 100_000_000, '64.99'], [2, 3, '66.66'], [1, 1, '100.00'], [0, 5, '0.00'], [1, 10_000, '0.01'],
    [1, 10_001, '0.00'], [0, 0, '0.00'], [499_999_999, 500_000_000, '99.99']] as const)('B8 %i of %i is %s %%, truncated', (counted, of, percent) => {
    expect(percentOf(counted, of)).toBe(percent);
  });
  it('B8 a tally leaves populations out where one region has no figure', () => {
    expect(tallyOf([{ regionId: 'a', population: 3 }, { regionId: 'b' }], ['IN_FAVOUR'])).toEqual(
      { electorate: 2, inFavour: 1, tacit: 0, against: 0, abstention: 0, notVoted: 1 });
  });
});
