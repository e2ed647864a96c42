import type { MandateEndReason, SeatOffice } from '../../events/membership.events.js';
import { Command } from '../../decider/command.js';
import { InputType } from '../../decider/input-type.js';
import { EvidenceInput } from '../../graphql/evidence.input.js';
import { DateTimeField, EnumField, IdField, IntField, NestedField, PatternField, TextField } from '../../graphql/fields.js';
import { MandateEndReasonEnum, SeatOfficeEnum } from './enums.js';

const MAX_INT = 2_147_483_647;

@InputType({ description: '`code` and `nutsVersion` go together; a region without a NUTS code is told by its name. `country`: two letters.' })
export class RegionInput {
  @PatternField(/^[A-Z]{2}[A-Z0-9]{1,3}$/, 'a NUTS code such as ITC4', { optional: true }) code?: string;
  @PatternField(/^\d{4}$/, 'the year of a NUTS version, such as 2024', { optional: true }) nutsVersion?: string;
  @TextField(200) name: string;
  @PatternField(/^[A-Z]{2}$/, 'two capital letters, such as IT') country: string;
}

@InputType('JoinCommitteeInput', { description: "The region's own act (M0). Who sends it is the region's contact person." })
export class JoinCommittee extends Command {
  @NestedField(() => RegionInput) region: RegionInput;
  @NestedField(() => EvidenceInput) letterOfAdhesion: EvidenceInput;
}

@InputType('AcceptAccessionInput', { description: "`population`: the newcomer's figure for the population table in force, where there is one." })
export class AcceptAccession extends Command {
  @IdField() accession: string;
  @IntField(1, MAX_INT, { optional: true }) population?: number;
}

@InputType('DeclineAccessionInput')
export class DeclineAccession extends Command {
  @IdField() accession: string;
}

@InputType({ isAbstract: true })
abstract class Appointment extends Command {
  @IdField() region: string;
  @IdField() person: string;
  @DateTimeField({ optional: true, description: 'Left out: until ended.' }) until?: string;
  @NestedField(() => EvidenceInput, { optional: true, description: "The region's letter, where the secretariat records the appointment." }) letter?: EvidenceInput;
}

@InputType('AppointRepresentativeInput')
export class AppointRepresentative extends Appointment {}

@InputType('AppointAlternateInput')
export class AppointAlternate extends Appointment {}

@InputType('EndMandateInput')
export class EndMandate extends Command {
  @IdField() region: string;
  @EnumField(() => SeatOfficeEnum) office: SeatOffice;
  @EnumField(() => MandateEndReasonEnum) reason: MandateEndReason;
}

@InputType('WithdrawMembershipInput')
export class WithdrawMembership extends Command {
  @IdField() region: string;
}
