import { BallotClosed, BallotOpened, PositionCast } from '../../events/ballots.events.js';
import { sentence, type Contribution, type DeskTask, type ThingKind } from '../../graphql/contribution.js';
import type { Reads } from '../../graphql/reads.js';
import { everybody } from '../../graphql/rights.js';
import type { Visibility } from '../../graphql/visibility.js';
import type { Standing } from '../../identity/standing.js';
import { ballotTable, castParts, type BallotRow } from '../../projections/ballots.view.js';
import { consequenceTable } from '../../projections/consequences.view.js';
import { ballotStream } from './ballots.decider.js';
import type { Outlook } from './ballots.types.js';
import { outlookOf } from './outlook.js';

/** A ballot as resolvers hand it on: what stands in its row, and the moment. Fields that name regions or positions are resolved when asked. */
export interface BallotParent extends Pick<BallotRow, 'state'> {
  readonly typename: 'Ballot';
  readonly id: string;
  readonly at: number;
  readonly revision: number;
  readonly row: BallotRow;
}

export function ballotAt(reads: Reads, id: string, at: number, row: BallotRow | undefined = reads.get(ballotTable, id, at)): BallotParent | undefined {
  return row && { ...row, typename: 'Ballot', id, at, row, revision: reads.revisionAt(ballotStream(id), at) };
}

/** The ballots on a thing that a reader may see. */
export const ballotsOn = (reads: Reads, visibility: Visibility, reader: Standing, subjectId: string, at: number): readonly object[] =>
  reads.all(ballotTable, at, { subject: subjectId }).flatMap(({ id }) => visibility.thing(reader, id, at) ?? []);

/** What is put to the vote and waits for the chair to open its ballot: of things that are in the state of waiting. */
export const ballotsToOpen = (
  reads: Reads, waiting: readonly { readonly id: string; readonly row: { readonly title: string; readonly ballotId?: string; readonly submittedAt?: number } }[], at: number,
): readonly DeskTask[] => waiting.filter(({ row: { ballotId } }) => ballotId !== undefined && !reads.get(ballotTable, ballotId, at))
  .map(({ id, row }) => ({ kind: 'OPEN_BALLOT', thingId: id, office: 'CHAIR', since: row.submittedAt ?? at, sentence: `Open the ballot on "${row.title}".` }));

/** Effective positions at a moment, by place in the electorate. */
export function castAt(reads: Reads, id: string, at: number) {
  return reads.parts(castParts, id, at);
}

export function outlookAt(reads: Reads, { id, at, row }: Pick<BallotParent, 'id' | 'at' | 'row'>): Outlook {
  const cast = new Map(castAt(reads, id, at).map(({ part, row: { expressed } }) => [part, expressed]));
  const { canStillPass, fewestFurtherVotes, outcomeIfSilent, sentences } = outlookOf(row, row.electorate.map((_, i) => cast.get(i)));
  return { canStillPass, fewestFurtherVotes, outcomeIfSilent, sentences: [...sentences] };
}

const ballotKind: ThingKind = {
  typename: 'Ballot',
  streamOf: ballotStream,
  find: ballotAt,
  isPublic: (reads, id, at) => reads.get(ballotTable, id, at)?.state === 'CLOSED',
  fieldsAt: (reads, id, at) => {
    const row = reads.get(ballotTable, id, at);
    if (!row) return {};
    const cast = castAt(reads, id, at);
    return {
      state: row.state, procedure: row.procedure, subjectHash: row.subjectHash, deadline: row.deadline, outcome: row.outcome, closedAt: row.closedAt,
      positions: cast.length === 0 ? undefined : cast.map(({ row: { regionId, expressed } }) => `${regionId} ${expressed}`).join(', '),
    };
  },
};

function tasks(reads: Reads, reader: Standing, at: number, among?: readonly string[]): readonly DeskTask[] {
  const { seat } = reader;
  const isChair = reader.offices.some((held) => held.office === 'CHAIR');
  if (!seat && !isChair) return [];
  const refused = new Set(isChair ? reads.all(consequenceTable, at, { state: 'REFUSED' }).map(({ row }) => row.thingId) : []);
  return reads.all(ballotTable, at, { state: 'OPEN' }, among).flatMap(({ id, row }): DeskTask[] => {
    const tasksOfBallot: DeskTask[] = [];
    const place = seat ? row.electorate.findIndex((s) => s.regionId === seat.regionId) : -1;
    if (seat && place >= 0 && !reads.part(castParts, id, place, at)) {
      let outlook: Outlook | undefined;
      // Most who ask for their desk want to know what is on it; what would follow from silence takes the positions of all.
      const outcomeIfSilent = (): Outlook['outcomeIfSilent'] => (outlook ??= outlookAt(reads, { id, at, row })).outcomeIfSilent;
      tasksOfBallot.push({
        kind: 'CAST_POSITION', thingId: id, office: seat.office, since: row.opened, by: row.deadline, silence: row.silence,
        get outcomeIfSilent() { return outcomeIfSilent(); },
        get sentence() { return `Cast your region's position${row.deadline ? ` until ${row.deadline}` : ' before the chair closes the ballot'}. Silence counts as not voted; if nobody else votes either, the ballot ends as ${words(outcomeIfSilent() ?? 'NO_OPINION')}.`; },
      });
    }
    // A ballot with a deadline closes by itself, unless a rule stood against that.
    if (isChair && (row.deadline === undefined || refused.has(id))) {
      tasksOfBallot.push({ kind: 'CLOSE_BALLOT', thingId: id, office: 'CHAIR', since: row.opened, by: row.deadline, sentence: 'Close the ballot and declare its result.' });
    }
    return tasksOfBallot;
  });
}

const words = (code: string): string => code.toLowerCase().replaceAll('_', ' ');

export const ballotsContribution: Contribution = {
  things: [ballotKind],
  tasks,
  rights: {
    Committee: [everybody('ballot ballots')],
    Ballot: [everybody(`id revision state matter procedure rule rulesVersion subject subjectHash populationYear openedAt deadline silence electorate recusals present
      positions tally outlook outcome proof closedAt history`)],
    BallotConnection: [everybody('edges pageInfo')],
    BallotEdge: [everybody('cursor node')],
    Seat: [everybody('region population')],
    Recusal: [everybody('region reason')],
    SeatPosition: [everybody('region expressed castAt castBy replaces')],
    Tally: [everybody('electorate inFavour tacit against abstention notVoted populationTotal populationInFavour populationAgainst')],
    Proof: [everybody('outcome reason tests populationCouldMatter recusalsCouldMatter sentence')],
    ProofTest: [everybody('towards name counted comparison bound of numerator denominator passed percent sentence')],
    Outlook: [everybody('canStillPass fewestFurtherVotes outcomeIfSilent sentences')],
  },
  sentences: {
    ...sentence(BallotOpened, (d) => `A ballot is opened by ${words(d.rule.name)}, ${d.electorate.length} regions entitled, ${d.deadline ? `until ${d.deadline}` : 'closed by the chair'}.`),
    ...sentence(PositionCast, (d, nameOf) => `${nameOf(d.regionId)}: ${words(d.expressed)}${d.replaces === undefined ? '' : `, changing its position of ${d.replaces}`}.`),
    ...sentence(BallotClosed, (d) => d.proof.sentence),
  },
};
