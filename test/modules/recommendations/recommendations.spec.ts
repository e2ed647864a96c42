import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../src/events/ballots.events.js';
import { KeyAreaDefined } from '../../../src/events/membership.events.js';
import {
  RecommendationAdopted, RecommendationInitiated, RecommendationLeftWithoutOpinion, RecommendationRejected, RecommendationSubmittedToBallot,
  RecommendationTabled, RecommendationWithdrawn, type RecommendationEvent,
} from '../../../src/events/recommendations.events.js';
import { textHash, type Provision } from '../../../src/events/shared.js';
import type { BallotState } from '../../../src/modules/ballots/ballots.decider.js';
import { committeeDecider } from '../../../src/modules/membership/committee.decider.js';
import { standardRule } from '../../../src/modules/membership/standard-rules.js';
import {
  adoptRecommendation, initiateRecommendation, leaveRecommendationWithoutOpinion, recommendationDecider, rejectRecommendation, reviseDraft,
  submitRecommendationToBallot, tableRecommendation, withdrawRecommendation,
} from '../../../src/modules/recommendations/recommendations.decider.js';
import {
  act, alternateOf, BOTH_ORDERS, CHAIR, committees, DRAFT, representativeOf, SECRETARIAT, type Committee,
} from '../../support/committee.js';
import { given, TODAY } from '../../support/given.js';
import { SYSTEM } from '../../support/kernel.js';

const committee = committees();
const TEXT: readonly Provision[] = [{ id: 'p1', heading: 'Access', text: 'Patients have access.' }, { id: 'p2', text: 'Regions exchange records.' }];

// What the decider knows, event by event.
const initiated = RecommendationInitiated({
  recommendationId: 'r', title: 'Records', keyAreas: ['KA1'], addressees: ['European Commission'], initiatedBy: 'region', text: [...TEXT], textHash: textHash(TEXT),
});
const tabled = RecommendationTabled({ recommendationId: 'r', textHash: textHash(TEXT) });
const submitted = RecommendationSubmittedToBallot({ recommendationId: 'r', ballotId: 'b', textHash: textHash(TEXT) });
const decided = { recommendationId: 'r', ballotId: 'b', textHash: textHash(TEXT) };
const inBallot = [initiated, tabled, submitted] as const;
const ENDINGS: readonly RecommendationEvent[] = [RecommendationAdopted(decided), RecommendationRejected(decided), RecommendationLeftWithoutOpinion(decided)];

const ballotThat = (outcome: Outcome | undefined, subjectHash = textHash(TEXT)): BallotState => ({
  status: outcome === undefined ? 'OPEN' : 'CLOSED', seatOf: new Map(), cast: [], castCount: 0, ...(outcome !== undefined && { outcome }),
  opened: {
    ballotId: 'b', subjectId: 'r', matter: 'RECOMMENDATION', subjectHash, procedure: 'MEETING', rule: standardRule('UNANIMITY'), rulesVersion: 1,
    silence: 'NOT_VOTED', electorate: [], recusals: [],
  },
});
const CONCLUSIONS = [
  ['AdoptRecommendation', adoptRecommendation, 'ADOPTED', RecommendationAdopted(decided), 'FFF'],
  ['RejectRecommendation', rejectRecommendation, 'REJECTED', RecommendationRejected(decided), 'AAA'],
  ['LeaveRecommendationWithoutOpinion', leaveRecommendationWithoutOpinion, 'NO_OPINION', RecommendationLeftWithoutOpinion(decided), '...'],
] as const;

describe('R1 key areas and addressees', () => {
  it('R1 a recommendation belongs to one or more key areas and names its addressees', async () => {
    const at = await committee.of({ regions: 2 });
    const id = await at.drafted({ keyAreas: ['KA1', 'KA4'], addressees: ['European Commission', 'Member States'] });
    expect(at.kernel.last()).toMatchObject({ type: 'RecommendationInitiated', data: {
      recommendationId: id, keyAreas: ['KA1', 'KA4'], addressees: ['European Commission', 'Member States'], initiatedBy: at.region(1),
      textHash: textHash(at.recommendation(id).text),
    } });
  });

  it.each([
    ['no key area', { keyAreas: [] }, 'keyAreas'], ['a key area twice', { keyAreas: ['KA1', 'KA1'] }, 'keyAreas'], ['a sixth key area', { keyAreas: ['KA6'] }, 'keyAreas'],
    ['no addressee', { addressees: [] }, 'addressees'], ['a blank addressee', { addressees: ['European Commission', ' '] }, 'addressees'], ['no text', { text: [] }, 'text'],
  ])('R1 with %s it is none', async (_, differing, path) => {
    const at = await committee.of({ regions: 1 });
    expect(await at.kernel.refusal('InitiateRecommendation', { ...DRAFT, ...differing }, representativeOf(1))).toMatchObject({ code: 'INVALID', facts: { fields: [{ path }] } });
  });

  it('R1 a key area that is not defined yet is told', () => {
    const known = given(committeeDecider, KeyAreaDefined({ code: 'KA1', title: 'Records' })).state;
    given(recommendationDecider).when(initiateRecommendation, { title: 'T', keyAreas: ['KA1', 'KA2', 'KA3'], addressees: ['EC'], text: [{ text: 'x' }] }, { facts: { committee: known } })
      .isRefused('KEY_AREA_NOT_DEFINED', { keyAreas: ['KA2', 'KA3'] });
  });

  it('R1 what the secretariat begins is no region\'s', async () => {
    const at = await committee.of({ regions: 1 });
    const recommendation = await at.drafted({}, SECRETARIAT);
    expect(at.recommendation(recommendation).initiatedBy).toBeUndefined();
    expect(await at.kernel.refusal('TableRecommendation', { recommendation }, representativeOf(1))).toMatchObject({ code: 'FORBIDDEN' });
    await at.kernel.send('TableRecommendation', { recommendation }, SECRETARIAT);
  });

  it.each(BOTH_ORDERS)('R1 a definition and a draft in that key area at once (%s)', async (order) => {
    const at = await committee.of({ regions: 1, keyAreas: ['KA2'] });
    const outcomes = await at.atOnce(order, act('DefineKeyArea', { code: 'KA1', title: 'New' }, SECRETARIAT), act('InitiateRecommendation', DRAFT, representativeOf(1)));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'ACCEPTED' : 'KEY_AREA_NOT_DEFINED']);
  });
});

describe('R2 the text is frozen from the submission', () => {
  it('R2 the submission names the ballot, by its own id, and the hash of the text', async () => {
    const at = await committee.of({ regions: 2 });
    const { recommendation, ballot } = await at.submitted();
    expect(at.kernel.last()).toMatchObject({ id: ballot, data: { recommendationId: recommendation, ballotId: ballot, textHash: at.recommendation(recommendation).textHash } });
  });

  it('R2 provisions keep their ids through revisions, and new ones are given theirs', async () => {
    const at = await committee.of({ regions: 1 });
    const recommendation = await at.drafted();
    const [first, second] = at.recommendation(recommendation).text as [Provision, Provision];
    await at.kernel.send('ReviseDraft', { recommendation, text: [{ text: 'New.' }, { id: second.id, text: 'Regions exchange all records.' }] }, representativeOf(1));
    const { draft, text, title, textHash: hash } = at.recommendation(recommendation);
    expect([draft, title, text[1], hash]).toEqual([2, DRAFT['title'], { id: second.id, text: 'Regions exchange all records.' }, textHash(text)]);
    expect([first.id, second.id]).not.toContain(text[0]?.id);
    for (const wrong of [[{ id: first.id, text: 'Gone.' }], [{ id: second.id, text: 'x' }, { id: second.id, text: 'y' }]]) {
      expect(await at.kernel.refusal('ReviseDraft', { recommendation, text: wrong }, representativeOf(1))).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'text' }] } });
    }
  });

  it('R2 a draft revised into itself changes nothing', () => {
    given(recommendationDecider, initiated).when(reviseDraft, { recommendation: 'r', text: [...TEXT] }).isRefused('NOTHING_TO_CHANGE');
    expect(given(recommendationDecider, initiated).when(reviseDraft, { recommendation: 'r', title: 'Health records', text: [...TEXT] }).decision)
      .toMatchObject({ type: 'DraftRevised', data: { draft: 2, title: 'Health records', textHash: textHash(TEXT) } });
  });

  it('R2 only a draft is revised or tabled, only what is tabled is submitted, and once', () => {
    for (const events of [[initiated, tabled], inBallot, ...ENDINGS.map((ending) => [...inBallot, ending]), [initiated, RecommendationWithdrawn({ recommendationId: 'r' })]]) {
      const then = given(recommendationDecider, ...events);
      then.when(reviseDraft, { recommendation: 'r', text: [{ text: 'x' }] }).isRefused('NOT_A_DRAFT');
      then.when(tableRecommendation, { recommendation: 'r' }).isRefused('NOT_A_DRAFT');
    }
    for (const events of [[initiated], inBallot, ...ENDINGS.map((ending) => [...inBallot, ending])]) {
      given(recommendationDecider, ...events).when(submitRecommendationToBallot, { recommendation: 'r' }).isRefused('NOT_TABLED');
    }
  });

  it.each(BOTH_ORDERS)('R2 a revision and the tabling at once (%s): what is voted on is what was tabled', async (order) => {
    const at = await committee.of({ regions: 1 });
    const recommendation = await at.drafted();
    const before = at.recommendation(recommendation).textHash;
    const outcomes = await at.atOnce(order,
      act('ReviseDraft', { recommendation, text: [{ text: 'Another text.' }] }, representativeOf(1)), act('TableRecommendation', { recommendation }, alternateOf(1)),
      act('SubmitRecommendationToBallot', { recommendation }, CHAIR));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ACCEPTED', 'ACCEPTED'] : ['NOT_A_DRAFT', 'ACCEPTED', 'NOT_TABLED']);
    const { textHash: hash, text } = at.recommendation(recommendation);
    expect(hash).toBe(textHash(text));
    expect(hash === before).toBe(order === 'REVERSED');
    const tabledText = at.kernel.entries().find(({ type }) => type === 'RecommendationTabled');
    expect(tabledText?.data).toMatchObject({ textHash: hash });
  });

  it.each(BOTH_ORDERS)('R2 two submissions at once (%s): one ballot', async (order) => {
    const at = await committee.of({ regions: 1 });
    const recommendation = await at.tabled();
    const outcomes = await at.atOnce(order, act('SubmitRecommendationToBallot', { recommendation }, CHAIR), act('SubmitRecommendationToBallot', { recommendation }, SECRETARIAT));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'NOT_TABLED'] : ['NOT_TABLED', 'ACCEPTED']);
    expect(at.recommendation(recommendation).ballotId).toBe(at.kernel.last().id);
  });

  it.each(BOTH_ORDERS)('R2 an opening and a withdrawal at once (%s): one of them', async (order) => {
    const at = await committee.of({ regions: 2 });
    const both = await at.submitted();
    const outcomes = await at.atOnce(order, act('OpenBallot', at.opening(both), CHAIR), act('WithdrawRecommendation', { recommendation: both.recommendation }, representativeOf(1)));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'BALLOT_OPENED'] : ['NOT_SUBMITTED', 'ACCEPTED']);
  });

  it('R2 a text that is being voted on is not withdrawn; before the opening it may be, once', () => {
    const withdraw = { recommendation: 'r' };
    for (const outcome of [undefined, 'ADOPTED'] as const) {
      given(recommendationDecider, ...inBallot).when(withdrawRecommendation, withdraw, { facts: { ballot: ballotThat(outcome) } }).isRefused('BALLOT_OPENED', { ballot: 'b' });
    }
    for (const events of [[initiated], [initiated, tabled]]) {
      given(recommendationDecider, ...events).when(withdrawRecommendation, withdraw, { facts: { ballot: undefined } }).gives(RecommendationWithdrawn({ recommendationId: 'r' }));
    }
    given(recommendationDecider, ...inBallot).when(withdrawRecommendation, withdraw, { facts: { ballot: { status: 'NONE' } } }).gives(RecommendationWithdrawn({ recommendationId: 'r' }));
    given(recommendationDecider, initiated, RecommendationWithdrawn({ recommendationId: 'r' })).when(withdrawRecommendation, withdraw, { facts: { ballot: undefined } }).isRefused('NOTHING_TO_CHANGE');
  });
});

describe('R3 what a ballot decided', () => {
  const ask = { recommendation: 'r', ballot: 'b' };

  it.each(CONCLUSIONS)('R3 %s follows a closed ballot on exactly this text with exactly this outcome, and names it', (...[, decide, outcome, event]) => {
    const then = given(recommendationDecider, ...inBallot);
    then.when(decide, ask, { facts: { ballot: ballotThat(outcome) } }).gives(event);
    then.when(decide, ask, { facts: { ballot: ballotThat(undefined) } }).isRefused('BALLOT_NOT_CLOSED', { ballot: 'b' });
    then.when(decide, ask, { facts: { ballot: { status: 'NONE' } } }).isRefused('BALLOT_NOT_CLOSED');
    then.when(decide, ask, { facts: { ballot: ballotThat(outcome, 'f'.repeat(64)) } }).isRefused('OTHER_TEXT', { text: textHash(TEXT) });
    for (const other of (['ADOPTED', 'REJECTED', 'NO_OPINION'] as const).filter((one) => one !== outcome)) {
      then.when(decide, ask, { facts: { ballot: ballotThat(other) } }).isRefused('OTHER_OUTCOME', { outcome: other });
    }
    then.when(decide, { recommendation: 'r', ballot: 'another' }, { facts: { ballot: ballotThat(outcome) } }).isRefused('NOT_IN_BALLOT');
    given(recommendationDecider, initiated, tabled).when(decide, ask, { facts: { ballot: ballotThat(outcome) } }).isRefused('NOT_IN_BALLOT', { state: 'TABLED' });
    given(recommendationDecider).when(decide, ask, { facts: { ballot: ballotThat(outcome) } }).isNotFound();
  });

  it.each(CONCLUSIONS)('R3 %s is sent by the process once the ballot is closed, and the entry names its cause', async (name, _decide, outcome, event, letters) => {
    const at = await committee.of({ regions: 3 });
    const { recommendation, ballot } = await at.closed(letters);
    const closing = at.kernel.last();
    const processes = await at.kernel.processes();
    await processes.drain();
    const following = at.kernel.entries()[closing.position];
    expect(following).toMatchObject({
      type: event.type, data: { recommendationId: recommendation, ballotId: ballot }, time: TODAY,
      meta: { commandName: name, actor: { office: 'SYSTEM' }, cause: closing.position, causationId: closing.id },
    });
    expect(at.recommendation(recommendation).status).toBe(outcome);
    await processes.drain();
    expect(at.kernel.typesAfter(closing.position).filter((type) => type === event.type)).toHaveLength(1);
  });

  it.each(CONCLUSIONS)('R3 %s may be sent by the chair as well, and by nobody else', async (...[name, , outcome, , letters]) => {
    const at = await committee.of({ regions: 3 });
    const both = await at.closed(letters);
    for (const who of [SECRETARIAT, representativeOf(1), 'somebody']) expect(await at.kernel.refusal(name, both, who)).toMatchObject({ code: 'FORBIDDEN' });
    for (const [other] of CONCLUSIONS.filter(([one]) => one !== name)) expect(await at.kernel.refusal(other, both, CHAIR)).toMatchObject({ reason: 'OTHER_OUTCOME', facts: { outcome } });
    await at.kernel.send(name, both, CHAIR);
    const { head } = at.kernel;
    const processes = await at.kernel.processes();
    await processes.drain();
    expect(at.kernel.typesAfter(head).filter((type) => type.startsWith('Recommendation') || type.startsWith('Consequence'))).toEqual([]);
    expect(processes.consequences('WAITING')).toEqual([]);
  });

  it.each(BOTH_ORDERS)('R3 chair and process adopt at once (%s): one adoption', async (order) => {
    const at = await committee.of({ regions: 3 });
    const both = await at.closed('FFF');
    const outcomes = await at.atOnce(order, act('AdoptRecommendation', both, CHAIR), act('AdoptRecommendation', both, SYSTEM));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'NOT_IN_BALLOT'] : ['NOT_IN_BALLOT', 'ACCEPTED']);
    expect(at.kernel.typesAfter(0).filter((type) => type === 'RecommendationAdopted')).toHaveLength(1);
  });

  it.each(BOTH_ORDERS)('R3 the closing and the adoption at once (%s): never adopted before the ballot is closed', async (order) => {
    const at = await committee.of({ regions: 3 });
    const both = await at.opened();
    await at.cast(both.ballot, 'FFF');
    const outcomes = await at.atOnce(order, act('CloseBallot', { ballot: both.ballot }, CHAIR), act('AdoptRecommendation', both, CHAIR));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'ACCEPTED' : 'BALLOT_NOT_CLOSED']);
  });

  it.each(BOTH_ORDERS)('R3 adoption, rejection and no opinion at once (%s): what the ballot said', async (order) => {
    const at = await committee.of({ regions: 3 });
    const both = await at.closed('AAA');
    expect(await at.atOnce(order, ...CONCLUSIONS.map(([name]) => act(name, both, CHAIR)))).toEqual(order === 'AS_LISTED'
      ? ['OTHER_OUTCOME', 'ACCEPTED', 'NOT_IN_BALLOT'] : ['NOT_IN_BALLOT', 'ACCEPTED', 'OTHER_OUTCOME']);
    expect(at.recommendation(both.recommendation).status).toBe('REJECTED');
  });
});

describe('R4 what is adopted never changes', () => {
  const acts = (at: Committee, { recommendation, ballot }: { recommendation: string; ballot: string }) => [
    act('ReviseDraft', { recommendation, text: [{ text: 'x' }] }, SECRETARIAT), act('TableRecommendation', { recommendation }, SECRETARIAT),
    act('SubmitRecommendationToBallot', { recommendation }, CHAIR), act('WithdrawRecommendation', { recommendation }, SECRETARIAT),
    act('OpenBallot', at.opening({ recommendation, ballot }), CHAIR), act('CloseBallot', { ballot }, CHAIR), act('CastPosition', { ballot, expressed: 'AGAINST' }, representativeOf(1)),
    ...CONCLUSIONS.map(([name]) => act(name, { recommendation, ballot }, CHAIR)),
  ];
  const REFUSED = ['NOT_A_DRAFT', 'NOT_A_DRAFT', 'NOT_TABLED', 'ALREADY_DECIDED', 'ALREADY_OPENED', 'BALLOT_NOT_OPEN', 'BALLOT_NOT_OPEN', 'NOT_IN_BALLOT', 'NOT_IN_BALLOT', 'NOT_IN_BALLOT'];

  it.each(BOTH_ORDERS)('R4 every command that could change it is refused, all at once (%s)', async (order) => {
    const at = await committee.of({ regions: 3 });
    const both = await at.closed('FFF');
    await (await at.kernel.processes()).drain();
    const [before, head] = [at.recommendation(both.recommendation), at.kernel.head];
    expect(await at.atOnce(order, ...acts(at, both))).toEqual(REFUSED);
    expect([at.recommendation(both.recommendation), at.kernel.head]).toEqual([before, head]);
    expect(before).toMatchObject({ status: 'ADOPTED', textHash: textHash(before.text) });
  });

  it('R4 what was rejected or left without opinion stays too', () => {
    for (const ending of ENDINGS) {
      given(recommendationDecider, ...inBallot, ending).when(withdrawRecommendation, { recommendation: 'r' }, { facts: { ballot: ballotThat('REJECTED') } }).isRefused('ALREADY_DECIDED');
    }
  });

  it.each(BOTH_ORDERS)('R4 an adoption and a withdrawal at once (%s): the decision of the regions stands', async (order) => {
    const at = await committee.of({ regions: 3 });
    const both = await at.closed('FFF');
    const outcomes = await at.atOnce(order, act('AdoptRecommendation', both, CHAIR), act('WithdrawRecommendation', { recommendation: both.recommendation }, representativeOf(1)));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'ALREADY_DECIDED' : 'BALLOT_OPENED']);
  });
});

describe('a recommendation that is not there', () => {
  it('is told as not found, whatever is asked of it', () => {
    const none = given(recommendationDecider);
    none.when(reviseDraft, { recommendation: 'r', text: [] }).isNotFound();
    none.when(tableRecommendation, { recommendation: 'r' }).isNotFound();
    none.when(submitRecommendationToBallot, { recommendation: 'r' }).isNotFound();
    none.when(withdrawRecommendation, { recommendation: 'r' }, { facts: { ballot: undefined } }).isNotFound();
  });
});
