import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { COPY_FILE, CopyDiffers, EventStoreDbEngine } from '../../src/event-store/engines/eventstoredb.engine.js';
import { CallTimedOut, faultOfServer } from '../../src/event-store/engines/eventstoredb-errors.js';
import { EntryTooLarge, HeadMoved, LogUnreachable, LogUnusable } from '../../src/event-store/event-store.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { surroundingProblems } from '../../src/operating/readiness.js';
import { entriesAfter, positionsOf, range } from '../support/entries.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { newDir, removeDir, tempDir } from '../support/temp.js';
import { describeWhere, doubleMissing } from '../support/where.js';
import { contract, type OpenLog } from './contract.js';

/** Where a real server is given, the same is asked of it. */
const REAL = process.env['EVENTSTOREDB_URL'];
let double: EventStoreDbDouble;
const connection = (): string => REAL ?? double.connection;
beforeAll(async () => {
  double = await EventStoreDbDouble.start();
  console.info(REAL === undefined ? 'EventStoreDB: run against the protocol double; no EVENTSTOREDB_URL is given, so a real server was not run' : 'EventStoreDB: run against the real server at EVENTSTOREDB_URL');
});
afterAll(() => double.stop());

const unexpected = (error: unknown): never => { throw new Error('onFatal was called', { cause: error }); };
const newStream = (): string => `committee-test-${newId()}`;

interface Opening { readonly dir?: string; readonly stream?: string; readonly onFatal?: (error: unknown) => void; readonly onNotice?: (message: string) => void; readonly patienceMs?: number; readonly connection?: string }
async function openEngine({ dir = tempDir(), stream = newStream(), onFatal = unexpected, ...more }: Opening = {}): Promise<OpenLog & { readonly engine: EventStoreDbEngine; readonly dir: string; readonly stream: string }> {
  const listenerErrors: unknown[] = [];
  // Patience for a machine that does much else; tests of what ends it have their own.
  const engine = await EventStoreDbEngine.open({ patienceMs: 30_000, connection: connection(), stream, dataDir: dir, onFatal, onListenerError: (error) => listenerErrors.push(error), ...more });
  return {
    engine, log: engine.log, listenerErrors, dir, stream,
    async reopen() {
      await engine.close();
      return openEngine({ dir, stream, onFatal, ...more });
    },
    async dispose() {
      await engine.close();
      removeDir(dir);
    },
  };
}

/** Opens engines, and closes them after each test. */
function engines(): (opening?: Opening) => ReturnType<typeof openEngine> {
  const opened: { dispose(): Promise<void> }[] = [];
  afterEach(async () => { for (const one of opened.splice(0)) await one.dispose(); });
  return async (opening = {}) => {
    const one = await openEngine(opening);
    opened.push(one);
    return one;
  };
}

contract(`eventstoredb on ${REAL === undefined ? 'the protocol double' : 'a real server'}`, openEngine, ['full disk']);

describe('The engine eventstoredb', () => {
  const open = engines();

  it('gives every node of one stream the same log id, entries and positions', async () => {
    const stream = newStream();
    const nodes = await Promise.all([open({ stream }), open({ stream }), open({ stream })]);
    expect(new Set(nodes.map(({ log }) => log.logId)).size).toBe(1);
    const [first, second, third] = nodes as [typeof nodes[0], typeof nodes[0], typeof nodes[0]];
    await first.engine.append(entriesAfter(0, 3), 0);
    expect(await second.engine.append(entriesAfter(0, 2), 0).catch((error: unknown) => error)).toEqual(new HeadMoved(0, 3));
    await second.engine.append(entriesAfter(3, 2), 3);
    expect((await third.engine.head()).position).toBe(5);
    for (const { engine } of nodes) expect(await engine.read(0, 10)).toEqual(first.log.read(0, 10));
  });

  it('lets exactly one of three nodes win each head, and loses none', async () => {
    const stream = newStream();
    const nodes = await Promise.all([open({ stream }), open({ stream }), open({ stream })]);
    const accepted = await Promise.all(nodes.map(async ({ engine }) => {
      const ids: string[] = [];
      for (let n = 0; n < 20;) {
        const { position } = engine.log.head;
        const entries = entriesAfter(position, 2);
        const error = await engine.append(entries, position).catch((e: unknown) => e);
        if (error instanceof HeadMoved) continue;
        expect(error).toBeUndefined();
        ids.push(...entries.map(({ id }) => id));
        n++;
      }
      return ids;
    }));
    const all = await (nodes[0] as typeof nodes[0]).engine.read(0, 1_000);
    expect(positionsOf(all)).toEqual(range(1, 120));
    expect(all.map(({ id }) => id).sort()).toEqual(accepted.flat().sort());
  });

  it('takes one command that two nodes decide at once, or one decides anew, as it was written first, and is not told a repeat for another', async () => {
    const stream = newStream();
    const nodes = await Promise.all([open({ stream }), open({ stream })]);
    for (let n = 0; n < 20; n++) {
      const [entry] = entriesAfter(n, 1) as [StoredEntry];
      const versions = ['first', 'second'].map((by) => ({ ...entry, meta: JSON.stringify({ by }) }));
      const answers = await Promise.all(nodes.map(({ engine }, i) => engine.append([versions[i] as StoredEntry], n).catch((error: unknown) => error)));
      expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
      expect(answers.filter((answer) => answer instanceof HeadMoved)).toHaveLength(1);
      for (const { engine } of nodes) await engine.head();
      expect(nodes[0]?.log.at(n + 1)).toEqual(nodes[1]?.log.at(n + 1));
    }
  });

  it('follows what others write, by itself, within a moment', async () => {
    const stream = newStream();
    const [writer, reader] = [await open({ stream }), await open({ stream })];
    const told = new Promise<void>((resolve) => { reader.log.onAppended(resolve); });
    await writer.engine.append(entriesAfter(0, 7), 0);
    await told;
    expect(reader.log.head).toEqual(writer.log.head);
  });

  it('puts a copy aside that is of another log, says so, and reads anew', async () => {
    const [one, other] = [await open(), await open()];
    await one.engine.append(entriesAfter(0, 3), 0);
    await other.engine.append(entriesAfter(0, 2), 0);
    await one.engine.close();
    const notices: string[] = [];
    const again = await open({ dir: one.dir, stream: other.stream, onNotice: (message) => notices.push(message) });
    expect(again.log.read(0, 9)).toEqual(other.log.read(0, 9));
    expect(notices).toEqual([expect.stringMatching(/kept as log-copy\.db\.aside-1 and read anew.*another log/)]);
  });

  it.each([['the last one', 5, 'another entry stands at its position 5'], ['a sampled one', 2, 'another entry stands at its position 2']])('puts a copy aside in which %s differs by a byte', async (_, position, why) => {
    const one = await open();
    await one.engine.append(entriesAfter(0, 5), 0);
    const entries = one.log.read(0, 9);
    await one.engine.close();
    const file = join(one.dir, COPY_FILE);
    removeDir(file);
    const forged = LogFile.open(file, { logId: one.log.logId });
    forged.append(entries.map((entry) => (entry.position === position ? { ...entry, data: entry.data.replace(/\}$/, ',"forged":1}') } : entry)), 0);
    forged.close();
    const notices: string[] = [];
    const again = await open({ dir: one.dir, stream: one.stream, onNotice: (message) => notices.push(message) });
    expect(notices).toEqual([expect.stringMatching(new RegExp(`kept as log-copy\\.db\\.aside-1 and read anew.*${why}`))]);
    expect(again.log.read(0, 9)).toEqual(entries);
  });

  it('refuses an entry that the server would not take, before it is sent', async () => {
    const { engine } = await open();
    const [entry] = entriesAfter(0, 1);
    const huge = { ...entry as object, data: JSON.stringify('x'.repeat(16 * 1024 * 1024)) };
    expect(await engine.append([huge as never], 0).catch((error: unknown) => error)).toBeInstanceOf(EntryTooLarge);
    expect((await engine.head()).position).toBe(0);
    await engine.append(entriesAfter(0, 1), 0);
  });

  it('has one process a folder', async () => {
    const { dir } = await open();
    await expect(openEngine({ dir })).rejects.toThrow(/copy of the log in .* is in use|another process|in use/i);
  });
});

/** What a real server does seldom is made to happen. */
describeWhere(doubleMissing)('The engine eventstoredb, where calls go wrong', () => {
  afterEach(() => { Object.assign(double, { denies: undefined, appends: undefined, isAway: false }); });
  const open = engines();
  const onServer = (stream: string): number => double.streams.get(stream)?.length ?? 0;

  it.each(['ANSWER_LOST', 'UNAVAILABLE', 'NOT_READY', 'NOT_LEADER', 'HANGS'] as const)('asks again with the same ids and the same head after %s, and writes once', async (mishap) => {
    const { engine, log, stream } = await open();
    await engine.append(entriesAfter(0, 2), 0);
    double.next('append', mishap);
    if (mishap !== 'HANGS') double.next('append', mishap);
    await engine.append(entriesAfter(2, 3), 2);
    expect([log.head.position, onServer(stream)]).toEqual([5, 5]);
    await engine.append(entriesAfter(5, 1), 5);
  });

  it('asks again after a lost answer also when others have written meanwhile', async () => {
    const stream = newStream();
    const [one, other] = [await open({ stream }), await open({ stream })];
    double.next('append', 'ANSWER_LOST');
    const entries = entriesAfter(0, 2);
    const appending = one.engine.append(entries, 0);
    for (;;) {
      const { position } = await other.engine.head();
      if (position === 2) break;
    }
    await other.engine.append(entriesAfter(2, 2), 2);
    await appending;
    expect((await one.engine.read(0, 9)).map(({ id }) => id).slice(0, 2)).toEqual(entries.map(({ id }) => id));
    expect(onServer(stream)).toBe(4);
  });

  it('says that the server cannot be reached when patience ends, and goes on when it is back', async () => {
    const { engine, stream } = await open({ patienceMs: 300 });
    for (let i = 0; i < 20; i++) double.next('append', 'UNAVAILABLE');
    expect(await engine.append(entriesAfter(0, 1), 0).catch((error: unknown) => error)).toBeInstanceOf(LogUnreachable);
    for (let i = 0; ; i++) {
      const error = await engine.append(entriesAfter(0, 1), 0).catch((e: unknown) => e);
      if (error === undefined) break;
      expect(error).toBeInstanceOf(LogUnreachable);
      expect(i).toBeLessThan(20);
    }
    expect(onServer(stream)).toBe(1);
  });

  it('leaves a connection behind without taking what was being read over it for the end of the stream', async () => {
    for (let n = 0; n < 3; n++) {
      const { engine, stream } = await open();
      await engine.append(entriesAfter(0, 3), 0);
      double.next('read', 'HANGS');
      const head = engine.head();
      await new Promise((resolve) => { setTimeout(resolve, 50); });
      double.next('append', 'UNAVAILABLE');
      await engine.append(entriesAfter(3, 1), 3);
      expect((await head).position).toBeGreaterThanOrEqual(3);
      expect([(await engine.head()).position, onServer(stream)]).toEqual([4, 4]);
    }
  });

  it('names an event that is none of ours: at the start, and where it comes later', async () => {
    const fatal: unknown[] = [];
    const { engine, stream, log } = await open({ onFatal: (error) => fatal.push(error) });
    await engine.append(entriesAfter(0, 1), 0);
    const foreign = { id: newId(), type: 'Foreign', contentType: 'application/json', data: Buffer.from('{}'), metadata: Buffer.from('{}'), created: 0 };
    double.streams.set(stream, [...double.streams.get(stream) ?? [], foreign]);
    await expect(engine.head()).rejects.toThrow(/event at revision 1 of the stream was not written by this program/);
    while (fatal.length === 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(log.head.position).toBe(1);
    await expect(openEngine({ stream })).rejects.toThrow(new RegExp(`revision 1 .*COMMITTEE_STREAM \\(it is ${stream}\\)`));
  });

  it.each([['ACCESS_DENIED', /does not let this user/], ['UNKNOWN_USER', /does not know this user and password/], ['DELETED', /was deleted on the server/]] as const)('does not start on a stream with %s, and says what to do', async (mishap, says) => {
    const dir = tempDir();
    double.denies = mishap;
    await expect(openEngine({ dir, patienceMs: 300 })).rejects.toThrow(says);
    double.denies = undefined;
    // The folder is free again.
    await (await openEngine({ dir })).dispose();
  });

  it('waits for a server that is starting, and denies everybody everything meanwhile', async () => {
    for (let i = 0; i < 3; i++) double.next('read', 'ACCESS_DENIED');
    const { engine } = await open();
    double.next('append', 'ACCESS_DENIED');
    await engine.append(entriesAfter(0, 1), 0);
    expect((await engine.head()).position).toBe(1);
  });

  it.each(['ACCESS_DENIED', 'UNKNOWN_USER'] as const)('goes on by itself after %s, as where rights or the password were changed: commands are refused meanwhile, which is told once', async (mishap) => {
    const notices: string[] = [];
    const { engine, log } = await open({ patienceMs: 300, onNotice: (message) => notices.push(message) });
    await engine.append(entriesAfter(0, 1), 0);
    double.denies = mishap;
    while (notices.length === 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
    const silent = engine.silentMs();
    await new Promise((resolve) => { setTimeout(resolve, 400); });
    // Not ready after a while, though the server answers.
    expect(engine.silentMs()).toBeGreaterThanOrEqual(silent + 300);
    expect(log.read(0, 9)).toHaveLength(1);
    await expect(engine.append(entriesAfter(1, 1), 1)).rejects.toBeInstanceOf(LogUnreachable);
    double.denies = undefined;
    await engine.append(entriesAfter(1, 1), 1);
    while (notices.length < 4) await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(notices.filter((notice) => !notice.includes('write'))).toEqual(['the server of the log does not let this node in; until it does, commands are refused and reading goes on', 'the server of the log answers again']);
  });

  it('outlives a certificate that is not there when it connects anew: unreachable as the server itself, and it goes on with both', async () => {
    const notices: string[] = [];
    const certificate = join(newDir(), 'user.crt');
    writeFileSync(certificate, 'a certificate');
    // The client reads those of a user as it does tlsCAFile, and also where it speaks without TLS, as the double does.
    const withCertificate = `${double.connection}&userCertFile=${certificate}&userKeyFile=${certificate}`;
    const { engine, log } = await open({ connection: withCertificate, patienceMs: 300, onNotice: (message) => notices.push(message) });
    await engine.append(entriesAfter(0, 1), 0);
    rmSync(certificate);
    await expect(openEngine({ dir: newDir(), connection: withCertificate })).rejects.toThrow(/^EVENT_STORE cannot be used: Failed to load certificate file/);
    double.isAway = true;
    await expect(engine.append(entriesAfter(1, 1), 1)).rejects.toBeInstanceOf(LogUnreachable);
    while (notices.length === 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(log.read(0, 9)).toHaveLength(1);
    writeFileSync(certificate, 'a new certificate');
    double.isAway = false;
    await engine.append(entriesAfter(1, 1), 1);
    while (notices.length < 2) await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(notices).toEqual(['the server of the log does not answer; until it does, commands are refused and reading goes on', 'the server of the log answers again']);
  });

  it('begins no log on a server that has lost the one it has a copy of', async () => {
    const { engine, dir, stream, log } = await openEngine();
    await engine.append(entriesAfter(0, 5), 0);
    await engine.close();
    for (const name of [stream, `$$${stream}`]) double.streams.delete(name);
    await expect(openEngine({ dir, stream })).rejects.toThrow(/is empty, and the copy of this node has entries: the server has lost the log/);
    expect([...double.streams.keys()].filter((name) => name.endsWith(stream))).toEqual([]);
    const kept = LogFile.open(join(dir, COPY_FILE), { readOnly: true });
    expect([kept.logId, kept.head.position]).toEqual([log.logId, 5]);
    kept.close();
  });

  it('gives entries whose metadata are gone no other id, with a copy and without one, and says which was theirs', async () => {
    const { engine, dir, stream, log } = await openEngine();
    await engine.append(entriesAfter(0, 5), 0);
    await engine.close();
    const metadata = double.streams.get(`$$${stream}`) ?? [];
    double.streams.delete(`$$${stream}`);
    await expect(openEngine({ dir, stream })).rejects.toThrow(new RegExp(`^The stream ${stream} has entries, and its metadata, which said of which log they are, are gone\\..*"committeeLogId": "${log.logId}", which the copy of this node says`));
    await expect(openEngine({ dir: newDir(), stream })).rejects.toThrow(/ has entries, and its metadata.* are gone\. .*with the log's id, as verify tells it of a backup or of a node's copy/);
    expect(double.streams.has(`$$${stream}`)).toBe(false);
    // Written again as it says.
    double.streams.set(`$$${stream}`, metadata);
    expect((await open({ dir, stream })).log.logId).toBe(log.logId);
  });

  it('writes nothing to a stream of somebody else', async () => {
    const stream = newStream();
    double.streams.set(stream, [{ id: newId(), type: 'Foreign', contentType: 'application/json', data: Buffer.from('{}'), metadata: Buffer.from('{}'), created: 0 }]);
    await expect(openEngine({ dir: newDir(), stream })).rejects.toThrow(new RegExp(`revision 0 .*COMMITTEE_STREAM \\(it is ${stream}\\)`));
    expect(double.streams.has(`$$${stream}`)).toBe(false);
  });

  it('is not ready where it may read and not write, tells so once, and goes on when it may', async () => {
    const notices: string[] = [];
    const { engine } = await open({ patienceMs: 300, onNotice: (message) => notices.push(message) });
    double.appends = 'ACCESS_DENIED';
    for (let i = 0; i < 2; i++) await expect(engine.append(entriesAfter(0, 1), 0)).rejects.toBeInstanceOf(LogUnreachable);
    const problems = (): readonly string[] => surroundingProblems(engine, { dataDir: newDir(), minFreeMiB: 0 });
    expect(problems()).toEqual(['the server of the log does not let this node write']);
    double.appends = undefined;
    await engine.append(entriesAfter(0, 1), 0);
    expect(problems()).toEqual([]);
    expect(notices).toEqual([expect.stringContaining('does not let this node write'), 'the server of the log lets this node write again']);
  });

  it('answers LOG_UNREACHABLE, and nothing worse, also to what is only read before it is decided', async () => {
    const { engine } = await open({ patienceMs: 300 });
    double.denies = 'ACCESS_DENIED';
    await expect(engine.append([], 0)).rejects.toBeInstanceOf(LogUnreachable);
    double.denies = undefined;
  });

  it('reads anew where its copy is damaged in the middle', async () => {
    const { engine, dir, stream } = await openEngine();
    await engine.append(entriesAfter(0, 2_000), 0);
    await engine.close();
    const file = join(dir, COPY_FILE);
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 20 * 4096, Math.floor(bytes.length / 4096 - 2) * 4096);
    writeFileSync(file, bytes);
    const notices: string[] = [];
    const again = await open({ dir, stream, onNotice: (message) => notices.push(message) });
    expect([again.log.head.position, notices]).toEqual([2_000, [expect.stringMatching(/thrown away and read anew from the server: it is damaged/)]]);
  });

  it('keeps a copy aside that has more than the stream: it may be all that is left', async () => {
    const { engine, dir, stream } = await openEngine();
    await engine.append(entriesAfter(0, 5), 0);
    await engine.close();
    double.streams.set(stream, (double.streams.get(stream) ?? []).slice(0, 3));
    const notices: string[] = [];
    const again = await open({ dir, stream, onNotice: (message) => notices.push(message) });
    expect([again.log.head.position, notices]).toEqual([3, [expect.stringMatching(/kept as log-copy\.db\.aside-1 and read anew from the server: the stream ends before its position 5/)]]);
    const aside = LogFile.open(join(dir, `${COPY_FILE}.aside-1`), { readOnly: true });
    expect(aside.head.position).toBe(5);
    aside.close();
  });

  it.each([['$maxAge', { $maxAge: 5 }], ['$maxCount', { $maxCount: 5 }], ['$tb', { $tb: 5 }]])('does not start on a stream with %s: it forgets entries', async (name, metadata) => {
    const stream = newStream();
    double.streams.set(`$$${stream}`, [{ id: newId(), type: '$metadata', contentType: 'application/json', data: Buffer.from(JSON.stringify(metadata)), metadata: new Uint8Array(), created: 0 }]);
    const dir = tempDir();
    const error: unknown = await openEngine({ dir, stream }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LogUnusable);
    expect((error as Error).message).toContain(name);
    removeDir(dir);
  });

  it('takes no page that it asked for ahead, and that was empty then, for a stream that lost its end', async () => {
    const stream = newStream();
    const writer = await openEngine({ stream });
    // Three pages overlap by an entry: 1 to 500, 500 to 999, 999 to the end.
    await writer.engine.append(entriesAfter(0, 999), 0);
    await writer.dispose();
    const whole = double.streams.get(stream) ?? [];
    double.streams.set(stream, whole.slice(0, 998));
    let lastIsAnswered: () => void;
    const answered = new Promise<void>((resolve) => { lastIsAnswered = resolve; });
    double.beforeReading = async (revision) => {
      if (revision === 998) setTimeout(() => lastIsAnswered(), 50);
      if (revision !== 499) return;
      // The last entry comes between the answers to the third page and to the second.
      await answered;
      double.streams.set(stream, whole);
    };
    const reader = await open({ stream });
    double.beforeReading = async () => undefined;
    expect((await reader.engine.head()).position).toBe(999);
  });

  it('stops where the stream is shorter than its copy, or another', async () => {
    for (const change of ['shorter', 'another'] as const) {
      const fatal: unknown[] = [];
      const { engine, stream } = await open({ onFatal: (error) => fatal.push(error) });
      await engine.append(entriesAfter(0, 3), 0);
      const events = double.streams.get(stream) ?? [];
      const last = events[2] as (typeof events)[0];
      const ofAnother = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(last.metadata).toString()) as object, id: newId() }));
      double.streams.set(stream, change === 'shorter' ? events.slice(0, 2) : [...events.slice(0, 2), { ...last, metadata: ofAnother }]);
      const error: unknown = await engine.head().catch((e: unknown) => e);
      expect([change, error instanceof CopyDiffers, (error as CopyDiffers).position]).toEqual([change, true, 3]);
      while (fatal.length === 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
      expect(fatal[0]).toBeInstanceOf(CopyDiffers);
    }
  });
});

describe('Errors of the client', () => {
  it.each([
    ['a wrong revision', { type: 'wrong-expected-version', actualVersion: 7n }, { kind: 'CONFLICT', actual: 8 }],
    ['a wrong revision of an empty stream', { type: 'wrong-expected-version', actualVersion: 'no_stream' }, { kind: 'CONFLICT', actual: 0 }],
    ['kill -9', { type: 'unavailable', code: 14 }, { kind: 'UNKNOWN' }],
    ['SIGTERM', { type: 'unknown', code: 13 }, { kind: 'UNKNOWN' }],
    ['an append while it is down', { code: 14 }, { kind: 'UNKNOWN' }],
    ['just after its start', { type: 'unknown', message: '2 UNKNOWN: Could not recognize Server Is Not Ready' }, { kind: 'ELSEWHERE' }],
    ['a follower of a dead leader', { type: 'deadline-exceeded' }, { kind: 'UNKNOWN' }],
    ['a follower', { type: 'not-leader', code: 5 }, { kind: 'ELSEWHERE' }],
    ['an own limit', new CallTimedOut(5), { kind: 'UNKNOWN' }],
    ['an error of the client itself', new TypeError('undefined is not iterable'), { kind: 'UNKNOWN' }],
    ['an oversized event', { type: 'unknown', code: 8 }, { kind: 'REFUSED', why: 'TOO_LARGE' }],
    ['an oversized append', { type: 'maximum-append-size-exceeded' }, { kind: 'REFUSED', why: 'TOO_LARGE' }],
    ['no right', { type: 'access-denied', code: 7 }, { kind: 'REFUSED', why: 'ACCESS' }],
    ['nobody', { code: 16 }, { kind: 'REFUSED', why: 'USER' }],
    ['a user whom the server does not know', { type: 'access-denied', code: 16 }, { kind: 'REFUSED', why: 'USER' }],
    ['a deleted stream', { type: 'stream-deleted' }, { kind: 'REFUSED', why: 'DELETED' }],
    ['no stream', { type: 'stream-not-found' }, { kind: 'NO_STREAM' }],
  ])('are sorted: %s', (_, error, fault) => {
    expect(faultOfServer(error)).toEqual(fault);
  });
});
