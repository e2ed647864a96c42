import { ArgsType, Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import type { Provision as ProvisionData } from '../../events/shared.js';
import { Thing } from '../../graphql/change.types.js';
import { enumOf } from '../../graphql/fields.js';
import { KeyAreaCodeEnum } from '../../graphql/enums.js';
import { connectionOf, PageArgs } from '../../graphql/paging.js';
import { Sha256Scalar } from '../../graphql/scalars.js';
import { RECOMMENDATION_STATES } from '../../projections/recommendations.view.js';
import { Ballot } from '../ballots/ballots.types.js';
import { KeyArea, Region } from '../membership/membership.types.js';

export const RecommendationStateEnum = enumOf('RecommendationState', RECOMMENDATION_STATES);

@ObjectType()
export class Provision implements ProvisionData {
  @Field(() => ID) id: string;
  @Field(() => String, { nullable: true }) heading?: string;
  @Field(() => String) text: string;
}

@ObjectType({
  implements: () => [Thing],
  description: 'Null for visitors until adopted. `ballotId`: given by the submission; a Ballot of this id exists from its opening.',
})
export class Recommendation extends Thing {
  @Field(() => RecommendationStateEnum) state: string;
  @Field(() => String) title: string;
  @Field(() => [KeyArea]) keyAreas: KeyArea[];
  @Field(() => [String]) addressees: string[];
  @Field(() => Region, { nullable: true }) initiatedBy?: Region;
  @Field(() => Recommendation, { nullable: true, description: 'The adopted one whose policy document this is to be the next version of.' }) revises?: Recommendation;
  @Field(() => Int) draft: number;
  @Field(() => [Provision]) text: Provision[];
  @Field(() => Sha256Scalar) textHash: string;
  @Field(() => ID, { nullable: true }) ballotId?: string;
  @Field(() => [Ballot]) ballots: Ballot[];
}
export const RecommendationConnection = connectionOf(Recommendation, 'Recommendation');

@InputType()
export class RecommendationFilter {
  @Field(() => RecommendationStateEnum, { nullable: true }) state?: string | null;
  @Field(() => KeyAreaCodeEnum, { nullable: true }) keyArea?: string | null;
}
@ArgsType()
export class RecommendationsArgs extends PageArgs {
  @Field(() => RecommendationFilter, { nullable: true }) filter?: RecommendationFilter | null;
}
