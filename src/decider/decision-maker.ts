import type { Instant } from '../events/define.js';
import type { Command, CommandRegistration } from './command.js';
import { Problem, type ErrorCode, type Facts } from './problem.js';

/** What an accepted command answers. `id`: of the thing made or changed. `revision`: of its stream, for the next edit. */
export interface CommandReceipt {
  readonly id: string;
  readonly position: number;
  readonly revision: number;
  readonly commandId: string;
  readonly repeated: boolean;
}

/** Who sends a command: a person, known by the keyed hash of issuer and subject; nobody; or a process of the system itself. */
export type Sender = { readonly personId: string | undefined } | 'SYSTEM';

export interface Order {
  readonly registration: CommandRegistration;
  readonly command: Command;
  readonly sender: Sender;
  readonly correlationId: string;
  /** Position and command id of the entry that a process follows. */
  readonly cause?: { readonly position: number; readonly commandId: string };
  /** Milliseconds that are left for it, where it has waited elsewhere. */
  readonly withinMs?: number;
}

/** Where a command goes to be decided: `Deciding` of this node, or the node that decides for all (nodes/forwarding.ts). */
export abstract class DecisionMaker {
  /** Answers when the decision is durable. @throws Problem */
  abstract submit(order: Order): Promise<CommandReceipt>;
}

/** What decides in this process: `Decisions`, or the thread that has them (threads/deciding-thread.ts). */
export interface Deciding extends DecisionMaker {
  /** How many wait to be decided. */
  readonly queued: number;
  /** Once nothing waits any more that may be recorded under this time or an earlier one: what was so then is final. False: that takes longer. */
  decidedUpTo(time: Instant, timeoutMs: number): Promise<boolean>;
  /** Decides what waits, then no more. */
  stop(): Promise<void>;
}

/** An answer on its way to another thread or node. */
export type OrderAnswer =
  | { readonly receipt: CommandReceipt }
  | { readonly problem: { readonly code: ErrorCode; readonly reason?: string; readonly message: string; readonly facts: Facts } };

export function sentAnswer(answer: CommandReceipt | Problem): OrderAnswer {
  if (!(answer instanceof Problem)) return { receipt: answer };
  const { code, reason, message, facts } = answer;
  return { problem: { code, message, facts, ...(reason !== undefined && { reason }) } };
}

export function receivedAnswer(answer: OrderAnswer): CommandReceipt | Problem {
  if ('receipt' in answer) return answer.receipt;
  const { code, reason, message, facts } = answer.problem;
  return new Problem(code, reason, message, facts);
}
