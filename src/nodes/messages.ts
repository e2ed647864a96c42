import type { Order, OrderAnswer } from '../decider/decision-maker.js';

/** Where nodes listen for one another. */
export const GREETING_PATH = '/internal/greeting';
export const COMMANDS_PATH = '/internal/commands';

/** Said to every other node, twice a second: what the sender's copy holds at some positions, and in which order it was told that nodes decide. */
export interface Greeting {
  readonly logId: string;
  readonly order: readonly string[];
  /** Position of the first leaf. */
  readonly from: number;
  /** SHA-256 of entries one after another, as base64. */
  readonly leaves: readonly string[];
}

export interface GreetingAnswer {
  /** It takes commands, and the server of the log answers it. */
  readonly ready: boolean;
  /** The first position at which its copy holds another entry. */
  readonly differsAt?: number;
}

/** A command on its way to the node that decides. `input` carries its id. */
export interface SentOrder {
  readonly command: string;
  readonly input: object;
  readonly sender: Order['sender'];
  readonly correlationId: string;
  readonly cause?: Order['cause'];
  /** Milliseconds that are left for it. */
  readonly withinMs: number;
}

export interface Orders { readonly orders: readonly SentOrder[] }

/** In the order of the commands. */
export interface OrderAnswers { readonly answers: readonly OrderAnswer[] }
