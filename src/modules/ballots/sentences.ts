import type { Tally } from '../../events/ballots.events.js';
import type { DecisionRule, DecisionRuleName, Threshold } from '../../events/rules.js';
import type { CastingVote, Part, Towards, Verdict } from './verdict.js';

// What a person reads of a result. Made of the parts that were tested, not of the rule's name, so that it says no more than was counted.

const NAMES: Readonly<Record<DecisionRuleName, string>> = {
  SIMPLE_MAJORITY_OF_VOTES_CAST: 'simple majority of votes cast',
  SIMPLE_MAJORITY_OF_MEMBERS: 'simple majority of component members',
  TWO_THIRDS_OF_MEMBERS: 'two thirds of members',
  DOUBLE_MAJORITY: 'double majority',
  REINFORCED_MAJORITY: 'reinforced majority',
  UNANIMITY: 'unanimity',
};
const WITHOUT_ARTICLE: readonly DecisionRuleName[] = ['TWO_THIRDS_OF_MEMBERS', 'UNANIMITY'];
const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];
const SIDE = { ADOPTED: 'in favour', REJECTED: 'against' } as const;
const OTHER_SIDE = { ADOPTED: 'against', REJECTED: 'in favour' } as const;

/** "no", "one", … "twelve", 13. */
export function inWords(count: number): string {
  return WORDS[count] ?? digits(count);
}

/** "no region", "one region", "two regions". */
export function some(count: number, noun: string): string {
  return `${inWords(count)} ${plural(count, noun)}`;
}

export function are(count: number): string {
  return count < 2 ? 'is' : 'are';
}

/** One comparison of a rule, as a sentence. */
export function partSentence(rule: DecisionRule, part: Part): string {
  const { name, counted, bound, passed } = part;
  const side = SIDE[part.towards];
  switch (name) {
    case 'REGIONS': {
      const noun = rule.regions?.base === 'VOTES_CAST' ? 'vote cast' : 'region';
      return capital(`${ofAll(counted, part.of ?? 0, noun)} ${side}${percentage(part)}; ${required(part)}.`);
    }
    case 'POPULATION':
      return `The side ${side} has ${digits(counted)} of ${digits(part.of ?? 0)} people${percentage(part)}; ${required(part)}.`;
    case 'BLOCKING_MINORITY':
      return capital(passed
        ? `${some(counted, 'region')} not ${side} ${are(counted)} fewer than the ${inWords(bound)} needed to block: population is waived.`
        : `${some(counted, 'region')} not ${side} ${are(counted)} enough to block, which takes ${inWords(bound)}: population is not waived.`);
    case 'IN_FAVOUR_AT_LEAST':
      return capital(`${some(counted, 'region')} ${are(counted)} ${side}; at least ${bound} ${are(bound)} needed.`);
    case 'AGAINST_AT_MOST':
      return capital(`${some(counted, 'region')} ${are(counted)} ${OTHER_SIDE[part.towards]}; ${bound === 0 ? 'none' : `at most ${bound}`} may be.`);
  }
}

/** The result as a whole. `recusedThatMatter`: 0 where the recusals could not have turned it. */
export function resultSentence(
  rule: DecisionRule, tally: Tally, verdict: Verdict, castingVote: CastingVote | undefined, populationCouldMatter: boolean, recusedThatMatter: number,
): string {
  const sentences = [outcomeSentence(rule, tally, verdict, castingVote, populationCouldMatter)];
  if (rule.population && !populationCouldMatter) sentences.push('In this electorate, population could never decide.');
  if (recusedThatMatter > 0) {
    sentences.push(`The ${plural(recusedThatMatter, 'recusal')} of ${some(recusedThatMatter, 'region')} could have turned the result.`);
  }
  return sentences.join(' ');
}

function outcomeSentence(rule: DecisionRule, tally: Tally, { outcome, reason, parts }: Verdict, castingVote: CastingVote | undefined, population: boolean): string {
  if (reason === 'NOBODY_VOTED') return 'No opinion: no region voted.';
  if (outcome === 'NO_OPINION') return `No opinion: ${noOpinion(rule, tally, parts)}.`;
  const verb = outcome === 'ADOPTED' ? 'Adopted' : 'Rejected';
  if (reason === 'TIE') {
    const equal = `${verb}: the votes are equal, ${inWords(tally.inFavour)} in favour and ${inWords(tally.against)} against, and`;
    if (rule.tie === 'REJECTED') return `${equal} a tie is a rejection.`;
    return castingVote ? `${equal} the chair's casting vote decided ${SIDE[outcome]}.` : `${equal} the chair has given no casting vote.`;
  }
  const said = `${verb} by ${NAMES[rule.name]}: ${stand(rule, tally, outcome)}${enough(parts, outcome)}.`;
  const people = find(parts, outcome, 'POPULATION');
  if (!people || !population) return said;
  return `${said} ${people.passed ? `${capital(their(parts, people))} ${reaches(people)}` : waiver(parts, people)}.`;
}

/** "3 of 5 regions are in favour, one of them by tacit agreement" (B6: shown apart). */
function stand(rule: DecisionRule, tally: Tally, towards: Towards): string {
  const counted = towards === 'ADOPTED' ? tally.inFavour : tally.against;
  const base = rule.regions?.base === 'VOTES_CAST' ? ofAll(counted, tally.inFavour + tally.against, 'vote') : ofAll(counted, tally.electorate, 'region');
  return `${base} ${SIDE[towards]}${towards === 'ADOPTED' ? tacitly(tally) : ''}`;
}

function tacitly({ tacit, inFavour }: Tally): string {
  if (tacit === 0) return '';
  if (tacit < inFavour) return `, ${inWords(tacit)} of them by tacit agreement`;
  return tacit === 1 ? ', by tacit agreement' : ', all by tacit agreement';
}

/** What the side that carried it needed, beyond population. */
function enough(parts: readonly Part[], towards: Towards): string {
  const needed = fewest(parts, towards);
  const opposed = find(parts, towards, 'AGAINST_AT_MOST');
  const clauses = needed > 1 || find(parts, towards, 'REGIONS') ? [`, and ${needed} ${are(needed)} needed`] : [];
  if (opposed) clauses.push(opposed.bound === 0 ? `, and no region is ${OTHER_SIDE[towards]}` : `, and at most ${opposed.bound} may be ${OTHER_SIDE[towards]}`);
  return clauses.join('');
}

function waiver(parts: readonly Part[], people: Part): string {
  const towards = people.towards;
  const blocking = find(parts, towards, 'BLOCKING_MINORITY');
  const counted = blocking?.counted ?? 0;
  return `${capital(their(parts, people))} ${reaches(people)}, but ${some(counted, 'region')} not ${SIDE[towards]} ${are(counted)} `
    + `fewer than the ${inWords(blocking?.bound ?? 0)} needed to block`;
}

function noOpinion(rule: DecisionRule, tally: Tally, parts: readonly Part[]): string {
  const both = (['ADOPTED', 'REJECTED'] as const).map((towards) => ({ towards, why: whyNot(parts, towards) }));
  const blocked = both.filter(({ why }) => why === 'POPULATION').map(({ towards }) => blockedBy(rule, tally, parts, towards));
  if (blocked.length > 0) return blocked.join('; ');
  if (tally.inFavour + tally.against === 0 && rule.regions?.base === 'VOTES_CAST') return 'no region voted in favour or against, and abstentions are not counted';
  return both.every(({ why }) => why === 'TOO_FEW')
    ? `${bothSides(rule, tally)}; it takes ${fewest(parts, 'ADOPTED')} for ${named(rule)}, either way`
    : `${bothSides(rule, tally)}, which is not ${named(rule)} either way`;
}

function whyNot(parts: readonly Part[], towards: Towards): 'TOO_FEW' | 'OPPOSED' | 'POPULATION' {
  const failed = (name: Part['name']): boolean => find(parts, towards, name)?.passed === false;
  if (failed('REGIONS') || failed('IN_FAVOUR_AT_LEAST')) return 'TOO_FEW';
  return failed('AGAINST_AT_MOST') ? 'OPPOSED' : 'POPULATION';
}

function blockedBy(rule: DecisionRule, tally: Tally, parts: readonly Part[], towards: Towards): string {
  const people = find(parts, towards, 'POPULATION');
  const blocking = find(parts, towards, 'BLOCKING_MINORITY');
  const few = people ? `, but ${their(parts, people)} ${reaches(people)}` : '';
  const block = blocking ? `, and ${some(blocking.counted, 'region')} not ${SIDE[towards]} ${are(blocking.counted)} enough to block` : '';
  return `${stand(rule, tally, towards)}${few}${block}`;
}

function bothSides(rule: DecisionRule, tally: Tally): string {
  const { inFavour, against } = tally;
  if (inFavour + against === 0) return 'no region is in favour or against';
  if (inFavour === 0) return `no region is in favour and ${stand(rule, tally, 'REJECTED')}`;
  return `${stand(rule, tally, 'ADOPTED')}${tally.tacit > 0 ? ',' : ''} and ${against === 0 ? 'none' : against} ${are(against)} against`;
}

/** Fewest regions (or votes) that pass every part that counts them on this side. */
function fewest(parts: readonly Part[], towards: Towards): number {
  const regions = find(parts, towards, 'REGIONS');
  const floor = find(parts, towards, 'IN_FAVOUR_AT_LEAST')?.bound ?? 0;
  return Math.max(floor, regions ? regions.bound + (regions.comparison === 'MORE_THAN' ? 1 : 0) : 0);
}

function their(parts: readonly Part[], people: Part): string {
  const regions = find(parts, people.towards, 'REGIONS');
  return `${regions?.counted === 1 ? 'its' : 'their'} ${people.percent ?? '0.00'} % of the population`;
}

function reaches({ passed, comparison, numerator, denominator }: Part): string {
  const share = shareOf({ numerator: numerator ?? 0, denominator: denominator ?? 1 });
  if (comparison === 'MORE_THAN') return passed ? `is above ${share}` : `is not above ${share}`;
  return passed ? `reaches ${share}` : `is below ${share}`;
}

function required({ comparison, bound }: Part): string {
  return `${comparison === 'MORE_THAN' ? 'more than' : 'at least'} ${digits(bound)} ${are(bound)} needed`;
}

/** A share that a rule names: "65 %", or "2/3" where it is no whole number of percent. */
function shareOf({ numerator, denominator }: Pick<Threshold, 'numerator' | 'denominator'>): string {
  return (100 * numerator) % denominator === 0 ? `${(100 * numerator) / denominator} %` : `${numerator}/${denominator}`;
}

/** " (57.15 %)"; nothing of nothing is no percentage. */
function percentage({ percent }: Part): string {
  return percent === undefined ? '' : ` (${percent} %)`;
}

function find(parts: readonly Part[], towards: Towards, name: Part['name']): Part | undefined {
  return parts.find((part) => part.towards === towards && part.name === name);
}

function ofAll(counted: number, of: number, noun: string): string {
  if (counted === 0) return `no ${noun} is`;
  if (counted < of) return `${counted} of ${of} ${plural(of, noun)} ${are(counted)}`;
  return of === 1 ? `the only ${noun} is` : `all ${of} ${plural(of, noun)} are`;
}

function plural(count: number, noun: string): string {
  if (count < 2) return noun;
  return noun === 'vote cast' ? 'votes cast' : `${noun}s`;
}

/** "a double majority", "two thirds of members". */
function named({ name }: DecisionRule): string {
  return WITHOUT_ARTICLE.includes(name) ? NAMES[name] : `a ${NAMES[name]}`;
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** 13388383 as "13,388,383". */
function digits(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
