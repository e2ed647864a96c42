import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Standings } from '../../src/decider/standings.js';
import { committees, representativeOf, SECRETARIAT, type Committee } from '../support/committee.js';
import { DAY_MS, later, TODAY } from '../support/given.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { control, scale, tell } from '../support/torture.js';

const STEPS = scale(150, 4_000);
const BALLOTS = scale(4, 40);
const HOUR_MS = 3_600_000;
/** When the clocks of Brussels go forward and back, to the millisecond, and the turn of a year there. */
const TURNS = ['2026-03-29T00:59:59.999Z', '2026-03-29T01:00:00.000Z', '2026-10-25T00:59:59.999Z', '2026-10-25T01:00:00.000Z', '2026-12-31T22:59:59.999Z', '2026-12-31T23:00:00.000Z'];

const committee = committees();
afterEach(() => { jest.restoreAllMocks(); });

describe(`R14 a clock that jumps (SEED=${SEED})`, () => {
  async function jumping(at: Committee, steps: number, ballots: number): Promise<{ jumps: number; back: number; ballots: readonly { ballot: string; deadline: string }[]; refusedInternally: number }> {
    const { kernel } = at;
    const random = randomFrom(SEED);
    const processes = await kernel.processes();
    const opened: { ballot: string; deadline: string }[] = [];
    let [jumps, back, refusedInternally] = [0, 0, 0];
    /** Where the time really stands; the clock of the machine is somewhere about it. */
    let real = TODAY;
    for (let step = 0; step < steps; step++) {
      const what = below(random, 8);
      if (what < 3) {
        real = below(random, 20) === 0 ? [...TURNS.filter((turn) => turn > real), real][0] as string : later(real, below(random, (2 * 365 * DAY_MS * 0.4) / steps));
        const off = [0, 0, HOUR_MS, -HOUR_MS, -DAY_MS][below(random, 5)] as number;
        const before = kernel.clock.now();
        kernel.clock.standAt(later(real, off));
        jumps++;
        if (kernel.clock.now() < before) back++;
      } else if (what === 3 && opened.length < ballots) {
        const head = kernel.last().time;
        const deadline = later(head > kernel.clock.now() ? head : kernel.clock.now(), 14 * DAY_MS + 2 * HOUR_MS + below(random, 10 * DAY_MS));
        opened.push({ ...(await at.openedInWriting(deadline)), deadline });
      } else if (what < 6 && opened.length > 0) {
        const { ballot } = opened[below(random, opened.length)] as { ballot: string };
        const answer = await kernel.answer('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, representativeOf(1 + below(random, 3)));
        if ('code' in answer && answer.code === 'INTERNAL') refusedInternally++;
      } else if (what === 6) {
        const answer = await kernel.answer('AppointToOffice', { office: 'OPERATOR', person: `operator-${step}` }, SECRETARIAT);
        if ('code' in answer && answer.code === 'INTERNAL') refusedInternally++;
      } else await processes.drain();
    }
    kernel.clock.standAt(later(real, 60 * DAY_MS));
    for (let again = 0; again < 3; again++) await processes.drain();
    return { jumps, back, ballots: opened, refusedInternally };
  }

  it('back and forth, by an hour, a day and over the turns of Brussels: positions and times go one way, each deadline fires once and after its time', async () => {
    const at = await committee.of({ regions: 3 });
    const { jumps, back, ballots, refusedInternally } = await jumping(at, STEPS, BALLOTS);
    const entries = at.kernel.entries();
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i + 1));
    expect(entries.filter(({ time }, i) => i > 0 && time < (entries[i - 1] as { time: string }).time)).toEqual([]);
    expect([refusedInternally, back > 0, ballots.length > 0]).toEqual([0, true, true]);
    let [cast, closed] = [0, 0];
    for (const { ballot, deadline } of ballots) {
      const own = entries.filter(({ stream }) => stream === `ballot-${ballot}`);
      const ends = own.filter(({ type }) => type === 'BallotClosed');
      expect([ballot, ends.length, own.at(-1)?.type]).toEqual([ballot, 1, 'BallotClosed']);
      expect((ends[0] as { time: string }).time > deadline).toBe(true);
      const votes = own.filter(({ type }) => type === 'PositionCast');
      expect(votes.filter(({ time }) => time > deadline)).toEqual([]);
      cast += votes.length;
      closed += ends.length;
    }
    expect(cast).toBeGreaterThan(0);
    tell('R14', `${STEPS} steps, ${jumps} jumps of the clock, ${back} of them back: ${entries.length} entries with positions without a hole and times that never go back; ${closed} deadlines, each fired once and after its time; ${cast} positions cast, none after a deadline`);
  }, scale(60_000, 900_000));

  control('the recorded time is what the clock says', async () => {
    const at = await committee.of({ regions: 3 });
    jest.spyOn(Standings.prototype, 'decisionTime').mockImplementation(() => at.kernel.clock.now());
    const { refusedInternally } = await jumping(at, 1_000, 0);
    // The log itself refuses a time that goes back: the second line held, and the first was missed.
    const met = at.kernel.internalErrors.splice(0).map((error) => (error as Error).name);
    tell('R14', `control, the recorded time is what the clock says: ${refusedInternally} commands failed, ${[...new Set(met)].join(', ')}`);
    expect([refusedInternally > 0, [...new Set(met)]]).toEqual([true, ['TimeWentBack']]);
  }, 60_000);
});
