import { Injectable } from '@nestjs/common';
import { Args, ArgsType, Field, ID, InputType, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { consequenceTable, type ConsequenceRow } from '../projections/consequences.view.js';
import type { Listed } from '../projections/versioned.js';
import { Committee } from './committee.types.js';
import type { Contribution } from './contribution.js';
import { enumOf } from './fields.js';
import { connection, connectionOf, PageArgs, type Connection } from './paging.js';
import { Reads } from './reads.js';
import { only } from './rights.js';
import { DateTimeScalar, PositionScalar } from './scalars.js';

export const ConsequenceStateEnum = enumOf('ConsequenceState', ['WAITING', 'REFUSED', 'FAILED'] as const);

@ObjectType({ description: 'What a process has still to do, or was refused. `cause`: the entry that it follows from.' })
export class Consequence {
  @Field(() => PositionScalar) cause: number;
  @Field(() => String) command: string;
  @Field(() => ID) commandId: string;
  @Field(() => ID) thingId: string;
  @Field(() => DateTimeScalar, { nullable: true }) due?: string;
  @Field(() => ConsequenceStateEnum) state: string;
  @Field(() => String, { nullable: true }) refusal?: string;
}
export const ConsequenceConnection = connectionOf(Consequence, 'Consequence');

@InputType()
export class ConsequenceFilter {
  @Field(() => ConsequenceStateEnum, { nullable: true }) state?: string | null;
}
@ArgsType()
export class ConsequencesArgs extends PageArgs {
  @Field(() => ConsequenceFilter, { nullable: true }) filter?: ConsequenceFilter | null;
}

/** Whether a process stopped at an internal error on this node; told by whoever runs the processes. */
export class FailedConsequences {
  constructor(readonly has: (commandId: string) => boolean) {}
}

const WHO = ['SECRETARIAT', 'OPERATOR', 'AUDITOR'] as const;
export const consequencesContribution: Contribution = {
  rights: {
    Committee: [only(WHO, 'consequences')],
    Consequence: [only(WHO, 'cause command commandId thingId due state refusal')],
    ConsequenceConnection: [only(WHO, 'edges pageInfo')],
    ConsequenceEdge: [only(WHO, 'cursor node')],
  },
  sentences: {},
};

@Injectable()
@Resolver(() => Committee)
export class ConsequencesResolver {
  constructor(private readonly reads: Reads, private readonly failed: FailedConsequences) {}

  @ResolveField(() => ConsequenceConnection, { description: 'Secretariat, operator, auditor: what processes have still to do, and what they were refused.' })
  consequences(@Parent() { position }: Committee, @Args() args: ConsequencesArgs): Promise<Connection<Consequence>> {
    const wanted = args.filter?.state;
    // Those that are done are most, and are never looked at.
    const states = wanted ? [wanted === 'REFUSED' ? 'REFUSED' : 'WAITING'] : ['WAITING', 'REFUSED'];
    const next = (after: number, limit: number): readonly Listed<ConsequenceRow>[] => states
      .flatMap((state) => this.reads.list(consequenceTable, position, { after, limit, filters: { state } })).sort((a, b) => a.thing - b.thing).slice(0, limit);
    return connection(args, next, (item) => item.thing, ({ row }) => {
      const state = row.state === 'WAITING' && this.failed.has(row.commandId) ? 'FAILED' : row.state;
      const { cause, command, commandId, thingId, due, refusal } = row;
      return wanted && wanted !== state ? undefined : { cause, command, commandId, thingId, due, state, refusal };
    });
  }
}
