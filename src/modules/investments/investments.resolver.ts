import { Injectable } from '@nestjs/common';
import { Args, Context, ID, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Committee } from '../../graphql/committee.types.js';
import type { GraphqlContext } from '../../graphql/context.js';
import type { Connection } from '../../graphql/paging.js';
import { Reads } from '../../graphql/reads.js';
import { ThingsOf } from '../../graphql/things.js';
import { Visibility } from '../../graphql/visibility.js';
import { financingPlanParts, investmentTable, type InvestmentRow } from '../../projections/investments.view.js';
import { ballotsOn } from '../ballots/ballots.things.js';
import { Ballot } from '../ballots/ballots.types.js';
import { keyAreasAt, regionAt } from '../membership/membership.things.js';
import { KeyArea, Region } from '../membership/membership.types.js';
import { investmentAt, type InvestmentParent } from './investments.things.js';
import { FinancingPlan, JointInvestment, JointInvestmentConnection, JointInvestmentsArgs, Partner, Pledge } from './investments.types.js';

@Injectable()
@Resolver(() => Committee)
export class InvestmentsResolver {
  private readonly all: ThingsOf<InvestmentRow, InvestmentParent>;

  constructor(reads: Reads, visibility: Visibility) {
    this.all = new ThingsOf(reads, visibility, investmentTable, investmentAt);
  }

  @ResolveField(() => JointInvestment, { nullable: true })
  jointInvestment(@Parent() { position }: Committee, @Args('id', { type: () => ID }) id: string, @Context() { reader }: GraphqlContext): InvestmentParent | undefined {
    return this.all.one(reader, id, position);
  }

  @ResolveField(() => JointInvestmentConnection)
  jointInvestments(@Parent() { position }: Committee, @Args() args: JointInvestmentsArgs, @Context() { reader }: GraphqlContext): Promise<Connection<InvestmentParent>> {
    return this.all.page(reader, position, args, { ...args.filter });
  }
}

@Injectable()
@Resolver(() => JointInvestment)
export class InvestmentFieldsResolver {
  constructor(private readonly reads: Reads, private readonly visibility: Visibility) {}

  @ResolveField(() => [KeyArea])
  keyAreas(@Parent() { row, at }: InvestmentParent): readonly KeyArea[] {
    return keyAreasAt(this.reads, row.keyAreas, at);
  }

  @ResolveField(() => Region)
  lead(@Parent() { row, at }: InvestmentParent): Region {
    return this.region(row.leadId, at);
  }

  @ResolveField(() => [Partner])
  partners(@Parent() { row, at }: InvestmentParent): readonly Partner[] {
    return row.partners.map(({ regionId, at: _, ...partner }) => ({ ...partner, region: this.region(regionId, at) }));
  }

  @ResolveField(() => FinancingPlan, { nullable: true })
  financingPlan(@Parent() { id, at, row: { plan } }: InvestmentParent): FinancingPlan | undefined {
    if (!plan) return undefined;
    const partners = this.reads.part(financingPlanParts, id, plan.number, at)?.partners ?? [];
    return { total: plan.total, partners: partners.map(({ regionId, ...rest }) => ({ ...rest, region: this.region(regionId, at) })) };
  }

  @ResolveField(() => [Pledge])
  pledges(@Parent() { row, at }: InvestmentParent): readonly Pledge[] {
    return row.pledges.map(({ regionId, at: _, ...pledge }) => ({ ...pledge, region: this.region(regionId, at) }));
  }

  @ResolveField(() => [Ballot])
  ballots(@Parent() { id, at }: InvestmentParent, @Context() { reader }: GraphqlContext): readonly object[] {
    return ballotsOn(this.reads, this.visibility, reader, id, at);
  }

  private region(id: string, at: number): Region {
    return regionAt(this.reads, id, at) as Region;
  }
}
