import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { WrongSetting } from '../../src/config/config.js';
import { registrations } from '../../src/contexts.js';
import { CommandRegistry } from '../../src/decider/command-registry.js';
import type { CommandReceipt, Order } from '../../src/decider/decision-maker.js';
import { Problem } from '../../src/decider/problem.js';
import { WAITING_AT_MOST } from '../../src/decider/limits.js';
import type { Head } from '../../src/event-store/entry.js';
import { LogUnusable } from '../../src/event-store/event-store.js';
import { ThreadEnded } from '../../src/operating/operational-log.js';
import { surroundingProblems } from '../../src/operating/readiness.js';
import { DecidingThread, type Port, type ServedParts } from '../../src/threads/deciding-thread.js';
import { FollowedViews } from '../../src/threads/followed-views.js';
import type { FromDeciding, HandedOrders, ToDeciding } from '../../src/threads/messages.js';
import { openBallot, TestServer } from '../support/server.js';

const order: Order = { registration: new CommandRegistry(registrations).get('RenameKeyArea'), command: { commandId: 'x' }, sender: { personId: 'p' }, correlationId: 'c' };
const receipt: CommandReceipt = { id: 'x', position: 1, revision: 1, commandId: 'x', repeated: false };
const stand = { position: 0, stopped: [] };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The other thread is what the test says. */
class FakePort extends EventEmitter implements Port {
  readonly sent: ToDeciding[] = [];
  postMessage(message: ToDeciding): void {
    this.sent.push(structuredClone(message));
  }
  says(message: FromDeciding): void {
    this.emit('message', structuredClone(message));
  }
  get orders(): readonly HandedOrders[] { return this.sent.filter((message) => 'orders' in message); }
}

function begun() {
  const port = new FakePort();
  const thread = new DecidingThread(port);
  const followed: [Head, readonly string[]][] = [];
  const fatal: unknown[] = [];
  const counted: unknown[] = [];
  const rows = { stand };
  const failed: unknown[] = [];
  const turnedAway: (string | undefined)[] = [];
  const time = { now: '2026-01-01T00:00:00.000Z' };
  const views = new FollowedViews(rows, undefined, (isAwaited) => thread.tellAwaited(isAwaited), (error) => { failed.push(error); });
  const parts: ServedParts = {
    views, log: { moveTo: (head, streams) => { followed.push([head, streams]); } },
    onDecided: (_, answer) => { counted.push(answer); }, onAppended: (entries, seconds) => { counted.push([entries, seconds]); },
    onTurnedAway: (_, { reason }) => { turnedAway.push(reason); },
    onFatal: (error) => { fatal.push(error); }, now: () => time.now, logLevel: () => 'warn',
  };
  thread.serve(parts);
  return { port, thread, parts, followed, fatal, counted, views, failed, turnedAway, time };
}

describe('A thread that decides', () => {
  it('is handed in one message what comes in one turn of the event loop, with the time and the level of the log', async () => {
    const { port, thread } = begun();
    for (let i = 0; i < 3; i++) void thread.submit(order);
    expect(port.sent).toEqual([]);
    await turn();
    void thread.submit({ ...order, cause: { position: 7, commandId: 'y' } });
    await turn();
    expect(port.orders.map(({ orders, now, logLevel }) => [orders.map(({ n }) => n), now, logLevel])).toEqual([[[1, 2, 3], '2026-01-01T00:00:00.000Z', 'warn'], [[4], '2026-01-01T00:00:00.000Z', 'warn']]);
    expect(port.orders[1]?.orders[0]).toEqual({ n: 4, command: 'RenameKeyArea', input: { commandId: 'x' }, sender: { personId: 'p' }, correlationId: 'c', until: expect.any(Number), cause: { position: 7, commandId: 'y' } });
    expect(thread.queued).toBe(4);
  });

  it('answers each command with its own answer, after the log was told to have moved, and what went wrong with code, reason and facts', async () => {
    const { port, thread, followed, counted } = begun();
    const head: Head = { position: 2, time: '2026-01-01T00:00:00.000Z', id: 'i' };
    const seenAt: number[] = [];
    const [first, second] = [thread.submit(order), thread.submit(order)].map((answer) => answer.finally(() => { seenAt.push(followed.length); }));
    await turn();
    port.says({ decided: { head, streams: ['a', 'b'], appends: [[2, 0.5]], answers: [[2, { problem: { code: 'REFUSED', reason: 'WHY', message: 'No.', facts: { few: 1 } } }], [1, { receipt }]] } });
    await expect(first).resolves.toEqual(receipt);
    await expect(second).rejects.toEqual(new Problem('REFUSED', 'WHY', 'No.', { few: 1 }));
    await expect(second).rejects.toMatchObject({ code: 'REFUSED', reason: 'WHY', facts: { few: 1 } });
    expect([followed, seenAt, thread.queued]).toEqual([[[head, ['a', 'b']]], [1, 1], 0]);
    expect(counted).toEqual([[2, 0.5], expect.any(Problem), receipt]);
  });

  it('takes no more than it may, and none when it is told to stop, which waits for the answers', async () => {
    const { port, thread, turnedAway } = begun();
    const waiting = Array.from({ length: WAITING_AT_MOST }, () => thread.submit(order));
    await expect(thread.submit(order)).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'BUSY' });
    let isStopped = false;
    const stopping = thread.stop().then(() => { isStopped = true; });
    // What waits has gone first.
    expect(port.sent.map((message) => Object.keys(message)[0])).toEqual(['orders', 'request']);
    await expect(thread.submit(order)).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
    port.says({ decided: { head: { position: 0, time: '', id: null }, streams: [], appends: [], answers: waiting.map((_, i) => [i + 1, { receipt }]) } });
    await Promise.all(waiting);
    expect([isStopped, turnedAway]).toEqual([false, ['BUSY', 'SHUTTING_DOWN']]);
    port.says({ done: true });
    await stopping;
    expect(thread.queued).toBe(0);
  });

  it('keeps a note before it says so, and says what it could not do', async () => {
    const { port, thread } = begun();
    const [kept, notKept] = [thread.keepNote('a', '1'), thread.keepNote('a', '2')];
    expect(port.sent).toEqual([{ request: { keepNote: { name: 'a', value: '1' } } }, { request: { keepNote: { name: 'a', value: '2' } } }]);
    port.says({ done: true });
    port.says({ done: true, error: { message: 'database or disk is full', errcode: 13 } });
    await kept;
    await expect(notKept).rejects.toMatchObject({ message: 'database or disk is full', errcode: 13 });
  });

  it('that ends by itself is fatal, once; one that was told to close is not', async () => {
    const crashed = begun();
    const asked = crashed.thread.keepNote('a', '1');
    crashed.port.emit('error', new Error('of ours'));
    crashed.port.emit('exit', 1);
    expect(crashed.fatal).toEqual([expect.any(ThreadEnded)]);
    expect((crashed.fatal[0] as Error).cause).toEqual(new Error('of ours'));
    await expect(asked).rejects.toBeInstanceOf(ThreadEnded);
    await expect(crashed.thread.keepNote('a', '1')).rejects.toBeInstanceOf(ThreadEnded);

    const closed = begun();
    const closing = closed.thread.close();
    closed.port.says({ done: true });
    await turn();
    closed.port.says({ done: true });
    closed.port.emit('exit', 0);
    await closing;
    expect([closed.port.sent, closed.fatal]).toEqual([[{ request: 'stop' }, { request: 'close' }], []]);
  });

  it('that ends before anybody has asked is fatal to who asks, and one whose log fails while it closes is too', async () => {
    const { port, thread, parts } = begun();
    port.emit('exit', 1);
    const fatal: unknown[] = [];
    thread.serve({ ...parts, onFatal: (error) => { fatal.push(error); } });
    expect(fatal).toEqual([expect.any(ThreadEnded)]);

    const closing = begun();
    const closed = closing.thread.close();
    closing.port.says({ done: true });
    await turn();
    closing.port.emit('exit', 70);
    await expect(closed).rejects.toBeInstanceOf(ThreadEnded);
    expect(closing.fatal).toEqual([expect.any(ThreadEnded)]);
  });

  it('lets what was so at a time be told once nothing waits that was handed over by then', async () => {
    const { port, thread, time } = begun();
    const isFinal = async (at: string): Promise<boolean> => Promise.race([thread.decidedUpTo(at, 60_000), turn().then(() => false)]);
    const [early, now, late] = ['2026-01-01T00:00:01.000Z', '2026-01-01T00:00:02.000Z', '2026-01-01T00:00:03.000Z'];
    expect(await isFinal(now)).toBe(true);
    time.now = now;
    void thread.submit(order);
    void thread.submit(order);
    await turn();
    expect([await isFinal(early), await isFinal(now), await isFinal(late)]).toEqual([true, false, false]);
    let isTold = false;
    void thread.decidedUpTo(now, 60_000).then((decided) => { isTold = decided; });
    expect(await thread.decidedUpTo(now, 1)).toBe(false);
    void thread.submit(order);
    await turn();
    const answers = async (n: number): Promise<void> => {
      port.says({ decided: { head: { position: 0, time: '', id: null }, streams: [], appends: [], answers: [[n, { receipt }]] } });
      await turn();
    };
    // Not the one before it, nor one that came later.
    await answers(2);
    expect(isTold).toBe(false);
    await answers(1);
    expect(isTold).toBe(true);
    expect(await isFinal(now)).toBe(false);
    await answers(3);
    expect(await isFinal(late)).toBe(true);
  });

  it('that could not open tells people why', async () => {
    const refused = async (kind: 'WrongSetting' | 'LogUnusable' | 'Error'): Promise<unknown> => {
      const { port, thread } = begun();
      port.says({ notOpened: { kind, message: 'Why.' } });
      return thread.opened.catch((error: unknown) => error);
    };
    expect([await refused('WrongSetting'), await refused('LogUnusable'), await refused('Error')]).toEqual([new WrongSetting(['Why.']), new LogUnusable('Why.'), new Error('Why.')]);
    expect(await refused('WrongSetting')).toBeInstanceOf(WrongSetting);
    expect(await refused('LogUnusable')).toBeInstanceOf(LogUnusable);
    const { port, thread } = begun();
    port.emit('exit', 1);
    await expect(thread.opened).rejects.toBeInstanceOf(ThreadEnded);
  });

  it('that owes an answer for long is told in readiness, and one that has nothing to do is not', async () => {
    const { port, thread } = begun();
    expect(thread.undecidedMs()).toBe(0);
    void thread.submit(order);
    void thread.submit(order);
    await turn();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const owed = thread.undecidedMs();
    expect(owed).toBeGreaterThan(15);
    port.says({ decided: { head: { position: 0, time: '', id: null }, streams: [], appends: [], answers: [[1, { receipt }]] } });
    expect(thread.undecidedMs()).toBeLessThan(owed);
    port.says({ decided: { head: { position: 0, time: '', id: null }, streams: [], appends: [], answers: [[2, { receipt }]] } });
    expect(thread.undecidedMs()).toBe(0);
    const problems = (ms: number): readonly string[] => surroundingProblems({ silentMs: () => 0, mayWrite: () => true, undecidedMs: () => ms }, { dataDir: '.', minFreeMiB: 0 });
    expect([problems(4_999), problems(61_000)]).toEqual([[], ['no command has been decided for 61 seconds, though some wait: look at the disk of DATA_DIR']]);
  });

  it('is told when somebody waits for the views, and when nobody does any more', async () => {
    const { port, views } = begun();
    const [one, two] = [views.reaches(3, 10_000), views.reaches(4, 10_000)];
    expect(port.sent).toEqual([{ isAwaited: true }]);
    port.says({ moved: { stand: { position: 3, stopped: [] }, unreadableAt: undefined } });
    expect(await one).toBe(true);
    port.says({ moved: { stand: { position: 3, stopped: [] }, unreadableAt: 4 } });
    expect([await two, views.stand.position, views.unreadableAt]).toEqual([false, 3, 4]);
    expect(port.sent).toEqual([{ isAwaited: true }, { isAwaited: false }]);
  });

  it('tells all who listen to the views, also where one of them fails', () => {
    const { port, views, failed } = begun();
    const told: number[] = [];
    views.onAdvanced(() => { throw new Error('of ours'); });
    views.onAdvanced(() => { told.push(views.stand.position); });
    port.says({ moved: { stand: { position: 1, stopped: [] }, unreadableAt: undefined } });
    expect([told, failed]).toEqual([[1], [new Error('of ours')]]);
  });
});

describe('A server beside the thread that writes', () => {
  let server: TestServer;
  beforeAll(async () => { server = await TestServer.start({ sample: 'none', beside: true }); }, 60_000);
  afterAll(() => server.stop());

  it('reads what it was answered, at once, and writes together what came together', async () => {
    const { ballot } = await openBallot(server, 24);
    const before = server.head;
    const votes = await Promise.all(Array.from({ length: 24 }, async (_, i) => {
      const { position } = await server.send('castPosition', { ballot, expressed: 'IN_FAVOUR' }, `member-${i}`);
      const read = await server.committee('position', `member-${i}`, Number(position));
      return [Number(position), Number(read.position)];
    }));
    expect(votes.map(([position]) => position).sort((a, b) => (a as number) - (b as number))).toEqual(Array.from({ length: 24 }, (_, i) => before + 1 + i));
    for (const [position, read] of votes) expect(read).toBe(position);
    const text = await server.running.system.measures.registry.metrics();
    expect(text).toMatch(/committee_commands_total\{command="CastPosition",outcome="accepted"\} 24/);
    const appended = (what: string): number => Number(new RegExp(`committee_append_entries_${what} (\\d+)`).exec(text)?.[1]);
    expect(appended('sum')).toBe(server.head);
    expect(appended('count')).toBeLessThan(server.head);
  });

  it('knows who somebody is as of the last decision, whoever was asked before', async () => {
    const person = server.personId('auditor');
    const offices = async (): Promise<unknown> => (await server.ask('{ me { offices { office } } }', 'auditor')).data.me.offices;
    expect(await offices()).toEqual([]);
    await server.send('appointToOffice', { person, office: 'AUDITOR' }, 'secretariat');
    expect(await offices()).toEqual([{ office: 'AUDITOR' }]);
    await server.send('endOffice', { person, office: 'AUDITOR' }, 'secretariat');
    expect(await offices()).toEqual([]);
  });

  it('records by its own clock, and refuses as one that writes itself', async () => {
    const time = '2031-05-06T07:08:09.000Z';
    server.clock.standAt(time);
    const { position } = await server.send('renameKeyArea', { code: 'KA1', title: 'Another' }, 'secretariat');
    expect(server.running.system.log.at(Number(position))?.time).toBe(time);
    server.clock.run();
    await expect(server.send('renameKeyArea', { code: 'KA1', title: 'Another' }, 'secretariat')).rejects.toThrow('REFUSED NOTHING_TO_CHANGE');
    await expect(server.send('renameKeyArea', { code: 'KA1', title: 'More', revision: 1 }, 'secretariat')).rejects.toThrow(/CONFLICT REVISION: .* its revision is \d+, not 1/);
  });

  it('tells what was so at a time once that is final, and says so where it takes too long', async () => {
    const { deciding } = server.running.system;
    const asked = jest.spyOn(deciding, 'decidedUpTo');
    const { time } = server.running.system.log.head;
    const ask = () => server.ask(`{ committee(asOf: "${time}") { position } }`);
    expect((await ask()).data.committee.position).toBe(String(server.head));
    expect(asked.mock.calls).toEqual([[time, 5_000]]);
    asked.mockResolvedValueOnce(false);
    expect((await ask()).errors?.[0].extensions).toMatchObject({ code: 'UNAVAILABLE', reason: 'VIEW_BEHIND', facts: { position: String(server.head) } });
    asked.mockRestore();
  });

  it('keeps a note that stays, once', async () => {
    const { system } = server.running;
    await system.keepNote('motto', 'in varietate concordia');
    expect(system.log.note('motto')).toBe('in varietate concordia');
    await expect(system.keepNote('motto', 'another')).rejects.toThrow('a note is kept once');
  });
});
