import {
  FinancingPlanSet, InvestmentEndorsed, InvestmentLeftWithoutOpinion, InvestmentNotEndorsed, InvestmentSubmittedToBallot, JointInvestmentProposed,
  PartnerInvited, PartnerJoined, PledgeConfirmed, PledgeIndicated, PledgeWithdrawn, PledgingOpened, type PartnerPlan, type PLEDGE_KINDS, type STAGES,
} from '../events/investments.events.js';
import { sumOf, type Evidence, type KeyAreaCode } from '../events/shared.js';
import { ALL_KEY_AREAS } from './key-areas.js';
import { parts, versioned } from './versioned.js';
import { defineView, on, type Write } from './view.js';

export const INVESTMENT_STATES = ['PARTNERING', 'OPEN_FOR_PLEDGES', 'IN_DELIBERATION', 'ENDORSED', 'NOT_ENDORSED', 'NO_OPINION'] as const;

/** Sums of euro cents as digits: a sum may lie above the integers of JSON. `needed`: the plan's regional sources; left out without a plan. */
export interface MoneyRow { readonly needed?: string; readonly pledged: string; readonly confirmed: string }
export interface PledgeRow {
  readonly regionId: string;
  readonly kind: (typeof PLEDGE_KINDS)[number];
  readonly amount: number;
  readonly evidence?: Evidence;
  readonly validUntil?: string;
  /** Position at which it was pledged so. */
  readonly at: number;
}
/** `at`: position at which the region was invited or joined. */
export interface PartnerRow { readonly regionId: string; readonly state: 'INVITED' | 'JOINED'; readonly s3Priority?: string; readonly at: number }

/** Without the financing plan: that is beside it, by number. */
export interface InvestmentRow {
  readonly state: (typeof INVESTMENT_STATES)[number];
  readonly stage: (typeof STAGES)[number];
  readonly title: string;
  readonly keyAreas: readonly KeyAreaCode[];
  readonly leadId: string;
  readonly partners: readonly PartnerRow[];
  readonly relatedInitiatives: readonly string[];
  readonly plan?: { readonly number: number; readonly total: number };
  readonly pledges: readonly PledgeRow[];
  readonly money: MoneyRow;
  readonly ballotId?: string;
  /** Position of the submission to a ballot. */
  readonly submittedAt?: number;
}

export const investmentTable = versioned<InvestmentRow>('investment', {
  state: (row) => [row.state],
  keyArea: (row) => row.keyAreas,
  invited: (row) => row.partners.flatMap(({ regionId, state }) => (state === 'INVITED' ? [regionId] : [])),
  indicated: (row) => row.pledges.flatMap(({ regionId, kind }) => (kind === 'INDICATIVE' ? [regionId] : [])),
});
/** Part = number of the plan. */
export const financingPlanParts = parts<{ readonly partners: readonly PartnerPlan[] }>('financing_plan');

/** What a Key Area, or all together, has in joint investments that were not declined. */
export interface FundsRow extends MoneyRow { readonly jointInvestments: number; readonly plans: number }
export const fundsTable = versioned<FundsRow>('funds');
export const NO_FUNDS: FundsRow = { jointInvestments: 0, plans: 0, pledged: '0', confirmed: '0' };

const counted = (row: InvestmentRow | undefined): FundsRow => (!row || row.state === 'NOT_ENDORSED' ? NO_FUNDS
  : { ...row.money, jointInvestments: 1, plans: row.money.needed === undefined ? 0 : 1 });

/** Adds to each of its Key Areas what the thing has more than before, and once to the total. */
function moveFunds(write: Write, position: number, before: InvestmentRow | undefined, after: InvestmentRow): void {
  const [old, now] = [counted(before), counted(after)];
  if (JSON.stringify(old) === JSON.stringify(now)) return;
  const table = write.table(fundsTable);
  for (const area of [ALL_KEY_AREAS, ...after.keyAreas]) {
    const row = table.current(area) ?? NO_FUNDS;
    const moved = (of: (funds: FundsRow) => string | undefined): string => String(sumOf([of(row) ?? 0, of(now) ?? 0, -BigInt(of(old) ?? 0)]));
    const plans = row.plans + now.plans - old.plans;
    table.put(area, position, {
      jointInvestments: row.jointInvestments + now.jointInvestments - old.jointInvestments, plans,
      ...(plans > 0 && { needed: moved((funds) => funds.needed) }), pledged: moved((funds) => funds.pledged), confirmed: moved((funds) => funds.confirmed),
    });
  }
}

function put(write: Write, id: string, position: number, row: InvestmentRow): void {
  const table = write.table(investmentTable);
  moveFunds(write, position, table.current(id), row);
  table.put(id, position, row);
}

function change(write: Write, id: string, position: number, by: (row: InvestmentRow) => InvestmentRow): void {
  const row = write.table(investmentTable).current(id);
  if (!row) throw new Error(`There is no joint investment ${id}`);
  put(write, id, position, by(row));
}

const becomes = (state: InvestmentRow['state']) =>
  ({ data, position }: { data: { investmentId: string }; position: number }, write: Write): void => change(write, data.investmentId, position, (row) => ({ ...row, state }));

/** A region has one pledge: a new one takes the place of the one before. */
function pledge(write: Write, id: string, position: number, pledged: Omit<PledgeRow, 'at'>): void {
  change(write, id, position, (row) => {
    const pledges = [...row.pledges.filter(({ regionId }) => regionId !== pledged.regionId), { ...pledged, at: position }];
    const total = (kinds: readonly PledgeRow['kind'][]): string => String(sumOf(pledges.flatMap(({ kind, amount }) => (kinds.includes(kind) ? [amount] : []))));
    return { ...row, pledges, money: { ...row.money, pledged: total(['INDICATIVE', 'CONFIRMED']), confirmed: total(['CONFIRMED']) } };
  });
}

export const investmentsView = defineView('investments', {
  version: 1,
  tables: [investmentTable, fundsTable],
  parts: [financingPlanParts],
  listens: [
    on(JointInvestmentProposed, ({ data, position }, write) => {
      const { investmentId, s3Priority, ...rest } = data;
      put(write, investmentId, position, {
        ...rest, state: 'PARTNERING', partners: [{ regionId: data.leadId, state: 'JOINED', s3Priority, at: position }], pledges: [], money: { pledged: '0', confirmed: '0' },
      });
    }),
    on(PartnerInvited, ({ data, position }, write) => change(write, data.investmentId, position, (row) => ({
      ...row, partners: [...row.partners, { regionId: data.regionId, state: 'INVITED', at: position }],
    }))),
    on(PartnerJoined, ({ data, position }, write) => change(write, data.investmentId, position, (row) => ({
      ...row,
      partners: row.partners.map((partner) => (partner.regionId === data.regionId ? { ...partner, state: 'JOINED', s3Priority: data.s3Priority, at: position } : partner)),
    }))),
    on(FinancingPlanSet, ({ data, position }, write) => change(write, data.investmentId, position, (row) => {
      const number = (row.plan?.number ?? 0) + 1;
      write.parts(financingPlanParts).put(data.investmentId, number, position, { partners: data.partners });
      const regional = data.partners.flatMap(({ sources }) => sources.flatMap(({ kind, amount }) => (kind === 'REGIONAL' ? [amount] : [])));
      return { ...row, plan: { number, total: data.total }, money: { ...row.money, needed: String(sumOf(regional)) } };
    })),
    on(PledgingOpened, becomes('OPEN_FOR_PLEDGES')),
    on(PledgeIndicated, ({ data: { investmentId, regionId, amount }, position }, write) => pledge(write, investmentId, position, { regionId, kind: 'INDICATIVE', amount })),
    on(PledgeConfirmed, ({ data: { investmentId, ...data }, position }, write) => pledge(write, investmentId, position, { ...data, kind: 'CONFIRMED' })),
    on(PledgeWithdrawn, ({ data: { investmentId, regionId, amount }, position }, write) => pledge(write, investmentId, position, { regionId, kind: 'WITHDRAWN', amount })),
    on(InvestmentSubmittedToBallot, ({ data, position }, write) => change(write, data.investmentId, position, (row) => ({
      ...row, state: 'IN_DELIBERATION', ballotId: data.ballotId, submittedAt: position,
    }))),
    on(InvestmentEndorsed, becomes('ENDORSED')),
    on(InvestmentNotEndorsed, becomes('NOT_ENDORSED')),
    on(InvestmentLeftWithoutOpinion, becomes('NO_OPINION')),
  ],
});
