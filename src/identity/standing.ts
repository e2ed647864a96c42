import type { Instant } from '../events/define.js';
import type { Office } from '../events/shared.js';
import type { CommitteeOffice, SeatOffice } from '../events/membership.events.js';

export interface OfficeHeld { readonly office: CommitteeOffice; readonly personId: string; readonly from: Instant; readonly until?: Instant }
export interface MandateHeld { readonly office: SeatOffice; readonly regionId: string; readonly personId: string; readonly from: Instant; readonly until?: Instant }

/** What a person is in the Committee at one moment. It comes from offices and mandates in the log, never from the token. */
export interface Standing {
  /** Undefined: nobody is signed in. */
  readonly personId?: string;
  readonly offices: readonly OfficeHeld[];
  readonly seat?: MandateHeld;
  /** Member regions whose contact person this is. */
  readonly contactPersonOf: readonly string[];
  /** Holds everything, outside the log: for tests of reading only. No command is let through by it. */
  readonly readsEverything?: boolean;
  /** The offices that are held, by name, where they are known: all that most answers ask of a reader (graphql/sharing.ts). */
  readonly held?: ReadonlySet<Office>;
}

export const VISITOR: Standing = { offices: [], contactPersonOf: [] };

/** Every office that the person holds, the ones of a region among them. */
export function officesOf(standing: Standing): ReadonlySet<Office> {
  if (standing.held) return standing.held;
  const held = new Set<Office>(standing.offices.map((o) => o.office));
  if (standing.seat) held.add(standing.seat.office);
  if (standing.contactPersonOf.length > 0) held.add('CONTACT_PERSON');
  if (standing.personId !== undefined) held.add('SIGNED_IN');
  return held;
}

/** Those who sit in the Committee or serve it: they see what is being deliberated. */
export const MEMBER_OFFICES: readonly Office[] = ['CHAIR', 'SECRETARIAT', 'AUDITOR', 'REPRESENTATIVE', 'ALTERNATE', 'CONTACT_PERSON'];

export function holdsOneOf(standing: Standing, offices: readonly Office[]): boolean {
  if (standing.readsEverything) return true;
  const held = officesOf(standing);
  return offices.some((office) => held.has(office));
}

export const isMember = (standing: Standing): boolean => holdsOneOf(standing, MEMBER_OFFICES);
