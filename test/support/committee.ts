import { afterEach, expect } from '@jest/globals';
import type { RegionPosition } from '../../src/events/ballots.events.js';
import type { DecisionRuleName, TieRule } from '../../src/events/rules.js';
import type { Evidence } from '../../src/events/shared.js';
import { derivedId } from '../../src/decider/decider.js';
import { Problem } from '../../src/decider/problem.js';
import { ballotDecider, ballotStream, type BallotState } from '../../src/modules/ballots/ballots.decider.js';
import { committeeDecider, type CommitteeState } from '../../src/modules/membership/committee.decider.js';
import { DEFAULT_RULES } from '../../src/modules/membership/default-rules.js';
import { COMMITTEE_STREAM, ROLL_STREAM } from '../../src/modules/membership/membership.context.js';
import { rollDecider, type RollState } from '../../src/modules/membership/roll.decider.js';
import { recommendationDecider, recommendationStream, type RecommendationState } from '../../src/modules/recommendations/recommendations.decider.js';
import { Kernel, SYSTEM, type Input, type KernelOptions, type Sent, type Who } from './kernel.js';

export const SECRETARIAT: Who = 'secretariat';
export const CHAIR: Who = 'chair';
export const AUDITOR: Who = 'auditor';
export const OPERATOR: Who = 'operator';
/** People of the n-th region, from 1. */
export const contactOf = (n: number): Who => `contact-${n}`;
export const representativeOf = (n: number): Who => `representative-${n}`;
export const alternateOf = (n: number): Who => `alternate-${n}`;

export const letterOf = (differing: Partial<Evidence> = {}): Evidence => ({
  kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'President of the region', date: '2026-01-02', ...differing,
});
/** The n-th region as it asks to join. */
export const regionInput = (n: number): { code: string; nutsVersion: string; name: string; country: string } => ({
  code: `ZZ${String(n).padStart(2, '0')}`, nutsVersion: '2024', name: `Region ${n}`, country: 'ZZ',
});
export const joining = (n: number, differing: Input = {}): Input => ({ region: { ...regionInput(n), ...differing }, letterOfAdhesion: letterOf() });

export interface RuleInput { readonly name: DecisionRuleName; readonly tie?: TieRule; readonly fixedBlockingMinority?: number }
/** The default rules of procedure, with another rule for recommendations where one is given. */
export const rulesInput = (recommendation: RuleInput = { name: 'DOUBLE_MAJORITY' }, differing: Input = {}): Input => ({
  ...DEFAULT_RULES, matters: DEFAULT_RULES.matters.map((one) => (one.matter === 'RECOMMENDATION' ? { ...one, rule: recommendation } : one)), ...differing,
});
export const establishing = (rules: Input = rulesInput()): Input => ({ name: 'Interregional Committee', rules, secretariat: SECRETARIAT });

export const DRAFT: Input = {
  title: 'Electronic health records', keyAreas: ['KA1'], addressees: ['European Commission'],
  text: [{ heading: 'Access', text: 'Patients have access.' }, { text: 'Regions exchange records.' }],
};

export interface CommitteeOptions extends KernelOptions {
  readonly regions?: number;
  /** In the order of the regions. */
  readonly populations?: readonly number[];
  /** False: no population table is adopted. */
  readonly table?: boolean;
  readonly rules?: Input;
  /** Defined ones; all five when left out. */
  readonly keyAreas?: readonly string[];
  /** In the order of the regions, two letters each; ZZ where left out. */
  readonly countries?: readonly string[];
}

const LETTERS: Readonly<Record<string, RegionPosition>> = { F: 'IN_FAVOUR', A: 'AGAINST', '-': 'ABSTENTION' };

/** A Committee that works, and the acts that its tests begin with. */
export class Committee {
  private constructor(readonly kernel: Kernel, readonly regions: readonly string[]) {}

  /** Established, with its offices, key areas, member regions, their contact persons, representatives and alternates, and a table of 2025. */
  static async on(kernel: Kernel, { regions, populations, table = true, rules = rulesInput(), keyAreas = ['KA1', 'KA2', 'KA3', 'KA4', 'KA5'], countries = [] }: CommitteeOptions = {}): Promise<Committee> {
    const figures = populations ?? Array.from({ length: regions ?? 5 }, (_, i) => 1_000_000 + i);
    await kernel.send('EstablishCommittee', establishing(rules), SYSTEM);
    const [joined] = await Promise.all([
      Promise.all(figures.map((_, i) => kernel.send('JoinCommittee', joining(i + 1, { country: countries[i] ?? 'ZZ' }), contactOf(i + 1)))),
      kernel.send('AppointToOffice', { office: 'AUDITOR', person: AUDITOR }, SECRETARIAT),
      kernel.send('AppointToOffice', { office: 'OPERATOR', person: OPERATOR }, SECRETARIAT),
      kernel.send('ElectChair', { person: CHAIR, until: '2036-01-01T00:00:00.000Z' }, SECRETARIAT),
      ...keyAreas.map((code) => kernel.send('DefineKeyArea', { code, title: `Key Area ${code}` }, SECRETARIAT)),
    ]);
    const ids = joined.map(({ commandId }) => derivedId(commandId, 'region'));
    await Promise.all([
      ...joined.map(({ commandId }) => kernel.send('AcceptAccession', { accession: commandId }, SECRETARIAT)),
      ...(table && ids.length > 0 ? [kernel.send('AdoptPopulationTable', tableOf(2025, ids, figures), SECRETARIAT)] : []),
      ...ids.flatMap((region, i) => [
        kernel.send('AppointRepresentative', { region, person: representativeOf(i + 1) }, contactOf(i + 1)),
        kernel.send('AppointAlternate', { region, person: alternateOf(i + 1) }, contactOf(i + 1)),
      ]),
    ]);
    return new Committee(kernel, ids);
  }

  /** The id of the n-th region, from 1. */
  region(n: number): string {
    const id = this.regions[n - 1];
    if (id === undefined) throw new Error(`There is no region ${n}`);
    return id;
  }

  get committee(): CommitteeState { return this.kernel.state(committeeDecider, COMMITTEE_STREAM); }
  get roll(): RollState { return this.kernel.state(rollDecider, ROLL_STREAM); }
  ballot(id: string): Exclude<BallotState, { status: 'NONE' }> {
    const state = this.kernel.state(ballotDecider, ballotStream(id));
    if (state.status === 'NONE') throw new Error(`The ballot ${id} is not opened`);
    return state;
  }
  recommendation(id: string): Exclude<RecommendationState, { status: 'NONE' }> {
    const state = this.kernel.state(recommendationDecider, recommendationStream(id));
    if (state.status === 'NONE') throw new Error(`There is no recommendation ${id}`);
    return state;
  }

  /** A region that asks to join. Answers the accession and the region that it would be. */
  async asked(n: number, differing: Input = {}, who: Who = contactOf(n)): Promise<{ readonly accession: string; readonly region: string }> {
    const { commandId } = await this.kernel.send('JoinCommittee', joining(n, differing), who);
    return { accession: commandId, region: this.roll.accessions.get(commandId)?.regionId as string };
  }

  async joined(n: number, population?: number): Promise<string> {
    const { accession, region } = await this.asked(n);
    await this.kernel.send('AcceptAccession', { accession, ...(population !== undefined && { population }) }, SECRETARIAT);
    return region;
  }

  /** A draft of the first region. */
  async drafted(differing: Input = {}, who: Who = representativeOf(1)): Promise<string> {
    return (await this.kernel.send('InitiateRecommendation', { ...DRAFT, ...differing }, who)).id;
  }

  async tabled(): Promise<string> {
    const recommendation = await this.drafted();
    await this.kernel.send('TableRecommendation', { recommendation }, representativeOf(1));
    return recommendation;
  }

  /** The submission gives the ballot its id. */
  async submitted(): Promise<{ readonly recommendation: string; readonly ballot: string }> {
    const recommendation = await this.tabled();
    const { commandId: ballot } = await this.kernel.send('SubmitRecommendationToBallot', { recommendation }, CHAIR);
    return { recommendation, ballot };
  }

  opening({ recommendation, ballot }: { readonly recommendation: string; readonly ballot: string }, differing: Input = {}): Input {
    return { ballot, subject: recommendation, procedure: 'MEETING', present: this.regions, ...differing };
  }

  /** Open in a meeting where all are present. */
  async opened(differing: Input = {}): Promise<{ readonly recommendation: string; readonly ballot: string }> {
    const submitted = await this.submitted();
    await this.kernel.send('OpenBallot', this.opening(submitted, differing), CHAIR);
    return submitted;
  }

  async openedInWriting(deadline: string, differing: Input = {}): Promise<{ readonly recommendation: string; readonly ballot: string }> {
    return this.opened({ procedure: 'WRITTEN', present: undefined, deadline, ...differing });
  }

  /** "FFA-." : the first and second region in favour, the third against, the fourth abstains, the fifth says nothing. */
  async cast(ballot: string, letters: string): Promise<void> {
    await Promise.all([...letters].map((letter, i) => {
      const expressed = LETTERS[letter];
      return expressed && this.kernel.send('CastPosition', { ballot, expressed }, representativeOf(i + 1));
    }));
  }

  /** Voted on in a meeting and closed by the chair. What follows is not done yet. */
  async closed(letters: string, closing: Input = {}, opening: Input = {}): Promise<{ readonly recommendation: string; readonly ballot: string }> {
    const opened = await this.opened(opening);
    await this.cast(opened.ballot, letters);
    await this.kernel.send('CloseBallot', { ballot: opened.ballot, ...closing }, CHAIR);
    return opened;
  }

  /** Sends all at once. Answers what became of each, in the order in which they are listed here: ACCEPTED, or what refused it. */
  async atOnce(order: Order, ...acts: readonly Act[]): Promise<readonly string[]> {
    const places = acts.map((_, i) => i);
    const outcomes = new Map<number, string>();
    await Promise.all((order === 'AS_LISTED' ? places : places.reverse()).map(async (i) => {
      const { name, input, who, sent } = acts[i] as Act;
      const answer = await this.kernel.answer(name, input, who, sent);
      outcomes.set(i, answer instanceof Problem ? answer.reason ?? answer.code : 'ACCEPTED');
    }));
    return acts.map((_, i) => outcomes.get(i) as string);
  }
}

/** Opens what a test asks for and closes it after, when nothing must have gone wrong inside that was nobody's input. */
export function committees(): { of(options?: CommitteeOptions): Promise<Committee>; kernel(options?: KernelOptions): Kernel } {
  const kernels: Kernel[] = [];
  afterEach(async () => {
    const opened = kernels.splice(0);
    for (const kernel of opened) await kernel.close();
    expect(opened.flatMap((kernel) => kernel.internalErrors)).toEqual([]);
  });
  const kernel = (options: KernelOptions = {}): Kernel => {
    const opened = new Kernel(options);
    kernels.push(opened);
    return opened;
  };
  return { kernel, of: (options = {}) => Committee.on(kernel(options), options) };
}

export const tableOf = (year: number, regions: readonly string[], figures: readonly number[]): Input => ({
  year, source: 'Eurostat', figures: regions.map((region, i) => ({ region, population: figures[i] })),
});

/** In which order acts that are sent at once come in. */
export type Order = 'AS_LISTED' | 'REVERSED';
export const BOTH_ORDERS: readonly Order[] = ['AS_LISTED', 'REVERSED'];

/** One command that is sent together with others. */
export interface Act { readonly name: string; readonly input: Input; readonly who: Who; readonly sent?: Sent }
export const act = (name: string, input: Input, who: Who, sent?: Sent): Act => ({ name, input, who, ...(sent && { sent }) });
