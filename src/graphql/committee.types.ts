import { ArgsType, Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { Change } from './change.types.js';
import { ChangeKindEnum } from './enums.js';
import { DateTimeScalar, PositionScalar } from './scalars.js';

@ObjectType({ description: 'The Committee at one position: every field below is read there.' })
export class Committee {
  @Field(() => PositionScalar) position: number;
  @Field(() => DateTimeScalar, { nullable: true, description: 'Recorded time of `position`; null at 0.' }) time?: string;
  @Field(() => Change, { nullable: true, description: 'The entry at `position`; null where the reader may not see it, and at 0.' }) change?: Change;
}

@InputType({ description: 'Any of the three is enough. An entry touches its own thing and those that its event type declares; never what the reader may not see.' })
export class AboutInput {
  @Field(() => [ID], { nullable: true }) things?: string[] | null;
  @Field(() => [ChangeKindEnum], { nullable: true }) changes?: string[] | null;
  @Field(() => Boolean, { nullable: true, defaultValue: false }) myDesk?: boolean | null;
}

@ArgsType()
export class CommitteeArgs {
  @Field(() => PositionScalar, { nullable: true }) at?: number | null;
  @Field(() => DateTimeScalar, { nullable: true }) asOf?: string | null;
  @Field(() => PositionScalar, { nullable: true }) notBefore?: number | null;
}

@ArgsType()
export class LiveArgs {
  @Field(() => PositionScalar, { nullable: true }) after?: number | null;
  @Field(() => AboutInput, { nullable: true }) about?: AboutInput | null;
  @Field(() => Boolean, { nullable: true, defaultValue: false }) latest?: boolean | null;
}
