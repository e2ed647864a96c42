import { Injectable } from '@nestjs/common';
import { Args, Context, Field, ID, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { ConsequenceRefused } from '../events/consequences.events.js';
import type { Office } from '../events/shared.js';
import { holdsOneOf, type Standing } from '../identity/standing.js';
import { consequenceTable } from '../projections/consequences.view.js';
import { Thing } from './change.types.js';
import { Committee } from './committee.types.js';
import type { GraphqlContext } from './context.js';
import { sentence, type Contribution, type DeskTask } from './contribution.js';
import { OfficeEnum, OutcomeEnum, SilenceEnum } from './enums.js';
import { enumOf } from './fields.js';
import { connection, connectionOf, PageArgs, type Connection } from './paging.js';
import { Reads } from './reads.js';
import { everybody } from './rights.js';
import { DateTimeScalar, PositionScalar } from './scalars.js';
import { Visibility } from './visibility.js';

export const TaskKindEnum = enumOf('TaskKind', ['DECIDE_ACCESSION', 'APPOINT_REPRESENTATIVE', 'CAST_POSITION', 'OPEN_BALLOT', 'CLOSE_BALLOT', 'ANSWER_INVITATION', 'CONFIRM_PLEDGE', 'PUBLISH_TEXT', 'SETTLE_CONSEQUENCE'] as const);

@ObjectType({ description: '`silence`, `outcomeIfSilent`: for CAST_POSITION.' })
export class Task {
  @Field(() => TaskKindEnum) kind: string;
  @Field(() => Thing) thing: object;
  @Field(() => OfficeEnum) office: Office;
  @Field(() => PositionScalar) since: number;
  @Field(() => DateTimeScalar, { nullable: true }) by?: string;
  @Field(() => SilenceEnum, { nullable: true }) silence?: string;
  @Field(() => OutcomeEnum, { nullable: true }) outcomeIfSilent?: string;
  @Field(() => String) sentence: string;
}
export const TaskConnection = connectionOf(Task, 'Task');

@ObjectType({ description: 'What the reader has to do.' })
export class MyDesk {
  @Field(() => ID, { nullable: true }) regionId?: string;
  readonly at: number;
}

/** Tasks of a reader at a moment, from all contexts. */
export class Desk {
  constructor(private readonly reads: Reads, private readonly contributions: readonly Contribution[]) {}

  tasks(reader: Standing, at: number): readonly DeskTask[] {
    return this.contributions.flatMap((contribution) => contribution.tasks?.(this.reads, reader, at) ?? []);
  }

  /** Whether there was a task on one of these things. */
  hasTaskOn(things: readonly string[], reader: Standing, at: number): boolean {
    return this.contributions.some((contribution) => contribution.tasks?.(this.reads, reader, at, things).some(({ thingId }) => things.includes(thingId)));
  }
}

export const deskContribution: Contribution = {
  rights: {
    Committee: [everybody('myDesk')],
    MyDesk: [everybody('regionId tasks')],
    TaskConnection: [everybody('edges pageInfo')],
    TaskEdge: [everybody('cursor node')],
    Task: [everybody('kind thing office since by silence outcomeIfSilent sentence')],
  },
  sentences: { ...sentence(ConsequenceRefused, (d) => `${d.command}, which follows from position ${d.cause}, was refused: ${d.reason}.`) },
  tasks: (reads, reader, at) => (holdsOneOf({ ...reader, readsEverything: false }, ['SECRETARIAT'])
    ? reads.all(consequenceTable, at, { state: 'REFUSED' }).map(({ row }): DeskTask => ({
      kind: 'SETTLE_CONSEQUENCE', thingId: row.thingId, office: 'SECRETARIAT', since: row.refusedAt ?? row.cause, sentence: `Settle ${row.command}: it was refused with ${row.refusal}.`,
    })) : []),
};

@Injectable()
@Resolver(() => Committee)
export class MyDeskResolver {
  @ResolveField(() => MyDesk, { nullable: true, description: "What the reader's seat and offices of now had to do at this moment; null without any." })
  myDesk(@Parent() { position }: Committee, @Context() { reader }: GraphqlContext): MyDesk | undefined {
    const has = reader.seat !== undefined || reader.offices.length > 0 || reader.contactPersonOf.length > 0;
    return has ? { regionId: reader.seat?.regionId, at: position } : undefined;
  }
}

@Injectable()
@Resolver(() => MyDesk)
export class TasksResolver {
  constructor(private readonly desk: Desk, private readonly visibility: Visibility) {}

  @ResolveField(() => TaskConnection)
  tasks(@Parent() { at }: MyDesk, @Args() args: PageArgs, @Context() { reader }: GraphqlContext): Promise<Connection<Task>> {
    const tasks = this.desk.tasks(reader, at).map((task, i) => ({ task, cursor: i + 1 }));
    return connection(args, (after, limit) => tasks.slice(after, after + limit), (item) => item.cursor, ({ task }): Task | undefined => {
      const thing = this.visibility.thing(reader, task.thingId, at);
      return thing && { ...task, office: task.office as Office, thing };
    });
  }
}
