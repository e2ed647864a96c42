import type { Actor } from '../event-store/entry.js';
import type { Office } from '../events/shared.js';
import type { Standing } from '../identity/standing.js';
import type { Command, CommandRegistration } from './command.js';
import { Problem } from './problem.js';

export const SYSTEM_ACTOR: Actor = { office: 'SYSTEM' };

/**
 * The office that lets a command through, or an error. The order of `by` decides where a person holds several.
 * @throws Problem UNAUTHENTICATED or FORBIDDEN
 */
export function authorise(registration: CommandRegistration, command: Command, state: unknown, standing: Standing): Actor {
  const { personId } = standing;
  if (personId === undefined) {
    throw new Problem('UNAUTHENTICATED', undefined, 'Nobody is signed in. Send a token in the header "authorization": "Bearer …".');
  }
  for (const office of registration.by) {
    const actor = actingAs(office, personId, registration, command, state, standing);
    if (actor) return actor;
  }
  const holder = registration.holder?.(command, state);
  if (holder && holder.personId === personId) return { ...holder };
  throw new Problem('FORBIDDEN', undefined, `${registration.command.name} is for ${inWords(registration)}.`, {
    command: registration.command.name, offices: registration.by.filter((o) => o !== 'SYSTEM'),
  });
}

function actingAs(
  office: Office, personId: string, registration: CommandRegistration, command: Command, state: unknown, standing: Standing,
): Actor | undefined {
  const region = registration.region?.(command, state);
  switch (office) {
    case 'SYSTEM': return undefined;
    case 'SIGNED_IN': return { office, personId };
    case 'REPRESENTATIVE':
    case 'ALTERNATE': {
      const { seat } = standing;
      if (seat?.office !== office || (region !== undefined && region !== seat.regionId)) return undefined;
      return { office, personId, regionId: seat.regionId };
    }
    case 'CONTACT_PERSON':
      return region !== undefined && standing.contactPersonOf.includes(region) ? { office, personId, regionId: region } : undefined;
    default:
      return standing.offices.some((held) => held.office === office) ? { office, personId } : undefined;
  }
}

const WORDS: Readonly<Record<Office, string>> = {
  CHAIR: 'the chair', SECRETARIAT: 'the secretariat', AUDITOR: 'the auditor', OPERATOR: 'the operator',
  REPRESENTATIVE: "the region's representative", ALTERNATE: "the region's alternate", CONTACT_PERSON: "the region's contact person",
  SIGNED_IN: 'anybody who is signed in', SYSTEM: 'a process',
};

function inWords(registration: CommandRegistration): string {
  const words = registration.by.filter((office) => office !== 'SYSTEM').map((office) => WORDS[office]);
  if (registration.holder) words.push('who holds it');
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}` : words[0] ?? 'processes only';
}
