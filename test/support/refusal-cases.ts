import type { Decision } from '../../src/decider/decider.js';
import { declineEndorsement, endorseInvestment, investmentDecider, leaveInvestmentWithoutOpinion } from '../../src/modules/investments/investments.decider.js';
import type { BallotState } from '../../src/modules/ballots/ballots.decider.js';
import { standardRule } from '../../src/modules/membership/standard-rules.js';
import { InvestmentSubmittedToBallot, JointInvestmentProposed } from '../../src/events/investments.events.js';
import { CHAIR, contactOf, representativeOf, SECRETARIAT, type Committee, type CommitteeOptions } from './committee.js';
import { documented, draftedDocument, publishedDocument, revisedDocument } from './documents.js';
import { given } from './given.js';
import { confirming, Investing, openForPledges, partOf, PROPOSAL } from './investments.js';
import { SYSTEM, type Input, type Who } from './kernel.js';

export type Sending = readonly [input: Input, who: Who];
export interface Met { readonly with?: CommitteeOptions; readonly after: (at: Committee) => Promise<Sending> }
/** Met by nobody who sends a command: what it guards against, another rule prevents before. The decider refuses it all the same. */
export interface Unreachable { readonly because: string; readonly decision: () => Decision }
export type Cases = Readonly<Record<string, Met | Unreachable>>;

export const met = (after: Met['after'], options: CommitteeOptions = { regions: 2 }): Met => ({ after, with: options });
export const secretariat = (input: Input) => met(async () => [input, SECRETARIAT]);

const correcting = (document: string, more: Input = {}): Input => ({ document, basedOn: 1, reason: 'SPELLING', text: [{ text: 'Mended.' }], ...more });

export const DOCUMENT_CASES: Readonly<Record<string, Cases>> = {
  CreateDocument: {
    NOT_ADOPTED: met(async (at) => [{ recommendation: await at.drafted() }, SECRETARIAT]),
    REVISES_A_DOCUMENT: met(async (at) => [{ recommendation: (await revisedDocument(at)).recommendation }, SECRETARIAT]),
    NOTHING_TO_CHANGE: met(async (at) => [{ recommendation: (await documented(at)).recommendation }, SECRETARIAT]),
    NOT_FOUND: secretariat({ recommendation: 'nothing' }),
  },
  DraftVersion: {
    NOT_BASED_ON_NEWEST: met(async (at) => [{ document: (await documented(at)).document, basedOn: 3 }, SECRETARIAT]),
    NOT_DECIDED: met(async (at) => [{ document: (await documented(at)).document, recommendation: await at.drafted() }, SECRETARIAT]),
    NOTHING_TO_CHANGE: met(async (at) => [{ document: await publishedDocument(at), basedOn: 1 }, SECRETARIAT]),
    NOT_FOUND: secretariat({ document: 'nothing' }),
  },
  PublishVersion: {
    NOT_DRAFTED: met(async (at) => [{ document: await publishedDocument(at), number: 1 }, SECRETARIAT]),
    NOT_DECIDED: met(async (at) => {
      const document = await draftedDocument(at);
      return [{ document, number: 1, recommendation: await at.drafted() }, SECRETARIAT];
    }),
    OTHER_TEXT: met(async (at) => {
      const { document } = await documented(at);
      await at.kernel.send('DraftVersion', { document, text: [{ text: 'Another text.' }] }, SECRETARIAT);
      return [{ document, number: 1 }, SECRETARIAT];
    }),
    BEFORE_PREDECESSOR: met(async (at) => {
      const { document, recommendation } = await revisedDocument(at);
      await at.kernel.send('DraftVersion', { document, basedOn: 1, recommendation }, SECRETARIAT);
      return [{ document, number: 2, recommendation, effectiveFrom: '2026-02-28' }, SECRETARIAT];
    }),
    NOT_FOUND: secretariat({ document: 'nothing', number: 1 }),
  },
  IssueCorrigendum: {
    NOT_PUBLISHED: met(async (at) => [correcting((await documented(at)).document), SECRETARIAT]),
    NOT_BASED_ON_NEWEST: met(async (at) => [correcting(await publishedDocument(at), { basedOn: 2 }), SECRETARIAT]),
    BEFORE_PREDECESSOR: met(async (at) => [correcting(await publishedDocument(at), { effectiveFrom: '2026-02-28' }), SECRETARIAT]),
    NOTHING_TO_CHANGE: met(async (at) => {
      const document = await publishedDocument(at);
      await at.kernel.send('IssueCorrigendum', correcting(document), SECRETARIAT);
      return [correcting(document, { basedOn: 2, text: (at.kernel.last().data as { text: object[] }).text }), SECRETARIAT];
    }),
    NOT_FOUND: secretariat(correcting('nothing')),
  },
  AssignRegisterNumber: {
    NOT_PUBLISHED: met(async (at) => [{ document: await publishedDocument(at), number: 1, year: 2025 }, SYSTEM]),
    HAS_A_NUMBER: met(async (at) => {
      const input = { document: await publishedDocument(at), number: 1, year: 2026 };
      await at.kernel.send('AssignRegisterNumber', input, SYSTEM);
      return [input, SYSTEM];
    }),
    NOT_FOUND: met(async () => [{ document: 'nothing', number: 1, year: 2026 }, SYSTEM]),
  },
};

const THREE: CommitteeOptions = { countries: ['IT', 'DE', 'ES'], regions: 3 };
const [lead, partner] = [representativeOf(1), representativeOf(2)];
const nothing = { investment: 'nothing' };
const submitted = async (at: Committee): Promise<Investing> => {
  const investing = await openForPledges(at);
  await investing.submitted();
  return investing;
};
/** Frozen from the submission to a ballot on. */
const frozen = (more: (at: Committee) => Input = () => ({})): Cases => ({ ALREADY_SUBMITTED: met(async (at) => [{ investment: (await submitted(at)).id, ...more(at) }, lead], THREE) });
const pledged = async (at: Committee): Promise<string> => {
  const { id: investment } = await openForPledges(at);
  await at.kernel.send('IndicatePledge', { investment, amount: 9 }, partner);
  await at.kernel.send('ConfirmPledge', confirming(investment), partner);
  return investment;
};
/** Acts of a partner for itself. */
const pledging = (more: (investment: string) => Input): Cases => ({
  PLEDGING_NOT_OPEN: met(async (at) => [more((await Investing.proposed(at)).id), lead], THREE),
  NOT_A_PARTNER: met(async (at) => [more((await openForPledges(at, 2)).id), representativeOf(3)], THREE),
  NOT_FOUND: met(async () => [more('nothing'), lead]),
});
const hash = 'a'.repeat(64);
const otherText = (decide: typeof endorseInvestment, outcome: 'ADOPTED' | 'REJECTED' | 'NO_OPINION'): Unreachable => ({
  because: 'what is voted on is frozen from its submission, so a ballot is on nothing else',
  decision: () => {
    const ballot: BallotState = {
      status: 'CLOSED', seatOf: new Map(), cast: [null], castCount: 0, outcome,
      opened: {
        ballotId: 'b', subjectId: 'i', matter: 'JOINT_INVESTMENT', subjectHash: hash, procedure: 'MEETING', rule: standardRule('UNANIMITY'), rulesVersion: 1, silence: 'NOT_VOTED',
        electorate: [{ regionId: 'region' }], recusals: [],
      },
    };
    return given(investmentDecider,
      JointInvestmentProposed({ investmentId: 'i', title: 'T', keyAreas: ['KA1'], stage: 'LEARN', leadId: 'region', s3Priority: 'p', relatedInitiatives: [] }),
      InvestmentSubmittedToBallot({ investmentId: 'i', ballotId: 'b', contentHash: hash })).when(decide, { investment: 'i', ballot: 'b' }, { facts: { ballot } }).decision;
  },
});
const conclusions = (decide: typeof endorseInvestment, outcome: 'ADOPTED' | 'REJECTED' | 'NO_OPINION', otherLetters: string): Cases => ({
  NOT_IN_BALLOT: met(async (at) => [{ investment: (await openForPledges(at)).id, ballot: 'b' }, CHAIR], THREE),
  BALLOT_NOT_CLOSED: met(async (at) => {
    const investing = await openForPledges(at);
    return [{ investment: investing.id, ballot: await investing.submitted() }, CHAIR];
  }, THREE),
  OTHER_OUTCOME: met(async (at) => {
    const investing = await openForPledges(at);
    return [{ investment: investing.id, ballot: await investing.votedOn(otherLetters) }, CHAIR];
  }, THREE),
  OTHER_TEXT: otherText(decide, outcome),
  NOT_FOUND: met(async () => [{ ...nothing, ballot: 'b' }, CHAIR]),
});

export const INVESTMENT_CASES: Readonly<Record<string, Cases>> = {
  ProposeJointInvestment: {
    KEY_AREA_NOT_DEFINED: met(async () => [PROPOSAL, lead], { regions: 1, keyAreas: ['KA1'] }),
    RELATED_INITIATIVES_UNDECLARED: met(async () => [{ ...PROPOSAL, relatedInitiatives: undefined }, lead]),
  },
  InvitePartner: {
    ...frozen((at) => ({ region: at.region(2) })),
    NOT_A_MEMBER: met(async (at) => {
      const { id: investment } = await Investing.proposed(at);
      await at.kernel.send('WithdrawMembership', { region: at.region(2) }, contactOf(2));
      return [{ investment, region: at.region(2) }, lead];
    }),
    ALREADY_A_PARTNER: met(async (at) => [{ investment: (await Investing.proposed(at)).id, region: at.region(1) }, lead]),
    NOT_FOUND: met(async (at) => [{ investment: (await Investing.proposed(at)).id, region: 'nowhere' }, lead]),
  },
  AcceptPartnership: {
    NOT_INVITED: met(async (at) => [{ investment: (await Investing.proposed(at)).id, s3Priority: 'x' }, partner]),
    NOTHING_TO_CHANGE: met(async (at) => [{ investment: (await (await Investing.proposed(at)).joinedBy(2)).id, s3Priority: 'x' }, partner]),
    ALREADY_SUBMITTED: met(async (at) => {
      const investing = await openForPledges(at);
      await at.kernel.send('InvitePartner', { investment: investing.id, region: at.region(4) }, lead);
      await investing.submitted();
      return [{ investment: investing.id, s3Priority: 'x' }, representativeOf(4)];
    }, { countries: ['IT', 'DE', 'ES'], regions: 4 }),
    NOT_FOUND: met(async () => [{ ...nothing, s3Priority: 'x' }, lead]),
  },
  SetFinancingPlan: {
    ...frozen((at) => ({ partners: [partOf(at.region(1), 3)] })),
    NOT_A_PARTNER: met(async (at) => [{ investment: (await Investing.proposed(at)).id, partners: [partOf(at.region(2), 3)] }, lead]),
    NOT_BALANCED: met(async (at) => [{ investment: (await Investing.proposed(at)).id, partners: [{ ...partOf(at.region(1), 3), costs: [{ name: 'x', amount: 4 }] }] }, lead]),
    NOTHING_TO_CHANGE: met(async (at) => [{ investment: (await (await Investing.proposed(at)).planned(partOf(at.region(1), 3))).id, partners: [partOf(at.region(1), 3)] }, lead]),
    NOT_FOUND: met(async (at) => [{ ...nothing, partners: [partOf(at.region(1), 3)] }, lead]),
  },
  OpenPledging: {
    ...frozen(),
    NO_PLAN: met(async (at) => [{ investment: (await Investing.proposed(at)).id }, lead]),
    TOO_FEW_PARTNERS: met(async (at) => [{ investment: (await (await Investing.proposed(at)).planned(partOf(at.region(1), 3))).id }, lead]),
    NOTHING_TO_CHANGE: met(async (at) => [{ investment: (await openForPledges(at, 2)).id }, lead]),
    NOT_FOUND: met(async () => [nothing, lead]),
  },
  IndicatePledge: {
    ...pledging((investment) => ({ investment, amount: 5 })),
    PLEDGE_LOWERED: met(async (at) => [{ investment: await pledged(at), amount: 10 }, partner], THREE),
    NOTHING_TO_CHANGE: met(async (at) => {
      const { id: investment } = await openForPledges(at);
      await at.kernel.send('IndicatePledge', { investment, amount: 5 }, partner);
      return [{ investment, amount: 5 }, partner];
    }, THREE),
  },
  ConfirmPledge: {
    ...pledging((investment) => confirming(investment)),
    NO_PLEDGE: met(async (at) => [confirming((await openForPledges(at)).id), partner], THREE),
    PLEDGE_LOWERED: met(async (at) => [confirming(await pledged(at), { amount: 8 }), partner], THREE),
  },
  WithdrawPledge: {
    ...pledging((investment) => ({ investment, reason: 'The budget was cut.' })),
    NO_PLEDGE: met(async (at) => [{ investment: (await openForPledges(at)).id, reason: 'x' }, partner], THREE),
  },
  SubmitInvestmentToBallot: {
    PLEDGING_NOT_OPEN: met(async (at) => [{ investment: (await Investing.proposed(at)).id }, CHAIR]),
    TOO_FEW_REGIONS: met(async (at) => [{ investment: (await openForPledges(at, 2)).id }, CHAIR], THREE),
    TOO_FEW_COUNTRIES: met(async (at) => [{ investment: (await openForPledges(at)).id }, CHAIR], { regions: 3 }),
    NOT_FOUND: met(async () => [nothing, CHAIR]),
  },
  EndorseInvestment: conclusions(endorseInvestment, 'ADOPTED', 'AAA'),
  DeclineEndorsement: conclusions(declineEndorsement, 'REJECTED', 'FFF'),
  LeaveInvestmentWithoutOpinion: conclusions(leaveInvestmentWithoutOpinion, 'NO_OPINION', 'FFF'),
};
