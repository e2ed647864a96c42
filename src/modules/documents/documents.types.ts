import { ArgsType, Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { Actor, Thing } from '../../graphql/change.types.js';
import { KeyAreaCodeEnum } from '../../graphql/enums.js';
import { enumOf } from '../../graphql/fields.js';
import { connectionOf, PageArgs } from '../../graphql/paging.js';
import { DateScalar, DateTimeScalar, Sha256Scalar } from '../../graphql/scalars.js';
import { Ballot } from '../ballots/ballots.types.js';
import { KeyArea } from '../membership/membership.types.js';
import { Recommendation } from '../recommendations/recommendations.types.js';
import { DIFFERENCE_KINDS } from './difference.js';

export const VersionKindEnum = enumOf('VersionKind', ['VERSION', 'CORRIGENDUM'] as const);
export const VersionStateEnum = enumOf('VersionState', ['DRAFTED', 'PUBLISHED', 'SUPERSEDED'] as const);
export const DifferenceKindEnum = enumOf('DifferenceKind', DIFFERENCE_KINDS);

@ObjectType()
export class WordDifference {
  @Field(() => DifferenceKindEnum) kind: string;
  @Field(() => String) text: string;
}

@ObjectType({ description: 'Without what is ADDED its words give the old text, without what is REMOVED the new one.' })
export class ProvisionDifference {
  @Field(() => ID) provision: string;
  @Field(() => DifferenceKindEnum) kind: string;
  @Field(() => [WordDifference]) words: WordDifference[];
}

@ObjectType({ description: '`registerNumber` follows a position or more after the publication.' })
export class DocumentVersion {
  @Field(() => Int) number: number;
  @Field(() => VersionKindEnum) kind: string;
  @Field(() => VersionStateEnum) state: string;
  @Field(() => String) language: string;
  @Field(() => Int, { nullable: true }) basedOn?: number;
  @Field(() => Sha256Scalar) hash: string;
  @Field(() => Actor) draftedBy: Actor;
  @Field(() => DateTimeScalar) draftedAt: string;
  @Field(() => DateTimeScalar, { nullable: true }) publishedAt?: string;
  @Field(() => DateScalar, { nullable: true }) effectiveFrom?: string;
  @Field(() => String, { nullable: true }) registerNumber?: string;
  @Field(() => Ballot, { nullable: true, description: 'The decision behind it; none behind a corrigendum.' }) decision?: Ballot;
  @Field(() => String, { nullable: true, description: 'Of a corrigendum.' }) reason?: string;
}
export const DocumentVersionConnection = connectionOf(DocumentVersion, 'DocumentVersion');

@ObjectType({ implements: () => [Thing], description: 'Visitors see it, and its published versions.' })
export class PolicyDocument extends Thing {
  @Field(() => String) title: string;
  @Field(() => [KeyArea]) keyAreas: KeyArea[];
  @Field(() => Recommendation, { nullable: true }) recommendation?: Recommendation;
}
export const PolicyDocumentConnection = connectionOf(PolicyDocument, 'PolicyDocument');

@InputType()
export class PolicyDocumentFilter {
  @Field(() => KeyAreaCodeEnum, { nullable: true }) keyArea?: string | null;
  @Field(() => Boolean, { nullable: true }) published?: boolean | null;
}
@ArgsType()
export class PolicyDocumentsArgs extends PageArgs {
  @Field(() => PolicyDocumentFilter, { nullable: true }) filter?: PolicyDocumentFilter | null;
}
