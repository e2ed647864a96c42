import { Injectable } from '@nestjs/common';
import { Args, Field, Int, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { COMMITTEE_ID } from '../../events/membership.events.js';
import type { KeyAreaCode } from '../../events/shared.js';
import { Committee } from '../../graphql/committee.types.js';
import type { Contribution } from '../../graphql/contribution.js';
import { KeyAreaCodeEnum } from '../../graphql/enums.js';
import { Reads } from '../../graphql/reads.js';
import { everybody } from '../../graphql/rights.js';
import { ballotTable } from '../../projections/ballots.view.js';
import { committeeTable } from '../../projections/committee.view.js';
import { fundsTable, investmentTable, NO_FUNDS } from '../../projections/investments.view.js';
import { ALL_KEY_AREAS } from '../../projections/key-areas.js';
import { recommendationTable, RECOMMENDATION_STATES } from '../../projections/recommendations.view.js';
import { Money } from '../investments/investments.types.js';
import { KeyArea } from '../membership/membership.types.js';
import { RecommendationStateEnum } from '../recommendations/recommendations.types.js';

@ObjectType()
export class RecommendationCount {
  @Field(() => RecommendationStateEnum) state: string;
  @Field(() => Int) count: number;
}

@ObjectType({ description: '`jointInvestments`, `money`: of those that were not declined.' })
export class BoardRow {
  @Field(() => KeyArea, { nullable: true }) keyArea?: KeyArea;
  @Field(() => [RecommendationCount]) recommendations: RecommendationCount[];
  @Field(() => Int) openBallots: number;
  @Field(() => Int) jointInvestments: number;
  @Field(() => Money) money: Money;
}

@ObjectType({ description: 'A thing of several Key Areas counts in each row and once in `total`.' })
export class Board {
  @Field(() => [BoardRow]) rows: BoardRow[];
  @Field(() => BoardRow) total: BoardRow;
}

export const boardsContribution: Contribution = {
  rights: {
    Committee: [everybody('board')],
    Board: [everybody('rows total')],
    BoardRow: [everybody('keyArea recommendations openBallots jointInvestments money')],
    RecommendationCount: [everybody('state count')],
  },
  sentences: {},
};

@Injectable()
@Resolver(() => Committee)
export class BoardsResolver {
  constructor(private readonly reads: Reads) {}

  @ResolveField(() => Board, { description: 'Aggregates only.' })
  board(
    @Parent() { position }: Committee, @Args('keyAreas', { type: () => [KeyAreaCodeEnum], nullable: true }) keyAreas: KeyAreaCode[] | null,
  ): Board {
    const counts = this.reads.counts(recommendationTable, 'board', position);
    const openSubjects = this.reads.all(ballotTable, position, { state: 'OPEN' }).map(({ row: { subjectId } }) => (
      this.reads.get(recommendationTable, subjectId, position) ?? this.reads.get(investmentTable, subjectId, position))?.keyAreas ?? []);
    const row = (area: string, openBallots: number, keyArea?: KeyArea): BoardRow => {
      const { jointInvestments, plans: _, ...money } = this.reads.get(fundsTable, area, position) ?? NO_FUNDS;
      return { keyArea, openBallots, jointInvestments, money, recommendations: RECOMMENDATION_STATES.map((state) => ({ state, count: counts.get(`${area} ${state}`) ?? 0 })) };
    };
    const areas = (this.reads.get(committeeTable, COMMITTEE_ID, position)?.keyAreas ?? []).filter(({ code }) => !keyAreas || keyAreas.includes(code));
    return {
      rows: areas.map((area) => row(area.code, openSubjects.filter((of) => of.includes(area.code)).length, area)),
      total: row(ALL_KEY_AREAS, openSubjects.length),
    };
  }
}
