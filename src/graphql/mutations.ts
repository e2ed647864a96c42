import { Inject, type Type } from '@nestjs/common';
import { Args, Context, Mutation, Resolver } from '@nestjs/graphql';
import type { CommandRegistration } from '../decider/command.js';
import { Dispatch } from '../decider/dispatch.js';
import { Receipt } from './change.types.js';
import type { GraphqlContext } from './context.js';
import { mutationName } from './core.contribution.js';

/** One mutation for each registered command, all of the same shape: `castPosition(input: CastPositionInput!): Receipt!`. */
export function mutationsResolver(registrations: readonly CommandRegistration[]): Type {
  class MutationsResolver {
    constructor(@Inject(Dispatch) readonly dispatch: Dispatch) {}
  }
  for (const { command, description, mutation } of registrations) {
    if (mutation === false) continue;
    const method = mutationName(command.name);
    const descriptor: PropertyDescriptor = {
      configurable: true,
      async value(this: MutationsResolver, input: object, { reader, correlationId }: GraphqlContext) {
        return this.dispatch.send(command.name, input, { sender: { personId: reader.personId }, correlationId });
      },
    };
    const { prototype } = MutationsResolver;
    Object.defineProperty(prototype, method, descriptor);
    Reflect.defineMetadata('design:paramtypes', [command, Object], prototype, method);
    Args('input', { type: () => command })(prototype, method, 0);
    Context()(prototype, method, 1);
    Mutation(() => Receipt, { name: method, description })(prototype, method, descriptor);
  }
  Resolver()(MutationsResolver);
  return MutationsResolver;
}
