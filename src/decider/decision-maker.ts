import type { Command, CommandRegistration } from './command.js';

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

/** Where a command goes to be decided: `Decisions` of this node, or the node that decides for all (nodes/forwarding.ts). */
export abstract class DecisionMaker {
  /** Answers when the decision is durable. @throws Problem */
  abstract submit(order: Order): Promise<CommandReceipt>;
}
