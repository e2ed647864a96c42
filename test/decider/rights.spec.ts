import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { registrations } from '../../src/contexts.js';
import { SYSTEM_ACTOR } from '../../src/decider/rights.js';
import type { Office } from '../../src/events/shared.js';
import { acceptable, commandRegistrations, formerPeople, SENDERS, type Acceptable, type SenderName } from '../support/commands.js';
import { Committee, committees, contactOf, DRAFT, establishing, representativeOf, SECRETARIAT } from '../support/committee.js';
import { Kernel, SYSTEM } from '../support/kernel.js';

type Row = Readonly<Partial<Record<SenderName, Office>>>;
const secretariat: Row = { secretariat: 'SECRETARIAT' };
const anySeat: Row = { ownRepresentative: 'REPRESENTATIVE', ownAlternate: 'ALTERNATE', otherRepresentative: 'REPRESENTATIVE', otherAlternate: 'ALTERNATE' };
const ownSeat: Row = { ownRepresentative: 'REPRESENTATIVE', ownAlternate: 'ALTERNATE' };
const everybody = Object.fromEntries(Object.keys(SENDERS).filter((name) => name !== 'visitor' && name !== 'process').map((name) => [name, 'SIGNED_IN'])) as Row;

/** Who is let through, and by which office: the contract's table, said once more by hand. Whoever does not stand here is turned away. */
const WHO_MAY: Readonly<Record<string, Row>> = {
  EstablishCommittee: { process: 'SYSTEM' },
  AppointToOffice: secretariat,
  EndOffice: { ...secretariat, auditor: 'AUDITOR' },
  ElectChair: secretariat,
  AdoptRulesOfProcedure: secretariat,
  AdoptPopulationTable: secretariat,
  DefineKeyArea: secretariat,
  RenameKeyArea: secretariat,
  JoinCommittee: everybody,
  AcceptAccession: secretariat,
  DeclineAccession: secretariat,
  AppointRepresentative: { ...secretariat, ownContact: 'CONTACT_PERSON' },
  AppointAlternate: { ...secretariat, ownContact: 'CONTACT_PERSON' },
  EndMandate: { ...secretariat, ownContact: 'CONTACT_PERSON', ownAlternate: 'ALTERNATE' },
  WithdrawMembership: { ownContact: 'CONTACT_PERSON', ownRepresentative: 'REPRESENTATIVE' },
  OpenBallot: { chair: 'CHAIR' },
  CastPosition: anySeat,
  CloseBallot: { chair: 'CHAIR', process: 'SYSTEM' },
  InitiateRecommendation: { ...anySeat, ...secretariat },
  ReviseDraft: { ...ownSeat, ...secretariat },
  TableRecommendation: { ...ownSeat, ...secretariat },
  SubmitRecommendationToBallot: { chair: 'CHAIR', ...secretariat },
  WithdrawRecommendation: { ...ownSeat, ...secretariat },
  AdoptRecommendation: { chair: 'CHAIR', process: 'SYSTEM' },
  RejectRecommendation: { chair: 'CHAIR', process: 'SYSTEM' },
  LeaveRecommendationWithoutOpinion: { chair: 'CHAIR', process: 'SYSTEM' },
  CreateDocument: { ...secretariat, process: 'SYSTEM' },
  DraftVersion: secretariat,
  PublishVersion: secretariat,
  IssueCorrigendum: secretariat,
  AssignRegisterNumber: { process: 'SYSTEM' },
  ProposeJointInvestment: anySeat,
  InvitePartner: ownSeat,
  AcceptPartnership: anySeat,
  SetFinancingPlan: ownSeat,
  OpenPledging: ownSeat,
  IndicatePledge: anySeat,
  ConfirmPledge: anySeat,
  WithdrawPledge: anySeat,
  SubmitInvestmentToBallot: { ...ownSeat, chair: 'CHAIR' },
  EndorseInvestment: { chair: 'CHAIR', process: 'SYSTEM' },
  DeclineEndorsement: { chair: 'CHAIR', process: 'SYSTEM' },
  LeaveInvestmentWithoutOpinion: { chair: 'CHAIR', process: 'SYSTEM' },
};
/** Rights are asked before the revision: with one that cannot be, whoever is let through meets CONFLICT and nothing is written. */
const NEVER = 1_000_000;

describe('The table of rights to send', () => {
  let kernel: Kernel;
  let commands: Readonly<Record<string, Acceptable>>;

  beforeAll(async () => {
    kernel = new Kernel();
    const at = await Committee.on(kernel, { regions: 4, countries: ['IT', 'DE', 'ES', 'PL'], keyAreas: ['KA1', 'KA2', 'KA3', 'KA4'] });
    commands = {
      EstablishCommittee: { input: establishing(), by: SYSTEM }, ElectChair: { input: { person: 'x' }, by: SECRETARIAT }, ...await acceptable(at),
    };
    await formerPeople(at);
  });
  afterAll(() => kernel.close());

  it('has a row for each command, and none for another', () => {
    expect(Object.keys(WHO_MAY).sort()).toEqual(commandRegistrations.map(({ command }) => command.name).sort());
    expect(Object.keys(commands).sort()).toEqual(Object.keys(WHO_MAY).sort());
  });

  describe.each(Object.keys(WHO_MAY))('%s', (name) => {
    it.each(Object.keys(SENDERS) as SenderName[])('sent by %s', async (sender) => {
      const { input } = commands[name] as Acceptable;
      const { head } = kernel;
      const office = WHO_MAY[name]?.[sender];
      const { code, reason, message } = await kernel.refusal(name, input, SENDERS[sender], { revision: NEVER });
      if (office !== undefined) expect({ code, reason }).toEqual({ code: 'CONFLICT', reason: 'REVISION' });
      else if (sender === 'visitor') expect({ code, message }).toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('authorization') });
      // What would be right is said: who it is for.
      else expect({ code, message }).toMatchObject({ code: 'FORBIDDEN', message: expect.stringMatching(sender === 'process' ? /not sent by a process/ : /is for (the|anybody|processes)/) });
      expect(kernel.head).toBe(head);
    });
  });
});

describe('What is recorded of who acted', () => {
  const committee = committees();
  const rows = Object.entries(WHO_MAY).filter(([name]) => name !== 'EstablishCommittee' && name !== 'ElectChair')
    .flatMap(([name, row]) => Object.entries(row).filter(([sender]) => !sender.startsWith('other') && (name !== 'JoinCommittee' || sender === 'somebody'))
      .map(([sender, office]) => [name, sender as SenderName, office] as const));

  it.each(rows)('%s by %s is recorded as an act of the office %s', async (name, sender, office) => {
    const at = await committee.of({ regions: 4, countries: ['IT', 'DE', 'ES', 'PL'], keyAreas: ['KA1', 'KA2', 'KA3', 'KA4'] });
    const { input } = (await acceptable(at))[name] as Acceptable;
    // On the region's letter, where the secretariat records an appointment.
    const letter = office === 'SECRETARIAT' && name.startsWith('Appoint') && name !== 'AppointToOffice';
    await at.kernel.send(name, { ...input, ...(letter && { letter: { kind: 'COMMITMENT_LETTER', sha256: 'b'.repeat(64), signedAs: 'Director', date: '2026-01-02' } }) },
      sender === 'chair' ? 'chair' : SENDERS[sender]);
    const { actor } = at.kernel.last().meta;
    if (office === 'SYSTEM') expect(actor).toEqual(SYSTEM_ACTOR);
    else expect(actor).toEqual({ office, personId: sender === 'chair' ? 'chair' : SENDERS[sender], ...(sender.startsWith('own') && { regionId: at.region(1) }) });
  });

  it('a person of several offices acts by the first that the command is for', async () => {
    const at = await committee.of({ regions: 2 });
    await at.kernel.send('AppointToOffice', { office: 'SECRETARIAT', person: representativeOf(1) }, SECRETARIAT);
    const recommendation = await at.drafted();
    expect(at.kernel.last().meta.actor).toEqual({ office: 'REPRESENTATIVE', personId: representativeOf(1), regionId: at.region(1) });
    await at.kernel.send('TableRecommendation', { recommendation }, representativeOf(1));
    const other = await at.drafted(DRAFT, representativeOf(2));
    // Not its region's: as secretariat.
    await at.kernel.send('TableRecommendation', { recommendation: other }, representativeOf(1));
    expect(at.kernel.last().meta.actor).toEqual({ office: 'SECRETARIAT', personId: representativeOf(1) });
  });

  it('a contact person of two regions acts for each, and the record says for which', async () => {
    const at = await committee.of({ regions: 2 });
    const { accession, region } = await at.asked(3, {}, contactOf(1));
    await at.kernel.send('AcceptAccession', { accession, population: 5 }, SECRETARIAT);
    for (const id of [region, at.region(1)]) {
      await at.kernel.send('AppointAlternate', { region: id, person: `of-${id}` }, contactOf(1));
      expect(at.kernel.last().meta.actor).toEqual({ office: 'CONTACT_PERSON', personId: contactOf(1), regionId: id });
    }
    expect(await at.kernel.refusal('AppointAlternate', { region: at.region(2), person: 'x' }, contactOf(1))).toMatchObject({ code: 'FORBIDDEN' });
  });
});

it('A command that only the command line and processes send has no mutation', () => {
  const bySystemAlone = registrations.filter(({ by }) => by.length === 1 && by[0] === 'SYSTEM').map(({ command, mutation }) => [command.name, mutation]);
  expect(bySystemAlone.filter(([, mutation]) => mutation !== false)).toEqual([]);
  expect(bySystemAlone.map(([name]) => name)).toEqual(expect.arrayContaining(['EstablishCommittee', 'RecordRefusedConsequence']));
});
