import type { Outcome, Seat, Silence, Tally } from '../../events/ballots.events.js';
import type { DecisionRule } from '../../events/rules.js';
import { blockingMinimumOf, leastOf, tallyOf, verdictOf, type FrozenBallot, type Positions, type Verdict } from './verdict.js';
import { are, inWords, some } from './sentences.js';

/** How an open ballot stands. Positions that were cast are taken as they are, though they may still be changed (B2). */
export interface Outlook {
  /** Some completion of the positions not yet cast adopts it. A casting vote is no position. */
  readonly canStillPass: boolean;
  /** Everybody else stays silent. Left out when it cannot pass. */
  readonly fewestFurtherVotes?: number;
  readonly outcomeIfSilent: Outcome;
  /** One for each of the three, in this order. */
  readonly sentences: readonly [string, string, string];
}

/**
 * A vote more in favour never harms adoption, so all of those yet to vote in favour is the best that can come, and of any number of
 * further votes the most populous regions' are the best. Sorts the seats; asked on every read.
 * @throws Error where the rule weighs population and the electorate lacks a figure: no ballot opens like that (FIGURE_MISSING).
 */
export function outlookOf({ rule, electorate, silence }: Omit<FrozenBallot, 'recusals'>, positions: Positions): Outlook {
  const blocking = blockingMinimumOf(rule, electorate);
  const verdict = (tally: Tally): Verdict => verdictOf(rule, tally, blocking);
  const adopts = (tally: Tally): boolean => verdict(tally).outcome === 'ADOPTED';

  const silent = electorate.filter((_, index) => !positions[index]).sort((a, b) => (b.population ?? 0) - (a.population ?? 0));
  const now = tallyOf(electorate, positions, silence);
  const ifSilent = verdict(now);
  // Where silence is agreement, the best is what silence brings; else it is what silence would bring if it were.
  const best = verdict(tallyOf(electorate, positions, 'TACIT_AGREEMENT'));
  const canStillPass = best.outcome === 'ADOPTED';
  const further = ifSilent.outcome === 'ADOPTED' ? 0 : canStillPass ? leastOf(1, silent.length, (k) => adopts(joinedBy(silent.slice(0, k), now))) : undefined;

  return {
    canStillPass,
    ...(further !== undefined && { fewestFurtherVotes: further }),
    outcomeIfSilent: ifSilent.outcome,
    sentences: [
      passSentence(rule, silence, silent.length, further, best),
      furtherSentence(rule, further, best, further !== undefined && adopts(joinedBy(silent.slice(silent.length - further), now))),
      silentSentence(rule, silence, silent.length, ifSilent),
    ],
  };
}

/** The tally with these silent regions in favour. */
function joinedBy(regions: readonly Seat[], now: Tally): Tally {
  const people = regions.reduce((total, seat) => total + (seat.population ?? 0), 0);
  return {
    ...now,
    inFavour: now.inFavour + regions.length,
    notVoted: now.notVoted - regions.length,
    ...(now.populationInFavour !== undefined && { populationInFavour: now.populationInFavour + people }),
  };
}

function passSentence(rule: DecisionRule, silence: Silence, silent: number, further: number | undefined, best: Verdict): string {
  if (further === 0) return silent === 0 ? 'It passes: every region has voted.' : 'It passes as things stand.';
  if (further !== undefined) return 'It can still pass.';
  const left = silent === 1 ? 'the one region that has not voted' : `the ${inWords(silent)} regions that have not voted`;
  const help = silence === 'TACIT_AGREEMENT' ? `the tacit agreement of ${left}` : `the ${silent === 1 ? 'vote' : 'votes'} of ${left}`;
  if (isLeftToChair(rule, best)) {
    const equal = silent === 0 ? 'the votes are equal' : `with ${help} the votes are equal`;
    return `It can pass only by the chair's casting vote: ${equal}.`;
  }
  return silent === 0 ? 'It cannot pass: every region has voted.' : `It can no longer pass, even with ${help}.`;
}

function furtherSentence(rule: DecisionRule, further: number | undefined, best: Verdict, whichever: boolean): string {
  if (further === undefined) return `No number of further votes in favour is enough${isLeftToChair(rule, best) ? " without the chair's casting vote" : ''}.`;
  if (further === 0) return 'No further vote in favour is needed.';
  const enough = whichever
    ? `any ${inWords(further)} ${are(further)} enough if nobody else votes`
    : `${inWords(further)} ${are(further)} enough if cast by ${further === 1 ? 'a region' : 'regions'} with enough population and nobody else votes`;
  return `It takes at least ${some(further, 'further vote')} in favour; ${enough}.`;
}

function silentSentence(rule: DecisionRule, silence: Silence, silent: number, ifSilent: Verdict): string {
  const when = silent === 0 ? 'As every region has voted,' : silence === 'TACIT_AGREEMENT' ? 'If nobody else votes, silence is agreement and' : 'If nobody else votes,';
  if (isLeftToChair(rule, ifSilent)) return `${when} the votes are equal and the chair's casting vote decides.`;
  if (ifSilent.reason === 'TIE') return `${when} the votes are equal and it is rejected.`;
  switch (ifSilent.outcome) {
    case 'ADOPTED': return `${when} it is adopted.`;
    case 'REJECTED': return `${when} it is rejected.`;
    case 'NO_OPINION': return `${when} there is no opinion${ifSilent.reason === 'NOBODY_VOTED' ? ', as no region has voted' : ''}.`;
  }
}

/** Equal votes under a rule that gives the chair a casting vote. */
function isLeftToChair(rule: DecisionRule, { reason }: Verdict): boolean {
  return reason === 'TIE' && rule.tie === 'CASTING_VOTE';
}
