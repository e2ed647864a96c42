/**
 * A second implementation of domain.md B8 and B9, for comparison only. Written from the text, by the names of the rules and not from their
 * data, with bigints, with whole lists instead of running counts, and with the mirror as what it says: everybody changes sides.
 * It shares no code with src/.
 */
export type NaivePosition = 'IN_FAVOUR' | 'AGAINST' | 'ABSTENTION' | null;
export interface NaiveRegion { readonly people: bigint; readonly position: NaivePosition }
export type NaiveRule =
  | 'SIMPLE_MAJORITY_OF_VOTES_CAST' | 'SIMPLE_MAJORITY_OF_MEMBERS' | 'TWO_THIRDS_OF_MEMBERS' | 'DOUBLE_MAJORITY' | 'REINFORCED_MAJORITY' | 'UNANIMITY';
export interface NaiveOptions {
  /** "or fixed 4"; left out: (fewest regions exceeding 35 % of popTotal) + 1. */
  readonly fixed?: bigint;
  readonly castingVote?: 'IN_FAVOUR' | 'AGAINST';
  readonly tacit?: boolean;
  /** Leaves the population test (and its waiver) out, to see whether it is what decides. */
  readonly withoutPopulation?: boolean;
}
export interface NaiveResult { readonly outcome: 'ADOPTED' | 'REJECTED' | 'NO_OPINION'; readonly reason?: 'TIE' | 'NOBODY_VOTED' }

export function naiveResult(rule: NaiveRule, regions: readonly NaiveRegion[], options: NaiveOptions = {}): NaiveResult {
  const all = regions.map((r): NaiveRegion => (r.position === null && options.tacit ? { ...r, position: 'IN_FAVOUR' } : r));
  if (all.every((r) => r.position === null)) return { outcome: 'NO_OPINION', reason: 'NOBODY_VOTED' };
  if (naiveAdopts(rule, all, options)) return { outcome: 'ADOPTED' };
  if (naiveAdopts(rule, all.map(changeSides), options)) return { outcome: 'REJECTED' };
  if (rule === 'SIMPLE_MAJORITY_OF_VOTES_CAST' && size(inFavour(all)) > 0n && size(inFavour(all)) === size(inFavour(all.map(changeSides)))) {
    return { outcome: options.castingVote === 'IN_FAVOUR' ? 'ADOPTED' : 'REJECTED', reason: 'TIE' };
  }
  return { outcome: 'NO_OPINION' };
}

/** The six sentences of B8. Silence is taken as it stands in the list. */
export function naiveAdopts(rule: NaiveRule, regions: readonly NaiveRegion[], options: NaiveOptions = {}): boolean {
  const yes = inFavour(regions);
  const no = regions.filter((r) => r.position === 'AGAINST');
  const n = size(regions);
  switch (rule) {
    case 'SIMPLE_MAJORITY_OF_VOTES_CAST': return size(yes) > size(no);
    case 'SIMPLE_MAJORITY_OF_MEMBERS': return size(yes) > n - size(yes);
    case 'TWO_THIRDS_OF_MEMBERS': return 3n * size(yes) >= 2n * n;
    case 'DOUBLE_MAJORITY': return 100n * size(yes) >= 55n * n && (options.withoutPopulation === true || peopleAgree(regions, options));
    case 'REINFORCED_MAJORITY': return 100n * size(yes) >= 72n * n && (options.withoutPopulation === true || peopleAgree(regions, options));
    case 'UNANIMITY': return size(no) === 0n && size(yes) >= 1n;
  }
}

function peopleAgree(regions: readonly NaiveRegion[], options: NaiveOptions): boolean {
  const minimum = options.fixed ?? naiveBlockingMinimum(regions.map((r) => r.people));
  const notInFavour = regions.filter((r) => r.position !== 'IN_FAVOUR');
  return 100n * people(inFavour(regions)) >= 65n * people(regions) || size(notInFavour) < minimum;
}

const minima = new Map<string, bigint>();

/** Tries every set of regions; above a dozen, where there are too many, takes the largest that is left, again and again. */
export function naiveBlockingMinimum(figures: readonly bigint[]): bigint {
  const key = figures.join();
  const found = minima.get(key) ?? (figures.length <= 12 ? byTryingAll(figures) : byTakingTheLargest(figures));
  minima.set(key, found);
  return found;
}

export function byTryingAll(figures: readonly bigint[]): bigint {
  const total = figures.reduce((a, b) => a + b, 0n);
  let fewest = BigInt(figures.length);
  for (let set = 0; set < 2 ** figures.length; set++) {
    const members = figures.filter((_, i) => Math.floor(set / 2 ** i) % 2 === 1);
    if (100n * members.reduce((a, b) => a + b, 0n) > 35n * total && BigInt(members.length) < fewest) fewest = BigInt(members.length);
  }
  return fewest + 1n;
}

export function byTakingTheLargest(figures: readonly bigint[]): bigint {
  const total = figures.reduce((a, b) => a + b, 0n);
  const left = [...figures];
  let [taken, count] = [0n, 0n];
  while (100n * taken <= 35n * total) {
    let largest = 0;
    left.forEach((figure, i) => { if (figure > (left[largest] ?? 0n)) largest = i; });
    taken += left.splice(largest, 1)[0] ?? 0n;
    count += 1n;
  }
  return count + 1n;
}

function changeSides(r: NaiveRegion): NaiveRegion {
  if (r.position === 'IN_FAVOUR') return { ...r, position: 'AGAINST' };
  return r.position === 'AGAINST' ? { ...r, position: 'IN_FAVOUR' } : r;
}

function inFavour(regions: readonly NaiveRegion[]): readonly NaiveRegion[] {
  return regions.filter((r) => r.position === 'IN_FAVOUR');
}

function people(regions: readonly NaiveRegion[]): bigint {
  return regions.reduce((total, r) => total + r.people, 0n);
}

function size(list: readonly unknown[]): bigint {
  return BigInt(list.length);
}
