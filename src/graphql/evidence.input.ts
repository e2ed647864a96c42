import { InputType } from '../decider/input-type.js';
import type { Evidence } from '../events/shared.js';
import { EvidenceKindEnum } from './enums.js';
import { DateField, EnumField, Sha256Field, TextField } from './fields.js';

@InputType({ description: 'A signed paper, kept elsewhere. `signedAs`: the function of who signed, never a name.' })
export class EvidenceInput implements Evidence {
  @EnumField(() => EvidenceKindEnum) kind: Evidence['kind'];
  @Sha256Field() sha256: string;
  @TextField(200) signedAs: string;
  @DateField() date: string;
}
