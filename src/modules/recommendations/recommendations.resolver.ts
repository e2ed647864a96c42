import { Injectable } from '@nestjs/common';
import { Args, Context, ID, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Committee } from '../../graphql/committee.types.js';
import type { GraphqlContext } from '../../graphql/context.js';
import type { Connection } from '../../graphql/paging.js';
import { Reads } from '../../graphql/reads.js';
import { ThingsOf } from '../../graphql/things.js';
import { Visibility } from '../../graphql/visibility.js';
import { recommendationTable, recommendationTextParts, type RecommendationRow } from '../../projections/recommendations.view.js';
import { ballotsOn } from '../ballots/ballots.things.js';
import { Ballot } from '../ballots/ballots.types.js';
import { keyAreasAt, regionAt } from '../membership/membership.things.js';
import { KeyArea, Region } from '../membership/membership.types.js';
import { recommendationAt, type RecommendationParent } from './recommendations.things.js';
import { Provision, Recommendation, RecommendationConnection, RecommendationsArgs } from './recommendations.types.js';

@Injectable()
@Resolver(() => Committee)
export class RecommendationsResolver {
  private readonly all: ThingsOf<RecommendationRow, RecommendationParent>;

  constructor(reads: Reads, visibility: Visibility) {
    this.all = new ThingsOf(reads, visibility, recommendationTable, recommendationAt);
  }

  @ResolveField(() => Recommendation, { nullable: true })
  recommendation(@Parent() { position }: Committee, @Args('id', { type: () => ID }) id: string, @Context() { reader }: GraphqlContext): RecommendationParent | undefined {
    return this.all.one(reader, id, position);
  }

  @ResolveField(() => RecommendationConnection)
  recommendations(@Parent() { position }: Committee, @Args() args: RecommendationsArgs, @Context() { reader }: GraphqlContext): Promise<Connection<RecommendationParent>> {
    return this.all.page(reader, position, args, { ...args.filter });
  }
}

@Injectable()
@Resolver(() => Recommendation)
export class RecommendationFieldsResolver {
  constructor(private readonly reads: Reads, private readonly visibility: Visibility) {}

  @ResolveField(() => [KeyArea])
  keyAreas(@Parent() { row, at }: RecommendationParent): readonly KeyArea[] {
    return keyAreasAt(this.reads, row.keyAreas, at);
  }

  @ResolveField(() => Region, { nullable: true })
  initiatedBy(@Parent() { row, at }: RecommendationParent): Region | undefined {
    return row.initiatedBy === undefined ? undefined : regionAt(this.reads, row.initiatedBy, at);
  }

  @ResolveField(() => Recommendation, { nullable: true })
  revises(@Parent() { row, at }: RecommendationParent, @Context() { reader }: GraphqlContext): object | undefined {
    return row.revises === undefined ? undefined : this.visibility.thing(reader, row.revises, at);
  }

  @ResolveField(() => [Provision])
  text(@Parent() { id, at, row }: RecommendationParent): readonly Provision[] {
    return this.reads.part(recommendationTextParts, id, row.draft, at)?.text ?? [];
  }

  @ResolveField(() => [Ballot])
  ballots(@Parent() { id, at }: RecommendationParent, @Context() { reader }: GraphqlContext): readonly object[] {
    return ballotsOn(this.reads, this.visibility, reader, id, at);
  }
}
