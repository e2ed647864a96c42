import { BallotClosed, BallotOpened } from '../../events/ballots.events.js';
import { command, type ReadFact } from '../../decider/command.js';
import { isEntry, type Process } from '../../decider/process.js';
import { streamKind, type Context } from '../../decider/registry.js';
import type { BallotSubject, BallotSubjectKind } from '../../decider/subjects.js';
import { committeeDecider } from '../membership/committee.decider.js';
import { COMMITTEE_STREAM, ROLL_STREAM } from '../membership/membership.context.js';
import { rollDecider } from '../membership/roll.decider.js';
import { CastPosition, CloseBallot, OpenBallot } from './ballots.commands.js';
import { ballotDecider, ballotStream, castPosition, closeBallot, openBallot } from './ballots.decider.js';

/** A ballot with a deadline is closed when it has passed. */
export const closing: Process = {
  name: 'closing',
  begin: (entry) => (isEntry(entry, BallotOpened) && entry.data.deadline !== undefined
    ? [{ command: CloseBallot.name, input: { ballot: entry.data.ballotId }, thingId: entry.data.ballotId, due: entry.data.deadline }] : []),
  settledBy: (entry) => (isEntry(entry, BallotClosed) ? entry.data.ballotId : undefined),
};

const existing = { decider: ballotDecider, stream: (c: { ballot: string }) => ballotStream(c.ballot) };

/** @param subjects what can be voted on, from the contexts above this one */
export const ballotsContext = (subjects: readonly BallotSubjectKind[]): Context => ({
  name: 'ballots',
  streams: [streamKind('ballot-', ballotDecider)],
  processes: [closing],
  commands: [
    command(OpenBallot, { ...existing, description: 'Opens the ballot and freezes all that its result rests on (B0, B1, B4).', by: ['CHAIR'],
      facts: (read, c) => ({
        subject: subjectOf(subjects, read, c.subject), committee: read(committeeDecider, COMMITTEE_STREAM), roll: read(rollDecider, ROLL_STREAM),
      }),
      decide: openBallot,
    }),
    command(CastPosition, { ...existing, description: "Casts or changes the position of the sender's region (B2, B3).", by: ['REPRESENTATIVE', 'ALTERNATE'],
      facts: (read) => ({ roll: read(rollDecider, ROLL_STREAM) }), decide: castPosition,
    }),
    command(CloseBallot, { ...existing, description: 'Closes the ballot and declares its result (B3, B8, B9).', by: ['CHAIR', 'SYSTEM'], decide: closeBallot }),
  ],
});

function subjectOf(kinds: readonly BallotSubjectKind[], read: ReadFact, id: string): BallotSubject | undefined {
  for (const kind of kinds) {
    const subject = kind.asSubject(read(kind.decider, kind.streamOf(id)));
    if (subject) return subject;
  }
  return undefined;
}
