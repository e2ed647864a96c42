import { OUTCOMES, SILENCES } from '../events/ballots.events.js';
import { CHANGE_KINDS } from '../events/index.js';
import { EVIDENCE_KINDS, KEY_AREA_CODES, OFFICES } from '../events/shared.js';
import { ERROR_CODES } from '../decider/problem.js';
import { enumOf } from './fields.js';

export const OfficeEnum = enumOf('Office', OFFICES);
export const OutcomeEnum = enumOf('Outcome', OUTCOMES);
export const SilenceEnum = enumOf('Silence', SILENCES, 'What it means that a region of the electorate says nothing.');
export const EvidenceKindEnum = enumOf('EvidenceKind', EVIDENCE_KINDS);
export const KeyAreaCodeEnum = enumOf('KeyAreaCode', KEY_AREA_CODES);
export const ErrorCodeEnum = enumOf('ErrorCode', ERROR_CODES, 'The kind of an error.');
export const ChangeKindEnum = enumOf('ChangeKind', CHANGE_KINDS, 'One for each event and each named part of one.');
