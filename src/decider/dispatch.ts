import { CommandBus, CommandHandler } from '@nestjs/cqrs';
import { Inject, Injectable, type Provider, type Type } from '@nestjs/common';
import type { Command, CommandRegistration } from './command.js';
import { CommandRegistry } from './command-registry.js';
import { DecisionMaker, type CommandReceipt, type Order } from './decision-maker.js';
import { parseCommand } from './parse-command.js';

export type Origin = Pick<Order, 'sender' | 'correlationId' | 'cause'>;

/** The bus hands on the message alone, so where it comes from travels beside it. */
const origins = new WeakMap<Command, Origin>();

/** Sends a command through the one door: mutations, processes, the sample and the command line all come here. */
@Injectable()
export class Dispatch {
  constructor(private readonly bus: CommandBus, private readonly registry: CommandRegistry) {}

  /** @throws Problem */
  async send(name: string, input: unknown, origin: Origin): Promise<CommandReceipt> {
    const command = parseCommand(this.registry.get(name).command, input);
    origins.set(command, origin);
    return this.bus.execute(command);
  }
}

/** One handler on the bus for each command; all of them hand the command to whoever decides. */
export function commandHandlers(registrations: readonly CommandRegistration[]): Provider[] {
  return registrations.map((registration) => {
    class Handler {
      constructor(@Inject(DecisionMaker) private readonly decisionMaker: DecisionMaker) {}

      async execute(command: Command): Promise<CommandReceipt> {
        const origin = origins.get(command);
        if (!origin) throw new Error(`${registration.command.name} was put on the bus without saying who sends it`);
        return this.decisionMaker.submit({ registration, command, ...origin });
      }
    }
    Object.defineProperty(Handler, 'name', { value: `${registration.command.name}Handler` });
    CommandHandler(registration.command as Type<never>)(Handler);
    return Handler;
  });
}
