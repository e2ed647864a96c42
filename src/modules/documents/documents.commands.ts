import { CORRIGENDUM_REASONS } from '../../events/documents.events.js';
import { Command } from '../../decider/command.js';
import { InputType } from '../../decider/input-type.js';
import { DateField, EnumField, enumOf, IdField, IntField, NestedListField, PatternField } from '../../graphql/fields.js';
import { ProvisionInput } from '../../graphql/provision.input.js';

const PROVISIONS = 1_000;
const VERSIONS = 1_000_000;

export const CorrigendumReasonEnum = enumOf('CorrigendumReason', CORRIGENDUM_REASONS, 'What kind of clerical error is mended.');

@InputType('CreateDocumentInput', { description: 'An adopted recommendation becomes a policy document; a process does it by itself. `language`: the authentic one, en when left out.' })
export class CreateDocument extends Command {
  @IdField() recommendation: string;
  @PatternField(/^[a-z]{2,3}$/, 'a language code such as en', { optional: true }) language?: string;
}

@InputType('DraftVersionInput', {
  description: '`basedOn`: number of the newest version; left out for the first. `text` left out: the text as adopted, by `recommendation` or else by the one that the document was made of.',
})
export class DraftVersion extends Command {
  @IdField() document: string;
  @IntField(1, VERSIONS, { optional: true }) basedOn?: number;
  @NestedListField(() => ProvisionInput, { atLeast: 1, atMost: PROVISIONS, optional: true }) text?: ProvisionInput[];
  @IdField({ optional: true }) recommendation?: string;
}

@InputType('PublishVersionInput', {
  description: '`recommendation`: whose adoption decides on this text; left out: the one that the document was made of. `effectiveFrom` left out: today.',
})
export class PublishVersion extends Command {
  @IdField() document: string;
  @IntField(1, VERSIONS) number: number;
  @DateField({ optional: true }) effectiveFrom?: string;
  @IdField({ optional: true }) recommendation?: string;
}

@InputType('IssueCorrigendumInput', { description: 'Mends a clerical error of the newest published version.' })
export class IssueCorrigendum extends Command {
  @IdField() document: string;
  @IntField(1, VERSIONS) basedOn: number;
  @NestedListField(() => ProvisionInput, { atLeast: 1, atMost: PROVISIONS }) text: ProvisionInput[];
  @EnumField(() => CorrigendumReasonEnum) reason: (typeof CORRIGENDUM_REASONS)[number];
  @DateField({ optional: true }) effectiveFrom?: string;
}

/** Sent by a process after a publication. `year`: of the publication's recorded time, in Brussels. */
@InputType('AssignRegisterNumberInput')
export class AssignRegisterNumber extends Command {
  @IdField() document: string;
  @IntField(1, VERSIONS) number: number;
  @IntField(1_900, 9_999) year: number;
}
