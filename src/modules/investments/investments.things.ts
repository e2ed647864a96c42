import {
  FinancingPlanSet, InvestmentEndorsed, InvestmentLeftWithoutOpinion, InvestmentNotEndorsed, InvestmentSubmittedToBallot, JointInvestmentProposed,
  PartnerInvited, PartnerJoined, PledgeConfirmed, PledgeIndicated, PledgeWithdrawn, PledgingOpened,
} from '../../events/investments.events.js';
import { sentence, type Contribution, type DeskTask, type ThingKind } from '../../graphql/contribution.js';
import type { Reads } from '../../graphql/reads.js';
import { everybody } from '../../graphql/rights.js';
import type { Standing } from '../../identity/standing.js';
import { investmentTable, type InvestmentRow } from '../../projections/investments.view.js';
import { ballotsToOpen } from '../ballots/ballots.things.js';
import { investmentStream } from './investments.decider.js';
import { inEuro } from './money.js';

export interface InvestmentParent extends Pick<InvestmentRow, 'state' | 'stage' | 'title' | 'relatedInitiatives' | 'money' | 'ballotId'> {
  readonly typename: 'JointInvestment';
  readonly id: string;
  readonly at: number;
  readonly revision: number;
  readonly row: InvestmentRow;
}

export function investmentAt(reads: Reads, id: string, at: number, row: InvestmentRow | undefined = reads.get(investmentTable, id, at)): InvestmentParent | undefined {
  if (!row) return undefined;
  const { state, stage, title, relatedInitiatives, money, ballotId } = row;
  return { typename: 'JointInvestment', id, at, revision: reads.log.revisionAt(investmentStream(id), at), row, state, stage, title, relatedInitiatives, money, ballotId };
}

const investmentKind: ThingKind = {
  typename: 'JointInvestment',
  streamOf: investmentStream,
  find: investmentAt,
  isPublic: (reads, id, at) => reads.get(investmentTable, id, at)?.state === 'ENDORSED',
  fieldsAt: (reads, id, at) => {
    const row = reads.get(investmentTable, id, at);
    return row ? {
      state: row.state, stage: row.stage, title: row.title, keyAreas: row.keyAreas.join(', '), lead: row.leadId,
      partners: row.partners.map(({ regionId, state }) => `${regionId} ${state}`).join(', '),
      relatedInitiatives: row.relatedInitiatives.join(', ') || undefined, financingPlan: row.plan && `plan ${row.plan.number}: ${row.plan.total}`,
      pledges: row.pledges.map(({ regionId, kind, amount }) => `${regionId} ${kind} ${amount}`).join(', ') || undefined,
      money: `needed ${row.money.needed ?? '-'}, pledged ${row.money.pledged}, confirmed ${row.money.confirmed}`, ballotId: row.ballotId,
    } : {};
  },
};

function tasks(reads: Reads, reader: Standing, at: number, among?: readonly string[]): readonly DeskTask[] {
  const { seat } = reader;
  const toOpen = reader.offices.some((held) => held.office === 'CHAIR') ? reads.all(investmentTable, at, { state: 'IN_DELIBERATION' }, among) : [];
  return [
    ...ballotsToOpen(reads, toOpen, at),
    ...(seat ? reads.all(investmentTable, at, { invited: seat.regionId }, among) : []).filter(({ row }) => isForming(row)).map(({ id, row }): DeskTask => ({
      kind: 'ANSWER_INVITATION', thingId: id, office: seat?.office ?? '', since: row.partners.find(({ regionId }) => regionId === seat?.regionId)?.at ?? at, sentence: `Answer the invitation to invest jointly in "${row.title}".`,
    })),
    ...(seat ? reads.all(investmentTable, at, { indicated: seat.regionId }, among) : []).filter(({ row }) => row.state === 'OPEN_FOR_PLEDGES' || row.state === 'ENDORSED')
      .map(({ id, row }): DeskTask => ({
        kind: 'CONFIRM_PLEDGE', thingId: id, office: seat?.office ?? '', since: row.pledges.find(({ regionId }) => regionId === seat?.regionId)?.at ?? at, sentence: `Confirm your region's pledge for "${row.title}", or withdraw it.`,
      })),
  ];
}
const isForming = ({ state }: InvestmentRow): boolean => state === 'PARTNERING' || state === 'OPEN_FOR_PLEDGES';

export const investmentsContribution: Contribution = {
  things: [investmentKind],
  tasks,
  rights: {
    Committee: [everybody('jointInvestment jointInvestments')],
    JointInvestment: [everybody('id revision state stage title keyAreas lead partners relatedInitiatives financingPlan pledges money ballotId ballots history')],
    JointInvestmentConnection: [everybody('edges pageInfo')],
    JointInvestmentEdge: [everybody('cursor node')],
    Partner: [everybody('region state s3Priority')],
    FinancingPlan: [everybody('total partners')],
    PartnerPlan: [everybody('region costs sources')],
    CostLine: [everybody('name amount')],
    SourceLine: [everybody('kind name amount')],
    Pledge: [everybody('region kind amount evidence validUntil')],
    Money: [everybody('needed pledged confirmed')],
  },
  sentences: {
    ...sentence(JointInvestmentProposed, (d, nameOf) => `${nameOf(d.leadId)} proposes to invest jointly: ${d.title}.`),
    ...sentence(PartnerInvited, (d, nameOf) => `${nameOf(d.regionId)} is invited as a partner.`),
    ...sentence(PartnerJoined, (d, nameOf) => `${nameOf(d.regionId)} joins as a partner.`),
    ...sentence(FinancingPlanSet, (d) => `A financing plan of ${inEuro(d.total)} is set.`),
    ...sentence(PledgingOpened, () => 'The joint investment is open for pledges.'),
    ...sentence(PledgeIndicated, (d, nameOf) => `${nameOf(d.regionId)} indicates a pledge of ${inEuro(d.amount)}.`),
    ...sentence(PledgeConfirmed, (d, nameOf) => `${nameOf(d.regionId)} confirms its pledge of ${inEuro(d.amount)}, valid until ${d.validUntil}.`),
    ...sentence(PledgeWithdrawn, (d, nameOf) => `${nameOf(d.regionId)} withdraws its pledge of ${inEuro(d.amount)}: ${d.reason}`),
    ...sentence(InvestmentSubmittedToBallot, () => 'The joint investment is put to the vote; partners, plan and pledges are frozen.'),
    ...sentence(InvestmentEndorsed, () => 'The Committee endorses the joint investment.'),
    ...sentence(InvestmentNotEndorsed, () => 'The Committee does not endorse the joint investment.'),
    ...sentence(InvestmentLeftWithoutOpinion, () => 'The Committee has no opinion on the joint investment.'),
  },
};
