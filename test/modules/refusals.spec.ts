import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isRefusal } from '../../src/decider/decider.js';
import { Problem } from '../../src/decider/problem.js';
import { BallotOpened } from '../../src/events/ballots.events.js';
import { AccessionAccepted, AccessionSubmitted, MembershipWithdrawn } from '../../src/events/membership.events.js';
import { RecommendationInitiated, RecommendationSubmittedToBallot, RecommendationTabled } from '../../src/events/recommendations.events.js';
import { ballotDecider, castPosition, type BallotState, type Frozen } from '../../src/modules/ballots/ballots.decider.js';
import { rollDecider, withdrawMembership } from '../../src/modules/membership/roll.decider.js';
import { standardRule } from '../../src/modules/membership/standard-rules.js';
import { adoptRecommendation, leaveRecommendationWithoutOpinion, recommendationDecider, rejectRecommendation } from '../../src/modules/recommendations/recommendations.decider.js';
import { contexts } from '../../src/contexts.js';
import {
  alternateOf, AUDITOR, CHAIR, committees, contactOf, DRAFT, establishing, joining, letterOf, representativeOf, rulesInput, SECRETARIAT, tableOf,
  type Committee,
} from '../support/committee.js';
import { DAY_MS, given, later, TODAY } from '../support/given.js';
import { SYSTEM, type Input } from '../support/kernel.js';
import { DOCUMENT_CASES, INVESTMENT_CASES, met, secretariat, type Cases, type Unreachable } from '../support/refusal-cases.js';

/** The codes of each command, as the table at the end of the contract has them. */
const CONTRACT: Readonly<Record<string, readonly string[]>> = {
  EstablishCommittee: ['ALREADY_ESTABLISHED'],
  AppointToOffice: ['ALREADY_IN_OFFICE'],
  EndOffice: ['NOT_IN_OFFICE', 'LAST_OF_SECRETARIAT'],
  ElectChair: ['CHAIR_IN_OFFICE'],
  AdoptRulesOfProcedure: ['EFFECTIVE_IN_THE_PAST'],
  AdoptPopulationTable: ['YEAR_HAS_A_TABLE', 'FIGURE_MISSING'],
  DefineKeyArea: ['KEY_AREA_DEFINED'],
  RenameKeyArea: ['KEY_AREA_NOT_DEFINED'],
  JoinCommittee: ['ALREADY_MEMBER'],
  AcceptAccession: ['NOT_PENDING', 'ALREADY_MEMBER', 'REGIONS_OVERLAP', 'FIGURE_MISSING'],
  DeclineAccession: ['NOT_PENDING'],
  AppointRepresentative: ['NOT_A_MEMBER', 'REPRESENTS_ANOTHER_REGION'],
  AppointAlternate: ['NOT_A_MEMBER', 'REPRESENTS_ANOTHER_REGION'],
  EndMandate: ['NO_MANDATE'],
  WithdrawMembership: ['NOT_A_MEMBER'],
  OpenBallot: ['NOT_SUBMITTED', 'ALREADY_OPENED', 'FIGURE_MISSING', 'NO_QUORUM', 'NOBODY_ENTITLED', 'DEADLINE_TOO_SHORT'],
  CastPosition: ['BALLOT_NOT_OPEN', 'AFTER_DEADLINE', 'NOT_IN_ELECTORATE', 'NOT_A_MEMBER', 'ALREADY_CAST'],
  CloseBallot: ['BALLOT_NOT_OPEN', 'TOO_EARLY'],
  InitiateRecommendation: ['KEY_AREA_NOT_DEFINED'],
  ReviseDraft: ['NOT_A_DRAFT'],
  TableRecommendation: ['NOT_A_DRAFT'],
  SubmitRecommendationToBallot: ['NOT_TABLED'],
  WithdrawRecommendation: ['BALLOT_OPENED', 'ALREADY_DECIDED'],
  AdoptRecommendation: ['NOT_IN_BALLOT', 'BALLOT_NOT_CLOSED', 'OTHER_TEXT', 'OTHER_OUTCOME'],
  RejectRecommendation: ['NOT_IN_BALLOT', 'BALLOT_NOT_CLOSED', 'OTHER_TEXT', 'OTHER_OUTCOME'],
  LeaveRecommendationWithoutOpinion: ['NOT_IN_BALLOT', 'BALLOT_NOT_CLOSED', 'OTHER_TEXT', 'OTHER_OUTCOME'],
  CreateDocument: ['NOT_ADOPTED'],
  DraftVersion: ['NOT_BASED_ON_NEWEST'],
  PublishVersion: ['NOT_DRAFTED', 'NOT_DECIDED', 'OTHER_TEXT', 'BEFORE_PREDECESSOR'],
  IssueCorrigendum: ['NOT_PUBLISHED', 'NOT_BASED_ON_NEWEST'],
  AssignRegisterNumber: ['NOT_PUBLISHED', 'HAS_A_NUMBER'],
  ProposeJointInvestment: ['KEY_AREA_NOT_DEFINED', 'RELATED_INITIATIVES_UNDECLARED'],
  InvitePartner: ['NOT_A_MEMBER', 'ALREADY_A_PARTNER'],
  SetFinancingPlan: ['NOT_A_PARTNER', 'NOT_BALANCED'],
  OpenPledging: ['NO_PLAN', 'TOO_FEW_PARTNERS'],
  AcceptPartnership: ['NOT_INVITED'],
  IndicatePledge: ['PLEDGING_NOT_OPEN', 'NOT_A_PARTNER', 'PLEDGE_LOWERED'],
  ConfirmPledge: ['PLEDGING_NOT_OPEN', 'NOT_A_PARTNER', 'NO_PLEDGE', 'PLEDGE_LOWERED'],
  WithdrawPledge: ['PLEDGING_NOT_OPEN', 'NOT_A_PARTNER', 'NO_PLEDGE'],
  SubmitInvestmentToBallot: ['PLEDGING_NOT_OPEN', 'TOO_FEW_REGIONS', 'TOO_FEW_COUNTRIES'],
  EndorseInvestment: ['NOT_IN_BALLOT', 'BALLOT_NOT_CLOSED', 'OTHER_TEXT', 'OTHER_OUTCOME'],
  DeclineEndorsement: ['NOT_IN_BALLOT', 'BALLOT_NOT_CLOSED', 'OTHER_TEXT', 'OTHER_OUTCOME'],
  LeaveInvestmentWithoutOpinion: ['NOT_IN_BALLOT', 'BALLOT_NOT_CLOSED', 'OTHER_TEXT', 'OTHER_OUTCOME'],
};
/** Rows of several commands whose codes are told together: each of them is of one or more. */
const TOLD_TOGETHER = ['InvitePartner', 'SetFinancingPlan', 'OpenPledging', 'IndicatePledge', 'ConfirmPledge', 'WithdrawPledge'];
/** Codes that the program has beside the contract's, each for a rule that the contract's table leaves unsaid. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  AppointRepresentative: ['HOLDS_THE_OTHER_MANDATE'],
  AppointAlternate: ['HOLDS_THE_OTHER_MANDATE'],
  OpenBallot: ['NO_RULE'],
  CloseBallot: ['CASTING_VOTE_NEEDED'],
  InitiateRecommendation: ['NOT_ADOPTED'],
  CreateDocument: ['REVISES_A_DOCUMENT'],
  DraftVersion: ['NOT_DECIDED'],
  IssueCorrigendum: ['BEFORE_PREDECESSOR'],
  InvitePartner: ['ALREADY_SUBMITTED'],
  SetFinancingPlan: ['ALREADY_SUBMITTED'],
  OpenPledging: ['ALREADY_SUBMITTED'],
  AcceptPartnership: ['ALREADY_SUBMITTED'],
};
/** Of "all", those that can be met: where the table has a code of its own for the same, that one is told. */
const NOTHING_TO_CHANGE = ['RenameKeyArea', 'AppointRepresentative', 'AppointAlternate', 'CastPosition', 'ReviseDraft', 'WithdrawRecommendation',
  'CreateDocument', 'DraftVersion', 'IssueCorrigendum', 'AcceptPartnership', 'SetFinancingPlan', 'OpenPledging', 'IndicatePledge'];
/** Commands that name a thing. The others make one, or speak of a person, an office or a key area. */
const NOT_FOUND = [
  'AdoptPopulationTable', 'AcceptAccession', 'DeclineAccession', 'AppointRepresentative', 'AppointAlternate', 'EndMandate', 'WithdrawMembership', 'OpenBallot', 'CastPosition',
  'CloseBallot', 'ReviseDraft', 'TableRecommendation', 'SubmitRecommendationToBallot', 'WithdrawRecommendation', 'AdoptRecommendation', 'RejectRecommendation', 'LeaveRecommendationWithoutOpinion',
  'InitiateRecommendation', ...Object.keys(DOCUMENT_CASES), ...Object.keys(INVESTMENT_CASES).filter((name) => name !== 'ProposeJointInvestment'),
];

const IN_A_MONTH = later(TODAY, 30 * DAY_MS);
const withdrawn = async (at: Committee, n: number): Promise<string> => {
  await at.kernel.send('WithdrawMembership', { region: at.region(n) }, contactOf(n));
  return at.region(n);
};
const appointments: Cases = {
  NOT_A_MEMBER: met(async (at) => [{ region: await withdrawn(at, 1), person: 'x', letter: letterOf() }, SECRETARIAT]),
  REPRESENTS_ANOTHER_REGION: met(async (at) => [{ region: at.region(1), person: representativeOf(2) }, contactOf(1)]),
};
const hash = 'a'.repeat(64);
const opened: Frozen = {
  ballotId: 'b', subjectId: 'r', matter: 'RECOMMENDATION', subjectHash: hash, procedure: 'MEETING', rule: standardRule('UNANIMITY'), rulesVersion: 1, silence: 'NOT_VOTED',
  electorate: [{ regionId: 'region' }], recusals: [],
};
const roll = given(rollDecider,
  AccessionSubmitted({ accessionId: 'a', region: { id: 'region', name: 'Region', country: 'ZZ' }, letterOfAdhesion: letterOf(), contactPersonId: 'c' }),
  AccessionAccepted({ accessionId: 'a', regionId: 'region', contactPersonId: 'c' }), MembershipWithdrawn({ regionId: 'region', mandatesEnded: [] }));
const inBallot = given(recommendationDecider,
  RecommendationInitiated({ recommendationId: 'r', title: 'T', keyAreas: ['KA1'], addressees: ['EC'], text: [{ id: 'p', text: 'x' }], textHash: 'b'.repeat(64) }),
  RecommendationTabled({ recommendationId: 'r', textHash: 'b'.repeat(64) }), RecommendationSubmittedToBallot({ recommendationId: 'r', ballotId: 'b', textHash: 'b'.repeat(64) }));
const otherText = (decide: typeof adoptRecommendation, outcome: 'ADOPTED' | 'REJECTED' | 'NO_OPINION'): Unreachable => ({
  because: 'the text is frozen from its submission (R2), so a ballot is on no other',
  decision: () => {
    const ballot: BallotState = { status: 'CLOSED', opened, seatOf: new Map(), cast: [null], castCount: 0, outcome };
    return inBallot.when(decide, { recommendation: 'r', ballot: 'b' }, { facts: { ballot } }).decision;
  },
});
const conclusions = (decide: typeof adoptRecommendation, outcome: 'ADOPTED' | 'REJECTED' | 'NO_OPINION', otherLetters: string): Cases => ({
  NOT_IN_BALLOT: met(async (at) => [{ recommendation: await at.tabled(), ballot: 'b' }, CHAIR]),
  BALLOT_NOT_CLOSED: met(async (at) => [await at.opened(), CHAIR]),
  OTHER_OUTCOME: met(async (at) => [await at.closed(otherLetters), CHAIR]),
  OTHER_TEXT: otherText(decide, outcome),
  NOT_FOUND: met(async () => [{ recommendation: 'nothing', ballot: 'b' }, CHAIR]),
});
const draftOnly = (more: Input): Cases => ({
  NOT_A_DRAFT: met(async (at) => [{ recommendation: await at.tabled(), ...more }, representativeOf(1)]),
  NOT_FOUND: met(async () => [{ recommendation: 'nothing', ...more }, SECRETARIAT]),
});

const CASES: Readonly<Record<string, Cases>> = {
  EstablishCommittee: { ALREADY_ESTABLISHED: met(async () => [establishing(), SYSTEM]) },
  AppointToOffice: { ALREADY_IN_OFFICE: secretariat({ office: 'AUDITOR', person: AUDITOR }) },
  EndOffice: { NOT_IN_OFFICE: secretariat({ office: 'AUDITOR', person: 'x' }), LAST_OF_SECRETARIAT: secretariat({ office: 'SECRETARIAT', person: SECRETARIAT }) },
  ElectChair: { CHAIR_IN_OFFICE: secretariat({ person: 'x' }) },
  AdoptRulesOfProcedure: { EFFECTIVE_IN_THE_PAST: secretariat({ rules: rulesInput(undefined, { effectiveFrom: later(TODAY, -1) }) }) },
  AdoptPopulationTable: {
    YEAR_HAS_A_TABLE: met(async (at) => [tableOf(2025, at.regions, [1, 2]), SECRETARIAT]),
    FIGURE_MISSING: met(async (at) => [tableOf(2026, [at.region(1)], [1]), SECRETARIAT]),
    NOT_FOUND: met(async (at) => [tableOf(2026, [...at.regions, 'nowhere'], [1, 2, 3]), SECRETARIAT]),
  },
  DefineKeyArea: { KEY_AREA_DEFINED: secretariat({ code: 'KA1', title: 'x' }) },
  RenameKeyArea: {
    KEY_AREA_NOT_DEFINED: met(async () => [{ code: 'KA1', title: 'x' }, SECRETARIAT], { regions: 0, keyAreas: [] }),
    NOTHING_TO_CHANGE: secretariat({ code: 'KA1', title: 'Key Area KA1' }),
  },
  JoinCommittee: { ALREADY_MEMBER: met(async () => [joining(1), 'x']) },
  AcceptAccession: {
    NOT_PENDING: met(async (at) => {
      const { accession } = await at.asked(3);
      await at.kernel.send('DeclineAccession', { accession }, SECRETARIAT);
      return [{ accession, population: 5 }, SECRETARIAT];
    }),
    ALREADY_MEMBER: met(async (at) => {
      const [first, second] = [await at.asked(3, {}, 'x'), await at.asked(3, {}, 'y')];
      await at.kernel.send('AcceptAccession', { accession: first.accession, population: 5 }, SECRETARIAT);
      return [{ accession: second.accession, population: 5 }, SECRETARIAT];
    }),
    REGIONS_OVERLAP: met(async (at) => [{ accession: (await at.asked(3, { code: 'ZZ011' })).accession, population: 5 }, SECRETARIAT]),
    FIGURE_MISSING: met(async (at) => [{ accession: (await at.asked(3)).accession }, SECRETARIAT]),
    NOT_FOUND: secretariat({ accession: 'nothing' }),
  },
  DeclineAccession: {
    NOT_PENDING: met(async (at) => {
      const { accession } = await at.asked(3);
      await at.kernel.send('AcceptAccession', { accession, population: 5 }, SECRETARIAT);
      return [{ accession }, SECRETARIAT];
    }),
    NOT_FOUND: secretariat({ accession: 'nothing' }),
  },
  AppointRepresentative: {
    ...appointments,
    HOLDS_THE_OTHER_MANDATE: met(async (at) => [{ region: at.region(1), person: alternateOf(1) }, contactOf(1)]),
    NOTHING_TO_CHANGE: met(async (at) => [{ region: at.region(1), person: representativeOf(1) }, contactOf(1)]),
    NOT_FOUND: secretariat({ region: 'nowhere', person: 'x', letter: letterOf() }),
  },
  AppointAlternate: {
    ...appointments,
    HOLDS_THE_OTHER_MANDATE: met(async (at) => [{ region: at.region(1), person: representativeOf(1) }, contactOf(1)]),
    NOTHING_TO_CHANGE: met(async (at) => [{ region: at.region(1), person: alternateOf(1) }, contactOf(1)]),
    NOT_FOUND: secretariat({ region: 'nowhere', person: 'x', letter: letterOf() }),
  },
  EndMandate: {
    NO_MANDATE: met(async (at) => [{ region: await withdrawn(at, 1), office: 'REPRESENTATIVE', reason: 'DEATH' }, SECRETARIAT]),
    NOT_FOUND: secretariat({ region: 'nowhere', office: 'REPRESENTATIVE', reason: 'DEATH' }),
  },
  WithdrawMembership: {
    NOT_A_MEMBER: {
      because: 'contact persons and representatives are those of member regions: of another, nobody may send it (FORBIDDEN)',
      decision: () => roll.when(withdrawMembership, { region: 'region' }).decision,
    },
    NOT_FOUND: {
      because: 'nobody is contact person or representative of a region that is not there (FORBIDDEN)',
      decision: () => roll.when(withdrawMembership, { region: 'nowhere' }).decision,
    },
  },
  OpenBallot: {
    NOT_SUBMITTED: met(async (at) => [at.opening({ recommendation: await at.tabled(), ballot: 'b' }), CHAIR]),
    ALREADY_OPENED: met(async (at) => [at.opening(await at.opened()), CHAIR]),
    FIGURE_MISSING: met(async (at) => [at.opening(await at.submitted()), CHAIR], { regions: 2, table: false }),
    NO_QUORUM: met(async (at) => [at.opening(await at.submitted(), { present: [at.region(1)] }), CHAIR]),
    NOBODY_ENTITLED: met(async (at) => [at.opening(await at.submitted(), { recusals: at.regions.map((region) => ({ region, reason: 'DECLARED_CONFLICT' })) }), CHAIR]),
    DEADLINE_TOO_SHORT: met(async (at) => [at.opening(await at.submitted(), { procedure: 'WRITTEN', present: undefined, deadline: later(TODAY, DAY_MS) }), CHAIR]),
    NO_RULE: met(async (at) => [at.opening(await at.submitted()), CHAIR], { regions: 2, rules: rulesInput(undefined, { effectiveFrom: IN_A_MONTH }) }),
    NOT_FOUND: met(async (at) => [at.opening({ recommendation: 'nothing', ballot: 'b' }), CHAIR]),
  },
  CastPosition: {
    BALLOT_NOT_OPEN: met(async (at) => [{ ballot: (await at.closed('F')).ballot, expressed: 'AGAINST' }, representativeOf(2)]),
    AFTER_DEADLINE: met(async (at) => {
      const { ballot } = await at.openedInWriting(IN_A_MONTH);
      at.kernel.clock.standAt(later(IN_A_MONTH, 1));
      return [{ ballot, expressed: 'AGAINST' }, representativeOf(1)];
    }),
    NOT_IN_ELECTORATE: met(async (at) => [{ ballot: (await at.opened({ recusals: [{ region: at.region(1), reason: 'RULED_CONFLICT' }] })).ballot, expressed: 'AGAINST' }, representativeOf(1)]),
    NOT_A_MEMBER: {
      because: 'the mandates of a region end with its membership, so nobody has a seat of it (FORBIDDEN)',
      decision: () => given(ballotDecider, BallotOpened(opened)).when(castPosition, { ballot: 'b', expressed: 'AGAINST' }, { facts: { roll: roll.state }, by: { office: 'REPRESENTATIVE', personId: 'p', regionId: 'region' } }).decision,
    },
    ALREADY_CAST: met(async (at) => {
      const { ballot } = await at.opened();
      await at.cast(ballot, 'F');
      return [{ ballot, expressed: 'AGAINST' }, alternateOf(1)];
    }),
    NOTHING_TO_CHANGE: met(async (at) => {
      const { ballot } = await at.opened();
      await at.cast(ballot, 'F');
      return [{ ballot, expressed: 'IN_FAVOUR', replaces: at.kernel.head }, alternateOf(1)];
    }),
    NOT_FOUND: met(async () => [{ ballot: 'nothing', expressed: 'AGAINST' }, representativeOf(1)]),
  },
  CloseBallot: {
    BALLOT_NOT_OPEN: met(async (at) => [{ ballot: (await at.closed('F')).ballot }, CHAIR]),
    TOO_EARLY: met(async (at) => [{ ballot: (await at.openedInWriting(IN_A_MONTH)).ballot }, SYSTEM]),
    CASTING_VOTE_NEEDED: met(async (at) => {
      const { ballot } = await at.opened();
      await at.cast(ballot, 'FA');
      return [{ ballot }, CHAIR];
    }, { regions: 2, rules: rulesInput({ name: 'SIMPLE_MAJORITY_OF_VOTES_CAST', tie: 'CASTING_VOTE' }) }),
    NOT_FOUND: met(async () => [{ ballot: 'nothing' }, CHAIR]),
  },
  InitiateRecommendation: {
    KEY_AREA_NOT_DEFINED: met(async () => [DRAFT, representativeOf(1)], { regions: 1, keyAreas: ['KA2'] }),
    NOT_ADOPTED: met(async (at) => [{ ...DRAFT, revises: await at.drafted() }, representativeOf(1)]),
    NOT_FOUND: secretariat({ ...DRAFT, revises: 'nothing' }),
  },
  ReviseDraft: {
    ...draftOnly({ text: [{ text: 'x' }] }),
    NOTHING_TO_CHANGE: met(async (at) => {
      const recommendation = await at.drafted();
      return [{ recommendation, text: at.recommendation(recommendation).text }, representativeOf(1)];
    }),
  },
  TableRecommendation: draftOnly({}),
  SubmitRecommendationToBallot: {
    NOT_TABLED: met(async (at) => [{ recommendation: await at.drafted() }, SECRETARIAT]),
    NOT_FOUND: met(async () => [{ recommendation: 'nothing' }, CHAIR]),
  },
  WithdrawRecommendation: {
    BALLOT_OPENED: met(async (at) => [{ recommendation: (await at.opened()).recommendation }, representativeOf(1)]),
    ALREADY_DECIDED: met(async (at) => {
      const both = await at.closed('FF');
      await at.kernel.send('AdoptRecommendation', both, CHAIR);
      return [{ recommendation: both.recommendation }, SECRETARIAT];
    }),
    NOTHING_TO_CHANGE: met(async (at) => {
      const recommendation = await at.drafted();
      await at.kernel.send('WithdrawRecommendation', { recommendation }, SECRETARIAT);
      return [{ recommendation }, representativeOf(1)];
    }),
    NOT_FOUND: secretariat({ recommendation: 'nothing' }),
  },
  AdoptRecommendation: conclusions(adoptRecommendation, 'ADOPTED', 'AA'),
  RejectRecommendation: conclusions(rejectRecommendation, 'REJECTED', 'FF'),
  LeaveRecommendationWithoutOpinion: conclusions(leaveRecommendationWithoutOpinion, 'NO_OPINION', 'FF'),
  ...DOCUMENT_CASES,
  ...INVESTMENT_CASES,
};

const sorted = (words: Iterable<string>): string[] => [...new Set(words)].sort();
const codesOf = (command: string): string[] => sorted([
  ...CONTRACT[command] ?? [], ...BESIDE[command] ?? [], ...(NOTHING_TO_CHANGE.includes(command) ? ['NOTHING_TO_CHANGE'] : []), ...(NOT_FOUND.includes(command) ? ['NOT_FOUND'] : []),
]);

describe('The table of refusals', () => {
  it('has a row for each command, and each code of it is met or shown at its decider here', () => {
    expect(sorted(Object.keys(CONTRACT))).toEqual(sorted(contexts.filter(({ name }) => name !== 'consequences').flatMap(({ commands }) => commands.map(({ command }) => command.name))));
    for (const command of Object.keys(CONTRACT)) expect([command, sorted(Object.keys(CASES[command] ?? {}))]).toEqual([command, codesOf(command)]);
  });

  it('has the codes that stand in the contract', () => {
    const [, table] = readFileSync(new URL('../graphql/contract.graphql', import.meta.url), 'utf8').split('\n# The commands:') as [string, string];
    const checked: string[] = [];
    const conclusions = ['NOT_IN_BALLOT', 'BALLOT_NOT_CLOSED', 'OTHER_TEXT', 'OTHER_OUTCOME'];
    for (const [, names, codes] of table.matchAll(/^# ([A-Z]\w+(?:, [A-Z]\w+)*) +[^|]+\|[^|]+\|[^|]+\|[^|]+\| (.+)$/gm)) {
      const told = codes === 'as AdoptRecommendation' ? conclusions : (codes as string).match(/[A-Z]+(?:_[A-Z]+)+/g) ?? [];
      const commands = (names as string).split(', ').filter((name) => name in CONTRACT);
      const together = commands.filter((name) => TOLD_TOGETHER.includes(name));
      if (together.length > 0) expect([names, sorted(together.flatMap((name) => CONTRACT[name] ?? []))]).toEqual([names, sorted(told)]);
      for (const [i, name] of commands.entries()) {
        // One row for both, in their order.
        const own = names === 'DefineKeyArea, RenameKeyArea' ? told.slice(i, i + 1) : told;
        if (!together.includes(name)) expect([name, CONTRACT[name]]).toEqual([name, own]);
        checked.push(name);
      }
    }
    expect(sorted(checked)).toEqual(sorted(Object.keys(CONTRACT)));
  });

  it('knows every code that stands in a decider', () => {
    const deciders = ['membership/committee', 'membership/roll', 'ballots/ballots', 'recommendations/recommendations', 'documents/documents', 'documents/register', 'investments/investments'];
    const written = deciders.flatMap((name) => [...readFileSync(new URL(`../../src/modules/${name}.decider.ts`, import.meta.url), 'utf8').matchAll(/\brefuse\('([A-Z_]+)'/g)].map((found) => found[1] as string));
    const told = sorted([...Object.values(CONTRACT).flat(), ...Object.values(BESIDE).flat()]);
    expect(sorted(written)).toEqual(told);
  });

  it('says of those that nobody meets why', () => {
    const unreachable = Object.entries(CASES).flatMap(([command, cases]) => Object.entries(cases).filter(([, one]) => 'because' in one).map(([code]) => `${command} ${code}`));
    expect(unreachable).toEqual([
      'WithdrawMembership NOT_A_MEMBER', 'WithdrawMembership NOT_FOUND', 'CastPosition NOT_A_MEMBER', 'AdoptRecommendation OTHER_TEXT', 'RejectRecommendation OTHER_TEXT', 'LeaveRecommendationWithoutOpinion OTHER_TEXT',
      'EndorseInvestment OTHER_TEXT', 'DeclineEndorsement OTHER_TEXT', 'LeaveInvestmentWithoutOpinion OTHER_TEXT',
    ]);
  });
});

describe('A refusal', () => {
  const committee = committees();
  const rows = Object.entries(CASES).flatMap(([command, cases]) => Object.entries(cases).map(([code, one]) => [command, code, one] as const));

  it.each(rows)('%s: %s, told with a sentence, and nothing is written', async (command, code, one) => {
    const isKind = code === 'NOT_FOUND';
    const expected = { code: isKind ? 'NOT_FOUND' : 'REFUSED', reason: isKind ? undefined : code, message: expect.stringMatching(/^[A-Z0-9].{15,}\.$/s) };
    if ('because' in one) {
      const decision = one.decision();
      if (!isRefusal(decision)) throw new Error('It was accepted');
      expect({ code: decision.refused, reason: decision.reason, message: decision.message }).toEqual(expected);
      return;
    }
    const at = await committee.of(one.with);
    const [input, who] = await one.after(at);
    const { head } = at.kernel;
    const { code: kind, reason, message } = await at.kernel.refusal(command, input, who);
    expect({ code: kind, reason, message }).toEqual(expected);
    // Sent again, at once with itself: refused as often.
    const again = await Promise.all([at.kernel.answer(command, input, who), at.kernel.answer(command, input, who)]);
    for (const answer of again) expect(answer instanceof Problem && [answer.code, answer.reason]).toEqual([kind, reason]);
    expect(at.kernel.head).toBe(head);
  });
});
