import type { PartnerPlan } from '../../events/investments.events.js';
import { sumOf } from '../../events/shared.js';

export const costsOf = ({ costs }: Pick<PartnerPlan, 'costs'>): bigint => sumOf(costs.map(({ amount }) => amount));
export const sourcesOf = ({ sources }: Pick<PartnerPlan, 'sources'>): bigint => sumOf(sources.map(({ amount }) => amount));

/** 150000 -> "1,500.00 euro", for sentences. */
export function inEuro(cents: number | bigint): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',')}.${digits.slice(-2)} euro`;
}
