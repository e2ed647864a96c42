import type { BlockingMinority, DecisionRule, DecisionRuleName, Threshold, TieRule } from '../../events/rules.js';

interface Options {
  /** Taken over by the simple majority of votes cast only: under the other rules equal sides are no tie (B9). */
  readonly tie?: TieRule;
  /** Taken over by the double and the reinforced majority only: it waives the population test, which the others do not have. */
  readonly blockingMinority?: BlockingMinority;
}

/** The rules of B8, as integers. Consensus is not among them: it is declared by the chair, not computed. */
export function standardRule(name: DecisionRuleName, options: Options = {}): DecisionRule {
  const tie: TieRule = 'REJECTED';
  switch (name) {
    // for > against is the same as more than half of the two together; abstentions are no votes cast
    case 'SIMPLE_MAJORITY_OF_VOTES_CAST':
      return { name, regions: { numerator: 1, denominator: 2, strict: true, base: 'VOTES_CAST' }, tie: options.tie ?? tie };
    // Art. 238(1) TFEU, Art. 4 of Regulation (EU) No 182/2011
    case 'SIMPLE_MAJORITY_OF_MEMBERS':
      return { name, regions: { numerator: 1, denominator: 2, strict: true, base: 'ELECTORATE' }, tie };
    // Art. 95 of Regulation (EU) 2025/327 (EHDS steering groups)
    case 'TWO_THIRDS_OF_MEMBERS':
      return { name, regions: { numerator: 2, denominator: 3, strict: false, base: 'ELECTORATE' }, tie };
    // Art. 16(4) TEU, Art. 238(3)(a) TFEU
    case 'DOUBLE_MAJORITY':
      return { name, ...weighted(55, options.blockingMinority), tie };
    // Art. 238(3)(b) TFEU
    case 'REINFORCED_MAJORITY':
      return { name, ...weighted(72, options.blockingMinority), tie };
    // Art. 238(4) TFEU: abstention does not prevent it
    case 'UNANIMITY':
      return { name, inFavourAtLeast: 1, againstAtMost: 0, tie };
  }
}

function weighted(percentOfRegions: number, blockingMinority?: BlockingMinority): Pick<DecisionRule, 'regions' | 'population' | 'blockingMinority'> {
  return {
    regions: { numerator: percentOfRegions, denominator: 100, strict: false, base: 'ELECTORATE' },
    population: ofPopulation(65, false),
    // Art. 238(3)(a) TFEU. It grows with the electorate; the fixed four of Art. 16(4) TEU would make population decoration below nine regions.
    blockingMinority: blockingMinority ?? { share: ofPopulation(35, true), plus: 1 },
  };
}

function ofPopulation(percent: number, strict: boolean): Threshold {
  return { numerator: percent, denominator: 100, strict, base: 'POPULATION_OF_ELECTORATE' };
}
