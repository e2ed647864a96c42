import type { Provision } from '../events/shared.js';
import { derivedId } from './decider.js';
import { invalid, type Refusal } from './problem.js';

/** A provision as it comes in: with the id that it has, or without one. */
export interface GivenProvision { readonly id?: string; readonly heading?: string; readonly text: string }

/** Provisions keep the ids that they have; new ones get theirs from the command. */
export function provisions(given: readonly GivenProvision[], before: readonly Provision[], commandId: string): Provision[] | Refusal {
  const known = new Set(before.map((provision) => provision.id));
  const ids = given.flatMap((provision) => provision.id ?? []);
  const stranger = ids.find((id) => !known.has(id));
  if (stranger !== undefined) return invalid('text', `text names the provision ${stranger}, which the text before does not have. Leave the id out for a new provision`);
  if (new Set(ids).size < ids.length) return invalid('text', 'text must name each provision once');
  return given.map(({ id, heading, text }, i) => ({ id: id ?? derivedId(commandId, `provision ${i + 1}`), ...(heading !== undefined && { heading }), text }));
}
