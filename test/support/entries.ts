import { v7 as newCommandId } from 'uuid';
import type { StoredEntry } from '../../src/event-store/entry.js';

/** One second a position, so that times never go back along the log, whoever writes. */
export const timeOf = (position: number): string => new Date(Date.UTC(2026, 0, 1) + position * 1000).toISOString();

/** `count` entries that follow `head`, in one stream whose revisions are the positions. */
export function entriesAfter(head: number, count: number, differing: (position: number) => Partial<StoredEntry> = () => ({})): StoredEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const position = head + 1 + i;
    return {
      position, id: newCommandId(), stream: 'committee', revision: position, type: 'ThingHappened', version: 1,
      data: JSON.stringify({ number: position }), meta: JSON.stringify({ commandName: 'DoThing', correlationId: `c-${position}` }),
      time: timeOf(position), ...differing(position),
    };
  });
}

export const positionsOf = (entries: readonly StoredEntry[]): number[] => entries.map((e) => e.position);
export const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
