import type { CommandRegistration } from './command.js';
import { Problem } from './problem.js';

/** All commands by name. */
export class CommandRegistry {
  private readonly byName: ReadonlyMap<string, CommandRegistration>;

  constructor(readonly all: readonly CommandRegistration[]) {
    this.byName = new Map(all.map((registration) => [registration.command.name, registration]));
    if (this.byName.size < all.length) throw new Error('Names of commands are unique across contexts');
  }

  get(name: string): CommandRegistration {
    const registration = this.byName.get(name);
    if (!registration) throw new Problem('INVALID', undefined, `There is no command ${name}.`);
    return registration;
  }
}
