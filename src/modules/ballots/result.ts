import type { Outcome, Proof, Seat, Tally } from '../../events/ballots.events.js';
import type { DecisionRule } from '../../events/rules.js';
import { partSentence, resultSentence } from './sentences.js';
import {
  blockingMinimumOf, carries, known, leastOf, partsOf, percentOf, sum, tallyOf, verdictOf, type CastingVote, type FrozenBallot, type Part, type Positions,
} from './verdict.js';

/**
 * The result and how it was reached (B8, B9). `castingVote`: heard only where the votes are equal and the rule gives the chair one.
 * @throws Error where the rule weighs population and the electorate lacks a figure: no ballot opens like that (FIGURE_MISSING).
 */
export function resultOf(frozen: FrozenBallot, positions: Positions, castingVote?: CastingVote): { readonly tally: Tally; readonly proof: Proof } {
  const { rule, electorate, recusals, silence } = frozen;
  const tally = tallyOf(electorate, positions, silence);
  const blocking = blockingMinimumOf(rule, electorate);
  const { outcome, reason, parts } = verdictOf(rule, tally, blocking, castingVote);
  const shown = parts.map((part): Part => (part.of ? { ...part, percent: percentOf(part.counted, part.of) } : part));
  const population = populationCouldMatter(rule, electorate, blocking);
  const recusal = recusalsCouldMatter(frozen, positions, outcome);
  return {
    tally,
    proof: {
      outcome,
      ...(reason && { reason }),
      tests: shown.map((part) => ({ ...part, sentence: partSentence(rule, part) })),
      populationCouldMatter: population,
      recusalsCouldMatter: recusal,
      sentence: resultSentence(rule, tally, { outcome, reason, parts: shown }, castingVote, population, recusal ? recusals.length : 0),
    },
  };
}

/** Equal votes that the rule leaves undecided: where its `tie` is CASTING_VOTE, the ballot cannot close without one. */
export function isTie({ rule, electorate, silence }: Omit<FrozenBallot, 'recusals'>, positions: Positions): boolean {
  return verdictOf(rule, tallyOf(electorate, positions, silence), blockingMinimumOf(rule, electorate)).reason === 'TIE';
}

/**
 * Whether population can keep this electorate from deciding, whoever votes how. The hardest case for it: as few regions in favour as the
 * rest of the rule allows, the least populous ones, nobody against. More in favour means more people and fewer who block. What holds
 * towards ADOPTED holds towards REJECTED, which is its mirror.
 */
function populationCouldMatter(rule: DecisionRule, electorate: readonly Seat[], blocking: number | undefined): boolean {
  if (!rule.population) return false;
  const n = electorate.length;
  const figures = electorate.map((seat) => known(seat.population)).sort((a, b) => a - b);
  const populationTotal = sum(figures);
  const partsWith = (inFavour: number): Part[] => partsOf(rule, {
    electorate: n, inFavour, tacit: 0, against: 0, abstention: n - inFavour, notVoted: 0,
    populationTotal, populationInFavour: sum(figures.slice(0, inFavour)), populationAgainst: 0,
  }, blocking, 'ADOPTED');
  const otherwise = (inFavour: number): boolean => carries(partsWith(inFavour).filter((part) => part.name !== 'POPULATION'));
  return otherwise(n) && !carries(partsWith(leastOf(0, n, otherwise)));
}

/**
 * Whether the recused regions, had they been in the electorate, could have given another outcome. All of them in favour and all of them
 * against are the two ends: a vote more in favour never leads from ADOPTED or towards REJECTED, so what both ends share, all between share.
 * An unknown figure and a casting vote that nobody was asked for count as could: neither can be ruled out.
 */
function recusalsCouldMatter({ rule, electorate, recusals, silence }: FrozenBallot, positions: Positions, outcome: Outcome): boolean {
  if (recusals.length === 0) return false;
  if (rule.population && recusals.some((recusal) => recusal.population === undefined)) return true;
  const wider = [...electorate, ...recusals];
  const blocking = blockingMinimumOf(rule, wider);
  return (['IN_FAVOUR', 'AGAINST'] as const).some((expressed) => {
    const all = wider.map((_, index) => (index < electorate.length ? positions[index] : expressed));
    const verdict = verdictOf(rule, tallyOf(wider, all, silence), blocking);
    return verdict.outcome !== outcome || (verdict.reason === 'TIE' && rule.tie === 'CASTING_VOTE');
  });
}
