import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Silence } from '../../../src/events/ballots.events.js';
import { DECISION_RULE_NAMES, type DecisionRule } from '../../../src/events/rules.js';
import { outlookOf } from '../../../src/modules/ballots/outlook.js';
import { resultOf } from '../../../src/modules/ballots/result.js';
import { standardRule } from '../../../src/modules/membership/standard-rules.js';
import { everyPosition, EXPRESSIBLE, FOUNDERS, naively, positionsOf, seats, seatsOf, SEED, type MaybePosition } from './ballots.fixture.js';
import { naiveResult, type NaiveRule } from './naive-tally.js';

/** Tries every completion of what was not yet cast, and of those that only add votes in favour, counts how many they add. */
function byBruteForce(name: NaiveRule, figures: readonly number[], positions: readonly MaybePosition[], tacit: boolean) {
  const electorate = seats(figures);
  const open = positions.flatMap((position, index) => (position === null ? [index] : []));
  let canStillPass = false;
  let fewest: number | undefined;
  for (const completion of everyPosition(open.length)) {
    const whole = [...positions];
    open.forEach((index, i) => { whole[index] = completion[i] ?? null; });
    if (naiveResult(name, naively(electorate, whole), { tacit }).outcome !== 'ADOPTED') continue;
    canStillPass = true;
    if (completion.some((position) => position === 'AGAINST' || position === 'ABSTENTION')) continue;
    const added = completion.filter((position) => position === 'IN_FAVOUR').length;
    if (fewest === undefined || added < fewest) fewest = added;
  }
  return { canStillPass, fewest, outcomeIfSilent: naiveResult(name, naively(electorate, positions), { tacit }).outcome };
}

function compare(name: NaiveRule, rule: DecisionRule, figures: readonly number[], silence: Silence): void {
  const wrong: string[] = [];
  for (const positions of everyPosition(figures.length)) {
    const { canStillPass, fewestFurtherVotes, outcomeIfSilent } = outlookOf({ rule, electorate: seats(figures), silence }, positions);
    const ours = JSON.stringify([canStillPass, fewestFurtherVotes, outcomeIfSilent]);
    const tried = byBruteForce(name, figures, positions, silence === 'TACIT_AGREEMENT');
    const theirs = JSON.stringify([tried.canStillPass, tried.fewest, tried.outcomeIfSilent]);
    if (ours !== theirs && wrong.length < 5) wrong.push(`${ours} here, ${theirs} by brute force: ${JSON.stringify({ figures, silence, positions })}`);
  }
  expect(wrong).toEqual([]);
}

describe('B8 outlook, against every completion', () => {
  it.each(DECISION_RULE_NAMES)('B8 %s: up to five regions, silence without effect and as agreement', (name) => {
    for (const figures of [[5], [1, 8], [3, 1, 1], [40, 1, 40, 1], [64, 32, 16, 8, 4]]) {
      compare(name, standardRule(name), figures, 'NOT_VOTED');
      if (figures.length < 5) compare(name, standardRule(name), figures, 'TACIT_AGREEMENT');
    }
  });
  it('B8 DOUBLE_MAJORITY: six regions', () => {
    compare('DOUBLE_MAJORITY', standardRule('DOUBLE_MAJORITY'), [40, 5, 30, 1, 20, 4], 'NOT_VOTED');
  });

  it(`B8 beyond six: so many votes of the most populous adopt it, one less never does (SEED=${SEED})`, () => {
    const voting = fc.integer({ min: 7, max: 60 }).chain((n) => fc.record({
      name: fc.constantFrom(...DECISION_RULE_NAMES),
      figures: fc.array(fc.oneof(fc.integer({ min: 1, max: 9_000_000 }), fc.integer({ min: 1, max: 9 })), { minLength: n, maxLength: n }),
      positions: fc.array(fc.constantFrom<MaybePosition>(...EXPRESSIBLE, null, null, 'IN_FAVOUR'), { minLength: n, maxLength: n }),
      keys: fc.array(fc.nat(1_000), { minLength: n, maxLength: n }),
    }));
    fc.assert(fc.property(voting, ({ name, figures, positions, keys }) => {
      const ballot = { rule: standardRule(name), electorate: seats(figures), recusals: [], silence: 'NOT_VOTED' as const };
      const outcomeWith = (added: readonly number[]): string =>
        resultOf(ballot, positions.map((position, index) => (added.includes(index) ? 'IN_FAVOUR' : position))).proof.outcome;
      const open = positions.flatMap((position, index) => (position === null ? [index] : []));
      const richest = [...open].sort((a, b) => (figures[b] ?? 0) - (figures[a] ?? 0));
      const { canStillPass, fewestFurtherVotes: fewest, outcomeIfSilent } = outlookOf(ballot, positions);
      expect(outcomeIfSilent).toBe(outcomeWith([]));
      expect(canStillPass).toBe(outcomeWith(open) === 'ADOPTED');
      expect(fewest === undefined).toBe(!canStillPass);
      if (fewest === undefined) return;
      expect(outcomeWith(richest.slice(0, fewest))).toBe('ADOPTED');
      // no other choice of one fewer either
      const others = [...open].sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
      if (fewest > 0) for (const choice of [richest, others]) expect(outcomeWith(choice.slice(0, fewest - 1))).not.toBe('ADOPTED');
    }), { seed: SEED, numRuns: 400 });
  });

  it('B8 a thousand seats are quick enough for every read', () => {
    const electorate = seats(Array.from({ length: 1_000 }, (_, index) => 1 + ((index * 7_919) % 1_000) * 500));
    const positions = electorate.map((_, index): MaybePosition => (index % 3 === 0 ? 'IN_FAVOUR' : index % 7 === 0 ? 'AGAINST' : null));
    const ballot = { rule: standardRule('DOUBLE_MAJORITY'), electorate, recusals: [], silence: 'NOT_VOTED' as const };
    const began = performance.now();
    for (let read = 0; read < 50; read++) outlookOf(ballot, positions);
    // half a millisecond each on two shared cores; something quadratic would take fifty times that
    expect((performance.now() - began) / 50).toBeLessThan(10);
  });
});

describe('B8 outlook, said to people', () => {
  const five = seats([40, 30, 10, 10, 10]);
  const votes = standardRule('SIMPLE_MAJORITY_OF_VOTES_CAST');
  const chair = standardRule('SIMPLE_MAJORITY_OF_VOTES_CAST', { tie: 'CASTING_VOTE' });
  const members = standardRule('SIMPLE_MAJORITY_OF_MEMBERS');
  const double = standardRule('DOUBLE_MAJORITY');
  const of = (rule: DecisionRule, letters: string, silence: Silence = 'NOT_VOTED'): readonly string[] =>
    outlookOf({ rule, electorate: five, silence }, positionsOf(letters)).sentences;

  it.each([
    ['nobody yet', votes, '.....', 'NOT_VOTED', [
      'It can still pass.', 'It takes at least one further vote in favour; any one is enough if nobody else votes.',
      'If nobody else votes, there is no opinion, as no region has voted.']],
    ['carried so far', votes, 'FF...', 'NOT_VOTED', [
      'It passes as things stand.', 'No further vote in favour is needed.', 'If nobody else votes, it is adopted.']],
    ['behind', votes, 'AAF..', 'NOT_VOTED', [
      'It can still pass.', 'It takes at least two further votes in favour; any two are enough if nobody else votes.', 'If nobody else votes, it is rejected.']],
    ['equal', votes, 'AF...', 'NOT_VOTED', [
      'It can still pass.', 'It takes at least one further vote in favour; any one is enough if nobody else votes.',
      'If nobody else votes, the votes are equal and it is rejected.']],
    ['out of reach', votes, 'AAAF.', 'NOT_VOTED', [
      'It can no longer pass, even with the vote of the one region that has not voted.', 'No number of further votes in favour is enough.',
      'If nobody else votes, it is rejected.']],
    ['a tie at best', chair, 'AAA..', 'NOT_VOTED', [
      'It can no longer pass, even with the votes of the two regions that have not voted.', 'No number of further votes in favour is enough.',
      'If nobody else votes, it is rejected.']],
    ['left to the chair at best', chair, 'AAF-.', 'NOT_VOTED', [
      "It can pass only by the chair's casting vote: with the vote of the one region that has not voted the votes are equal.",
      "No number of further votes in favour is enough without the chair's casting vote.", 'If nobody else votes, it is rejected.']],
    ['left to the chair', chair, 'AAFF-', 'NOT_VOTED', [
      "It can pass only by the chair's casting vote: the votes are equal.",
      "No number of further votes in favour is enough without the chair's casting vote.",
      "As every region has voted, the votes are equal and the chair's casting vote decides."]],
    ['all have voted', members, 'FFFAA', 'NOT_VOTED', [
      'It passes: every region has voted.', 'No further vote in favour is needed.', 'As every region has voted, it is adopted.']],
    ['all have voted, not carried', members, 'FFAA-', 'NOT_VOTED', [
      'It cannot pass: every region has voted.', 'No number of further votes in favour is enough.', 'As every region has voted, there is no opinion.']],
    ['whoever they are', double, '..FFA', 'NOT_VOTED', [
      'It can still pass.', 'It takes at least two further votes in favour; any two are enough if nobody else votes.',
      'If nobody else votes, there is no opinion.']],
    ['only populous ones are enough', double, '..F..', 'NOT_VOTED', [
      'It can still pass.', 'It takes at least two further votes in favour; two are enough if cast by regions with enough population and nobody else votes.',
      'If nobody else votes, there is no opinion.']],
    ['only a populous one is enough', double, '.F..F', 'NOT_VOTED', [
      'It can still pass.', 'It takes at least one further vote in favour; one is enough if cast by a region with enough population and nobody else votes.',
      'If nobody else votes, there is no opinion.']],
    ['silence is agreement', members, 'F.A..', 'TACIT_AGREEMENT', [
      'It passes as things stand.', 'No further vote in favour is needed.', 'If nobody else votes, silence is agreement and it is adopted.']],
    ['silence is not enough', members, 'AAA..', 'TACIT_AGREEMENT', [
      'It can no longer pass, even with the tacit agreement of the two regions that have not voted.', 'No number of further votes in favour is enough.',
      'If nobody else votes, silence is agreement and it is rejected.']],
  ] as const)('B8 %s', (_, rule, letters, silence, sentences) => {
    expect(of(rule, letters, silence)).toEqual(sentences);
  });

  it('B8 five founders, Lombardy against: what is left to do', () => {
    expect(outlookOf({ rule: double, electorate: seatsOf(FOUNDERS), silence: 'NOT_VOTED' }, positionsOf('FA...'))).toEqual({
      canStillPass: true,
      fewestFurtherVotes: 3,
      outcomeIfSilent: 'NO_OPINION',
      sentences: [
        'It can still pass.', 'It takes at least three further votes in favour; any three are enough if nobody else votes.',
        'If nobody else votes, there is no opinion.',
      ],
    });
  });
});
