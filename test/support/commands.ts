import { contexts } from '../../src/contexts.js';
import {
  alternateOf, AUDITOR, CHAIR, contactOf, DRAFT, joining, representativeOf, rulesInput, SECRETARIAT, tableOf, type Committee,
} from './committee.js';
import { DAY_MS, later } from './given.js';
import { draftedDocument, publishedDocument } from './documents.js';
import { confirming, Investing, partOf, PROPOSAL } from './investments.js';
import { SYSTEM, VISITOR, type Input, type Who } from './kernel.js';

/** Every command but what the kernel says to itself. */
export const commandRegistrations = contexts.filter(({ name }) => name !== 'consequences').flatMap(({ commands }) => commands);

/** A command that would be accepted, by somebody who may send it. */
export interface Acceptable { readonly input: Input; readonly by: Who }

/**
 * Brings a Committee of four or more regions to where each command of it would be accepted, alone. Region 1 has a draft and so on;
 * region 4 withdraws, region 9 has asked to join, KA5 is not defined (`keyAreas` of the Committee leaves it out).
 */
export async function acceptable(at: Committee): Promise<Readonly<Record<string, Acceptable>>> {
  await at.kernel.send('WithdrawMembership', { region: at.region(4) }, contactOf(4));
  const region = at.region(1);
  const members = at.regions.filter((_, i) => i !== 3);
  const present = { present: members };
  const { accession } = await at.asked(9);
  const [draft, tabled, submitted, open] = [await at.drafted(), await at.tabled(), await at.submitted(), await at.opened(present)];
  const [adopted, rejected, undecided] = [await at.closed('FFF', {}, present), await at.closed('AAA', {}, present), await at.closed('...', {}, present)];
  const document = await publishedDocument(at, present);
  const toDocument = await at.closed('FFF', {}, present);
  await at.kernel.send('AdoptRecommendation', toDocument, CHAIR);
  const proposed = await Investing.proposed(at);
  const planned = await (await (await Investing.proposed(at)).joinedBy(2)).planned();
  const inviting = await Investing.proposed(at, {}, representativeOf(2));
  await at.kernel.send('InvitePartner', { investment: inviting.id, region }, representativeOf(2));
  const pledging = await (await (await (await Investing.proposed(at)).joinedBy(3)).planned()).openForPledges();
  const investment = pledging.id;
  for (const n of [1, 2]) await at.kernel.send('IndicatePledge', { investment, amount: 100 + n }, representativeOf(n));
  const ofBallots = await Promise.all(['FFF', 'AAA', '...'].map(async (letters) => {
    const investing = await (await (await (await Investing.proposed(at)).joinedBy(3)).planned()).openForPledges();
    return { investment: investing.id, ballot: await investing.votedOn(letters, members) };
  }));
  return {
    CreateDocument: { input: { recommendation: toDocument.recommendation }, by: SECRETARIAT },
    DraftVersion: { input: { document, basedOn: 1, text: [{ text: 'Next.' }] }, by: SECRETARIAT },
    PublishVersion: { input: { document: await draftedDocument(at, present), number: 1 }, by: SECRETARIAT },
    IssueCorrigendum: { input: { document, basedOn: 1, reason: 'SPELLING', text: [{ text: 'Mended.' }] }, by: SECRETARIAT },
    AssignRegisterNumber: { input: { document, number: 1, year: 2026 }, by: SYSTEM },
    ProposeJointInvestment: { input: PROPOSAL, by: representativeOf(1) },
    InvitePartner: { input: { investment: proposed.id, region: at.region(2) }, by: representativeOf(1) },
    AcceptPartnership: { input: { investment: inviting.id, s3Priority: 'x' }, by: representativeOf(1) },
    SetFinancingPlan: { input: { investment: planned.id, partners: [partOf(region, 7)] }, by: representativeOf(1) },
    OpenPledging: { input: { investment: planned.id }, by: representativeOf(1) },
    IndicatePledge: { input: { investment, amount: 7 }, by: representativeOf(1) },
    ConfirmPledge: { input: confirming(investment), by: representativeOf(1) },
    WithdrawPledge: { input: { investment, reason: 'The budget was cut.' }, by: representativeOf(1) },
    SubmitInvestmentToBallot: { input: { investment }, by: CHAIR },
    EndorseInvestment: { input: ofBallots[0] as Input, by: CHAIR },
    DeclineEndorsement: { input: ofBallots[1] as Input, by: CHAIR },
    LeaveInvestmentWithoutOpinion: { input: ofBallots[2] as Input, by: CHAIR },
    AppointToOffice: { input: { office: 'OPERATOR', person: 'x' }, by: SECRETARIAT },
    EndOffice: { input: { office: 'AUDITOR', person: AUDITOR }, by: SECRETARIAT },
    AdoptRulesOfProcedure: { input: { rules: rulesInput() }, by: SECRETARIAT },
    AdoptPopulationTable: { input: tableOf(2026, members, members.map((_, i) => i + 1)), by: SECRETARIAT },
    DefineKeyArea: { input: { code: 'KA5', title: 'Fifth' }, by: SECRETARIAT },
    RenameKeyArea: { input: { code: 'KA1', title: 'Renamed' }, by: SECRETARIAT },
    JoinCommittee: { input: joining(10), by: 'somebody' },
    AcceptAccession: { input: { accession, population: 7 }, by: SECRETARIAT },
    DeclineAccession: { input: { accession }, by: SECRETARIAT },
    AppointRepresentative: { input: { region, person: 'x' }, by: contactOf(1) },
    AppointAlternate: { input: { region, person: 'x' }, by: contactOf(1) },
    EndMandate: { input: { region, office: 'ALTERNATE', reason: 'RESIGNATION' }, by: contactOf(1) },
    WithdrawMembership: { input: { region }, by: contactOf(1) },
    OpenBallot: { input: at.opening(submitted, present), by: CHAIR },
    CastPosition: { input: { ballot: open.ballot, expressed: 'IN_FAVOUR' }, by: representativeOf(1) },
    CloseBallot: { input: { ballot: open.ballot }, by: CHAIR },
    InitiateRecommendation: { input: DRAFT, by: representativeOf(1) },
    ReviseDraft: { input: { recommendation: draft, text: [{ text: 'Another text.' }] }, by: representativeOf(1) },
    TableRecommendation: { input: { recommendation: draft }, by: representativeOf(1) },
    SubmitRecommendationToBallot: { input: { recommendation: tabled }, by: CHAIR },
    WithdrawRecommendation: { input: { recommendation: draft }, by: representativeOf(1) },
    AdoptRecommendation: { input: adopted, by: CHAIR },
    RejectRecommendation: { input: rejected, by: CHAIR },
    LeaveRecommendationWithoutOpinion: { input: undecided, by: CHAIR },
  };
}

/** Every kind of sender, in a Committee that has been through `acceptable` and `formerPeople`. "Own" is region 1, "other" region 2. */
export const SENDERS = {
  visitor: VISITOR, somebody: 'somebody', secretariat: SECRETARIAT, chair: 'new-chair', auditor: AUDITOR, operator: 'operator',
  ownRepresentative: representativeOf(1), ownAlternate: alternateOf(1), ownContact: contactOf(1),
  otherRepresentative: representativeOf(2), otherAlternate: alternateOf(2), otherContact: contactOf(2),
  /** The term has run out, by the date alone. */
  formerChair: CHAIR,
  /** The mandate has run out, by the date alone; of the own region. */
  expiredRepresentative: 'expired-representative',
  /** The mandate was ended by an act. */
  endedRepresentative: 'ended-representative',
  formerOperator: 'former-operator',
  contactOfAccession: contactOf(9), contactOfWithdrawn: contactOf(4), representativeOfWithdrawn: representativeOf(4),
  process: SYSTEM,
} as const;
export type SenderName = keyof typeof SENDERS;

/** People whose offices and mandates have ended, each in its way. */
export async function formerPeople(at: Committee): Promise<void> {
  const { kernel } = at;
  const region = at.region(1);
  const tomorrow = later(kernel.clock.now(), DAY_MS);
  await kernel.send('AppointToOffice', { office: 'OPERATOR', person: 'former-operator' }, SECRETARIAT);
  await kernel.send('EndOffice', { office: 'OPERATOR', person: 'former-operator' }, SECRETARIAT);
  await kernel.send('AppointRepresentative', { region, person: 'ended-representative' }, contactOf(1));
  await kernel.send('EndMandate', { region, office: 'REPRESENTATIVE', reason: 'OFFICE_ENDED' }, contactOf(1));
  await kernel.send('AppointRepresentative', { region, person: 'expired-representative', until: tomorrow }, contactOf(1));
  await kernel.send('EndOffice', { office: 'CHAIR', person: CHAIR }, SECRETARIAT);
  await kernel.send('ElectChair', { person: CHAIR, until: tomorrow }, SECRETARIAT);
  kernel.clock.standAt(tomorrow);
  await kernel.send('ElectChair', { person: SENDERS.chair }, SECRETARIAT);
  await kernel.send('AppointRepresentative', { region, person: representativeOf(1) }, contactOf(1));
}
