import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { EventStoreDbEngine } from '../../src/event-store/engines/eventstoredb.engine.js';
import { SqliteEngine } from '../../src/event-store/engines/sqlite.engine.js';
import { leafOf } from '../../src/event-store/leaf.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { openSqlite } from '../../src/event-store/sqlite.js';
import { copy } from '../../src/operating/copy.js';
import { verify } from '../../src/operating/verify.js';
import { wholeLogs } from '../../src/engines.js';
import { views } from '../../src/contexts.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { called, isTold, many, theProgram, type Ended, type TheProgram } from '../support/program.js';
import { newDir } from '../support/temp.js';
import { openBallot, TestServer, until } from '../support/server.js';
import { describeWhere, itWhere, doubleMissing } from '../support/where.js';

/** Where a real server is given, the same is asked of it. */
const REAL = process.env['EVENTSTOREDB_URL'];
const SECRET = 'one secret for all nodes of this test';
let double: EventStoreDbDouble;
let program: TheProgram;
const server = (): string => REAL ?? double.connection;
const newStream = (): string => `committee-test-${newId()}`;
beforeAll(async () => {
  double = await EventStoreDbDouble.start();
  program = await theProgram();
});
afterAll(() => double.stop());

const toServer = (folder: string, stream: string): readonly string[] => ['--from', folder, '--to', server(), '--stream', stream];
const toFolder = (stream: string, folder: string): readonly string[] => ['--from', server(), '--stream', stream, '--to', folder];
const copied = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> => called(copy(wholeLogs), args, env);

interface Whole { readonly logId: string; readonly notes: object; readonly leaves: readonly string[] }
function inFolder(folder: string): Whole {
  const log = LogFile.open(join(folder, 'log.db'), { readOnly: true });
  const whole = { logId: log.logId, notes: log.notes(), leaves: log.read(0, 1_000_000).map((entry) => leafOf(entry).toString('hex')) };
  log.close();
  return whole;
}
/** What a node that has nothing yet finds there. */
async function onServer(stream: string): Promise<Omit<Whole, 'notes'>> {
  const engine = await EventStoreDbEngine.open({ connection: server(), stream, dataDir: newDir(), onFatal: (error) => { throw error; } });
  const entries = await engine.read(0, 1_000_000);
  const { logId } = engine.log;
  await engine.close();
  return { logId, leaves: entries.map((entry) => leafOf(entry).toString('hex')) };
}
/** One letter of a title is another one: its shape stays. */
const flipped = (data: string): string => data.replace(/("title":"[^"]*)[a-z]/, '$1X');
const titled = (entries: readonly StoredEntry[]): number => entries.find(({ data }) => flipped(data) !== data)?.position as number;
const withoutNotes = ({ logId, leaves }: Whole): Omit<Whole, 'notes'> => ({ logId, leaves });

/** A committee in a file, with the sample, so that there are notes. */
async function committee(): Promise<string> {
  const dataDir = newDir();
  const one = await TestServer.start({ dataDir });
  await one.stop({ keep: true });
  return dataDir;
}

/** So many entries of a committee of its own, in a file. */
async function longLog(count: number): Promise<string> {
  const dataDir = newDir();
  expect((await program.cli(['establish', '--name', 'Long', '--secretariat', 'secretariat'], { DATA_DIR: dataDir })).code).toBe(0);
  await many(dataDir, count);
  return dataDir;
}

describe(`A copy between a file and an EventStoreDB (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  it('brings a committee there and back: same entries, ids, log id and notes; nodes go on, people are who they were', async () => {
    const [dataDir, stream, back] = [newDir(), newStream(), join(newDir(), 'back')];
    const settings = { INSTALLATION_SECRET: SECRET };
    const first = await TestServer.start({ sample: 'none', dataDir, settings });
    const { ballot } = await openBallot(first, 3);
    await first.send('castPosition', { ballot, expressed: 'IN_FAVOUR' }, 'member-0');
    const board = `position ballot(id: "${ballot}") { state tally { inFavour } }`;
    const before = await first.committee(board, 'member-0');
    expect(before.ballot.tally).toEqual({ inFavour: 1 });
    await first.stop({ keep: true });

    const there = await program.cli(['copy', ...toServer(dataDir, stream)], settings);
    expect([there.code, there.err]).toEqual([0, '']);
    const source = inFolder(dataDir);
    expect(there.out).toContain(`Copied ${source.leaves.length} entries of log ${source.logId} from ${dataDir} to the stream ${stream} of `);
    expect(await onServer(stream)).toEqual(withoutNotes(source));

    // What tells the secret from another one has come along.
    const another = { ...settings, INSTALLATION_SECRET: 'another one than that of the others', EVENT_STORE: server(), COMMITTEE_STREAM: stream };
    await expect(TestServer.start({ sample: 'none', dataDir: newDir(), settings: another })).rejects.toThrow(/^INSTALLATION_SECRET is not the secret by which the log of the stream/);
    const node = await TestServer.start({ sample: 'none', dataDir: newDir(), settings: { ...settings, EVENT_STORE: server(), COMMITTEE_STREAM: stream } });
    expect(await node.committee(board, 'member-0')).toEqual(before);
    const { position } = await node.send('castPosition', { ballot, expressed: 'AGAINST' }, 'member-1');
    expect(Number(position)).toBe(source.leaves.length + 1);
    await node.stop();

    expect(await program.cli(['copy', ...toFolder(stream, back)])).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(back).filter((name) => !/^log\.lock|-(wal|shm)$/.test(name))).toEqual(['log.db']);
    const returned = inFolder(back);
    expect([returned.logId, returned.notes, returned.leaves.slice(0, -1), returned.leaves.length]).toEqual([source.logId, source.notes, source.leaves, Number(position)]);
    const again = await TestServer.start({ sample: 'none', dataDir: back, settings });
    expect((await again.committee(board, 'member-0')).ballot.tally).toEqual({ inFavour: 1 });
    expect(Number((await again.send('castPosition', { ballot, expressed: 'ABSTENTION' }, 'member-2')).position)).toBe(Number(position) + 1);
    await again.stop();
  }, 120_000);

  it('brings the notes and takes a backup for a source; the sample is not told twice where it returns', async () => {
    const [dataDir, stream, folder, back] = [await committee(), newStream(), join(newDir(), 'backup'), newDir()];
    expect((await program.cli(['backup', folder], { DATA_DIR: dataDir })).code).toBe(0);
    const files = readdirSync(folder).sort();
    const ended = await copied(toServer(folder, stream));
    expect([ended.code, ended.err, ended.out]).toEqual([0, '', expect.stringMatching(/notes {4}first start, sample loaded, secret check\n {2}secret {3}give every node INSTALLATION_SECRET="\$\(cat .*installation-secret\)"/)]);
    expect(readdirSync(folder).sort()).toEqual(files);
    expect((await copied(toFolder(stream, back))).code).toBe(0);
    const source = inFolder(dataDir);
    expect(Object.keys(source.notes)).toEqual(['first start', 'sample loaded', 'secret check']);
    expect(inFolder(back)).toEqual(source);
    copyFileSync(join(dataDir, 'installation-secret'), join(back, 'installation-secret'));
    const again = await TestServer.start({ dataDir: back });
    expect(again.head).toBe(source.leaves.length);
    await again.stop();
  }, 120_000);

  it('keeps every entry to the byte, whatever stands in it', async () => {
    const [dataDir, stream, back] = [newDir(), newStream(), newDir()];
    const engine = SqliteEngine.open(dataDir, (error) => { throw error; });
    const data = ['{"code":"KA1","title":"\\u00e9 é 😀 \\u0000"}', '{"title" : "spaced", "code":"KA1"}', '{"2":"b","1":"a","title":"order","code":"KA1"}', '{"code":"KA1","title":"1.0","n":1.0,"e":1e3,"big":12345678901234567890}'];
    const meta = JSON.stringify({ commandName: 'DefineKeyArea', payloadDigest: 'a'.repeat(64), actor: { office: 'SECRETARIAT', personId: 'é' }, correlationId: 'c' }).replace('{', '{ ');
    const entries = data.map((text, i): StoredEntry => ({ position: i + 1, id: newId(), stream: 'committee', revision: i + 1, type: 'KeyAreaDefined', version: 1, data: text, meta, time: '2026-03-01T12:00:00.000Z' }));
    await engine.append(entries, 0);
    await engine.close();
    for (const args of [toServer(dataDir, stream), toFolder(stream, back)]) expect(await copied(args)).toMatchObject({ code: 0, err: '' });
    const log = LogFile.open(join(back, 'log.db'), { readOnly: true });
    expect(log.read(0, 10)).toEqual(entries);
    log.close();
  }, 60_000);

  describe('that is long', () => {
    const COUNT = 6_000;
    let dataDir: string;
    let stream: string;
    let source: Whole;
    beforeAll(async () => {
      dataDir = await longLog(COUNT);
      stream = newStream();
      source = inFolder(dataDir);
    }, 60_000);

    /** Begins, stops it by a signal once it has told so much, and answers how it ended. */
    async function stopped(args: readonly string[], signal: NodeJS.Signals): Promise<Ended> {
      const begun = program.begin('cli.js', ['copy', ...args]);
      await until(() => /Copying: \d+ %/.test(begun.said().out), 60_000);
      begun.child.kill(signal);
      return begun.ended;
    }

    it('to a server may be interrupted and killed, goes on, and no node starts on it before it is whole', async () => {
      const args = toServer(dataDir, stream);
      const interrupted = await stopped(args, 'SIGINT');
      isTold(interrupted, 130, /^Interrupted\. (\d+) of 6001 entries are there\. Say the same again and it goes on\.\n$/);
      const there = Number(/(\d+) of/.exec(interrupted.err)?.[1]);
      expect(there).toBeGreaterThan(COUNT / 10);
      await expect(EventStoreDbEngine.open({ connection: server(), stream, dataDir: newDir(), onFatal: () => undefined })).rejects.toThrow(/is being copied to, or a copy was interrupted.*npm run cli -- copy/);
      expect(await copied(toFolder(stream, newDir()))).toMatchObject({ code: 1, err: expect.stringMatching(/is not whole/) });
      const ended = await copied(args);
      expect([ended.code, ended.err, ended.out]).toEqual([0, '', expect.stringContaining(`; ${there} of them were there already`)]);
      expect(await onServer(stream)).toEqual(withoutNotes(source));

      const other = newStream();
      await stopped(toServer(dataDir, other), 'SIGKILL');
      expect(await copied(toServer(dataDir, other))).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/of them were there already/) });
      expect(await onServer(other)).toEqual(withoutNotes(source));
    }, 180_000);

    it('from a server the same; what is not whole is no log', async () => {
      for (const signal of ['SIGINT', 'SIGKILL'] as const) {
        const back = newDir();
        await stopped(toFolder(stream, back), signal);
        expect(existsSync(join(back, 'log.db'))).toBe(false);
        expect(await copied(toFolder(stream, back))).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/of them were there already/) });
        expect(inFolder(back)).toEqual(source);
        expect(readdirSync(back)).not.toContain('copying');
      }
    }, 180_000);

    it('goes on from what was decided since, and says that a server writes the source', async () => {
      const [here, there] = [newDir(), newStream()];
      const running = await TestServer.start({ sample: 'none', dataDir: here });
      const { ballot } = await openBallot(running, 2);
      const first = await copied(toServer(here, there));
      expect([first.code, first.out]).toEqual([0, expect.stringMatching(/is in use: what is decided from now on is not in this copy[\s\S]*Stop what writes it and say the same again/)]);
      await running.send('castPosition', { ballot, expressed: 'IN_FAVOUR' }, 'member-0');
      await running.stop({ keep: true });
      const second = await copied(toServer(here, there));
      expect([second.code, second.out]).toEqual([0, expect.not.stringMatching(/is in use|is written meanwhile/)]);
      expect(second.out).toContain(`; ${running.head - 1} of them were there already`);
      expect(await onServer(there)).toEqual(withoutNotes(inFolder(here)));
    }, 60_000);
  });
});

describe('A copy is refused', () => {
  let dataDir: string;
  let whole: string;
  beforeAll(async () => {
    dataDir = await committee();
    whole = newStream();
    expect((await copied(toServer(dataDir, whole))).code).toBe(0);
  });

  it.each([
    ['without ends', [], /^Give --from and --to, such as: npm run cli -- copy --from \.\/var --to 'esdb:/],
    ['between folders', ['--from', 'a', '--to', 'b'], /^Both are folders\. Take a backup and restore it/],
    ['between servers', ['--from', 'esdb://a', '--to', 'esdb://b'], /^Both are servers\. Copy to a folder first/],
    ['to another address', ['--from', 'a', '--to', 'https://user:hidden@b'], /^--to is no address of an EventStoreDB; it must be as in esdb:\/\/user:password@host:2113(?!.*hidden)/],
    ['to what is not set', ['--from', 'a', '--to', 'EVENT_STORE'], /^--to is EVENT_STORE, which is not set/],
    ['to a wrong stream', ['--from', 'a', '--to', 'esdb://b', '--stream', '$all'], /^--stream is "\$all"; it must be a name without blanks/],
  ])('%s', async (_, args, says) => {
    isTold(await copied(args), 1, says);
  });

  it('from where there is no log', async () => {
    isTold(await copied(toServer(newDir(), newStream())), 1, /^There is no log in .*: it has no log\.db/);
    isTold(await copied(toFolder(newStream(), newDir())), 1, /^There is no log in the stream .*--stream/);
  });

  it('to a log of somebody else, which stays as it is, with the first position that differs', async () => {
    const other = await committee();
    isTold(await copied(toServer(other, whole)), 1, /^the stream \S+ of \S+ and \S+ differ at position 1: another entry stands there\. Nothing was copied/);
    isTold(await copied(toFolder(whole, other)), 1, /differ at position 1: another entry stands there\. Nothing was copied/);
    expect(await onServer(whole)).toEqual(withoutNotes(inFolder(dataDir)));
    const begun = newStream();
    await onServer(begun);
    isTold(await copied(toServer(dataDir, begun)), 1, /is log \S+, and \S+ is log \S+, though it has no entry yet\. Nothing was copied/);
  });

  it('to one that goes on, or differs by a byte, both ways', async () => {
    const { leaves, logId } = inFolder(dataDir);
    const entries = readEntries(dataDir);
    const [longer, differing] = [newDir(), newDir()];
    written(longer, logId, [...entries, { ...entries.at(-1) as StoredEntry, id: newId(), position: leaves.length + 1, stream: 'x', revision: 1 }]);
    const at = titled(entries);
    written(differing, logId, entries.map((entry) => (entry.position === at ? { ...entry, data: flipped(entry.data) } : entry)));
    isTold(await copied(toFolder(whole, longer)), 1, new RegExp(`goes on where .* ends: it has an entry at position ${leaves.length + 1}\\.`));
    isTold(await copied(toFolder(whole, differing)), 1, new RegExp(`differ at position ${at}: another entry stands there`));
    isTold(await copied(toServer(differing, whole)), 1, new RegExp(`differ at position ${at}: another entry stands there`));
  });

  it('to a folder in use, and from a damaged log', async () => {
    const running = await TestServer.start({ sample: 'none', dataDir: newDir() });
    isTold(await copied(toFolder(whole, running.dataDir)), 1, /^The log in .* is in use by another process/);
    await running.stop();
    const damaged = newDir();
    written(damaged, inFolder(dataDir).logId, readEntries(dataDir));
    const db = openSqlite(join(damaged, 'log.db'), { synchronous: 'NORMAL' });
    db.exec("DROP TRIGGER entries_are_not_changed; UPDATE entries SET data = '{' WHERE position = 7");
    db.close();
    const stream = newStream();
    isTold(await copied(toServer(damaged, stream)), 2, /^Entry 7 /);
    isTold(await copied(toFolder(stream, newDir())), 1, /^There is no log in the stream/);
  });

  it('to a folder that cannot be made', async () => {
    // Of the program itself, where Node's own way of making folders would hang.
    for (const folder of ['/proc/copy', join(dataDir, 'log.db', 'copy')]) {
      isTold(await program.cli(['copy', ...toFolder(whole, folder)]), 1, new RegExp(`^${folder} cannot be made \\(E[A-Z]+\\)\\. Name a folder that this program may write to\\.\\n$`));
    }
  }, 60_000);

  it('where no server answers, in a sentence without the password, which names what gave the address', async () => {
    const nobody = 'esdb://user:hidden@127.0.0.1:9?tls=false';
    const [to, from, asSet] = await Promise.all([
      copied(['--from', dataDir, '--to', nobody]), copied(['--from', nobody, '--to', newDir()]), copied(['--from', 'EVENT_STORE', '--to', newDir()], { EVENT_STORE: nobody, INSTALLATION_SECRET: SECRET }),
    ]);
    isTold(to, 1, /^The server of the log cannot be reached(?!.*hidden).*\. Nothing was copied now\. --to must be the address of one that runs/);
    isTold(from, 1, /^The server of the log cannot be reached(?!.*hidden).*\. --from must be the address of one that runs/);
    isTold(asSet, 1, /^The server of the log cannot be reached(?!.*hidden).*\. EVENT_STORE must be the address of one that runs/);
  }, 60_000);

  it('with an address that the client cannot use, which names what gave it', async () => {
    for (const [ended, named] of [
      [await copied(['--from', 'esdb://a?tlsCAFile=/missing.crt', '--to', newDir()]), '--from'], [await copied(['--from', dataDir, '--to', 'esdb://a?tlsCAFile=/missing.crt']), '--to'],
    ] as const) isTold(ended, 1, new RegExp(`^${named} cannot be used: Failed to load certificate file\\. File was not found\\.$`));
  });

  itWhere(doubleMissing)('to a stream that was deleted, which names what gave it', async () => {
    const to = ['--from', dataDir, '--to', server()];
    double.denies = 'DELETED';
    const [given, asSet] = await Promise.all([copied([...to, '--stream', newStream()]), copied(to)]).finally(() => { double.denies = undefined; });
    isTold(given, 1, /^The stream \S+ was deleted on the server\. Name another one in --stream\.$/);
    isTold(asSet, 1, /^The stream \S+ was deleted on the server\. Name another one in COMMITTEE_STREAM\.$/);
  });

  itWhere(doubleMissing)('with a user whom the server does not know, which names what gave the address', async () => {
    double.denies = 'UNKNOWN_USER';
    const ended = await copied(toFolder(whole, newDir())).finally(() => { double.denies = undefined; });
    isTold(ended, 1, /^The server does not know this user and password\. --from must name both as the server has them/);
  });
});

/** Something else than was sent is kept. */
describeWhere(doubleMissing)('A byte that flips where a copy is kept', () => {
  it('is found before the copy is called whole, with its position; no node starts on it', async () => {
    const [dataDir, stream] = [await committee(), newStream()];
    const at = titled(readEntries(dataDir));
    double.keeps = (event, revision) => (revision === at - 1 ? { ...event, data: Buffer.from(flipped(Buffer.from(event.data).toString())) } : event);
    const ended = await copied(toServer(dataDir, stream)).finally(() => { double.keeps = (event) => event; });
    isTold(ended, 2, new RegExp(`^Entry ${at} of the stream \\S+ of \\S+ is not what was copied to it\\. Do not use this copy`));
    await expect(onServer(stream)).rejects.toThrow(/is being copied to/);
  });

  it('is found in a folder too', async () => {
    const [dataDir, stream, back] = [await committee(), newStream(), newDir()];
    expect((await copied(toServer(dataDir, stream))).code).toBe(0);
    const at = titled(readEntries(dataDir));
    const flipping = { ...wholeLogs, openTarget: async (...args: Parameters<typeof wholeLogs.openTarget>) => {
      const target = await wholeLogs.openTarget(...args);
      const append = target.append.bind(target);
      target.append = (entries, head) => append(entries.map((entry) => (entry.position === at ? { ...entry, data: flipped(entry.data) } : entry)), head);
      return target;
    } };
    isTold(await called(copy(flipping), toFolder(stream, back)), 2, new RegExp(`^Entry ${at} of \\S+ is not what was copied to it`));
    expect(existsSync(join(back, 'log.db'))).toBe(false);
  });
});

describe('The secret of the installation', () => {
  it('is spoken of and never shown, and one that differs is told', async () => {
    const dataDir = await committee();
    const secret = readFileSync(join(dataDir, 'installation-secret'), 'utf8').trim();
    const [same, differing] = [await copied(toServer(dataDir, newStream()), { INSTALLATION_SECRET: secret }), await copied(toServer(dataDir, newStream()), { INSTALLATION_SECRET: SECRET })];
    expect(same.out).toMatch(/secret {3}INSTALLATION_SECRET as it is set here, on every node/);
    expect(differing.out).toMatch(/secret {3}INSTALLATION_SECRET is not what stands in .*installation-secret/);
    for (const { out } of [same, differing]) expect([out.includes(secret), out.includes(SECRET)]).toEqual([false, false]);
  });

  it('is said to belong to a folder that a stream was copied to, whose log verifies', async () => {
    const [dataDir, stream, back] = [await committee(), newStream(), newDir()];
    await copied(toServer(dataDir, stream));
    expect((await copied(toFolder(stream, back))).out).toMatch(/secret {3}not in the copy: start with INSTALLATION_SECRET as the nodes have it/);
    expect(await called(verify(async () => views), [], { DATA_DIR: back })).toMatchObject({ code: 0, err: '' });
  });
});

function readEntries(folder: string): readonly StoredEntry[] {
  const log = LogFile.open(join(folder, 'log.db'), { readOnly: true });
  const entries = log.read(0, 1_000_000);
  log.close();
  return entries;
}

function written(folder: string, logId: string, entries: readonly StoredEntry[]): void {
  const log = LogFile.open(join(folder, 'log.db'), { logId });
  log.append(entries, 0);
  log.close();
}
