import { Injectable } from '@nestjs/common';
import { Args, Context, ID, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { COMMITTEE_ID } from '../../events/membership.events.js';
import { Standings } from '../../decider/standings.js';
import { Committee } from '../../graphql/committee.types.js';
import type { GraphqlContext } from '../../graphql/context.js';
import type { Connection } from '../../graphql/paging.js';
import { Reads } from '../../graphql/reads.js';
import { WHO_SEES_PERSONS } from '../../graphql/rights.js';
import { ThingsOf } from '../../graphql/things.js';
import { Visibility } from '../../graphql/visibility.js';
import { holdsOneOf, type MandateHeld, type Standing } from '../../identity/standing.js';
import { committeeTable, type CommitteeRow } from '../../projections/committee.view.js';
import { accessionTable, regionTable, type AccessionRow, type RegionRow } from '../../projections/roll.view.js';
import { accessionAt, regionAt } from './membership.things.js';
import {
  Accession, AccessionConnection, AccessionsArgs, KeyArea, Mandate, Me, OfficeHeld, PopulationTable, Region, RegionConnection, RegionsArgs, RulesOfProcedure,
} from './membership.types.js';

@Injectable()
@Resolver(() => Committee)
export class MembershipResolver {
  private readonly allRegions: ThingsOf<RegionRow, Region>;
  private readonly allAccessions: ThingsOf<AccessionRow, Accession>;

  constructor(private readonly reads: Reads, visibility: Visibility, private readonly standings: Standings) {
    this.allRegions = new ThingsOf(reads, visibility, regionTable, regionAt);
    this.allAccessions = new ThingsOf(reads, visibility, accessionTable, accessionAt);
  }

  @Query(() => Me, { nullable: true, description: "Null when nobody is signed in. As at this node's head, whatever moment `committee` asks for." })
  me(@Context() { reader }: GraphqlContext): Me | undefined {
    if (reader.personId === undefined) return undefined;
    const standing = this.standings.of(reader.personId);
    return {
      personId: reader.personId, position: this.reads.log.head.position, seat: standing.seat && { ...standing.seat },
      offices: standing.offices.map((held) => ({ ...held })), contactPersonOf: [...standing.contactPersonOf],
    };
  }

  @ResolveField(() => String, { nullable: true })
  name(@Parent() { position }: Committee): string | undefined {
    return this.row(position)?.name;
  }

  @ResolveField(() => [KeyArea])
  keyAreas(@Parent() { position }: Committee): readonly KeyArea[] {
    return this.row(position)?.keyAreas ?? [];
  }

  @ResolveField(() => RulesOfProcedure, { nullable: true, description: 'In force at `time`.' })
  rulesOfProcedure(@Parent() { position }: Committee): RulesOfProcedure | undefined {
    const time = this.reads.timeOf(position);
    const rules = time === undefined ? undefined : this.row(position)?.rules.findLast((version) => version.effectiveFrom <= time);
    return rules && { ...rules, matters: [...rules.matters] };
  }

  @ResolveField(() => PopulationTable, { nullable: true, description: 'The latest adopted one.' })
  populationTable(@Parent() { position }: Committee): PopulationTable | undefined {
    const table = this.row(position)?.table;
    return table && {
      year: table.year, source: table.source,
      figures: table.figures.map(({ regionId, population }) => ({ region: regionAt(this.reads, regionId, position) as Region, population })),
    };
  }

  @ResolveField(() => Region, { nullable: true })
  region(@Parent() { position }: Committee, @Args('id', { type: () => ID }) id: string, @Context() { reader }: GraphqlContext): Region | undefined {
    return this.allRegions.one(reader, id, position);
  }

  @ResolveField(() => RegionConnection)
  regions(@Parent() { position }: Committee, @Args() args: RegionsArgs, @Context() { reader }: GraphqlContext): Promise<Connection<Region>> {
    const { membership, withoutRepresentative } = args.filter ?? {};
    return this.allRegions.page(reader, position, args, { membership, withoutRepresentative: withoutRepresentative?.toString() });
  }

  @ResolveField(() => [OfficeHeld], { description: 'Secretariat, chair, auditor.' })
  offices(@Parent() { position }: Committee, @Context() { reader }: GraphqlContext): readonly OfficeHeld[] {
    return (this.row(position)?.offices ?? []).map((held) => withoutPerson(reader, held));
  }

  @ResolveField(() => Accession, { nullable: true, description: 'Secretariat, auditor.' })
  accession(@Parent() { position }: Committee, @Args('id', { type: () => ID }) id: string, @Context() { reader }: GraphqlContext): Accession | undefined {
    return this.allAccessions.one(reader, id, position);
  }

  @ResolveField(() => AccessionConnection, { description: 'Secretariat, auditor.' })
  accessions(@Parent() { position }: Committee, @Args() args: AccessionsArgs, @Context() { reader }: GraphqlContext): Promise<Connection<Accession>> {
    return this.allAccessions.page(reader, position, args, { ...args.filter });
  }

  private row(position: number): CommitteeRow | undefined {
    return this.reads.get(committeeTable, COMMITTEE_ID, position);
  }
}

/** Seats of a region, shown to members; who sits on them, to who sees persons. */
@Injectable()
@Resolver(() => Region)
export class RegionResolver {
  @ResolveField(() => Mandate, { nullable: true })
  representative(@Parent() region: Region, @Context() { reader }: GraphqlContext): MandateHeld | undefined {
    return region.representative && (withoutPerson(reader, region.representative) as MandateHeld);
  }

  @ResolveField(() => Mandate, { nullable: true })
  alternate(@Parent() region: Region, @Context() { reader }: GraphqlContext): MandateHeld | undefined {
    return region.alternate && (withoutPerson(reader, region.alternate) as MandateHeld);
  }
}

function withoutPerson<T extends { readonly personId?: string }>(reader: Standing, held: T): T {
  return holdsOneOf(reader, WHO_SEES_PERSONS) ? held : { ...held, personId: undefined };
}
