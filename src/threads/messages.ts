import type { Order, OrderAnswer } from '../decider/decision-maker.js';
import type { Instant } from '../events/define.js';
import type { Head } from '../event-store/entry.js';
import type { Stand } from '../projections/view-rows.js';

/** A command on its way to the thread that decides. */
export interface HandedOrder extends Pick<Order, 'sender' | 'correlationId' | 'cause'> {
  /** Its answer carries it too. */
  readonly n: number;
  readonly command: string;
  /** Validated. */
  readonly input: object;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface HandedOrders {
  readonly orders: readonly HandedOrder[];
  /** The time, as the thread that reads has it: there is one clock. */
  readonly now: Instant;
  readonly logLevel: string;
}

/** Asked one after another, each answered with `done`. */
export type Request = { readonly keepNote: { readonly name: string; readonly value: string } } | 'stop' | 'close';

export type ToDeciding = HandedOrders | { readonly isAwaited: boolean } | { readonly request: Request };

/** What it stands on when it begins. */
export interface Opened extends ViewsMoved { readonly secret: string }

/** How a start ended that could not be, told to people by its message; of one that nobody has foreseen, with where it was. */
export interface NotOpened { readonly kind: 'WrongSetting' | 'LogUnusable' | 'Error'; readonly message: string }

/** What was written together, and the answers that it allows. */
export interface Decided {
  readonly head: Head;
  /** Of the entries up to the head that were not told yet. */
  readonly streams: readonly string[];
  /** How many entries each append wrote, and how many seconds it took. */
  readonly appends: readonly (readonly [entries: number, seconds: number])[];
  readonly answers: readonly (readonly [n: number, answer: OrderAnswer])[];
}

export interface ViewsMoved { readonly stand: Stand; readonly unreadableAt: number | undefined }

export type FromDeciding =
  | { readonly opened: Opened } | { readonly notOpened: NotOpened }
  | { readonly decided: Decided } | { readonly moved: ViewsMoved }
  /** `error`: it was not done. */
  | { readonly done: true; readonly error?: SentError };

/** What tells a full disk from another fault does not come over with an Error itself. */
export interface SentError { readonly message: string; readonly stack?: string | undefined; readonly code?: string | undefined; readonly errcode?: number | undefined; readonly sqliteExtendedCode?: number | undefined }
