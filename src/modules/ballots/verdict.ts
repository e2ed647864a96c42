import type {
  Comparison, Outcome, OutcomeReason, ProofTest, Recusal, RegionPosition, Seat, Silence, Tally,
} from '../../events/ballots.events.js';
import type { DecisionRule, Threshold, ThresholdBase } from '../../events/rules.js';

/** What of the opening (B1) the result rests on. */
export interface FrozenBallot {
  readonly rule: DecisionRule;
  readonly electorate: readonly Seat[];
  readonly recusals: readonly Recusal[];
  readonly silence: Silence;
}
/** By index of the electorate; null, undefined and past the end: nothing was expressed. */
export type Positions = readonly (RegionPosition | null | undefined)[];
export type CastingVote = Exclude<RegionPosition, 'ABSTENTION'>;
export type Towards = Exclude<Outcome, 'NO_OPINION'>;
/** A part of a rule, tested. `percent` comes with the proof; nothing is decided by it. */
export type Part = Omit<ProofTest, 'sentence' | 'towards'> & { readonly towards: Towards };
export interface Verdict {
  readonly outcome: Outcome;
  readonly reason?: OutcomeReason;
  /** Towards ADOPTED; and where those do not carry it, towards REJECTED. */
  readonly parts: readonly Part[];
}

export function tallyOf(electorate: readonly Seat[], positions: Positions, silence: Silence = 'NOT_VOTED'): Tally {
  const tally = { electorate: electorate.length, inFavour: 0, tacit: 0, against: 0, abstention: 0, notVoted: 0 };
  let [total, inFavour, against, figures] = [0, 0, 0, true];
  electorate.forEach((seat, index) => {
    const expressed = positions[index];
    if (seat.population === undefined) figures = false;
    const population = seat.population ?? 0;
    total += population;
    if (expressed === 'AGAINST') {
      tally.against++;
      against += population;
    } else if (expressed === 'ABSTENTION') {
      // B7: an explicit abstention is not silence
      tally.abstention++;
    } else if (expressed === 'IN_FAVOUR' || silence === 'TACIT_AGREEMENT') {
      tally.inFavour++;
      inFavour += population;
      if (expressed !== 'IN_FAVOUR') tally.tacit++;
    } else {
      tally.notVoted++;
    }
  });
  return figures ? { ...tally, populationTotal: total, populationInFavour: inFavour, populationAgainst: against } : tally;
}

export function verdictOf(rule: DecisionRule, tally: Tally, blocking: number | undefined, castingVote?: CastingVote): Verdict {
  // First of all, so that no rule, however low its thresholds, lets a ballot decide that nobody took part in.
  const nobody = tally.notVoted === tally.electorate;
  const inFavour = partsOf(rule, tally, blocking, 'ADOPTED');
  if (!nobody && carries(inFavour)) return { outcome: 'ADOPTED', parts: inFavour };
  // A negative opinion needs the same majority as a positive one: Art. 5 of Regulation (EU) No 182/2011.
  const against = partsOf(rule, tally, blocking, 'REJECTED');
  const parts = [...inFavour, ...against];
  if (nobody) return { outcome: 'NO_OPINION', reason: 'NOBODY_VOTED', parts };
  if (carries(against)) return { outcome: 'REJECTED', parts };
  if (rule.name === 'SIMPLE_MAJORITY_OF_VOTES_CAST' && tally.inFavour === tally.against && tally.inFavour > 0) {
    return { outcome: rule.tie === 'CASTING_VOTE' && castingVote === 'IN_FAVOUR' ? 'ADOPTED' : 'REJECTED', reason: 'TIE', parts };
  }
  return { outcome: 'NO_OPINION', parts };
}

/** Fewest regions not in favour that keep the population test in force; undefined where nothing waives it. */
export function blockingMinimumOf({ population, blockingMinority }: DecisionRule, electorate: readonly Seat[]): number | undefined {
  if (!population || !blockingMinority) return undefined;
  if (blockingMinority.fixed !== undefined) return blockingMinority.fixed;
  if (!blockingMinority.share) return undefined;
  const figures = electorate.map((seat) => known(seat.population)).sort((a, b) => b - a);
  const { comparison, bound } = limitOf(blockingMinority.share, sum(figures));
  let [regions, people] = [0, 0];
  // Regions that together never exceed the share cannot block: one more than there are.
  while (regions <= figures.length && !holds(people, comparison, bound)) people += figures[regions++] ?? 0;
  return regions + (blockingMinority.plus ?? 0);
}

/** True if the parts together adopt, or reject. A blocking minority that is not reached waives the population test and nothing else. */
export function carries(parts: readonly Part[]): boolean {
  const waived = parts.some((part) => part.name === 'BLOCKING_MINORITY' && part.passed);
  return parts.every((part) => part.passed || part.name === 'BLOCKING_MINORITY' || (part.name === 'POPULATION' && waived));
}

/** The parts of a rule, tested. Towards REJECTED everything is mirrored, the waiver too: who is not in favour becomes who is not against. */
export function partsOf(rule: DecisionRule, tally: Tally, blocking: number | undefined, towards: Towards): Part[] {
  const adopting = towards === 'ADOPTED';
  const yes = adopting ? tally.inFavour : tally.against;
  const no = adopting ? tally.against : tally.inFavour;
  const people = adopting ? tally.populationInFavour : tally.populationAgainst;
  const share = (name: 'REGIONS' | 'POPULATION', counted: number, threshold: Threshold): Part => {
    const of = baseOf(threshold.base, tally);
    const { numerator, denominator } = threshold;
    const { comparison, bound } = limitOf(threshold, of);
    return { towards, name, counted, comparison, bound, of, numerator, denominator, passed: holds(counted, comparison, bound) };
  };
  const count = (name: ProofTest['name'], counted: number, comparison: Comparison, bound: number): Part =>
    ({ towards, name, counted, comparison, bound, passed: holds(counted, comparison, bound) });

  const parts: Part[] = [];
  if (rule.regions) parts.push(share('REGIONS', yes, rule.regions));
  if (rule.population) {
    parts.push(share('POPULATION', known(people), rule.population));
    if (blocking !== undefined) {
      const part = count('BLOCKING_MINORITY', tally.electorate - yes, 'FEWER_THAN', blocking);
      const { fixed, share: from } = rule.blockingMinority ?? {};
      if (fixed === undefined && from) Object.assign(part, { numerator: from.numerator, denominator: from.denominator });
      parts.push(part);
    }
  }
  if (rule.inFavourAtLeast !== undefined) parts.push(count('IN_FAVOUR_AT_LEAST', yes, 'AT_LEAST', rule.inFavourAtLeast));
  if (rule.againstAtMost !== undefined) parts.push(count('AGAINST_AT_MOST', no, 'AT_MOST', rule.againstAtMost));
  return parts;
}

/** `counted` of `of` in hundredths of a percent, as "57.15": truncated, so that 64.999 % never looks like 65 %. */
export function percentOf(counted: number, of: number): string {
  const hundredths = of > 0 ? quotient(counted * 10_000, of) : 0;
  return `${quotient(hundredths, 100)}.${String(hundredths % 100).padStart(2, '0')}`;
}

/** The least integer from `least` to `most` that passes, by halving: what passes, everything above passes, `most` among it. */
export function leastOf(least: number, most: number, passes: (candidate: number) => boolean): number {
  let [low, high] = [least, most];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `counted / of` at or over the share, said of `counted` alone: integers stay integers. */
function limitOf({ numerator, denominator, strict }: Threshold, of: number): { readonly comparison: Comparison; readonly bound: number } {
  const product = numerator * of;
  return strict
    ? { comparison: 'MORE_THAN', bound: quotient(product, denominator) }
    : { comparison: 'AT_LEAST', bound: quotient(product, denominator) + (product % denominator > 0 ? 1 : 0) };
}

function holds(counted: number, comparison: Comparison, bound: number): boolean {
  switch (comparison) {
    case 'AT_LEAST': return counted >= bound;
    case 'MORE_THAN': return counted > bound;
    case 'FEWER_THAN': return counted < bound;
    case 'AT_MOST': return counted <= bound;
  }
}

function baseOf(base: ThresholdBase, tally: Tally): number {
  switch (base) {
    case 'VOTES_CAST': return tally.inFavour + tally.against;
    case 'ELECTORATE': return tally.electorate;
    case 'POPULATION_OF_ELECTORATE': return known(tally.populationTotal);
  }
}

export function known(population: number | undefined): number {
  if (population === undefined) throw new Error('The rule weighs population, and a region of the electorate has no figure');
  return population;
}

/** Integer division: the remainder goes first, so that no fraction ever comes up. */
function quotient(dividend: number, divisor: number): number {
  return (dividend - (dividend % divisor)) / divisor;
}

export function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
