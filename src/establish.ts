import { pino } from 'pino';
import { newId } from './decider/new-id.js';
import { Clock } from './config/clock.js';
import type { Config } from './config/config.js';
import { registrations } from './contexts.js';
import type { CommandReceipt } from './decider/decision-maker.js';
import { CommandRegistry } from './decider/command-registry.js';
import { parseCommand } from './decider/parse-command.js';
import { personIdOf } from './identity/person-id.js';
import { DEFAULT_RULES } from './modules/membership/default-rules.js';
import { openSystem } from './system.js';

/** Founds the Committee on an empty log. Gives the id of the first person of the secretariat too. @throws Problem, LogUnusable, LogUnreachable */
export async function establish(config: Config, name: string, { issuer, subject }: { readonly issuer: string; readonly subject: string }): Promise<CommandReceipt & { readonly secretariat: string }> {
  const system = await openSystem(config, new Clock(), pino({ level: 'silent' }), (error) => { throw error; });
  try {
    const secretariat = personIdOf(system.secret, issuer, subject);
    const registration = new CommandRegistry(registrations).get('EstablishCommittee');
    const command = parseCommand(registration.command, { name, rules: DEFAULT_RULES, secretariat });
    return { ...await system.decisions.submit({ registration, command, sender: 'SYSTEM', correlationId: newId() }), secretariat };
  } finally {
    await system.close();
  }
}
