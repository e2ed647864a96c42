import { Injectable } from '@nestjs/common';
import { Args, Context, ID, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { brusselsDay } from '../../decider/calendar.js';
import { Committee } from '../../graphql/committee.types.js';
import type { GraphqlContext } from '../../graphql/context.js';
import { connection, PageArgs, type Connection } from '../../graphql/paging.js';
import { Reads } from '../../graphql/reads.js';
import { WHO_SEES_PERSONS } from '../../graphql/rights.js';
import { DateScalar } from '../../graphql/scalars.js';
import { ThingsOf } from '../../graphql/things.js';
import { Visibility } from '../../graphql/visibility.js';
import { holdsOneOf, type Standing } from '../../identity/standing.js';
import { documentTable, documentTextParts, type DocumentRow, type VersionRow } from '../../projections/documents.view.js';
import { keyAreasAt } from '../membership/membership.things.js';
import { KeyArea } from '../membership/membership.types.js';
import { Provision, Recommendation } from '../recommendations/recommendations.types.js';
import type { RecommendationParent } from '../recommendations/recommendations.things.js';
import { difference, type ProvisionDifference as Difference } from './difference.js';
import { documentIdOf } from './documents.decider.js';
import { documentAt, versionsVisibleTo, type DocumentParent } from './documents.things.js';
import { DocumentVersion, DocumentVersionConnection, PolicyDocument, PolicyDocumentConnection, PolicyDocumentsArgs, ProvisionDifference } from './documents.types.js';

@Injectable()
@Resolver(() => Committee)
export class DocumentsResolver {
  private readonly all: ThingsOf<DocumentRow, DocumentParent>;

  constructor(reads: Reads, visibility: Visibility) {
    this.all = new ThingsOf(reads, visibility, documentTable, documentAt);
  }

  @ResolveField(() => PolicyDocument, { nullable: true })
  policyDocument(@Parent() { position }: Committee, @Args('id', { type: () => ID }) id: string, @Context() { reader }: GraphqlContext): DocumentParent | undefined {
    return this.all.one(reader, id, position);
  }

  @ResolveField(() => PolicyDocumentConnection)
  policyDocuments(@Parent() { position }: Committee, @Args() args: PolicyDocumentsArgs, @Context() { reader }: GraphqlContext): Promise<Connection<DocumentParent>> {
    const { keyArea, published } = args.filter ?? {};
    return this.all.page(reader, position, args, { keyArea, published: published?.toString() });
  }
}

@Injectable()
@Resolver(() => Recommendation)
export class DocumentOfRecommendationResolver {
  constructor(private readonly reads: Reads) {}

  @ResolveField(() => PolicyDocument, { nullable: true })
  policyDocument(@Parent() { id, at, row }: RecommendationParent): DocumentParent | undefined {
    return documentAt(this.reads, documentIdOf(row.revises ?? id), at);
  }
}

@Injectable()
@Resolver(() => PolicyDocument)
export class DocumentFieldsResolver {
  constructor(private readonly reads: Reads, private readonly visibility: Visibility) {}

  @ResolveField(() => [KeyArea])
  keyAreas(@Parent() { row, at }: DocumentParent): readonly KeyArea[] {
    return keyAreasAt(this.reads, row.keyAreas, at);
  }

  @ResolveField(() => Recommendation, { nullable: true })
  recommendation(@Parent() { row, at }: DocumentParent, @Context() { reader }: GraphqlContext): object | undefined {
    return this.visibility.thing(reader, row.recommendationId, at);
  }

  @ResolveField(() => DocumentVersion, { nullable: true })
  version(@Parent() document: DocumentParent, @Args('number', { type: () => Int }) number: number, @Context() { reader }: GraphqlContext): object | undefined {
    const version = versionsVisibleTo(reader, document).find((v) => v.number === number);
    return version && this.shown(reader, document, version);
  }

  @ResolveField(() => DocumentVersionConnection)
  versions(@Parent() document: DocumentParent, @Args() args: PageArgs, @Context() { reader }: GraphqlContext): Promise<Connection<object>> {
    const versions = versionsVisibleTo(reader, document);
    return connection(args, (after, limit) => versions.filter((v) => v.number > after).slice(0, limit), (v) => v.number, (v) => this.shown(reader, document, v));
  }

  @ResolveField(() => DocumentVersion, { nullable: true, description: '`on` left out: the day of `committee.time`.' })
  inForce(@Parent() document: DocumentParent, @Args('on', { type: () => DateScalar, nullable: true }) on: string | null, @Context() { reader }: GraphqlContext): object | undefined {
    const day = on ?? brusselsDay(this.reads.timeOf(document.at) as string);
    const version = document.row.versions.findLast((v) => v.effectiveFrom !== undefined && v.effectiveFrom <= day && (v.until === undefined || day < v.until));
    return version && this.shown(reader, document, version);
  }

  @ResolveField(() => [ProvisionDifference], { nullable: true, description: 'Null where there is no such version, or none for this reader. Where some hundred words of a provision differ, it is removed and added as a whole.' })
  difference(
    @Parent() document: DocumentParent, @Args('from', { type: () => Int }) from: number, @Args('to', { type: () => Int }) to: number, @Context() { reader }: GraphqlContext,
  ): readonly Difference[] | undefined {
    const numbers = versionsVisibleTo(reader, document).map((v) => v.number);
    if (!numbers.includes(from) || !numbers.includes(to)) return undefined;
    return difference(textOf(this.reads, document, from), textOf(this.reads, document, to));
  }

  private shown(reader: Standing, document: DocumentParent, version: VersionRow): VersionParent {
    const { draftedBy: { personId, ...office }, ballotId, ...rest } = version;
    return {
      ...rest, document, language: document.row.language,
      draftedBy: holdsOneOf(reader, WHO_SEES_PERSONS) ? { ...office, personId } : office,
      decision: ballotId === undefined ? undefined : this.visibility.thing(reader, ballotId, document.at),
    };
  }
}

interface VersionParent { readonly number: number; readonly document: DocumentParent; readonly [field: string]: unknown }

@Injectable()
@Resolver(() => DocumentVersion)
export class DocumentVersionResolver {
  constructor(private readonly reads: Reads) {}

  @ResolveField(() => [Provision])
  text(@Parent() { document, number }: VersionParent): readonly Provision[] {
    return textOf(this.reads, document, number);
  }
}

const textOf = (reads: Reads, { id, at }: DocumentParent, number: number): readonly Provision[] => reads.part(documentTextParts, id, number, at)?.text ?? [];
