import {
  APPOINTED_OFFICES, COMMITTEE_OFFICES, MANDATE_END_REASONS, SEAT_OFFICES,
} from '../../events/membership.events.js';
import { DECISION_RULE_NAMES, MATTERS, THRESHOLD_BASES, TIE_RULES } from '../../events/rules.js';
import { enumOf } from '../../graphql/fields.js';

export const MatterEnum = enumOf('Matter', MATTERS);
export const DecisionRuleNameEnum = enumOf('DecisionRuleName', DECISION_RULE_NAMES);
export const ThresholdBaseEnum = enumOf('ThresholdBase', THRESHOLD_BASES);
export const TieRuleEnum = enumOf('TieRule', TIE_RULES);
export const MembershipStateEnum = enumOf('MembershipState', ['NONE', 'MEMBER', 'WITHDRAWN']);
export const AccessionStateEnum = enumOf('AccessionState', ['SUBMITTED', 'ACCEPTED', 'DECLINED']);
export const AppointedOfficeEnum = enumOf('AppointedOffice', APPOINTED_OFFICES, 'Offices that the secretariat gives; a chair is elected.');
export const CommitteeOfficeEnum = enumOf('CommitteeOffice', COMMITTEE_OFFICES);
export const SeatOfficeEnum = enumOf('SeatOffice', SEAT_OFFICES);
export const MandateEndReasonEnum = enumOf('MandateEndReason', MANDATE_END_REASONS, 'Why a mandate ends (M5).');
