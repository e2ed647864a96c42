import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { consequenceId } from '../../src/decider/process.js';
import { Problem } from '../../src/decider/problem.js';
import type { Waiting } from '../../src/decider/process-runner.js';
import { act, CHAIR, committees, representativeOf, rulesInput, SECRETARIAT, type Committee } from '../support/committee.js';
import { DAY_MS, later, TODAY } from '../support/given.js';
import { Processes, SYSTEM, type Kernel } from '../support/kernel.js';

const committee = committees();
const DEADLINE = later(TODAY, 30 * DAY_MS);
const opened: Processes[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const processes of opened.splice(0)) await processes.stop();
});

/** Another node's views and processes on the same log. */
async function processesOf(kernel: Kernel, change: Parameters<typeof Processes.open>[1] = {}): Promise<Processes> {
  const processes = await Processes.open(kernel, change);
  opened.push(processes);
  return processes;
}
const count = (kernel: Kernel, type: string): number => kernel.entries().filter((entry) => entry.type === type).length;
async function until(holds: () => boolean): Promise<void> {
  for (let ms = 0; !holds(); ms += 5) {
    if (ms > 10_000) throw new Error('It did not come to be in time');
    await wait(5);
  }
}
/** Equal votes, the deadline passed, and the chair is to decide: the process will be refused. */
async function tied(): Promise<{ at: Committee; ballot: string; recommendation: string }> {
  const at = await committee.of({ regions: 3, rules: rulesInput({ name: 'SIMPLE_MAJORITY_OF_VOTES_CAST', tie: 'CASTING_VOTE' }) });
  const both = await at.openedInWriting(DEADLINE);
  await at.cast(both.ballot, 'FA');
  at.kernel.clock.standAt(later(DEADLINE, 1));
  return { at, ...both };
}

describe('A deadline', () => {
  it('is inclusive: the ballot is closed after it, not at it, and once', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.openedInWriting(DEADLINE);
    await at.cast(ballot, 'FF');
    const processes = await processesOf(at.kernel);
    for (const time of [TODAY, later(DEADLINE, -1), DEADLINE]) {
      at.kernel.clock.standAt(time);
      await processes.drain();
      expect(processes.consequences('WAITING')).toMatchObject([{ command: 'CloseBallot', due: DEADLINE }]);
    }
    at.kernel.clock.standAt(later(DEADLINE, 1));
    for (let again = 0; again < 3; again++) await processes.drain();
    expect(count(at.kernel, 'BallotClosed')).toBe(1);
    expect([processes.consequences('WAITING'), processes.failures]).toEqual([[], []]);
  });

  it('wakes the runner by itself, in due time', async () => {
    const at = await committee.of({ regions: 3 });
    await at.openedInWriting(DEADLINE);
    const processes = await processesOf(at.kernel);
    at.kernel.clock.standAt(later(DEADLINE, -20));
    processes.runner.start();
    await wait(60);
    at.kernel.clock.standAt(DEADLINE);
    await wait(40);
    expect(count(at.kernel, 'BallotClosed')).toBe(0);
    at.kernel.clock.standAt(later(DEADLINE, 1));
    await until(() => count(at.kernel, 'BallotClosed') === 1);
    await until(() => processes.consequences('WAITING').length === 0);
    await wait(30);
    expect([count(at.kernel, 'BallotClosed'), count(at.kernel, 'RecommendationLeftWithoutOpinion')]).toEqual([1, 1]);
  });

  it('a year ahead is slept towards in steps that a timer can hold', async () => {
    const at = await committee.of({ regions: 3 });
    await at.openedInWriting(later(TODAY, 365 * DAY_MS));
    const processes = await processesOf(at.kernel);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    processes.runner.start();
    await until(() => timers.mock.calls.some(([, ms]) => (ms ?? 0) > 60_000));
    expect(Math.max(...timers.mock.calls.map(([, ms]) => ms ?? 0))).toBe(3_600_000);
    await wait(20);
    expect(count(at.kernel, 'BallotClosed')).toBe(0);
  });

  it('is not waited for when all have cast and the chair closed before', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.openedInWriting(DEADLINE);
    await at.cast(ballot, 'FF');
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
    const processes = await processesOf(at.kernel);
    at.kernel.clock.standAt(later(DEADLINE, 1));
    await processes.drain();
    expect([count(at.kernel, 'BallotClosed'), count(at.kernel, 'RecommendationAdopted'), count(at.kernel, 'ConsequenceRefused')]).toEqual([1, 1, 0]);
  });
});

describe('What follows', () => {
  it('is done at once with all that follows from it, each entry naming its cause and taking its id from it', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot, recommendation } = await at.openedInWriting(DEADLINE);
    const opening = at.kernel.last();
    await at.cast(ballot, 'FFF');
    at.kernel.clock.standAt(later(DEADLINE, 1));
    const { head } = at.kernel;
    await (await processesOf(at.kernel)).drain();
    const [closed, adopted] = at.kernel.entries().slice(head);
    expect(closed).toMatchObject({
      type: 'BallotClosed', id: consequenceId('closing', opening, 'CloseBallot'), meta: { actor: { office: 'SYSTEM' }, cause: opening.position, causationId: opening.id },
    });
    expect(adopted).toMatchObject({
      type: 'RecommendationAdopted', id: consequenceId('adoption', closed as { id: string }, 'AdoptRecommendation'), data: { ballotId: ballot, recommendationId: recommendation },
      meta: { cause: closed?.position, causationId: closed?.id },
    });
  });

  it('is done in the order of the causes', async () => {
    const at = await committee.of({ regions: 3 });
    const first = await at.openedInWriting(DEADLINE);
    const second = await at.openedInWriting(later(DEADLINE, -DAY_MS));
    at.kernel.clock.standAt(later(DEADLINE, 1));
    await (await processesOf(at.kernel)).drain();
    expect(at.kernel.entries().filter(({ type }) => type === 'BallotClosed').map(({ data }) => (data as { ballotId: string }).ballotId)).toEqual([first.ballot, second.ballot]);
  });

  it('is done after a crash between the closing and the adoption, exactly once', async () => {
    const at = await committee.of({ regions: 3 });
    const both = await at.closed('FFF');
    const after = await at.kernel.reopen();
    expect(count(after, 'RecommendationAdopted')).toBe(0);
    await (await processesOf(after)).drain();
    expect(after.entries().find(({ type }) => type === 'RecommendationAdopted')?.data).toMatchObject({ recommendationId: both.recommendation, ballotId: both.ballot });

    // Another crash, before anything but the log was written: views built anew ask for nothing that is done.
    const { head } = after;
    const later = await processesOf(after);
    await later.drain();
    expect([after.head, later.consequences('WAITING'), later.failures]).toEqual([head, [], []]);
  });

  it('is done once, however many nodes do it at once', async () => {
    const at = await committee.of({ regions: 3 });
    await at.closed('FFF');
    const nodes = [await processesOf(at.kernel), await processesOf(at.kernel), await processesOf(at.kernel)];
    await Promise.all(nodes.map((node) => node.drain()));
    expect([count(at.kernel, 'RecommendationAdopted'), count(at.kernel, 'ConsequenceRefused')]).toEqual([1, 0]);
    for (const node of nodes) expect([node.consequences('WAITING'), node.failures]).toEqual([[], []]);
  });

  it('and was sent already, before the views had seen it, is a repetition and no error', async () => {
    const at = await committee.of({ regions: 3 });
    await at.closed('FFF');
    let receipts = 0;
    const processes = await processesOf(at.kernel, {
      submit: async (command, input, cause) => {
        await at.kernel.send(command, input, SYSTEM, { ...(cause && { cause }) });
        const receipt = await at.kernel.send(command, input, SYSTEM, { ...(cause && { cause }) });
        receipts += receipt.repeated ? 1 : 0;
        return receipt;
      },
    });
    await processes.drain();
    expect(receipts).toBeGreaterThan(0);
    expect([count(at.kernel, 'RecommendationAdopted'), processes.failures]).toEqual([1, []]);
  });

  it('and somebody else has done already is left at that: nothing is recorded', async () => {
    const at = await committee.of({ regions: 3 });
    const both = await at.closed('FFF');
    const refusals: unknown[] = [];
    const processes = await processesOf(at.kernel, {
      submit: async (command, input, cause) => {
        // The chair is faster, by the blink of an eye.
        if (command === 'AdoptRecommendation') await at.kernel.send('AdoptRecommendation', both, CHAIR);
        return at.kernel.send(command, input, SYSTEM, { ...(cause && { cause }) }).catch((error: unknown) => {
          refusals.push(error);
          throw error;
        });
      },
    });
    await processes.drain();
    expect(refusals).toMatchObject([{ reason: 'NOT_IN_BALLOT' }]);
    expect([count(at.kernel, 'RecommendationAdopted'), count(at.kernel, 'ConsequenceRefused'), processes.failures]).toEqual([1, 0, []]);
  });

  it('waits for nobody while the views stand behind: nothing is sent twice on an old picture', async () => {
    const at = await committee.of({ regions: 3 });
    await at.closed('FFF');
    const sent: string[] = [];
    const processes = await processesOf(at.kernel, {
      reaches: async () => false, submit: async (command) => { sent.push(command); throw new Error('Nobody should ask'); },
    });
    await processes.drain();
    expect([sent, processes.failures]).toEqual([[], []]);
  });
});

describe('A rule that stands against it', () => {
  it('is recorded once, by the system, with the rule\'s own code, and shown to the secretariat', async () => {
    const { at, ballot } = await tied();
    const opening = at.kernel.entries().find(({ type }) => type === 'BallotOpened') as { position: number; id: string };
    const processes = await processesOf(at.kernel);
    for (let again = 0; again < 3; again++) await processes.drain();
    await (await processesOf(at.kernel)).drain();
    expect(count(at.kernel, 'ConsequenceRefused')).toBe(1);
    expect(at.kernel.last()).toMatchObject({
      type: 'ConsequenceRefused', data: { consequenceId: consequenceId('closing', opening, 'CloseBallot'), cause: opening.position, command: 'CloseBallot', thingId: ballot, reason: 'CASTING_VOTE_NEEDED' },
      meta: { actor: { office: 'SYSTEM' }, cause: opening.position },
    });
    expect(processes.consequences('REFUSED')).toMatchObject([{ thingId: ballot, refusal: 'CASTING_VOTE_NEEDED', refusedAt: at.kernel.head }]);
    expect(processes.failures).toEqual([]);
  });

  it('is recorded once, however many nodes meet it at once', async () => {
    const { at } = await tied();
    const nodes = [await processesOf(at.kernel), await processesOf(at.kernel), await processesOf(at.kernel)];
    await Promise.all(nodes.map((node) => node.drain()));
    expect(count(at.kernel, 'ConsequenceRefused')).toBe(1);
    for (const node of nodes) expect(node.failures).toEqual([]);
  });

  it('is settled once the chair has decided', async () => {
    const { at, ballot } = await tied();
    const processes = await processesOf(at.kernel);
    await processes.drain();
    await at.kernel.send('CloseBallot', { ballot, castingVote: 'IN_FAVOUR' }, CHAIR);
    await processes.drain();
    expect([processes.consequences('REFUSED'), processes.consequences('WAITING')]).toEqual([[], []]);
    expect(count(at.kernel, 'RecommendationAdopted')).toBe(1);
  });

  it('can only be told by a process', async () => {
    const { at } = await tied();
    const input = { consequence: 'c', cause: 1, command: 'CloseBallot', thing: 't', reason: 'TOO_EARLY' };
    for (const who of [SECRETARIAT, CHAIR, representativeOf(1)]) expect(await at.kernel.refusal('RecordRefusedConsequence', input, who)).toMatchObject({ code: 'FORBIDDEN' });
    const told = act('RecordRefusedConsequence', input, SYSTEM);
    expect(await at.atOnce('AS_LISTED', told, told)).toEqual(['ACCEPTED', 'NOTHING_TO_CHANGE']);
  });
});

describe('What fails', () => {
  it('for a while is tried again, and leaves no trace', async () => {
    const at = await committee.of({ regions: 3 });
    await at.closed('FFF');
    let left = 1;
    const processes = await processesOf(at.kernel, {
      submit: async (command, input, cause) => {
        if (left-- > 0) throw new Problem('UNAVAILABLE', 'DISK_FULL', 'There is no room.');
        return at.kernel.send(command, input, SYSTEM, { ...(cause && { cause }) });
      },
    });
    await processes.drain();
    expect([count(at.kernel, 'RecommendationAdopted'), count(at.kernel, 'ConsequenceRefused'), processes.failures, processes.runner.failed.size]).toEqual([1, 0, [], 0]);
  });

  it('for a while when a refusal is to be recorded is tried again too', async () => {
    const { at } = await tied();
    let left = 1;
    const processes = await processesOf(at.kernel, {
      submit: async (command, input, cause) => {
        if (command === 'RecordRefusedConsequence' && left-- > 0) throw new Problem('UNAVAILABLE', 'BUSY', 'Too much.');
        return at.kernel.send(command, input, SYSTEM, { ...(cause && { cause }) });
      },
    });
    await processes.drain();
    expect([count(at.kernel, 'ConsequenceRefused'), processes.failures, processes.runner.failed.size]).toEqual([1, [], 0]);
  });

  it.each([['an error', () => new Error('fault')], ['INTERNAL', () => new Problem('INTERNAL', undefined, 'Something went wrong here.')]])(
    'by %s stops that one, raises alarm once, and is tried again at the next start; others go on', async (_, error) => {
      const at = await committee.of({ regions: 3 });
      const [first, second] = [await at.closed('FFF'), await at.closed('AAA')];
      const processes = await processesOf(at.kernel, {
        submit: async (command, input, cause) => {
          if (command === 'AdoptRecommendation') throw error();
          return at.kernel.send(command, input, SYSTEM, { ...(cause && { cause }) });
        },
      });
      for (let again = 0; again < 3; again++) await processes.drain();
      const closing = at.kernel.entries().find(({ type, data }) => type === 'BallotClosed' && (data as { ballotId: string }).ballotId === first.ballot) as { id: string };
      const failed = consequenceId('adoption', closing, 'AdoptRecommendation');
      expect([...processes.runner.failed]).toEqual([failed]);
      expect(processes.failures.map(({ toDo }) => [toDo.command, toDo.commandId, toDo.thingId])).toEqual([['AdoptRecommendation', failed, first.recommendation]]);
      expect([at.recommendation(first.recommendation).status, at.recommendation(second.recommendation).status]).toEqual(['IN_BALLOT', 'REJECTED']);
      expect([processes.consequences('WAITING').map(({ commandId }) => commandId), count(at.kernel, 'ConsequenceRefused')]).toEqual([[failed], 0]);

      await (await processesOf(at.kernel)).drain();
      expect(at.recommendation(first.recommendation).status).toBe('ADOPTED');
    });

  it('when its refusal cannot be recorded stops it and raises alarm', async () => {
    const { at } = await tied();
    const processes = await processesOf(at.kernel, {
      submit: async (command, input, cause) => {
        if (command === 'RecordRefusedConsequence') throw new Error('fault');
        return at.kernel.send(command, input, SYSTEM, { ...(cause && { cause }) });
      },
    });
    await processes.drain();
    expect([processes.failures.length, processes.runner.failed.size, count(at.kernel, 'ConsequenceRefused')]).toEqual([1, 1, 0]);
  });

  it('to settle what it did is stopped, since it would be done for ever', async () => {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.opened();
    const never: Waiting = { cause: 1, causeId: at.kernel.entries()[0]?.id as string, command: 'CloseBallot', commandId: consequenceId('never', { id: ballot }, 'CloseBallot'), input: { ballot }, thingId: ballot };
    const processes = await processesOf(at.kernel, { waiting: () => [never] });
    await processes.drain();
    expect(processes.failures).toMatchObject([{ error: { message: expect.stringContaining('still waits') }, toDo: never }]);
  });
});

describe('Stopping', () => {
  it('ends what is under way in order, and nothing is begun after it', async () => {
    const at = await committee.of({ regions: 3 });
    await at.closed('FFF');
    const processes = await processesOf(at.kernel);
    processes.runner.start();
    await processes.runner.stop();
    const { head } = at.kernel;
    await at.closed('AAA');
    await processes.drain();
    await wait(20);
    expect(at.kernel.typesAfter(head).filter((type) => type === 'RecommendationRejected')).toEqual([]);
    await (await processesOf(at.kernel)).drain();
    expect([count(at.kernel, 'RecommendationAdopted'), count(at.kernel, 'RecommendationRejected')]).toEqual([1, 1]);
  });

  it('leaves what is due and not begun to the next start, instead of going through all of it', async () => {
    const at = await committee.of({ regions: 3 });
    for (let i = 0; i < 3; i++) await at.openedInWriting(DEADLINE);
    at.kernel.clock.standAt(later(DEADLINE, 1));
    let stopped: Promise<void> | undefined;
    const processes = await processesOf(at.kernel, {
      submit: (command, input, cause) => {
        stopped ??= processes.runner.stop();
        return at.kernel.send(command, input, SYSTEM, { ...(cause && { cause }) });
      },
    });
    processes.runner.start();
    await until(() => stopped !== undefined);
    await stopped;
    expect(count(at.kernel, 'BallotClosed')).toBe(1);
    await (await processesOf(at.kernel)).drain();
    expect(count(at.kernel, 'BallotClosed')).toBe(3);
  });

  it('forgets the deadline that it slept towards', async () => {
    const at = await committee.of({ regions: 3 });
    await at.openedInWriting(DEADLINE);
    const processes = await processesOf(at.kernel);
    at.kernel.clock.standAt(later(DEADLINE, -30));
    processes.runner.start();
    await wait(10);
    await processes.runner.stop();
    at.kernel.clock.standAt(later(DEADLINE, 1));
    await wait(60);
    expect(count(at.kernel, 'BallotClosed')).toBe(0);
  });
});
