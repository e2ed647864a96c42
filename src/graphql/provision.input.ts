import { InputType } from '../decider/input-type.js';
import { IdField, TextField } from './fields.js';

const HEADING = 300;
const PROVISION = 200_000;

@InputType({ description: '`id`: of a provision that the draft has already and that stays; left out for a new one, which is given an id that stays.' })
export class ProvisionInput {
  @IdField({ optional: true }) id?: string;
  @TextField(HEADING, { optional: true }) heading?: string;
  @TextField(PROVISION) text: string;
}
