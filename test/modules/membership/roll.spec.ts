import { describe, expect, it } from '@jest/globals';
import { AccessionAccepted, AccessionSubmitted, MANDATE_END_REASONS, MembershipWithdrawn } from '../../../src/events/membership.events.js';
import { joinCommittee, membersOf, rollDecider, seatAt, withdrawMembership } from '../../../src/modules/membership/roll.decider.js';
import {
  act, alternateOf, BOTH_ORDERS, CHAIR, committees, contactOf, joining, letterOf, regionInput, representativeOf, SECRETARIAT,
} from '../../support/committee.js';
import { DAY_MS, given, later, TODAY } from '../../support/given.js';

const committee = committees();
const ended = (region: string, office: string, reason = 'RESIGNATION') => ({ region, office, reason });

describe('M0 joining is the region\'s own act', () => {
  it('M0 whoever is signed in may ask for a region, and is its contact person from the acceptance on', async () => {
    const at = await committee.of({ regions: 1 });
    const { accession, region } = await at.asked(2, {}, 'somebody');
    expect(at.kernel.last()).toMatchObject({
      type: 'AccessionSubmitted', data: { accessionId: accession, contactPersonId: 'somebody', letterOfAdhesion: letterOf(), region: { id: region, ...regionInput(2) } },
      meta: { actor: { office: 'SIGNED_IN', personId: 'somebody' } },
    });
    expect(await at.kernel.refusal('AppointRepresentative', { region, person: 'x' }, 'somebody')).toMatchObject({ code: 'FORBIDDEN' });
    await at.kernel.send('AcceptAccession', { accession, population: 5 }, SECRETARIAT);
    await at.kernel.send('AppointRepresentative', { region, person: 'x' }, 'somebody');
    expect(at.kernel.last().meta.actor).toEqual({ office: 'CONTACT_PERSON', personId: 'somebody', regionId: region });
  });

  it('M0 the secretariat does not join in a region\'s place unseen: its own accession names it as contact person', async () => {
    const at = await committee.of({ regions: 0 });
    await at.asked(1, {}, SECRETARIAT);
    expect(at.kernel.last()).toMatchObject({ data: { contactPersonId: SECRETARIAT }, meta: { actor: { office: 'SIGNED_IN' } } });
  });

  it('M0 nobody who is not signed in asks for a region', async () => {
    const at = await committee.of({ regions: 0 });
    expect(await at.kernel.refusal('JoinCommittee', joining(1), 'VISITOR')).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each(BOTH_ORDERS)('M0 an acceptance and a first appointment at once (%s): the contact person acts only for a member', async (order) => {
    const at = await committee.of({ regions: 0 });
    const { accession, region } = await at.asked(1);
    const outcomes = await at.atOnce(order,
      act('AcceptAccession', { accession }, SECRETARIAT), act('AppointRepresentative', { region, person: 'x' }, contactOf(1)));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'ACCEPTED' : 'FORBIDDEN']);
  });
});

describe('M1 one membership a region, and no region within another', () => {
  it('M1 a member region does not join again', async () => {
    const at = await committee.of({ regions: 1 });
    expect(await at.kernel.refusal('JoinCommittee', joining(1), 'somebody')).toMatchObject({ reason: 'ALREADY_MEMBER', facts: { region: at.region(1) } });
  });

  it('M1 regions are compared by code within one NUTS version', async () => {
    const at = await committee.of({ regions: 1 });
    expect(await at.kernel.refusal('JoinCommittee', joining(1, { name: 'Another name' }), 'x')).toMatchObject({ reason: 'ALREADY_MEMBER' });
    const { region } = await at.asked(1, { nutsVersion: '2021', name: 'Of an older map' });
    expect(region).not.toBe(at.region(1));
  });

  it('M1 a region without a code is compared by its name only', async () => {
    const at = await committee.of({ regions: 1 });
    const without = { code: undefined, nutsVersion: undefined };
    expect(await at.kernel.refusal('JoinCommittee', joining(9, { ...without, name: 'REGION 1' }), 'x')).toMatchObject({ reason: 'ALREADY_MEMBER' });
    await at.asked(9, { ...without, name: 'Regione 1' }, 'x');
  });

  it('M1 code and NUTS version go together', () => {
    const letterOfAdhesion = letterOf();
    for (const region of [{ name: 'R', country: 'ZZ', code: 'ZZ01' }, { name: 'R', country: 'ZZ', nutsVersion: '2024' }]) {
      given(rollDecider).when(joinCommittee, { region, letterOfAdhesion }).isInvalid('region.nutsVersion');
    }
  });

  it.each([
    ['lies within a member region', 'ITC4', 'ITC4C'],
    ['contains a member region', 'ITC4', 'ITC'],
  ])('M1 a region that %s is not accepted', async (_, member, newcomer) => {
    const at = await committee.of({ regions: 0 });
    // Both ask before either is accepted.
    const first = await at.asked(1, { code: member });
    const second = await at.asked(2, { code: newcomer });
    await at.kernel.send('AcceptAccession', { accession: first.accession }, SECRETARIAT);
    expect(await at.kernel.refusal('AcceptAccession', { accession: second.accession }, SECRETARIAT))
      .toMatchObject({ reason: 'REGIONS_OVERLAP', facts: { region: first.region } });
    expect(membersOf(at.roll)).toHaveLength(1);
  });

  it('M1 codes that only begin alike in another NUTS version, and neighbours, do not contain one another', async () => {
    const at = await committee.of({ regions: 0 });
    for (const [n, region] of [{ code: 'ITC4' }, { code: 'ITC41', nutsVersion: '2021' }, { code: 'ITC5' }, { code: 'ITH4' }].entries()) {
      const { accession } = await at.asked(n + 1, region);
      await at.kernel.send('AcceptAccession', { accession }, SECRETARIAT);
    }
    expect(membersOf(at.roll)).toHaveLength(4);
  });

  it('M1 a region that has withdrawn may join again, as the same region', async () => {
    const at = await committee.of({ regions: 2 });
    await at.kernel.send('WithdrawMembership', { region: at.region(2) }, contactOf(2));
    const again = await at.asked(2, {}, 'new-contact');
    expect(again.region).toBe(at.region(2));
    await at.kernel.send('AcceptAccession', { accession: again.accession }, SECRETARIAT);
    expect(at.roll.regions.get(at.region(2))).toMatchObject({ membership: 'MEMBER', contactPersonId: 'new-contact', seats: {} });
    expect(await at.kernel.refusal('AppointRepresentative', { region: at.region(2), person: 'x' }, contactOf(2))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('M1 a region that has withdrawn leaves room for a part of it, and then does not come back beside it', async () => {
    const at = await committee.of({ regions: 0 });
    const whole = await at.asked(1, { code: 'ITC' });
    await at.kernel.send('AcceptAccession', { accession: whole.accession }, SECRETARIAT);
    await at.kernel.send('WithdrawMembership', { region: whole.region }, contactOf(1));
    const part = await at.asked(2, { code: 'ITC4' });
    await at.kernel.send('AcceptAccession', { accession: part.accession }, SECRETARIAT);
    const back = await at.asked(1, { code: 'ITC' });
    expect(await at.kernel.refusal('AcceptAccession', { accession: back.accession }, SECRETARIAT)).toMatchObject({ reason: 'REGIONS_OVERLAP' });
  });

  it('M1 an accession is decided once', async () => {
    const at = await committee.of({ regions: 0 });
    const [accepted, declined] = [await at.asked(1), await at.asked(2)];
    await at.kernel.send('AcceptAccession', { accession: accepted.accession }, SECRETARIAT);
    await at.kernel.send('DeclineAccession', { accession: declined.accession }, SECRETARIAT);
    for (const { accession } of [accepted, declined]) {
      expect(await at.kernel.refusal('AcceptAccession', { accession }, SECRETARIAT)).toMatchObject({ reason: 'NOT_PENDING' });
      expect(await at.kernel.refusal('DeclineAccession', { accession }, SECRETARIAT)).toMatchObject({ reason: 'NOT_PENDING' });
    }
  });

  it.each(BOTH_ORDERS)('M1 one region asked for by two persons at once (%s), and both accepted at once: one region, one membership', async (order) => {
    const at = await committee.of({ regions: 0 });
    const asking = await Promise.all(['x', 'y'].map((who) => at.kernel.send('JoinCommittee', joining(1), who)));
    expect(at.roll.regions.size).toBe(1);
    const outcomes = await at.atOnce(order, ...asking.map(({ commandId }) => act('AcceptAccession', { accession: commandId }, SECRETARIAT)));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ALREADY_MEMBER'] : ['ALREADY_MEMBER', 'ACCEPTED']);
    expect(membersOf(at.roll)).toMatchObject([{ contactPersonId: order === 'AS_LISTED' ? 'x' : 'y' }]);
  });

  it.each(BOTH_ORDERS)('M1 a region and a part of it accepted at once (%s): one of them', async (order) => {
    const at = await committee.of({ regions: 0 });
    const [whole, part] = [await at.asked(1, { code: 'ITC4' }), await at.asked(2, { code: 'ITC4C' })];
    const outcomes = await at.atOnce(order,
      act('AcceptAccession', { accession: whole.accession }, SECRETARIAT), act('AcceptAccession', { accession: part.accession }, SECRETARIAT));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'REGIONS_OVERLAP'] : ['REGIONS_OVERLAP', 'ACCEPTED']);
    expect(membersOf(at.roll)).toHaveLength(1);
  });

  it.each(BOTH_ORDERS)('M1 an accession accepted and declined at once (%s) is decided once', async (order) => {
    const at = await committee.of({ regions: 0 });
    const { accession } = await at.asked(1);
    const outcomes = await at.atOnce(order, act('AcceptAccession', { accession }, SECRETARIAT), act('DeclineAccession', { accession }, SECRETARIAT));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'NOT_PENDING'] : ['NOT_PENDING', 'ACCEPTED']);
    expect(membersOf(at.roll)).toHaveLength(order === 'AS_LISTED' ? 1 : 0);
  });

  it.each(BOTH_ORDERS)('M1 a withdrawal and a new accession at once (%s): a region never stands in the roll twice', async (order) => {
    const at = await committee.of({ regions: 1 });
    const outcomes = await at.atOnce(order,
      act('WithdrawMembership', { region: at.region(1) }, contactOf(1)), act('JoinCommittee', joining(1), 'x'));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'ACCEPTED' : 'ALREADY_MEMBER']);
    expect(at.roll.regions.size).toBe(1);
  });
});

describe('M2 an accession needs a contact person and a letter of adhesion', () => {
  const letter = (differing: object) => ({ region: regionInput(1), letterOfAdhesion: { ...letterOf(), ...differing } });

  it('M2 the letter is one of adhesion, with its hash, the function of who signed, and a day that has come', () => {
    given(rollDecider).when(joinCommittee, letter({ kind: 'COMMITMENT_LETTER' })).isInvalid('letterOfAdhesion.kind');
    given(rollDecider).when(joinCommittee, letter({ date: '2026-01-06' })).isInvalid('letterOfAdhesion.date');
    const by = { office: 'SIGNED_IN', personId: 'somebody' } as const;
    given(rollDecider).when(joinCommittee, letter({ date: '2026-01-05' }), { by, commandId: '01900000-0000-7000-8000-00000000000a' }).gives(AccessionSubmitted({
      accessionId: '01900000-0000-7000-8000-00000000000a', contactPersonId: 'somebody', letterOfAdhesion: letterOf({ date: '2026-01-05' }),
      region: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown as string, ...regionInput(1) },
    }));
  });

  it('M2 the day is one in Brussels, where it is later than by the clock of the log', () => {
    const now = '2026-01-05T23:30:00.000Z';
    expect(given(rollDecider).when(joinCommittee, letter({ date: '2026-01-06' }), { now }).decision).toMatchObject({ type: 'AccessionSubmitted' });
    given(rollDecider).when(joinCommittee, letter({ date: '2026-01-07' }), { now }).isInvalid('letterOfAdhesion.date');
  });

  it.each(['sha256', 'signedAs', 'date', 'kind'])('M2 a letter without its %s is no letter', async (field) => {
    const at = await committee.of({ regions: 0 });
    const refused = await at.kernel.refusal('JoinCommittee', letter({ [field]: undefined }), 'x');
    expect(refused).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: `letterOfAdhesion.${field}` }] } });
  });

  it('M2 an accession without any letter is refused, by name of the field', async () => {
    const at = await committee.of({ regions: 0 });
    expect(await at.kernel.refusal('JoinCommittee', { region: regionInput(1) }, 'x')).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'letterOfAdhesion' }] } });
  });

  it('M2 accessions sent again at once with one id are one accession', async () => {
    const at = await committee.of({ regions: 0 });
    const commandId = '01900000-0000-7000-8000-00000000000b';
    const receipts = await Promise.all([1, 2, 3].map(() => at.kernel.send('JoinCommittee', joining(1), 'x', { commandId })));
    expect(receipts.map(({ id, repeated }) => [id, repeated])).toEqual([[commandId, false], [commandId, true], [commandId, true]]);
    expect([at.roll.accessions.size, at.roll.regions.size]).toEqual([1, 1]);
  });
});

describe('M3 who casts for a region', () => {
  it('M3 only the current representative or alternate of a member region casts for it', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.opened();
    for (const who of [contactOf(1), CHAIR, SECRETARIAT, 'somebody']) {
      expect(await at.kernel.refusal('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, who)).toMatchObject({ code: 'FORBIDDEN' });
    }
    await at.kernel.send('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, representativeOf(1));
    await at.kernel.send('CastPosition', { ballot, expressed: 'AGAINST' }, alternateOf(2));
    expect(at.kernel.entries().slice(-2).map(({ data, meta }) => [data, meta.actor])).toMatchObject([
      [{ regionId: at.region(1) }, { office: 'REPRESENTATIVE', regionId: at.region(1) }],
      [{ regionId: at.region(2) }, { office: 'ALTERNATE', regionId: at.region(2) }],
    ]);
  });

  it('M3 a member region without a mandate stays in the electorate and is not voted', async () => {
    const at = await committee.of({ populations: [10, 10, 10] });
    for (const office of ['REPRESENTATIVE', 'ALTERNATE']) await at.kernel.send('EndMandate', ended(at.region(3), office), SECRETARIAT);
    const { ballot } = await at.opened();
    expect(at.ballot(ballot).opened.electorate.map(({ regionId }) => regionId)).toEqual(at.regions);
    await at.cast(ballot, 'FF');
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
    expect(at.kernel.last().data).toMatchObject({ tally: { electorate: 3, inFavour: 2, notVoted: 1 } });
  });

  it('M3 seats freeze at the opening, persons do not: a mandate given after it may be used, one ended after it may not', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    await at.kernel.send('AppointRepresentative', { region: at.region(1), person: 'successor' }, contactOf(1));
    expect(await at.kernel.refusal('CastPosition', { ballot, expressed: 'AGAINST' }, representativeOf(1))).toMatchObject({ code: 'FORBIDDEN' });
    await at.kernel.send('CastPosition', { ballot, expressed: 'AGAINST' }, 'successor');
  });

  it('M3 a mandate is judged by the date: it is used in its last millisecond, and not at its end', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.opened();
    const until = later(TODAY, DAY_MS);
    for (const n of [1, 2]) await at.kernel.send('AppointRepresentative', { region: at.region(n), person: `for-a-day-${n}`, until }, contactOf(n));
    at.kernel.clock.standAt(later(until, -1));
    await at.kernel.send('CastPosition', { ballot, expressed: 'AGAINST' }, 'for-a-day-1');
    at.kernel.clock.standAt(until);
    expect(await at.kernel.refusal('CastPosition', { ballot, expressed: 'AGAINST' }, 'for-a-day-2')).toMatchObject({ code: 'FORBIDDEN' });
  });

  it.each(BOTH_ORDERS)('M3 the end of a mandate and a position cast with it at once (%s)', async (order) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const outcomes = await at.atOnce(order,
      act('EndMandate', ended(at.region(1), 'REPRESENTATIVE'), contactOf(1)), act('CastPosition', { ballot, expressed: 'AGAINST' }, representativeOf(1)));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'FORBIDDEN' : 'ACCEPTED']);
    expect(at.ballot(ballot).castCount).toBe(order === 'AS_LISTED' ? 0 : 1);
  });

  it.each(BOTH_ORDERS)('M3 an appointment and a position of the new and the old one at once (%s): one of them casts', async (order) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const outcomes = await at.atOnce(order,
      act('CastPosition', { ballot, expressed: 'AGAINST' }, representativeOf(1)),
      act('AppointRepresentative', { region: at.region(1), person: 'successor' }, contactOf(1)),
      act('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, 'successor'));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'ACCEPTED', 'ALREADY_CAST'] : ['FORBIDDEN', 'ACCEPTED', 'FORBIDDEN']);
    expect(at.ballot(ballot).castCount).toBe(order === 'AS_LISTED' ? 1 : 0);
  });
});

describe('M4 a person represents one region at a time', () => {
  it('M4 who holds a mandate is not given one of another region, in either office', async () => {
    const at = await committee.of({ regions: 2 });
    for (const name of ['AppointRepresentative', 'AppointAlternate']) {
      for (const person of [representativeOf(1), alternateOf(1)]) {
        expect(await at.kernel.refusal(name, { region: at.region(2), person }, contactOf(2))).toMatchObject({ reason: 'REPRESENTS_ANOTHER_REGION', facts: { region: at.region(1) } });
      }
    }
  });

  it('M4 nor both mandates of one region', async () => {
    const at = await committee.of({ regions: 1 });
    expect(await at.kernel.refusal('AppointAlternate', { region: at.region(1), person: representativeOf(1) }, contactOf(1))).toMatchObject({ reason: 'HOLDS_THE_OTHER_MANDATE' });
    expect(await at.kernel.refusal('AppointRepresentative', { region: at.region(1), person: alternateOf(1) }, contactOf(1))).toMatchObject({ reason: 'HOLDS_THE_OTHER_MANDATE' });
  });

  it('M4 a mandate that is held already is not given again; its term may be changed', async () => {
    const at = await committee.of({ regions: 1 });
    const again = { region: at.region(1), person: representativeOf(1) };
    expect(await at.kernel.refusal('AppointRepresentative', again, contactOf(1))).toMatchObject({ reason: 'NOTHING_TO_CHANGE' });
    await at.kernel.send('AppointRepresentative', { ...again, until: later(TODAY, 1) }, contactOf(1));
    expect(at.kernel.last().data).toEqual({ regionId: at.region(1), personId: representativeOf(1), until: later(TODAY, 1) });
    expect(await at.kernel.refusal('AppointRepresentative', { ...again, until: TODAY }, contactOf(1))).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'until' }] } });
  });

  it('M4 once the mandate has ended, by an act or by the date, the person may represent another region, and the first one no more', async () => {
    const at = await committee.of({ regions: 3 });
    await at.kernel.send('EndMandate', ended(at.region(1), 'REPRESENTATIVE'), contactOf(1));
    await at.kernel.send('AppointRepresentative', { region: at.region(2), person: representativeOf(1) }, contactOf(2));
    await at.kernel.send('AppointAlternate', { region: at.region(1), person: 'for-a-day', until: later(TODAY, DAY_MS) }, contactOf(1));
    at.kernel.clock.standAt(later(TODAY, DAY_MS));
    await at.kernel.send('AppointAlternate', { region: at.region(3), person: 'for-a-day' }, contactOf(3));
    expect(seatAt(at.roll, representativeOf(1), at.kernel.clock.now())?.regionId).toBe(at.region(2));
    expect(seatAt(at.roll, 'for-a-day', at.kernel.clock.now())?.regionId).toBe(at.region(3));
    expect(at.roll.regions.get(at.region(1))?.seats).toEqual({});
    // The ending of the old seat does not reach the new one.
    expect(await at.kernel.refusal('EndMandate', ended(at.region(1), 'ALTERNATE'), contactOf(1))).toMatchObject({ reason: 'NO_MANDATE' });
  });

  it('M4 the successor of somebody who represents another region by now leaves that one alone', async () => {
    const at = await committee.of({ regions: 2 });
    await at.kernel.send('AppointRepresentative', { region: at.region(1), person: 'for-a-day', until: later(TODAY, DAY_MS) }, contactOf(1));
    at.kernel.clock.standAt(later(TODAY, DAY_MS));
    await at.kernel.send('AppointRepresentative', { region: at.region(2), person: 'for-a-day' }, contactOf(2));
    await at.kernel.send('AppointRepresentative', { region: at.region(1), person: 'successor' }, contactOf(1));
    expect(at.kernel.last().data).toEqual({ regionId: at.region(1), personId: 'successor' });
    expect(seatAt(at.roll, 'for-a-day', at.kernel.clock.now())?.regionId).toBe(at.region(2));
  });

  it.each(BOTH_ORDERS)('M4 one person appointed by two regions at once (%s): by one', async (order) => {
    const at = await committee.of({ regions: 2 });
    const outcomes = await at.atOnce(order,
      act('AppointRepresentative', { region: at.region(1), person: 'x' }, contactOf(1)), act('AppointAlternate', { region: at.region(2), person: 'x' }, contactOf(2)));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'REPRESENTS_ANOTHER_REGION'] : ['REPRESENTS_ANOTHER_REGION', 'ACCEPTED']);
    const held = [...at.roll.regions.values()].flatMap(({ seats }) => Object.values(seats)).filter(({ personId }) => personId === 'x');
    expect(held).toHaveLength(1);
  });

  it.each(BOTH_ORDERS)('M4 one person appointed to both offices of a region at once (%s): to one', async (order) => {
    const at = await committee.of({ regions: 1 });
    const outcomes = await at.atOnce(order,
      act('AppointRepresentative', { region: at.region(1), person: 'x' }, contactOf(1)), act('AppointAlternate', { region: at.region(1), person: 'x' }, contactOf(1)));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'HOLDS_THE_OTHER_MANDATE'] : ['HOLDS_THE_OTHER_MANDATE', 'ACCEPTED']);
  });

  it('M4 the secretariat records an appointment on the region\'s letter, not without', async () => {
    const at = await committee.of({ regions: 1 });
    const appointment = { region: at.region(1), person: 'x' };
    expect(await at.kernel.refusal('AppointRepresentative', appointment, SECRETARIAT)).toMatchObject({ code: 'INVALID', facts: { fields: [{ path: 'letter' }] } });
    await at.kernel.send('AppointRepresentative', { ...appointment, letter: letterOf({ kind: 'COMMITMENT_LETTER' }) }, SECRETARIAT);
    expect(at.kernel.last()).toMatchObject({ data: { predecessor: representativeOf(1), letter: { kind: 'COMMITMENT_LETTER' } }, meta: { actor: { office: 'SECRETARIAT' } } });
  });
});

describe('M5 how a mandate ends', () => {
  it.each(MANDATE_END_REASONS)('M5 by %s, and past votes stay valid', async (reason) => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    await at.cast(ballot, 'F');
    await at.kernel.send('EndMandate', ended(at.region(1), 'REPRESENTATIVE', reason), contactOf(1));
    expect(at.kernel.last().data).toEqual({ regionId: at.region(1), personId: representativeOf(1), office: 'REPRESENTATIVE', reason });
    expect(at.ballot(ballot).cast[0]).toMatchObject({ expressed: 'IN_FAVOUR' });
    expect(await at.kernel.refusal('CastPosition', { ballot, expressed: 'AGAINST', replaces: at.kernel.head - 1 }, representativeOf(1))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('M5 by replacement: the appointment says whom it replaces', async () => {
    const at = await committee.of({ regions: 1 });
    await at.kernel.send('AppointAlternate', { region: at.region(1), person: 'x' }, contactOf(1));
    expect(at.kernel.last().data).toEqual({ regionId: at.region(1), personId: 'x', predecessor: alternateOf(1) });
    expect(seatAt(at.roll, alternateOf(1), TODAY)).toBeUndefined();
  });

  it('M5 who holds a mandate may lay it down, but not another one\'s', async () => {
    const at = await committee.of({ regions: 2 });
    expect(await at.kernel.refusal('EndMandate', ended(at.region(1), 'REPRESENTATIVE'), alternateOf(1))).toMatchObject({ code: 'FORBIDDEN' });
    await at.kernel.send('EndMandate', ended(at.region(1), 'REPRESENTATIVE'), representativeOf(1));
    expect(at.kernel.last().meta.actor).toEqual({ office: 'REPRESENTATIVE', personId: representativeOf(1), regionId: at.region(1) });
    expect(await at.kernel.refusal('EndMandate', ended(at.region(1), 'REPRESENTATIVE'), contactOf(1))).toMatchObject({ reason: 'NO_MANDATE' });
  });

  it('M5 a region that withdraws ends its mandates with it', async () => {
    const at = await committee.of({ regions: 2 });
    await at.kernel.send('WithdrawMembership', { region: at.region(1) }, representativeOf(1));
    expect(at.kernel.last().data).toEqual({ regionId: at.region(1), mandatesEnded: [
      { personId: representativeOf(1), office: 'REPRESENTATIVE' }, { personId: alternateOf(1), office: 'ALTERNATE' },
    ] });
    for (const person of [representativeOf(1), alternateOf(1)]) expect(at.kernel.decisions.standings.of(person)).toEqual({ personId: person, offices: [], contactPersonOf: [] });
    expect(await at.kernel.refusal('AppointRepresentative', { region: at.region(1), person: 'x', letter: letterOf() }, SECRETARIAT)).toMatchObject({ reason: 'NOT_A_MEMBER' });
  });

  it('M5 a membership that was withdrawn is not withdrawn again', () => {
    const region = { id: 'r1', name: 'Region 1', country: 'ZZ' };
    given(rollDecider,
      AccessionSubmitted({ accessionId: 'a', region, letterOfAdhesion: letterOf(), contactPersonId: 'c' }),
      AccessionAccepted({ accessionId: 'a', regionId: 'r1', contactPersonId: 'c' }),
      MembershipWithdrawn({ regionId: 'r1', mandatesEnded: [] }),
    ).when(withdrawMembership, { region: 'r1' }).isRefused('NOT_A_MEMBER', { region: 'r1' });
  });

  it.each(BOTH_ORDERS)('M5 one mandate ended by two at once (%s): once', async (order) => {
    const at = await committee.of({ regions: 1 });
    const outcomes = await at.atOnce(order,
      act('EndMandate', ended(at.region(1), 'REPRESENTATIVE', 'OFFICE_ENDED'), contactOf(1)), act('EndMandate', ended(at.region(1), 'REPRESENTATIVE'), SECRETARIAT));
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'NO_MANDATE'] : ['NO_MANDATE', 'ACCEPTED']);
  });

  it.each(BOTH_ORDERS)('M5 a withdrawal by two at once (%s): once', async (order) => {
    const at = await committee.of({ regions: 1 });
    const outcomes = await at.atOnce(order,
      act('WithdrawMembership', { region: at.region(1) }, contactOf(1)), act('WithdrawMembership', { region: at.region(1) }, representativeOf(1)));
    // The other one has neither office nor mandate of a member region any more.
    expect(outcomes).toEqual(order === 'AS_LISTED' ? ['ACCEPTED', 'FORBIDDEN'] : ['FORBIDDEN', 'ACCEPTED']);
  });

  it.each(BOTH_ORDERS)('M5 a withdrawal and an appointment at once (%s): no mandate outlives the membership', async (order) => {
    const at = await committee.of({ regions: 1 });
    const outcomes = await at.atOnce(order,
      act('WithdrawMembership', { region: at.region(1) }, contactOf(1)), act('AppointAlternate', { region: at.region(1), person: 'x', letter: letterOf() }, SECRETARIAT));
    expect(outcomes).toEqual(['ACCEPTED', order === 'AS_LISTED' ? 'NOT_A_MEMBER' : 'ACCEPTED']);
    expect([...at.roll.seatOf.keys()]).toEqual([]);
  });
});
