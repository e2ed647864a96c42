import { Injectable } from '@nestjs/common';
import { Args, Context, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import type { Instant } from '../events/define.js';
import type { Deciding } from '../decider/decision-maker.js';
import { Problem } from '../decider/problem.js';
import type { ViewProgress } from '../projections/view-progress.js';
import { Change, LogEntry, LogEntryConnection } from './change.types.js';
import { Committee, CommitteeArgs, LiveArgs } from './committee.types.js';
import type { GraphqlContext } from './context.js';
import { connection, PageArgs, type Connection } from './paging.js';
import { Reads } from './reads.js';
import { turns } from './turns.js';
import { Visibility } from './visibility.js';

/** How long a reader waits for this node to have seen a position. */
const WAIT_MS = 5_000;

/** The moment that a query asks for. */
export class Moments {
  constructor(private readonly reads: Reads, private readonly views: ViewProgress, private readonly now: () => Instant, private readonly deciding: Pick<Deciding, 'decidedUpTo'>) {}

  /** @throws Problem */
  async find({ at, asOf, notBefore }: CommitteeArgs): Promise<number> {
    if ([at, asOf, notBefore].filter((given) => given !== undefined && given !== null).length > 1) {
      throw new Problem('INVALID', 'ONE_MOMENT', 'Give at most one of at, asOf and notBefore.');
    }
    if (at !== undefined && at !== null) {
      this.withinLog(at, 'at');
      return this.reached(at, at);
    }
    if (asOf !== undefined && asOf !== null) {
      const { head } = this.reads.log;
      if (asOf > this.now() && asOf > head.time) {
        throw new Problem('INVALID', 'IN_THE_FUTURE', `asOf ${asOf} lies in the future: nobody knows yet what will be recorded until then.`, { asOf, now: this.now() });
      }
      if (!(await this.deciding.decidedUpTo(asOf, WAIT_MS))) {
        throw new Problem('UNAVAILABLE', 'VIEW_BEHIND', `This node has seen the log up to ${this.reads.position}; what was sent to it by ${asOf} is still being decided. Ask again.`, { position: String(this.reads.position) });
      }
      const position = this.reads.log.positionAt(asOf);
      return this.reached(position, position);
    }
    if (notBefore !== undefined && notBefore !== null) await this.reached(notBefore, notBefore);
    return this.reads.position;
  }

  private withinLog(position: number, name: string): void {
    const { head } = this.reads.log;
    if (position > head.position) {
      throw new Problem('INVALID', 'BEYOND_THE_LOG', `${name} ${position} lies beyond the log, whose head is ${head.position}.`, { head: String(head.position) });
    }
  }

  private async reached(position: number, answer: number): Promise<number> {
    if (!(await this.views.reaches(position, WAIT_MS))) {
      throw new Problem('UNAVAILABLE', 'VIEW_BEHIND', `This node has seen the log up to ${this.reads.position}, not yet ${position}. Ask again.`, { position: String(this.reads.position) });
    }
    return answer;
  }
}

@Injectable()
@Resolver(() => Committee)
export class CommitteeResolver {
  constructor(private readonly reads: Reads, private readonly visibility: Visibility, private readonly moments: Moments) {}

  @Query(() => Committee, {
    description: 'The only way to read. At most one argument: `at` a position, `asOf` a time (the last position recorded at or before it), `notBefore` waits for a position.',
  })
  async committee(@Args() args: CommitteeArgs): Promise<Committee> {
    const { place } = turns;
    const position = await this.moments.find(args);
    await turns.goBackTo(place);
    return { position };
  }

  // Answered over the socket (graphql/live.ts); here it gives the schema its field. What is executed for a message is the message.
  @Subscription(() => Committee, {
    name: 'committee', resolve: (message: { committee: Committee }) => message.committee,
    description: 'The same question at later positions. Plain: one message a position, only { position time change }. `about`: one a position that touches it. `latest`: one for all positions since the last message. `after` left out: from now on.',
  })
  live(@Args() _args: LiveArgs): AsyncIterableIterator<unknown> {
    throw new Error('Subscriptions are answered over the socket');
  }

  @ResolveField(() => String, { nullable: true })
  time(@Parent() { position }: Committee): string | undefined {
    return this.reads.timeOf(position);
  }

  @ResolveField(() => Change, { nullable: true })
  change(@Parent() { position }: Committee, @Context() { reader }: GraphqlContext): Change | undefined {
    return this.visibility.change(reader, position, position);
  }

  @ResolveField(() => LogEntryConnection, { description: 'Auditor. Cursors are positions; entries up to `position`.' })
  log(@Parent() { position }: Committee, @Args() args: PageArgs, @Context() { reader }: GraphqlContext): Promise<Connection<LogEntry>> {
    return connection(
      args,
      (after, limit) => this.reads.log.read(after, limit).filter((stored) => stored.position <= position),
      (stored) => stored.position,
      (stored): LogEntry => {
        const entry = this.reads.codec.decode(stored);
        const { commandName, payloadDigest, correlationId, causationId } = entry.meta;
        return {
          position: entry.position, stream: entry.stream, revision: entry.revision, type: entry.type, version: entry.version, data: entry.data, time: entry.time,
          actor: this.visibility.actor(reader, entry), commandId: entry.id, commandName, payloadDigest, correlationId, causationId,
        };
      },
    );
  }
}
