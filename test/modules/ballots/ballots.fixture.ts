import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { RegionPosition, Seat } from '../../../src/events/ballots.events.js';
import { DECISION_RULE_NAMES, THRESHOLD_BASES, type DecisionRule } from '../../../src/events/rules.js';
import type { NaiveRegion } from './naive-tally.js';

export type MaybePosition = RegionPosition | null;
export const EXPRESSIBLE: readonly MaybePosition[] = ['IN_FAVOUR', 'AGAINST', 'ABSTENTION', null];

const table = JSON.parse(readFileSync(new URL('../../../data/regions.json', import.meta.url), 'utf8')) as {
  readonly regions: readonly { readonly code: string; readonly population: number }[];
};
const populationOf = new Map(table.regions.map((region) => [region.code, region.population]));

export const FOUNDERS = ['ITI1', 'ITC4', 'DED', 'ES11', 'PL51'];
export const TWELVE = ['ITI1', 'ITC4', 'DED', 'ES11', 'PL51', 'ES51', 'ITH5', 'DE1', 'ITI4', 'EL43', 'RO21', 'ES42'];

/** Seats of regions of data/regions.json, with their figures of 2018. */
export function seatsOf(codes: readonly string[]): Seat[] {
  return codes.map((regionId) => ({ regionId, population: populationOf.get(regionId) ?? fail(regionId) }));
}

/** Seats R1, R2, … with these populations. */
export function seats(figures: readonly number[]): Seat[] {
  return figures.map((population, index) => ({ regionId: `R${index + 1}`, population }));
}

/** "FFA-." : in favour, in favour, against, abstention, nothing expressed. */
export function positionsOf(letters: string): MaybePosition[] {
  return [...letters].map((letter) => EXPRESSIBLE['FA-.'.indexOf(letter)] ?? null);
}

/** All of the 4 to the power of n. */
export function* everyPosition(n: number): Generator<MaybePosition[]> {
  for (let code = 0; code < 4 ** n; code++) {
    yield Array.from({ length: n }, (_, index) => EXPRESSIBLE[(code >> (2 * index)) & 3] ?? null);
  }
}

export function naively(electorate: readonly Seat[], positions: readonly MaybePosition[]): NaiveRegion[] {
  return electorate.map((seat, index) => ({ people: BigInt(seat.population ?? 0), position: positions[index] ?? null }));
}

/** From the clock, unless SEED gives an earlier one back. It stands in the titles, so that a failure can be run again. */
export const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

/** Electorates up to 60 regions, very unequal ones among them; positions that lean one way, so that every outcome comes up. */
const lean = fc.constantFrom<readonly MaybePosition[]>(
  EXPRESSIBLE, ['IN_FAVOUR', 'IN_FAVOUR', 'IN_FAVOUR', 'AGAINST'], ['AGAINST', 'AGAINST', 'AGAINST', 'IN_FAVOUR', 'ABSTENTION'],
  ['AGAINST', 'AGAINST', 'AGAINST', 'AGAINST', 'AGAINST', 'ABSTENTION'], ['IN_FAVOUR', 'AGAINST'], ['IN_FAVOUR', 'IN_FAVOUR', 'IN_FAVOUR', 'ABSTENTION', null], ['AGAINST', 'ABSTENTION', null], ['ABSTENTION', null],
);
export const figure = fc.oneof(fc.integer({ min: 1, max: 8_000_000 }), fc.integer({ min: 1, max: 10 }), fc.constantFrom(83_000_000, 18_000_000));
export function voting(least: number, most: number): fc.Arbitrary<{ readonly figures: number[]; readonly positions: MaybePosition[] }> {
  return fc.tuple(lean, fc.integer({ min: least, max: most })).chain(([choices, n]) => fc.record({
    figures: fc.array(figure, { minLength: n, maxLength: n }),
    positions: fc.array(fc.constantFrom(...choices), { minLength: n, maxLength: n }),
  }));
}
const threshold = fc.record({ denominator: fc.integer({ min: 1, max: 100 }), part: fc.nat(100), strict: fc.boolean() })
  .map(({ denominator, part, strict }) => ({ numerator: part % (denominator + 1), denominator, strict }));
/** Rules that nobody adopted yet: any mixture of parts. */
export const anyRule: fc.Arbitrary<DecisionRule> = fc.record({
  name: fc.constantFrom(...DECISION_RULE_NAMES),
  regions: fc.option(fc.tuple(threshold, fc.constantFrom(...THRESHOLD_BASES.slice(0, 2))).map(([t, base]) => ({ ...t, base })), { nil: undefined }),
  population: fc.option(threshold.map((t) => ({ ...t, base: 'POPULATION_OF_ELECTORATE' as const })), { nil: undefined }),
  blockingMinority: fc.option(fc.oneof(
    fc.nat(8).map((fixed) => ({ fixed })),
    fc.tuple(threshold, fc.nat(2)).map(([t, plus]) => ({ share: { ...t, base: 'POPULATION_OF_ELECTORATE' as const }, plus })),
  ), { nil: undefined }),
  inFavourAtLeast: fc.option(fc.nat(5), { nil: undefined }),
  againstAtMost: fc.option(fc.nat(5), { nil: undefined }),
  tie: fc.constantFrom('REJECTED' as const, 'CASTING_VOTE' as const),
});

function fail(code: string): never {
  throw new Error(`${code} is not in data/regions.json`);
}
