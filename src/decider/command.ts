import { IsInt, IsOptional, IsUUID, Min } from 'class-validator';
import type { AnyEvent } from '../events/define.js';
import type { Office } from '../events/shared.js';
import type { Decider, Decision, DecisionMeta } from './decider.js';
import { Field, ID, InputType, Int } from './input-type.js';

/**
 * What every command carries. One class is the message on the bus, the GraphQL input and the validation.
 * `commandId`: a UUID that makes a retry safe; made by the server when left out. Version 7 is best: random ones are slow to index.
 * `revision`: of the thing's stream; when given and the thing has moved on, the command is refused with CONFLICT.
 */
@InputType({ isAbstract: true })
export abstract class Command {
  @Field(() => ID, { nullable: true }) @IsOptional() @IsUUID('all', { message: 'commandId must be a UUID, best of version 7' })
  commandId?: string;
  @Field(() => Int, { nullable: true }) @IsOptional() @IsInt({ message: 'revision must be an integer' }) @Min(0, { message: 'revision must be 0 or more' })
  revision?: number;
}

export type CommandClass<C extends Command = Command> = new () => C;

/** Reads the state of another stream at the head that is decided on. */
export type ReadFact = <S>(decider: Decider<S>, stream: string) => S;

/** Everything that the kernel has to know of one command. There is no handler to write. */
export interface CommandRegistration<C extends Command = Command, S = unknown, F = unknown, E extends AnyEvent = AnyEvent> {
  readonly command: CommandClass<C>;
  readonly description: string;
  readonly decider: Decider<S>;
  /** The stream that is decided on and written to. */
  stream(command: C, commandId: string): string;
  /** The offices that may send it. Without SYSTEM no process may; without a mutation only the command line and processes do. */
  readonly by: readonly Office[];
  /** The region that is acted for: seats and contact persons of other regions are turned away. Left out: every seat may. */
  region?(command: C, state: S): string | undefined;
  /** Who may send it on top of `by`, since it is about the own office or mandate. */
  holder?(command: C, state: S): { readonly personId: string; readonly office: Office; readonly regionId?: string } | undefined;
  facts?(read: ReadFact, command: C): F;
  decide(command: C, state: S, facts: F, meta: DecisionMeta): Decision<E>;
  /** False: no mutation. */
  readonly mutation?: boolean;
}

/** Checks the types of one registration against one another, then forgets them: registrations of all contexts make one list. */
export function command<C extends Command, S, F, E extends AnyEvent>(
  commandClass: CommandClass<C>, registration: Omit<CommandRegistration<NoInfer<C>, S, F, E>, 'command'>,
): CommandRegistration {
  return { ...registration, command: commandClass } as CommandRegistration<never, never, never, E> as CommandRegistration;
}
