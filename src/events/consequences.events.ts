import { Type } from '@sinclair/typebox';
import { defineEvent, type OccurrenceOf } from './define.js';
import { Id } from './shared.js';

/** What a process was to do and a rule refused. `cause`: position of the entry that it followed; `reason`: the rule's own code. */
export const ConsequenceRefused = defineEvent('ConsequenceRefused', {
  consequenceId: Id, cause: Type.Integer({ minimum: 1 }), command: Type.String(), thingId: Id, reason: Type.String(),
}, { audience: 'SECRETARIAT', about: (d) => [d.thingId] });

export const consequenceEvents = [ConsequenceRefused] as const;
export type ConsequenceEvent = OccurrenceOf<(typeof consequenceEvents)[number]>;
