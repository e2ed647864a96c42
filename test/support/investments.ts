import type { Evidence } from '../../src/events/shared.js';
import { investmentDecider, investmentStream, type Investment } from '../../src/modules/investments/investments.decider.js';
import { CHAIR, representativeOf, type Committee } from './committee.js';
import type { Input } from './kernel.js';

export const PROPOSAL: Input = {
  title: 'Medical technologies', keyAreas: ['KA2', 'KA4'], stage: 'CONNECT', s3Priority: 'Health industry', relatedInitiatives: ['Vanguard pilot'],
};
export const commitment = (differing: Partial<Evidence> = {}): Evidence => ({
  kind: 'COMMITMENT_LETTER', sha256: 'c'.repeat(64), signedAs: 'Director for research', date: '2026-01-05', ...differing,
});
export const confirming = (investment: string, differing: Input = {}): Input => ({ investment, evidence: commitment(), validUntil: '2027-12-31', ...differing });
/** One partner's part of a plan: all of it from the region itself, but for what `eu` pays. */
export const partOf = (region: string, regional: number, eu = 0): Input => ({
  region, costs: [{ name: 'Pilot', amount: regional + eu }],
  sources: [{ kind: 'REGIONAL', name: 'Regional programme', amount: regional }, ...(eu > 0 ? [{ kind: 'EU_FUND', name: 'I3', amount: eu }] : [])],
});

/** A joint investment led by the first region, brought on step by step. */
export class Investing {
  private constructor(readonly at: Committee, readonly id: string) {}

  static async proposed(at: Committee, differing: Input = {}, by = representativeOf(1)): Promise<Investing> {
    return new Investing(at, (await at.kernel.send('ProposeJointInvestment', { ...PROPOSAL, ...differing }, by)).id);
  }

  /** Regions 2 to n are invited and join. */
  async joinedBy(n: number): Promise<this> {
    for (let i = 2; i <= n; i++) {
      await this.at.kernel.send('InvitePartner', { investment: this.id, region: this.at.region(i) }, representativeOf(1));
      await this.at.kernel.send('AcceptPartnership', { investment: this.id, s3Priority: `Priority ${i}` }, representativeOf(i));
    }
    return this;
  }

  async planned(...parts: readonly Input[]): Promise<this> {
    const partners = parts.length > 0 ? parts : [partOf(this.at.region(1), 1_000_00, 500_00), partOf(this.at.region(2), 300_00)];
    await this.at.kernel.send('SetFinancingPlan', { investment: this.id, partners }, representativeOf(1));
    return this;
  }

  async openForPledges(): Promise<this> {
    await this.at.kernel.send('OpenPledging', { investment: this.id }, representativeOf(1));
    return this;
  }

  /** Answers the id of the ballot to open. */
  async submitted(): Promise<string> {
    return (await this.at.kernel.send('SubmitInvestmentToBallot', { investment: this.id }, CHAIR)).commandId;
  }

  /** Answers the ballot, closed; what follows is not done yet. */
  async votedOn(letters: string, present: readonly string[] = this.at.regions): Promise<string> {
    const ballot = await this.submitted();
    await this.at.kernel.send('OpenBallot', { ballot, subject: this.id, procedure: 'MEETING', present }, CHAIR);
    await this.at.cast(ballot, letters);
    await this.at.kernel.send('CloseBallot', { ballot }, CHAIR);
    return ballot;
  }

  get state(): Investment {
    const state = this.at.kernel.state(investmentDecider, investmentStream(this.id));
    if (state.status === 'NONE') throw new Error(`There is no joint investment ${this.id}`);
    return state;
  }
}

/** Ready for pledges, with partners of three countries. */
export const openForPledges = async (at: Committee, partners = 3): Promise<Investing> =>
  (await (await (await Investing.proposed(at)).joinedBy(partners)).planned()).openForPledges();
