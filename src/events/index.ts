import { ballotEvents } from './ballots.events.js';
import { consequenceEvents } from './consequences.events.js';
import type { EventType } from './define.js';
import { documentEvents, registerEvents } from './documents.events.js';
import { investmentEvents } from './investments.events.js';
import { committeeEvents, rollEvents } from './membership.events.js';
import { recommendationEvents } from './recommendations.events.js';

/** Every event of the Committee. What is not listed here cannot be written, and what is stored under another name cannot be read. */
export const vocabulary: readonly EventType[] = [
  ...committeeEvents, ...rollEvents, ...ballotEvents, ...recommendationEvents, ...documentEvents, ...registerEvents,
  ...investmentEvents, ...consequenceEvents,
];

/** `PositionCast` -> `POSITION_CAST`, as `ChangeKind` names it. */
export const changeKindOf = (name: string): string => name.replace(/(?<!^)([A-Z])/g, '_$1').toUpperCase();

export const CHANGE_KINDS: readonly string[] = vocabulary.flatMap((event) => [event.type, ...event.parts].map(changeKindOf));
