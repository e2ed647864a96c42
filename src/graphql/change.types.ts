import { Field, ID, InterfaceType, Int, ObjectType } from '@nestjs/graphql';
import type { Office } from '../events/shared.js';
import { ChangeKindEnum, ErrorCodeEnum, OfficeEnum } from './enums.js';
import { connectionOf } from './paging.js';
import { DateTimeScalar, JsonScalar, PositionScalar, Sha256Scalar } from './scalars.js';

@ObjectType({ description: "Ids, so that a plain subscription stays flat. `office`: whose row in the table of rights let the command through." })
export class Actor {
  @Field(() => OfficeEnum) office: Office;
  @Field(() => ID, { nullable: true }) regionId?: string;
  @Field(() => ID, { nullable: true }) onBehalfOfId?: string;
  @Field(() => ID, { nullable: true, description: 'Secretariat, auditor.' }) personId?: string;
}

@ObjectType({ description: '`parts`: what the one event also says. `about`: ids that it touches, its own first. `cause`: the entry that a process followed.' })
export class Change {
  @Field(() => PositionScalar) position: number;
  @Field(() => DateTimeScalar) time: string;
  @Field(() => ChangeKindEnum) kind: string;
  @Field(() => [ChangeKindEnum]) parts: string[];
  @Field(() => [ID]) about: string[];
  @Field(() => Actor) actor: Actor;
  @Field(() => PositionScalar, { nullable: true }) cause?: number;
  @Field(() => String) sentence: string;
}

@ObjectType({ description: '`field` as named in this schema, so that its own row of the table of rights decides whether the reader is shown it.' })
export class FieldChange {
  @Field(() => String) field: string;
  @Field(() => String, { nullable: true }) before?: string;
  @Field(() => String, { nullable: true }) after?: string;
}

@ObjectType()
export class HistoryEntry {
  @Field(() => Change) change: Change;
}
export const HistoryConnection = connectionOf(HistoryEntry, 'History');

@ObjectType({ description: 'An entry as it is recorded.' })
export class LogEntry {
  @Field(() => PositionScalar) position: number;
  @Field(() => String) stream: string;
  @Field(() => Int) revision: number;
  @Field(() => String) type: string;
  @Field(() => Int) version: number;
  @Field(() => JsonScalar) data: unknown;
  @Field(() => DateTimeScalar) time: string;
  @Field(() => Actor) actor: Actor;
  @Field(() => ID) commandId: string;
  @Field(() => String) commandName: string;
  @Field(() => Sha256Scalar) payloadDigest: string;
  @Field(() => ID) correlationId: string;
  @Field(() => ID, { nullable: true }) causationId?: string;
}
export const LogEntryConnection = connectionOf(LogEntry, 'LogEntry');

/** What has an id, a revision and a history. `typename` is the GraphQL type; `at` the position that it is read at. */
@InterfaceType({ description: 'Things of the roll share one `revision`, that of their stream.', resolveType: (thing: Thing) => thing.typename })
export abstract class Thing {
  @Field(() => ID) id: string;
  @Field(() => Int) revision: number;
  readonly typename: string;
  readonly at: number;
}

@ObjectType({ description: "What a command answers. `id`: the thing made or changed. `revision`: of the thing's stream, for the next edit." })
export class Receipt {
  @Field(() => ID) id: string;
  @Field(() => PositionScalar) position: number;
  @Field(() => Int) revision: number;
  @Field(() => ID) commandId: string;
  @Field(() => Boolean, { description: 'The command was there already; this is its first receipt.' }) repeated: boolean;
}

@ObjectType({ description: "Shape of `errors[].extensions`. `code`: the kind, closed. `reason`: the rule's or limit's own code, or the kind once more. `facts`: what it rests on." })
export class ErrorExtensions {
  @Field(() => ErrorCodeEnum) code: string;
  @Field(() => String) reason: string;
  @Field(() => JsonScalar) facts: unknown;
  @Field(() => ID) correlationId: string;
}
