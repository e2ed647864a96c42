import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { v7 as newId } from 'uuid';
import { Clock } from '../../src/config/clock.js';
import { WrongSetting } from '../../src/config/config.js';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { COPY_FILE, EventStoreDbEngine, type EventStoreDbOptions } from '../../src/event-store/engines/eventstoredb.engine.js';
import { Server } from '../../src/event-store/engines/eventstoredb-server.js';
import { ServerClock } from '../../src/event-store/engines/server-clock.js';
import { ClockAhead } from '../../src/event-store/event-store.js';
import { SECRET_CHECK, secretCheck } from '../../src/operating/manifest.js';
import { entriesAfter } from '../support/entries.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { theProgram } from '../support/program.js';
import { openBallot, TestServer, until } from '../support/server.js';
import { newDir, removeDir, tempDir } from '../support/temp.js';
import { describeWhere, doubleMissing, itWhere } from '../support/where.js';

/** Where a real server is given, the same is asked of it. */
const REAL = process.env['EVENTSTOREDB_URL'];
let double: EventStoreDbDouble;
beforeAll(async () => { double = await EventStoreDbDouble.start(); });
afterAll(() => double.stop());
const connection = (user = ''): string => (REAL ?? double.connection).replace('//', `//${user}`);
const newStream = (): string => `committee-test-${newId()}`;

const opened: { engine: EventStoreDbEngine; dir: string }[] = [];
async function open(stream: string, options: Partial<EventStoreDbOptions> = {}): Promise<EventStoreDbEngine> {
  const dir = tempDir();
  const engine = await EventStoreDbEngine.open({ connection: connection(), stream, dataDir: dir, onFatal: (error) => { throw new Error('onFatal was called', { cause: error }); }, ...options });
  opened.push({ engine, dir });
  return engine;
}
afterEach(async () => {
  for (const { engine, dir } of opened.splice(0)) {
    await engine.close();
    removeDir(dir);
  }
});

const ACL = { $r: ['clerk', '$admins'], $w: ['clerk', '$admins'], $d: ['$admins'], $mr: ['clerk', '$admins'], $mw: ['$admins'] };
const told = async (stream: string): Promise<object> => {
  const server = new Server({ connection: connection(), stream });
  const { metadata } = await server.metadata();
  await server.close();
  return metadata;
};
const prepared = async (stream: string, metadata: object, revision: bigint | 'no_stream' = 'no_stream'): Promise<void> => {
  const server = new Server({ connection: connection(), stream });
  expect(await server.setMetadata(metadata, revision)).toBe(true);
  await server.close();
};

describe(`The stream of a Committee (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  it('is for its user and administrators from the first start on; who comes later changes nothing and is not locked out', async () => {
    const stream = newStream();
    const first = await open(stream, { connection: connection('clerk:secret@') });
    expect(await told(stream)).toEqual({ committeeLogId: first.log.logId, $acl: ACL });
    await first.append(entriesAfter(0, 2), 0);
    // On a server without users the list is kept and asked by nobody.
    const second = await open(stream, { connection: connection('deputy:secret@') });
    await second.append(entriesAfter(2, 1), 2);
    expect((await first.head()).position).toBe(3);
    expect(await told(stream)).toEqual({ committeeLogId: first.log.logId, $acl: ACL });
  });

  it('that has no list yet is given one; a list that somebody has made stays', async () => {
    const [older, own] = [newStream(), newStream()];
    await prepared(older, { committeeLogId: newId() });
    await open(older, { connection: connection('clerk:secret@') });
    expect(await told(older)).toMatchObject({ $acl: ACL });
    const made = { $acl: { $r: '$all', $w: ['clerk', 'deputy'] } };
    await prepared(own, made);
    const engine = await open(own, { connection: connection('clerk:secret@') });
    expect(await told(own)).toEqual({ ...made, committeeLogId: engine.log.logId });
  });

  it('has none where the connection has no user', async () => {
    const stream = newStream();
    const { log } = await open(stream);
    expect(await told(stream)).toEqual({ committeeLogId: log.logId });
  });
});

describe(`The secret by which the log of a stream knows people (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  const [SECRET, ANOTHER] = ['one secret for all nodes of this test', 'another one than that of the others'];
  const start = (stream: string, secret: string, user = '', dataDir = newDir()): Promise<TestServer> => TestServer.start({
    sample: 'none', dataDir, settings: { EVENT_STORE: connection(user), COMMITTEE_STREAM: stream, INSTALLATION_SECRET: secret },
  });
  const refused = async (stream: string): Promise<void> => {
    const dataDir = newDir();
    const error: unknown = await start(stream, ANOTHER, '', dataDir).then((node) => node.stop(), (e: unknown) => e);
    expect(error).toEqual(new WrongSetting([`INSTALLATION_SECRET is not the secret by which the log of the stream ${stream} knows people. Give the one that its other nodes have, or had. docs/operating.md says what to do where the check itself is wrong, or the stream has no entry yet.`]));
    // Before the stream is read, which may take long.
    expect(existsSync(join(dataDir, COPY_FILE))).toBe(false);
  };

  it('is the one of its first node: another is refused, though no node is told of one another, and no folder shared; also while there is no entry', async () => {
    const stream = newStream();
    const first = await start(stream, SECRET, 'clerk:secret@');
    const { logId } = first.running.system.engine.log;
    const metadata = { committeeLogId: logId, committeeNotes: { [SECRET_CHECK]: secretCheck(SECRET, logId) }, $acl: ACL };
    expect(await told(stream)).toEqual(metadata);
    await refused(stream);
    await openBallot(first, 1);
    await first.stop();
    await refused(stream);
    const again = await start(stream, SECRET);
    expect(again.head).toBe(first.head);
    await again.stop();
    expect(await told(stream)).toEqual(metadata);
  });

  it('is kept by a command too that begins the stream', async () => {
    const stream = newStream();
    const { cli } = await theProgram();
    const env = { EVENT_STORE: connection('clerk:secret@'), COMMITTEE_STREAM: stream, INSTALLATION_SECRET: SECRET, DATA_DIR: newDir() };
    expect(await cli(['rebuild'], env)).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^Rebuilt 0 entries/m) });
    expect(await told(stream)).toMatchObject({ committeeNotes: { [SECRET_CHECK]: expect.any(String) }, $acl: ACL });
    await refused(stream);
  });

  it('is kept with a stream of before by the next node that may', async () => {
    const stream = newStream();
    const { log } = await open(stream);
    await prepared(stream, { committeeLogId: log.logId, committeeNotes: { 'first start': '2026-03-01T12:00:00.000Z' } }, 0n);
    await (await start(stream, SECRET)).stop();
    expect(await told(stream)).toEqual({ committeeLogId: log.logId, committeeNotes: { 'first start': '2026-03-01T12:00:00.000Z', [SECRET_CHECK]: secretCheck(SECRET, log.logId) } });
    await refused(stream);
  });

  itWhere(doubleMissing)('is asked for by a node whose copy has noted it, where the stream has not and the node may not keep it there', async () => {
    const [stream, dataDir] = [newStream(), newDir()];
    const first = await start(stream, SECRET, '', dataDir);
    await openBallot(first, 1);
    await first.stop({ keep: true });
    await prepared(stream, { committeeLogId: first.running.system.engine.log.logId }, 0n);
    double.next('append', 'ACCESS_DENIED');
    await expect(start(stream, ANOTHER, '', dataDir)).rejects.toThrow(WrongSetting);
  });

  itWhere(doubleMissing)('is not asked for where no node may keep it', async () => {
    const stream = newStream();
    const { log } = await open(stream);
    for (const secret of [SECRET, ANOTHER]) {
      const before = double.calls.append;
      double.next('append', 'ACCESS_DENIED');
      await (await start(stream, secret)).stop();
      expect(double.calls.append).toBe(before + 1);
      expect(await told(stream)).toEqual({ committeeLogId: log.logId });
    }
  });
});

describe(`What is noted of a stream (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  const noted = (value: string) => ({ notesOf: () => ({ note: value }) });
  /** A node's folder, when the node has stopped and somebody has written other metadata. */
  async function left(stream: string, metadata: (logId: string) => object): Promise<{ dataDir: string; logId: string }> {
    const dataDir = newDir();
    const engine = await open(stream, { dataDir, ...noted('right') });
    await engine.append(entriesAfter(0, 2), 0);
    await engine.close();
    const { logId } = engine.log;
    await prepared(stream, metadata(logId), 0n);
    return { dataDir, logId };
  }

  it('and is gone there is given back from a copy, before what the settings of its node would give', async () => {
    const stream = newStream();
    const { dataDir, logId } = await left(stream, (committeeLogId) => ({ committeeLogId }));
    await open(stream, { dataDir, ...noted('wrong') });
    expect(await told(stream)).toEqual({ committeeLogId: logId, committeeNotes: { note: 'right' } });
  });

  it('is told with the log\'s id where all metadata are gone', async () => {
    const stream = newStream();
    const { dataDir, logId } = await left(stream, () => ({}));
    await expect(open(stream, { dataDir })).rejects.toThrow(`with "committeeLogId": "${logId}", "committeeNotes": {"note":"right"}, which the copy of this node says`);
    await expect(open(stream)).rejects.toThrow(/as verify tells it of a backup or of a node's copy, committeeNotes where you know them, and the list/);
  });

  it('and was put right there counts: a copy that notes something else is read anew', async () => {
    const stream = newStream();
    const { dataDir } = await left(stream, (committeeLogId) => ({ committeeLogId, committeeNotes: { note: 'put right' } }));
    const notices: string[] = [];
    const { log } = await open(stream, { dataDir, ...noted('right'), onNotice: (message) => notices.push(message) });
    expect([log.note('note'), log.head.position, notices]).toEqual(['put right', 2, ['the copy of the log is thrown away and read anew from the server: the stream has another note of "note"']]);
  });
});

describe(`The clock of a node (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  const at = (ms: number): string => new Date(ms).toISOString();
  const one = (position: number, ms: number): StoredEntry[] => entriesAfter(position, 1, () => ({ time: at(ms) }));
  const answer = (work: Promise<void>): Promise<unknown> => work.catch((error: unknown) => error);

  it('that is more than two seconds ahead of the server writes nothing, on an empty log neither, and it passes by itself', async () => {
    const stream = newStream();
    const engine = await open(stream);
    const [early] = [one(0, Date.now() + 4_000)];
    expect(await answer(engine.append(early, 0))).toEqual(expect.objectContaining({ name: 'ClockAhead', aheadMs: expect.any(Number) }));
    expect([(await engine.head()).position, await (await open(stream)).read(0, 9)]).toEqual([0, []]);
    expect(await answer(engine.append(one(0, Date.now() + 3_600_000), 0))).toBeInstanceOf(ClockAhead);
    await until(() => Date.now() > Date.parse(early[0]?.time as string) - 900);
    await engine.append(early, 0);
    expect((await engine.head()).position).toBe(1);
  });

  it('that is right, or behind, writes; so does one whose times are those of the head', async () => {
    const engine = await open(newStream());
    await engine.append(one(0, Date.now() - 3_600_000), 0);
    const now = Date.now();
    await engine.append(one(1, now), 1);
    await engine.append(one(2, now), 2);
    for (let n = 3; n < 40; n++) {
      await engine.append(one(n, Date.now()), n);
      await wait(50);
    }
    expect(await answer(engine.append(one(40, Date.now() + 4_000), 40))).toBeInstanceOf(ClockAhead);
  });

  it('is told to callers as UNAVAILABLE, CLOCK_AHEAD, with the id to ask with again; reading goes on, and it is over when the clock is right', async () => {
    let fast = 0;
    const settings = { EVENT_STORE: connection(), COMMITTEE_STREAM: newStream(), INSTALLATION_SECRET: 'one secret for all nodes of this test' };
    const node = await TestServer.start({ sample: 'none', clock: new Clock(() => Date.now() + fast), settings });
    const { ballot } = await openBallot(node, 2);
    const { head } = node;
    fast = 3_600_000;
    const input = { ballot, expressed: 'IN_FAVOUR', commandId: newId() };
    const mutation = 'mutation Cast($input: CastPositionInput!) { castPosition(input: $input) { position } }';
    const refused = await node.ask(mutation, 'member-0', { input });
    expect(refused.errors?.[0].extensions).toMatchObject({ code: 'UNAVAILABLE', reason: 'CLOCK_AHEAD', facts: { commandId: input.commandId, aheadMs: expect.any(Number) } });
    expect([(await node.running.system.engine.head()).position, (await node.committee('position')).position]).toEqual([head, String(head)]);
    fast = 0;
    expect((await node.ask(mutation, 'member-0', { input })).data.castPosition.position).toBe(String(head + 1));
    await node.stop();
  });
});

describe('The time of the server', () => {
  it('is what was heard, gone on by this process; the latest counts, and old news are forgotten', () => {
    let elapsed = 1_000;
    const clock = new ServerClock(() => elapsed);
    expect(clock.ahead(5_000)).toBeUndefined();
    clock.heard(Number.NaN);
    expect(clock.ahead(5_000)).toBeUndefined();
    clock.heard(100_000);
    expect(clock.ahead(103_000)).toBe(3_000);
    elapsed += 500;
    expect(clock.ahead(103_000)).toBe(2_500);
    clock.heard(100_000);
    expect(clock.ahead(103_000)).toBe(2_500);
    clock.heard(101_000);
    expect(clock.ahead(103_000)).toBe(2_000);
    // It was put back by a minute: believed after a while, not at once.
    for (const [after, ahead] of [[31_000, 0], [31_000, 60_000]] as const) {
      elapsed += after;
      const shown = 101_000 + elapsed - 1_500 - 60_000;
      clock.heard(shown);
      expect(clock.ahead(shown + 60_000)).toBe(ahead);
    }
  });
});

/** What a real server does seldom is made to happen. */
describeWhere(doubleMissing)('The clock of a server', () => {
  const later = (position: number, ms: number): StoredEntry[] => entriesAfter(position, 1, () => ({ time: new Date(Date.now() + ms).toISOString() }));
  afterEach(() => {
    double.clock = Date.now;
    double.hidesDate = false;
  });

  it('is known from the created of new entries alone, where nothing dates the answers; an old entry is not taken for now', async () => {
    const stream = newStream();
    double.hidesDate = true;
    double.clock = () => Date.now() - 3_600_000;
    await (await open(stream)).append(entriesAfter(0, 2), 0);
    double.clock = Date.now;
    const engine = await open(stream);
    await engine.append(later(2, 0), 2);
    await wait(300);
    expect(await engine.append(later(3, 4_000), 3).catch((error: unknown) => error)).toBeInstanceOf(ClockAhead);
    await engine.append(later(3, 0), 3);
  });

  it('is the one that counts: a node that agrees with nobody but itself is refused', async () => {
    double.clock = () => Date.now() - 10_000;
    const engine = await open(newStream());
    expect(await engine.append(later(0, 0), 0).catch((error: unknown) => error)).toBeInstanceOf(ClockAhead);
    await engine.append(later(0, -10_000), 0);
  });
});

describeWhere(doubleMissing)('The stream of a Committee, whose metadata the user may not write', () => {
  it('is used without a list, with a notice that says who should give it one', async () => {
    const stream = newStream();
    const { log } = await open(stream);
    const notices: string[] = [];
    double.next('append', 'ACCESS_DENIED');
    const engine = await open(stream, { connection: connection('clerk:secret@'), onNotice: (message) => notices.push(message) });
    expect([engine.log.logId, notices]).toEqual([log.logId, [expect.stringMatching(/has no access control list, and the user clerk may not give it one: somebody of \$admins should/)]]);
    await engine.append(entriesAfter(0, 1), 0);
  });

  it('is used without a check of the secret, with a notice that says how it gets one', async () => {
    const stream = newStream();
    await prepared(stream, { committeeLogId: newId(), $acl: ACL });
    const notices: string[] = [];
    double.next('append', 'ACCESS_DENIED');
    await open(stream, { connection: connection('clerk:secret@'), notesOf: () => ({ [SECRET_CHECK]: 'x' }), onNotice: (message) => notices.push(message) });
    expect(notices).toEqual([expect.stringMatching(/has no check of INSTALLATION_SECRET, .*the user clerk may not give it one: put the user clerk into \$admins for one start of a node whose secret is known to be right/)]);
  });

  it('is used where it can only be read at the moment, with a notice', async () => {
    const stream = newStream();
    await prepared(stream, { committeeLogId: newId(), $acl: ACL });
    const notices: string[] = [];
    double.appends = 'UNAVAILABLE';
    await open(stream, { notesOf: () => ({ [SECRET_CHECK]: 'x' }), patienceMs: 300, onNotice: (message) => notices.push(message) }).finally(() => { double.appends = undefined; });
    expect(notices).toEqual([expect.stringMatching(/has no check of INSTALLATION_SECRET, .*the server did not answer when it was given one: the next start tries again/)]);
    double.appends = 'UNAVAILABLE';
    await expect(open(newStream(), { patienceMs: 300 }).finally(() => { double.appends = undefined; })).rejects.toThrow(/cannot be reached/);
  });

  it('is not begun without an id', async () => {
    double.next('append', 'ACCESS_DENIED');
    await expect(open(newStream(), { connection: connection('clerk:secret@') })).rejects.toThrow(/does not let this user read, write, and at the first start describe the stream/);
  });
});
