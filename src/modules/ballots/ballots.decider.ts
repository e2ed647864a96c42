import {
  BallotClosed, BallotOpened, PositionCast, type BallotEvent, type Outcome, type Recusal, type RegionPosition,
} from '../../events/ballots.events.js';
import type { Threshold } from '../../events/rules.js';
import type { EntryOf } from '../../event-store/entry.js';
import type { Decider, Decision, DecisionMeta } from '../../decider/decider.js';
import { invalid, notFound, nothingToChange, refuse, type Refusal } from '../../decider/problem.js';
import type { BallotSubject } from '../../decider/subjects.js';
import { rulesInForce, tableInForce, type CommitteeState } from '../membership/committee.decider.js';
import { figureOf, membersOf, type RollState } from '../membership/roll.decider.js';
import type { CastPosition, CloseBallot, OpenBallot } from './ballots.commands.js';
import { isTie, resultOf } from './result.js';

/** What `BallotOpened` froze (B1). */
export type Frozen = NonNullable<(typeof BallotOpened)['data']>;
interface Cast { readonly expressed: RegionPosition; readonly position: number }

export type BallotState = { readonly status: 'NONE' } | {
  readonly status: 'OPEN' | 'CLOSED';
  readonly opened: Frozen;
  /** Place of each region in the electorate; never changes. */
  readonly seatOf: ReadonlyMap<string, number>;
  /** By place in the electorate: the effective position (B2). */
  readonly cast: readonly (Cast | null)[];
  readonly castCount: number;
  readonly outcome?: Outcome;
};

export const ballotStream = (id: string): string => `ballot-${id}`;

export interface OpeningFacts { readonly subject: BallotSubject | undefined; readonly committee: CommitteeState; readonly roll: RollState }

const DAY_MS = 24 * 60 * 60 * 1_000;

export function openBallot(command: OpenBallot, state: BallotState, facts: OpeningFacts, meta: DecisionMeta): Decision<BallotEvent> {
  const { subject, committee, roll } = facts;
  if (state.status !== 'NONE') return refuse('ALREADY_OPENED', 'This ballot was opened already.', { state: state.status });
  if (!subject) return notFound('subject of a ballot', command.subject);
  if (subject.ballotId !== command.ballot) {
    return refuse('NOT_SUBMITTED', 'The subject is not submitted to this ballot. Its submission gives the ballot its id.', { ballot: subject.ballotId ?? null });
  }
  const rules = rulesInForce(committee, meta.now);
  const rule = rules?.matters.find(({ matter }) => matter === subject.matter)?.rule;
  if (!rules || !rule) return refuse('NO_RULE', `No rules of procedure for ${subject.matter} are in force.`);

  const wrong = wrongProcedure(command);
  if (wrong) return wrong;
  const members = membersOf(roll);
  const recusedIds = new Map((command.recusals ?? []).map(({ region, reason }) => [region, reason]));
  if (recusedIds.size < (command.recusals ?? []).length) return invalid('recusals', 'recusals must name each region once');
  const stranger = [...recusedIds.keys(), ...(command.present ?? [])].find((id) => !members.some((member) => member.id === id));
  if (stranger !== undefined) return notFound('member region', stranger);

  const electorate = members.filter((member) => !recusedIds.has(member.id)).map((member) => ({ regionId: member.id, ...figure(committee, member) }));
  const recusals: Recusal[] = members.flatMap((member) => {
    const reason = recusedIds.get(member.id);
    return reason ? [{ regionId: member.id, reason, ...figure(committee, member) }] : [];
  });
  if (electorate.length === 0) return refuse('NOBODY_ENTITLED', 'No member region is entitled to vote on this.');
  const withoutFigure = electorate.filter((seat) => seat.population === undefined).map((seat) => seat.regionId);
  if (rule.population && withoutFigure.length > 0) {
    return refuse('FIGURE_MISSING', 'The rule weighs by population, and the table in force has no figure for some regions.', { regions: withoutFigure });
  }
  if (command.present) {
    const present = command.present.filter((id) => !recusedIds.has(id)).length;
    if (!reaches(present, rules.quorum, electorate.length)) {
      return refuse('NO_QUORUM', `${present} of ${electorate.length} entitled regions are present, which is no quorum.`, { present, entitled: electorate.length });
    }
  }
  const earliest = new Date(Date.parse(meta.now) + rules.writtenDaysAtLeast * DAY_MS).toISOString();
  if (command.deadline !== undefined && command.deadline < earliest) {
    return refuse('DEADLINE_TOO_SHORT', `A written procedure lasts at least ${rules.writtenDaysAtLeast} days: until ${earliest} or later.`, { earliest });
  }
  const year = tableInForce(committee)?.year;
  return BallotOpened({
    ballotId: command.ballot, subjectId: command.subject, matter: subject.matter, subjectHash: subject.hash, procedure: command.procedure,
    rule, rulesVersion: rules.version, ...(year !== undefined && { populationYear: year }), ...(command.deadline !== undefined && { deadline: command.deadline }),
    // Until written procedures have their own rules, silence has no effect (B3).
    silence: 'NOT_VOTED', electorate, recusals, ...(command.present && { present: [...command.present] }),
  });
}

export function castPosition(command: CastPosition, state: BallotState, facts: { roll: RollState }, meta: DecisionMeta): Decision<BallotEvent> {
  if (state.status === 'NONE') return notFound('ballot', command.ballot);
  if (state.status !== 'OPEN') return refuse('BALLOT_NOT_OPEN', 'The ballot is closed. Positions count until it closes.', { state: state.status });
  const { deadline } = state.opened;
  if (deadline !== undefined && meta.now > deadline) return refuse('AFTER_DEADLINE', `Positions could be cast until ${deadline}.`, { deadline });
  const regionId = meta.actor.regionId as string;
  if (facts.roll.regions.get(regionId)?.membership !== 'MEMBER') return refuse('NOT_A_MEMBER', 'The region is not a member region any more.', { region: regionId });
  const seat = state.seatOf.get(regionId);
  if (seat === undefined) return refuse('NOT_IN_ELECTORATE', 'The region is not in the electorate of this ballot, which was frozen at its opening.', { region: regionId });
  const before = state.cast[seat] ?? undefined;
  if (before && command.replaces !== before.position) {
    return refuse('ALREADY_CAST', `The region's position was cast at ${before.position}. To change it, name that one in "replaces".`, { position: String(before.position), expressed: before.expressed });
  }
  if (!before && command.replaces !== undefined) return invalid('replaces', 'replaces must be left out: the region has not cast a position yet');
  if (before?.expressed === command.expressed) return nothingToChange(`The region's position is ${command.expressed} already.`);
  return PositionCast({ ballotId: command.ballot, regionId, expressed: command.expressed, ...(before && { replaces: before.position }) });
}

export function closeBallot(command: CloseBallot, state: BallotState, _facts: unknown, meta: DecisionMeta): Decision<BallotEvent> {
  if (state.status === 'NONE') return notFound('ballot', command.ballot);
  if (state.status !== 'OPEN') return refuse('BALLOT_NOT_OPEN', 'The ballot is closed already.', { state: state.status });
  const { opened } = state;
  if (opened.deadline !== undefined && meta.now <= opened.deadline && state.castCount < opened.electorate.length) {
    return refuse('TOO_EARLY', `The ballot runs until ${opened.deadline}, unless all have cast before: ${state.castCount} of ${opened.electorate.length} have.`, { deadline: opened.deadline });
  }
  const positions = state.cast.map((cast) => cast?.expressed);
  const tie = isTie(opened, positions) && opened.rule.tie === 'CASTING_VOTE';
  if (tie && command.castingVote === undefined) return refuse('CASTING_VOTE_NEEDED', 'The votes are equal. The chair decides with "castingVote".');
  if (!tie && command.castingVote !== undefined) return invalid('castingVote', 'castingVote must be left out: it decides equal votes, where the rule gives one');
  const { tally, proof } = resultOf(opened, positions, command.castingVote);
  return BallotClosed({
    ballotId: command.ballot, subjectId: opened.subjectId, matter: opened.matter, outcome: proof.outcome, tally, proof,
    ...(command.castingVote && { castingVote: command.castingVote }),
  });
}

/** What stands against `outcome` as the conclusion of a ballot on exactly this version of its subject (R3); undefined: nothing. */
export function againstConcluding(ballot: BallotState, ballotId: string, subjectHash: string, outcome: Outcome): Refusal | undefined {
  if (ballot.status !== 'CLOSED') return refuse('BALLOT_NOT_CLOSED', 'The ballot is not closed yet.', { ballot: ballotId });
  if (ballot.opened.subjectHash !== subjectHash) return refuse('OTHER_TEXT', 'The ballot was on another text.', { ballot: ballot.opened.subjectHash, text: subjectHash });
  if (ballot.outcome !== outcome) return refuse('OTHER_OUTCOME', `The ballot ended as ${ballot.outcome}, not as ${outcome}.`, { outcome: ballot.outcome });
  return undefined;
}

function evolve(state: BallotState, entry: EntryOf<BallotEvent>): BallotState {
  if (entry.type === 'BallotOpened') {
    const { electorate } = entry.data;
    return { status: 'OPEN', opened: entry.data, seatOf: new Map(electorate.map((seat, i) => [seat.regionId, i])), cast: electorate.map(() => null), castCount: 0 };
  }
  if (state.status === 'NONE') return state;
  if (entry.type === 'BallotClosed') return { ...state, status: 'CLOSED', outcome: entry.data.outcome };
  const seat = state.seatOf.get(entry.data.regionId);
  if (seat === undefined) return state;
  return {
    ...state,
    cast: state.cast.with(seat, { expressed: entry.data.expressed, position: entry.position }),
    castCount: state.castCount + (state.cast[seat] ? 0 : 1),
  };
}

export const ballotDecider: Decider<BallotState, BallotEvent> = { name: 'ballot', initial: () => ({ status: 'NONE' }), evolve };

function wrongProcedure(command: OpenBallot): ReturnType<typeof invalid> | undefined {
  const meeting = command.procedure === 'MEETING';
  if (meeting && !command.present) return invalid('present', 'present must name the regions that are present: a ballot in a meeting needs a quorum');
  if (meeting && command.deadline !== undefined) return invalid('deadline', 'deadline must be left out: the chair closes a ballot in a meeting');
  if (!meeting && command.deadline === undefined) return invalid('deadline', 'deadline must be given: a written procedure ends at its deadline');
  if (!meeting && command.present) return invalid('present', 'present must be left out: nobody is present in a written procedure');
  return undefined;
}

function figure(committee: CommitteeState, member: Parameters<typeof figureOf>[1]): { population?: number } {
  const population = figureOf(committee, member);
  return population === undefined ? {} : { population };
}

function reaches(counted: number, { numerator, denominator, strict }: Threshold, base: number): boolean {
  return strict ? counted * denominator > numerator * base : counted * denominator >= numerator * base;
}
