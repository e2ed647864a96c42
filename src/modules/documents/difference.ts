import { diffWordsWithSpace } from 'diff';
import type { Provision } from '../../events/shared.js';

export const DIFFERENCE_KINDS = ['SAME', 'ADDED', 'REMOVED', 'CHANGED'] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

export interface WordDifference { readonly kind: Exclude<DifferenceKind, 'CHANGED'>; readonly text: string }
export interface ProvisionDifference { readonly provision: string; readonly kind: DifferenceKind; readonly words: readonly WordDifference[] }

/**
 * Comparing takes about the square of how many words differ, and nobody may make the server do that without end: so much, a twentieth of a second, is 700 words
 * and spaces of one provision, or 70 of each of a hundred.
 */
const WORK_AT_MOST = 700 ** 2;

/** What is read of a provision: its heading on a line of its own, then its text. */
const readAs = ({ heading, text }: Provision): string => (heading === undefined ? text : `${heading}\n${text}`);

/**
 * From one text to another, provision by provision in the order of the new one, those that are gone where they stood; and word by word.
 * Without what is ADDED the words give the old text, without what is REMOVED the new one. Where more differs than there is `work` for, in squares of words,
 * what was there is REMOVED as a whole and what is there ADDED.
 */
export function difference(from: readonly Provision[], to: readonly Provision[], work = WORK_AT_MOST): readonly ProvisionDifference[] {
  let left = work;
  const before = new Map(from.map((provision) => [provision.id, provision]));
  const kept = new Set(to.map((provision) => provision.id));
  const result: ProvisionDifference[] = [];
  const gone = from.filter((provision) => !kept.has(provision.id));
  let next = 0;
  const removedUpTo = (place: number): void => {
    for (; next < gone.length && from.indexOf(gone[next] as Provision) < place; next++) {
      const provision = gone[next] as Provision;
      result.push({ provision: provision.id, kind: 'REMOVED', words: [{ kind: 'REMOVED', text: readAs(provision) }] });
    }
  };
  for (const provision of to) {
    const old = before.get(provision.id);
    if (!old) {
      result.push({ provision: provision.id, kind: 'ADDED', words: [{ kind: 'ADDED', text: readAs(provision) }] });
      continue;
    }
    removedUpTo(from.indexOf(old));
    const { words, differ } = wordsBetween(readAs(old), readAs(provision), Math.floor(Math.sqrt(left)));
    left -= differ ** 2;
    result.push({ provision: provision.id, kind: words.every((word) => word.kind === 'SAME') ? 'SAME' : 'CHANGED', words });
  }
  removedUpTo(from.length);
  return result;
}

function wordsBetween(from: string, to: string, differAtMost: number): { readonly words: readonly WordDifference[]; readonly differ: number } {
  if (from === to) return { words: [{ kind: 'SAME', text: to }], differ: 0 };
  const parts = diffWordsWithSpace(from, to, { maxEditLength: differAtMost });
  if (!parts) return { words: [{ kind: 'REMOVED', text: from }, { kind: 'ADDED', text: to }], differ: differAtMost };
  return {
    words: parts.map(({ value, added, removed }) => ({ kind: added ? 'ADDED' : removed ? 'REMOVED' : 'SAME', text: value })),
    differ: parts.reduce((n, { added, removed, count }) => n + (added || removed ? count : 0), 0),
  };
}
