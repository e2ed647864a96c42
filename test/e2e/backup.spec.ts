import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { isTold, many, theProgram, type TheProgram } from '../support/program.js';
import { newDir } from '../support/temp.js';
import { openBallot, TestServer, until, type Json } from '../support/server.js';

const CLIENTS = 8;
const MANIFEST = 'manifest.json';

let program: TheProgram;
beforeAll(async () => { program = await theProgram(); });

const entriesOf = (folder: string): readonly StoredEntry[] => {
  const log = LogFile.open(join(folder, 'log.db'), { readOnly: true });
  const entries = log.read(0, 1_000_000);
  log.close();
  return entries;
};
const manifestOf = (folder: string): Json => JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8'));

/** One after the other, each restored: torture line R17. */
describe(`A backup, taken while ${CLIENTS} members vote`, () => {
  let server: TestServer;
  let ballot: string;
  let over = false;
  let voting: Promise<unknown>;
  /** In the order in which they were acknowledged. */
  const acknowledged: Json[] = [];

  beforeAll(async () => {
    server = await TestServer.start({ sample: 'none', dataDir: newDir() });
    ({ ballot } = await openBallot(server, CLIENTS));
    voting = Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
      let place: string | undefined;
      for (let i = client; !over; i++) {
        const receipt = await server.send('castPosition', { ballot, commandId: newId(), expressed: i % 2 === 0 ? 'IN_FAVOUR' : 'AGAINST', ...(place !== undefined && { replaces: place }) }, `member-${client}`);
        acknowledged.push(receipt);
        place = receipt.position;
        await delay(5);
      }
    }));
  });
  afterAll(async () => {
    over = true;
    await voting;
    await server.stop();
  });

  it('holds every acknowledgement older than its start, is the beginning of the same log, and serves elsewhere what the Committee was then', async () => {
    await until(() => acknowledged.length >= 50);
    const folder = join(newDir(), 'backup');
    const before = [...acknowledged];
    const taken = await program.cli(['backup', folder], { DATA_DIR: server.dataDir });
    expect([taken.code, taken.err]).toEqual([0, '']);
    // The members went on all the while.
    expect(acknowledged.length).toBeGreaterThan(before.length);

    const restored = join(newDir(), 'var');
    expect(await program.cli(['restore', folder], { DATA_DIR: restored })).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^Restored \d+ entries of log \S+ to .*\nThe views are built anew at the next start/m) });
    const entries = entriesOf(restored);
    const positions = new Map(entries.map((entry) => [entry.id, entry.position]));
    expect(before.filter((receipt) => positions.get(receipt.commandId) !== Number(receipt.position))).toEqual([]);
    expect(entries).toEqual(server.running.system.engine.log.read(0, entries.length));

    const { logId, head, entries: count } = manifestOf(folder);
    expect([logId, head, count]).toEqual([server.running.system.engine.log.logId, { position: entries.length, id: entries.at(-1)?.id, time: entries.at(-1)?.time }, entries.length]);
    expect(await program.cli(['verify', folder])).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`All is well: ${count} entries of log ${logId}`) });

    const again = await TestServer.start({ sample: 'none', dataDir: restored });
    const selection = `position members: regions(first: 20) { edges { node { name } } } ballot(id: "${ballot}") { state }`;
    expect(await again.committee(selection, 'member-0')).toEqual(await server.committee(selection, 'member-0', count));
    // People are who they were: the secret came with it.
    expect(Number((await again.send('castPosition', { ballot, expressed: 'ABSTENTION', replaces: lastPlaceOf(entries, again.personId('member-0')) }, 'member-0')).position)).toBe(count + 1);
    await again.stop();
  }, 120_000);

  it('is verified where it is used: the log, and the views beside it, while the server goes on', async () => {
    const { code, out, err } = await program.cli(['verify'], { DATA_DIR: server.dataDir });
    expect([code, err, out]).toEqual([0, '', expect.stringMatching(/All is well: \d+ entries[\s\S]*views {4}equal to a rebuild at position \d+/)]);
  }, 60_000);

  const lastPlaceOf = (entries: readonly StoredEntry[], personId: string): string =>
    String(entries.findLast((entry) => entry.type === 'PositionCast' && (JSON.parse(entry.meta) as Json).actor.personId === personId)?.position);
});

describe('A backup', () => {
  let dataDir: string;
  let folder: string;
  beforeAll(async () => {
    dataDir = newDir();
    expect((await program.cli(['establish', '--name', 'Long', '--secretariat', 'secretariat'], { DATA_DIR: dataDir })).code).toBe(0);
    await many(dataDir, 40_000);
    folder = join(newDir(), 'backup');
    expect((await program.cli(['backup', folder], { DATA_DIR: dataDir })).code).toBe(0);
  });

  it('says what it holds and what is secret of it, and lets nobody else read it', async () => {
    expect(readdirSync(folder).sort()).toEqual(['entries.sha256', 'installation-secret', 'log.db', MANIFEST]);
    for (const name of ['', 'entries.sha256', 'installation-secret', 'log.db']) expect([name, (statSync(join(folder, name)).mode & 0o077).toString(8)]).toEqual([name, '0']);
    expect(manifestOf(folder)).toMatchObject({ format: 1, program: expect.stringMatching(/^\d+\.\d+\.\d+$/), entries: 40_001, digest: expect.stringMatching(/^[0-9a-f]{64}$/), secret: { keptIn: 'installation-secret' } });
    const secret = readFileSync(join(dataDir, 'installation-secret'), 'utf8').trim();
    expect(readFileSync(join(folder, MANIFEST), 'utf8')).not.toContain(secret);
  });

  it('that is damaged is told by the exit code 2 and one sentence, and is not restored', async () => {
    const damaged = newDir();
    cpSync(folder, damaged, { recursive: true });
    const leaves = readFileSync(join(damaged, 'entries.sha256'));
    leaves[40] = (leaves[40] as number) ^ 1;
    writeFileSync(join(damaged, 'entries.sha256'), leaves);
    const [verified, restored] = await Promise.all([program.cli(['verify', damaged]), program.cli(['restore', damaged], { DATA_DIR: join(newDir(), 'var') })]);
    for (const ended of [verified, restored]) isTold(ended, 2, /entries\.sha256 is not the file that was backed up/);
  }, 60_000);

  it('overwrites nothing, and is refused where there is nothing to copy, or no secret', async () => {
    const [file, alone] = [join(newDir(), 'file'), newDir()];
    writeFileSync(file, 'x');
    mkdirSync(join(alone, 'lost'));
    const here = { DATA_DIR: dataDir };
    const secret = join(dataDir, 'installation-secret');
    const [none, full, onFile, noLog, unwritable] = await Promise.all([
      program.cli(['backup'], here), program.cli(['backup', alone], here), program.cli(['backup', file], here), program.cli(['backup', join(alone, 'x')], { DATA_DIR: newDir() }), program.cli(['backup', '/proc/backup'], here),
    ]);
    isTold(none, 1, /^Name one folder, such as: npm run cli -- backup/);
    isTold(full, 1, /is not empty\. Name a folder that is new or empty/);
    isTold(onFile, 1, /is a file\. Name a folder/);
    isTold(noLog, 1, /^There is no log in .*DATA_DIR/);
    isTold(unwritable, 1, /^\/proc\/backup cannot be made \(\w+\)\. Name a folder that this program may write to/);
    const kept = readFileSync(secret);
    rmSync(secret);
    isTold(await program.cli(['backup', join(alone, 'y')], here), 1, /installation-secret is missing.*INSTALLATION_SECRET/);
    writeFileSync(secret, kept, { mode: 0o600 });
    expect([readFileSync(file, 'utf8'), readdirSync(alone)]).toEqual(['x', ['lost']]);
  }, 60_000);

  it('interrupted by Ctrl-C leaves nothing; killed, it leaves what nobody takes for a backup', async () => {
    const [made, given, dead] = [join(newDir(), 'made'), newDir(), join(newDir(), 'dead')];
    for (const [target, when] of [[made, 'Copying the log'], [given, 'Reading the copy']] as const) {
      const { child, ended, said } = program.begin('cli.js', ['backup', target], { DATA_DIR: dataDir });
      await until(() => said().out.includes(when), 30_000);
      child.kill('SIGINT');
      isTold(await ended, 130, /^Interrupted\. Nothing was left in /);
    }
    expect([existsSync(made), readdirSync(given)]).toEqual([false, []]);
    const { child, ended, said } = program.begin('cli.js', ['backup', dead], { DATA_DIR: dataDir });
    await until(() => said().out.includes('Reading the copy'), 30_000);
    child.kill('SIGKILL');
    await ended;
    expect(readdirSync(dead)).toContain('log.db');
    const [verified, restored] = await Promise.all([program.cli(['verify', dead]), program.cli(['restore', dead], { DATA_DIR: join(newDir(), 'var') })]);
    for (const one of [verified, restored]) isTold(one, 1, /is no backup, or one that was not finished: it has no manifest\.json/);
  }, 90_000);

  it('whose secret is a setting says so, and is restored with that setting only', async () => {
    const [here, there, secret] = [newDir(), join(newDir(), 'var'), 's'.repeat(40)];
    expect((await program.cli(['establish', '--name', 'Set', '--secretariat', 'secretariat'], { DATA_DIR: here, INSTALLATION_SECRET: secret })).code).toBe(0);
    const set = join(newDir(), 'backup');
    const taken = await program.cli(['backup', set], { DATA_DIR: here, INSTALLATION_SECRET: secret });
    expect([taken.code, taken.out]).toEqual([0, expect.stringContaining('INSTALLATION_SECRET, a setting: not in the backup, so keep it too')]);
    expect(readdirSync(set).sort()).toEqual(['entries.sha256', 'log.db', MANIFEST]);
    isTold(await program.cli(['restore', set], { DATA_DIR: there }), 1, /not in the backup: it was given in INSTALLATION_SECRET\. Give the same one/);
    isTold(await program.cli(['restore', set], { DATA_DIR: there, INSTALLATION_SECRET: 'o'.repeat(40) }), 1, /INSTALLATION_SECRET is not the secret by which this log knows people\. Give the one/);
    expect(existsSync(there)).toBe(false);
    expect((await program.cli(['restore', set], { DATA_DIR: there, INSTALLATION_SECRET: secret })).code).toBe(0);
    expect(existsSync(join(there, 'installation-secret'))).toBe(false);
  }, 60_000);

  describe('is restored into an empty folder only', () => {
    /** Without those that SQLite takes away by itself when the last connection is let go. */
    const filesOf = (dir: string): string[] => readdirSync(dir).filter((name) => !/-(wal|shm)$/.test(name)).sort();

    it('never where a server runs, where a log is, where other things are, or from what is no backup', async () => {
      const server = await TestServer.start({ sample: 'none', dataDir: newDir() });
      const other = newDir();
      writeFileSync(join(other, 'holiday.jpg'), '');
      const untouched = [server.dataDir, dataDir, other].map(filesOf);
      isTold(await program.cli(['restore', folder], { DATA_DIR: server.dataDir }), 1, /^The log in .* is in use by another process\. Stop that one first/);
      isTold(await program.cli(['restore', folder], { DATA_DIR: dataDir }), 1, /^There is a log in .* already, and none is ever overwritten\. Name a new folder in DATA_DIR/);
      isTold(await program.cli(['restore', folder], { DATA_DIR: other }), 1, /is not empty: it holds holiday\.jpg\. Name a folder in DATA_DIR that is new or empty/);
      isTold(await program.cli(['restore', dataDir], { DATA_DIR: newDir() }), 1, /is no backup/);
      isTold(await program.cli(['restore'], { DATA_DIR: newDir() }), 1, /^Name the folder of one backup, such as: npm run cli -- restore/);
      isTold(await program.cli(['restore', folder], { DATA_DIR: newDir(), INSTALLATION_SECRET: 'o'.repeat(40) }), 1, /The backup has its own: leave it out\./);
      expect([server.dataDir, dataDir, other].map(filesOf)).toEqual(untouched);
      await server.stop();
    }, 90_000);

    it('interrupted by Ctrl-C leaves DATA_DIR as it was, killed leaves no log; both can be done again', async () => {
      const [made, dead] = [join(newDir(), 'var'), newDir()];
      const first = program.begin('cli.js', ['restore', folder], { DATA_DIR: made });
      await until(() => first.said().out.includes('Checking what was restored'), 30_000);
      first.child.kill('SIGINT');
      isTold(await first.ended, 130, /^Interrupted\. .* is as it was\./);
      expect(existsSync(made)).toBe(false);
      const second = program.begin('cli.js', ['restore', folder], { DATA_DIR: dead });
      await until(() => second.said().out.includes('Checking what was restored'), 30_000);
      second.child.kill('SIGKILL');
      await second.ended;
      expect(filesOf(dead)).toContain('restoring');
      expect(filesOf(dead)).not.toContain('log.db');
      for (const dir of [made, dead]) {
        expect((await program.cli(['restore', folder], { DATA_DIR: dir })).code).toBe(0);
        expect(filesOf(dir).filter((name) => !name.startsWith('log.lock'))).toEqual(['installation-secret', 'log.db']);
        expect(entriesOf(dir)).toHaveLength(40_001);
      }
    }, 120_000);
  });
});
