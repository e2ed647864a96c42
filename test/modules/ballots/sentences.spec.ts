import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Proof, Seat, Silence } from '../../../src/events/ballots.events.js';
import { DECISION_RULE_NAMES, type DecisionRule } from '../../../src/events/rules.js';
import { resultOf } from '../../../src/modules/ballots/result.js';
import type { CastingVote } from '../../../src/modules/ballots/verdict.js';
import { standardRule } from '../../../src/modules/membership/standard-rules.js';
import { anyRule, FOUNDERS, positionsOf, seats, seatsOf, SEED, TWELVE, voting } from './ballots.fixture.js';

interface Circumstances { readonly seats?: readonly Seat[]; readonly silence?: Silence; readonly recused?: readonly Seat[]; readonly castingVote?: CastingVote }

function proofOf(rule: DecisionRule, letters: string, { seats: electorate = seatsOf(FOUNDERS), silence = 'NOT_VOTED', recused = [], castingVote }: Circumstances = {}): Proof {
  const recusals = recused.map((seat) => ({ ...seat, reason: 'RULED_CONFLICT' as const }));
  return resultOf({ rule, electorate: electorate.slice(0, letters.length), silence, recusals }, positionsOf(letters), castingVote).proof;
}

const votes = standardRule('SIMPLE_MAJORITY_OF_VOTES_CAST');
const chair = standardRule('SIMPLE_MAJORITY_OF_VOTES_CAST', { tie: 'CASTING_VOTE' });
const members = standardRule('SIMPLE_MAJORITY_OF_MEMBERS');
const thirds = standardRule('TWO_THIRDS_OF_MEMBERS');
const double = standardRule('DOUBLE_MAJORITY');
const four = standardRule('DOUBLE_MAJORITY', { blockingMinority: { fixed: 4 } });
const reinforced = standardRule('REINFORCED_MAJORITY');
const all = standardRule('UNANIMITY');
const twelve = { seats: seatsOf(TWELVE) };
const tacit = { silence: 'TACIT_AGREEMENT' } as const;
const lombardy = { seats: seatsOf(['ITI1', 'DED', 'ES11', 'PL51']), recused: seatsOf(['ITC4']) };

/** Founders in this order: Tuscany, Lombardy, Saxony, Galicia, Lower Silesia. F in favour, A against, - abstention, . nothing expressed. */
const SENTENCES: readonly (readonly [DecisionRule, string, string, Circumstances?])[] = [
  [votes, 'FFFAA', 'Adopted by simple majority of votes cast: 3 of 5 votes are in favour, and 3 are needed.'],
  [votes, 'FF-..', 'Adopted by simple majority of votes cast: all 2 votes are in favour, and 2 are needed.'],
  [votes, 'F----', 'Adopted by simple majority of votes cast: the only vote is in favour, and 1 is needed.'],
  [votes, 'FAA-.', 'Rejected by simple majority of votes cast: 2 of 3 votes are against, and 2 are needed.'],
  [votes, '...A.', 'Rejected by simple majority of votes cast: the only vote is against, and 1 is needed.'],
  [votes, 'FFAA-', 'Rejected: the votes are equal, two in favour and two against, and a tie is a rejection.'],
  [votes, '--.-.', 'No opinion: no region voted in favour or against, and abstentions are not counted.'],
  [votes, '.....', 'No opinion: no region voted.'],
  [votes, 'A...F', 'Adopted by simple majority of votes cast: 4 of 5 votes are in favour, three of them by tacit agreement, and 3 are needed.', tacit],
  [votes, 'FFA', 'Adopted by simple majority of votes cast: 2 of 3 votes are in favour, and 2 are needed. The recusal of one region could have turned the result.',
    { recused: seats([1]) }],
  [votes, 'FFFA', 'Adopted by simple majority of votes cast: 3 of 4 votes are in favour, and 3 are needed. The recusals of two regions could have turned the result.',
    { recused: seats([1, 1]) }],
  [votes, 'FFFFA', 'Adopted by simple majority of votes cast: 4 of 5 votes are in favour, and 3 are needed.', { recused: seats([1, 1]) }],
  [chair, 'F...A', "Adopted: the votes are equal, one in favour and one against, and the chair's casting vote decided in favour.", { castingVote: 'IN_FAVOUR' }],
  [chair, 'F...A', "Rejected: the votes are equal, one in favour and one against, and the chair's casting vote decided against.", { castingVote: 'AGAINST' }],
  [chair, 'F...A', 'Rejected: the votes are equal, one in favour and one against, and the chair has given no casting vote.'],

  [members, 'FFFA.', 'Adopted by simple majority of component members: 3 of 5 regions are in favour, and 3 are needed.'],
  [members, 'FFFFF', 'Adopted by simple majority of component members: all 5 regions are in favour, and 3 are needed.'],
  [members, 'F', 'Adopted by simple majority of component members: the only region is in favour, and 1 is needed.'],
  [members, 'FAAA.', 'Rejected by simple majority of component members: 3 of 5 regions are against, and 3 are needed.'],
  [members, 'FFA..', 'No opinion: 2 of 5 regions are in favour and 1 is against; it takes 3 for a simple majority of component members, either way.'],
  [members, 'F-...', 'No opinion: 1 of 5 regions is in favour and none is against; it takes 3 for a simple majority of component members, either way.'],
  [members, 'AA...', 'No opinion: no region is in favour and 2 of 5 regions are against; it takes 3 for a simple majority of component members, either way.'],
  [members, '--...', 'No opinion: no region is in favour or against; it takes 3 for a simple majority of component members, either way.'],
  [members, '.....', 'No opinion: no region voted.'],

  [thirds, 'FFFFA', 'Adopted by two thirds of members: 4 of 5 regions are in favour, and 4 are needed.'],
  [thirds, '-....', 'Adopted by two thirds of members: 4 of 5 regions are in favour, all by tacit agreement, and 4 are needed.', tacit],
  [thirds, 'AAAA-', 'Rejected by two thirds of members: 4 of 5 regions are against, and 4 are needed.'],
  [thirds, 'FFFAA', 'No opinion: 3 of 5 regions are in favour and 2 are against; it takes 4 for two thirds of members, either way.'],
  [thirds, 'FFA-.', 'No opinion: 3 of 5 regions are in favour, one of them by tacit agreement, and 1 is against; it takes 4 for two thirds of members, either way.', tacit],
  [thirds, '.....', 'No opinion: no region voted.'],

  [double, 'FFFAA', 'Adopted by double majority: 3 of 5 regions are in favour, and 3 are needed. Their 76.18 % of the population reaches 65 %.'],
  [double, 'FAFFF', 'Adopted by double majority: 4 of 5 regions are in favour, and 3 are needed. '
    + 'Their 57.15 % of the population is below 65 %, but one region not in favour is fewer than the two needed to block.'],
  [double, 'FAFFFFFAFFFF', 'Adopted by double majority: 10 of 12 regions are in favour, and 7 are needed. '
    + 'Their 63.84 % of the population is below 65 %, but two regions not in favour are fewer than the three needed to block.', twelve],
  [double, 'FFAF', 'Adopted by double majority: 3 of 4 regions are in favour, and 3 are needed. '
    + 'In this electorate, population could never decide. The recusal of one region could have turned the result.', lombardy],
  [four, 'FAFAF', 'Adopted by double majority: 3 of 5 regions are in favour, and 3 are needed. In this electorate, population could never decide.'],
  [double, 'AA.A.', 'Rejected by double majority: 3 of 5 regions are against, and 3 are needed. Their 70.18 % of the population reaches 65 %.'],
  [double, 'AFAAA', 'Rejected by double majority: 4 of 5 regions are against, and 3 are needed. '
    + 'Their 57.15 % of the population is below 65 %, but one region not against is fewer than the two needed to block.'],
  [four, 'FFAAA', 'Rejected by double majority: 3 of 5 regions are against, and 3 are needed. In this electorate, population could never decide.'],
  [double, 'FAFA-', 'No opinion: 2 of 5 regions are in favour and 2 are against; it takes 3 for a double majority, either way.'],
  [double, 'FAFAF', 'No opinion: 3 of 5 regions are in favour, but their 45.73 % of the population is below 65 %, and two regions not in favour are enough to block.'],
  [double, 'FFAAA', 'No opinion: 3 of 5 regions are against, but their 41.22 % of the population is below 65 %, and two regions not against are enough to block.'],
  [double, '.A.A.', 'No opinion: 3 of 5 regions are in favour, all by tacit agreement, but their 45.73 % of the population is below 65 %, '
    + 'and two regions not in favour are enough to block.', tacit],
  [double, 'FF..', 'No opinion: 2 of 4 regions are in favour and none is against; it takes 3 for a double majority, either way. '
    + 'In this electorate, population could never decide. The recusal of one region could have turned the result.', lombardy],
  [double, '.....', 'No opinion: no region voted.'],
  [double, '....', 'No opinion: no region voted. In this electorate, population could never decide.', { seats: lombardy.seats }],

  [reinforced, 'FFFFA', 'Adopted by reinforced majority: 4 of 5 regions are in favour, and 4 are needed. In this electorate, population could never decide.'],
  [reinforced, 'FFFFFFFFFFA.', 'Adopted by reinforced majority: 10 of 12 regions are in favour, and 9 are needed. '
    + 'Their 90.98 % of the population reaches 65 %.', twelve],
  [reinforced, 'FAFFFFFAFFFF', 'Adopted by reinforced majority: 10 of 12 regions are in favour, and 9 are needed. '
    + 'Their 63.84 % of the population is below 65 %, but two regions not in favour are fewer than the three needed to block.', twelve],
  [reinforced, 'AFAAAAAFAAAA', 'Rejected by reinforced majority: 10 of 12 regions are against, and 9 are needed. '
    + 'Their 63.84 % of the population is below 65 %, but two regions not against are fewer than the three needed to block.', twelve],
  [reinforced, 'FAFFFAFAFFFF', 'No opinion: 9 of 12 regions are in favour, but their 50.81 % of the population is below 65 %, '
    + 'and three regions not in favour are enough to block.', twelve],
  [reinforced, 'FFFFFFFFAAAA', 'No opinion: 8 of 12 regions are in favour and 4 are against; it takes 9 for a reinforced majority, either way.', twelve],
  [reinforced, '............', 'No opinion: no region voted.', twelve],

  [all, 'FFF-.', 'Adopted by unanimity: 3 of 5 regions are in favour, and no region is against.'],
  [all, 'F....', 'Adopted by unanimity: all 5 regions are in favour, four of them by tacit agreement, and no region is against.', tacit],
  [all, '-A-..', 'Rejected by unanimity: 1 of 5 regions is against, and no region is in favour.'],
  [all, 'FFFFA', 'No opinion: 4 of 5 regions are in favour and 1 is against, which is not unanimity either way.'],
  [all, '-----', 'No opinion: no region is in favour or against; it takes 1 for unanimity, either way.'],
  [all, '.....', 'No opinion: no region voted.'],
];

describe('B9 the result, said to people', () => {
  // as objects: to jest, a parameter more than a row has cells is a callback to wait for
  const rows = SENTENCES.map(([rule, letters, sentence, circumstances]) => ({ name: rule.name, rule, letters, sentence, circumstances }));
  it.each(rows)('B9 $name, $letters: $sentence', ({ rule, letters, sentence, circumstances }) => {
    expect(proofOf(rule, letters, circumstances).sentence).toBe(sentence);
  });

  it('B9 the table has every outcome of every rule', () => {
    const shown = new Set(SENTENCES.map(([rule, letters, , circumstances]) => {
      const { outcome, reason } = proofOf(rule, letters, circumstances);
      return `${rule.name} ${outcome}${reason ? ` ${reason}` : ''}`;
    }));
    const every = DECISION_RULE_NAMES.flatMap((name) => ['ADOPTED', 'REJECTED', 'NO_OPINION', 'NO_OPINION NOBODY_VOTED'].map((outcome) => `${name} ${outcome}`));
    expect([...shown].sort()).toEqual([...every, 'SIMPLE_MAJORITY_OF_VOTES_CAST ADOPTED TIE', 'SIMPLE_MAJORITY_OF_VOTES_CAST REJECTED TIE'].sort());
  });
});

describe('B8 each test, said to people', () => {
  it.each<readonly [DecisionRule, string, readonly string[]]>([
    [double, 'FAFFF', [
      '4 of 5 regions are in favour (80.00 %); at least 3 are needed.',
      'The side in favour has 13,388,383 of 23,423,588 people (57.15 %); at least 15,225,333 are needed.',
      'One region not in favour is fewer than the two needed to block: population is waived.',
    ]],
    [double, 'AAA..', [
      'No region is in favour (0.00 %); at least 3 are needed.',
      'The side in favour has 0 of 23,423,588 people (0.00 %); at least 15,225,333 are needed.',
      'Five regions not in favour are enough to block, which takes two: population is not waived.',
      '3 of 5 regions are against (60.00 %); at least 3 are needed.',
      'The side against has 17,845,735 of 23,423,588 people (76.18 %); at least 15,225,333 are needed.',
      'Two regions not against are enough to block, which takes two: population is not waived.',
    ]],
    [votes, '--A..', [
      'No vote cast is in favour (0.00 %); more than 0 is needed.',
      'The only vote cast is against (100.00 %); more than 0 is needed.',
    ]],
    [votes, '-----', ['No vote cast is in favour; more than 0 is needed.', 'No vote cast is against; more than 0 is needed.']],
    [votes, 'FAA..', [
      '1 of 3 votes cast is in favour (33.33 %); more than 1 is needed.',
      '2 of 3 votes cast are against (66.66 %); more than 1 is needed.',
    ]],
    [all, 'FFFFA', [
      'Four regions are in favour; at least 1 is needed.', 'One region is against; none may be.',
      'One region is against; at least 1 is needed.', 'Four regions are in favour; none may be.',
    ]],
  ])('B8 %#', (rule, letters, sentences) => {
    expect(proofOf(rule, letters).tests.map((test) => test.sentence)).toEqual(sentences);
  });

  it(`B8 under any rule, adopted or not yet, sentences are whole (SEED=${SEED})`, () => {
    fc.assert(fc.property(anyRule, voting(1, 20), fc.boolean(), fc.boolean(), (rule, { figures, positions }, silent, recused) => {
      const { proof } = resultOf({
        rule, electorate: seats(figures), silence: silent ? 'TACIT_AGREEMENT' : 'NOT_VOTED',
        recusals: recused ? [{ regionId: 'X', population: 1_000_000, reason: 'DECLARED_CONFLICT' }] : [],
      }, positions);
      for (const sentence of [proof.sentence, ...proof.tests.map((test) => test.sentence)]) {
        expect(sentence).toMatch(/^[A-Z0-9][^.]*(\.(\d\d %| |$)[^.]*)*\.$/);
        expect(sentence).not.toMatch(/undefined|NaN|null| {2}|,,| ,|\b1 (votes|regions|are)\b|\b([2-9]|\d\d+) (is|region|vote)\b|\bno (regions|votes)\b/);
      }
    }), { seed: SEED, numRuns: 500 });
  });
});
