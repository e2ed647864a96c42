import { BallotClosed, BallotOpened, PositionCast, type Outcome, type Proof, type RegionPosition, type Tally } from '../events/ballots.events.js';
import type { Instant } from '../events/define.js';
import type { Office } from '../events/shared.js';
import { parts, versioned } from './versioned.js';
import { defineView, on } from './view.js';

type Opened = NonNullable<(typeof BallotOpened)['data']>;

/** What was frozen at the opening, and the result once declared. The positions are beside it. */
export interface BallotRow extends Opened {
  readonly state: 'OPEN' | 'CLOSED';
  readonly openedAt: Instant;
  /** Position of the opening. */
  readonly opened: number;
  readonly closedAt?: Instant;
  readonly outcome?: Outcome;
  readonly tally?: Tally;
  readonly proof?: Proof;
}
export interface CastRow { readonly regionId: string; readonly expressed: RegionPosition; readonly castBy: Office; readonly replaces?: number }

export const ballotTable = versioned<BallotRow>('ballot', { state: (row) => [row.state], subject: (row) => [row.subjectId] });
/** Part = place of the region in the electorate. */
export const castParts = parts<CastRow>('ballot_cast');

export const ballotsView = defineView('ballots', {
  version: 1,
  tables: [ballotTable],
  parts: [castParts],
  listens: [
    on(BallotOpened, ({ data, position, time }, write) => write.table(ballotTable).put(data.ballotId, position, { ...data, state: 'OPEN', openedAt: time, opened: position })),
    on(PositionCast, ({ data, position, meta }, write) => {
      const { ballotId, regionId, expressed, replaces } = data;
      const seat = write.table(ballotTable).current(ballotId)?.electorate.findIndex((s) => s.regionId === regionId) ?? -1;
      if (seat < 0) throw new Error(`${regionId} has no seat in the ballot ${ballotId}`);
      write.parts(castParts).put(ballotId, seat, position, { regionId, expressed, castBy: meta.actor.office, ...(replaces !== undefined && { replaces }) });
    }),
    on(BallotClosed, ({ data, position, time }, write) => write.table(ballotTable).change(data.ballotId, position, (row) => ({
      ...row, state: 'CLOSED', closedAt: time, outcome: data.outcome, tally: data.tally, proof: data.proof,
    }))),
  ],
});
