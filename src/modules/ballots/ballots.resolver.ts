import { Injectable } from '@nestjs/common';
import { Args, Context, ID, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Thing } from '../../graphql/change.types.js';
import { Committee } from '../../graphql/committee.types.js';
import type { GraphqlContext } from '../../graphql/context.js';
import type { Connection } from '../../graphql/paging.js';
import { Reads } from '../../graphql/reads.js';
import { ThingsOf } from '../../graphql/things.js';
import { Visibility } from '../../graphql/visibility.js';
import { ballotTable, type BallotRow } from '../../projections/ballots.view.js';
import { regionAt } from '../membership/membership.things.js';
import { Region } from '../membership/membership.types.js';
import { ballotAt, castAt, outlookAt, type BallotParent } from './ballots.things.js';
import { Ballot, BallotConnection, BallotsArgs, Outlook, Recusal, Seat, SeatPosition, Tally } from './ballots.types.js';
import { tallyOf } from './verdict.js';

@Injectable()
@Resolver(() => Committee)
export class BallotsResolver {
  private readonly all: ThingsOf<BallotRow, BallotParent>;

  constructor(reads: Reads, private readonly visibility: Visibility) {
    this.all = new ThingsOf(reads, visibility, ballotTable, ballotAt);
  }

  @ResolveField(() => Ballot, { nullable: true })
  ballot(@Parent() { position }: Committee, @Args('id', { type: () => ID }) id: string, @Context() { reader }: GraphqlContext): BallotParent | undefined {
    return this.all.one(reader, id, position);
  }

  @ResolveField(() => BallotConnection)
  ballots(@Parent() { position }: Committee, @Args() args: BallotsArgs, @Context() { reader }: GraphqlContext): Promise<Connection<BallotParent>> {
    const { state, subject } = args.filter ?? {};
    // By a text that this reader may not see one finds as little as by one that is not there, though its closed ballot is public.
    const known = typeof subject !== 'string' || this.visibility.mayKnow(reader, subject, position);
    return this.all.page(reader, position, args, { state, subject: known ? subject : '' });
  }
}

/** A ballot that is seen is seen with its positions, tally and outlook (B2, B11). */
@Injectable()
@Resolver(() => Ballot)
export class BallotFieldsResolver {
  constructor(private readonly reads: Reads, private readonly visibility: Visibility) {}

  @ResolveField(() => Thing, { nullable: true })
  subject(@Parent() { at, row }: BallotParent, @Context() { reader }: GraphqlContext): object | undefined {
    return this.visibility.thing(reader, row.subjectId, at);
  }

  @ResolveField(() => [Seat])
  electorate(@Parent() { at, row }: BallotParent): readonly Seat[] {
    return row.electorate.map(({ regionId, population }) => ({ region: this.region(regionId, at), population }));
  }

  @ResolveField(() => [Recusal])
  recusals(@Parent() { at, row }: BallotParent): readonly Recusal[] {
    return row.recusals.map(({ regionId, reason }) => ({ region: this.region(regionId, at), reason }));
  }

  @ResolveField(() => [Region], { nullable: true })
  present(@Parent() { at, row }: BallotParent): readonly Region[] | undefined {
    return row.present?.map((id) => this.region(id, at));
  }

  @ResolveField(() => [SeatPosition], { nullable: true })
  positions(@Parent() { id, at }: BallotParent): readonly SeatPosition[] {
    return castAt(this.reads, id, at).map(({ at: castAtPosition, row: { regionId, ...cast } }) => ({ ...cast, castAt: castAtPosition, region: this.region(regionId, at) }));
  }

  @ResolveField(() => Tally, { nullable: true })
  tally(@Parent() { id, at, row }: BallotParent): Tally {
    if (row.tally) return row.tally;
    const cast = new Map(castAt(this.reads, id, at).map(({ part, row: { expressed } }) => [part, expressed]));
    return tallyOf(row.electorate, row.electorate.map((_, i) => cast.get(i)));
  }

  @ResolveField(() => Outlook, { nullable: true })
  outlook(@Parent() ballot: BallotParent): Outlook | undefined {
    return ballot.row.state === 'OPEN' ? outlookAt(this.reads, ballot) : undefined;
  }

  private region(id: string, at: number): Region {
    return regionAt(this.reads, id, at) as Region;
  }
}
