import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import { COPY_FILE, LogFile } from '../../src/event-store/log-file.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { isTold, many, theProgram, type TheProgram } from '../support/program.js';
import { straceMissing } from '../support/strace.js';
import { newDir } from '../support/temp.js';
import { TestServer } from '../support/server.js';
import { itWhere } from '../support/where.js';

/** Only the double counts what it sends; where a real server is given, what is started from the files is asked of it too. */
const REAL = process.env['EVENTSTOREDB_URL'];
const SECRET = 'one secret for all nodes of this test';
const COUNT = 3_000;
const TAIL = ['KA2', 'KA3', 'KA4'];
/** The last entry, some samples before it, the metadata, the tail, and what is asked every 100 ms. */
const A_FEW = 200;

describe(`A node on EventStoreDB (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  let double: EventStoreDbDouble;
  let program: TheProgram;
  let env: Readonly<Record<string, string>>;
  let first: TestServer;
  const folder = join(newDir(), 'backup');
  const stopped = join(newDir(), 'var');
  const start = async (dataDir: string): Promise<{ node: TestServer; sent: number }> => {
    const before = double.sent;
    const node = await TestServer.start({ sample: 'none', dataDir, settings: env });
    return { node, sent: double.sent - before };
  };
  const stateOf = ({ running: { system } }: TestServer): readonly unknown[] => [system.engine.log.head, system.engine.log.logId, system.runner.store.digest()];
  let state: readonly unknown[];

  beforeAll(async () => {
    [double, program] = [await EventStoreDbDouble.start(), await theProgram()];
    env = { EVENT_STORE: REAL ?? double.connection, COMMITTEE_STREAM: `committee-test-${newId()}`, INSTALLATION_SECRET: SECRET };
    const dataDir = newDir();
    const founded = ['establish', '--name', 'Long', '--secretariat', 'secretariat'];
    expect((await program.cli(founded, { DATA_DIR: dataDir, INSTALLATION_SECRET: SECRET })).code).toBe(0);
    await many(dataDir, COUNT);
    expect(await program.cli(['copy', '--from', dataDir, '--to', 'EVENT_STORE'], env)).toMatchObject({ code: 0, err: '' });
  }, 120_000);
  afterAll(async () => {
    await double.stop();
  });

  it('that begins with nothing reads everything over the network', async () => {
    const { node, sent } = await start(newDir());
    first = node;
    expect(node.head).toBe(COUNT + 1);
    if (REAL === undefined) expect(sent).toBeGreaterThan(COUNT);
  }, 60_000);

  it('is backed up and verified while it runs', async () => {
    const here = { ...env, DATA_DIR: first.dataDir };
    expect(await program.cli(['backup', folder], here)).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`Backed up ${COUNT + 1} entries of log ${first.running.system.engine.log.logId}`) });
    expect(await program.cli(['verify'], here)).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/All is well: \d+ entries[\s\S]*views {4}equal to a rebuild/) });
    expect(await program.cli(['verify', '--against', folder], here)).toMatchObject({ code: 0, err: '' });
    for (const code of TAIL) await first.send('defineKeyArea', { code, title: `Since ${code}` }, 'secretariat');
    expect(first.head).toBe(COUNT + 1 + TAIL.length);
    await first.running.system.views.reaches(first.head, 10_000);
    state = stateOf(first);
    await first.stop({ keep: true });
    cpSync(first.dataDir, stopped, { recursive: true });
  }, 120_000);

  it('begins with a backup of another one, and reads only what came since', async () => {
    const dataDir = join(newDir(), 'var');
    expect(await program.cli(['restore', folder], { ...env, DATA_DIR: dataDir })).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(dataDir).filter((name) => !name.startsWith('log.lock'))).toEqual(['log-copy.db']);
    isTold(await program.cli(['restore', folder], { ...env, DATA_DIR: dataDir }), 1, /^There is a log in .* already, and none is ever overwritten/);
    const { node, sent } = await start(dataDir);
    expect(stateOf(node)).toEqual(state);
    if (REAL === undefined) expect(sent).toBeLessThan(A_FEW);
    await node.stop();
  }, 120_000);

  it('begins with the folder of a stopped one, and reads nothing but to compare', async () => {
    const { node, sent } = await start(stopped);
    expect(stateOf(node)).toEqual(state);
    if (REAL === undefined) expect(sent).toBeLessThan(A_FEW);
    await node.stop({ keep: true });
  }, 120_000);

  itWhere(straceMissing)('whose folder cannot be synced does not start, and keeps its copy: nothing speaks against that', async () => {
    const dataDir = join(newDir(), 'var');
    cpSync(stopped, dataDir, { recursive: true });
    const strace = ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-P', dataDir, '-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO'];
    isTold(await program.under(strace, 'main.js', [], { ...env, DATA_DIR: dataDir, PORT: '0' }), 1, new RegExp(`^The folder of ${join(dataDir, COPY_FILE)} cannot be synced \\(EIO\\), so nothing in it would be safe\\. Look at its disk\\.`));
    expect(readdirSync(dataDir).filter((name) => name.includes('aside'))).toEqual([]);
    const copy = LogFile.open(join(dataDir, COPY_FILE), { readOnly: true });
    expect(copy.head.position).toBe(COUNT + 1 + TAIL.length);
    copy.close();
  }, 120_000);

  it('whose server is lost: its backup goes on as a log in a file, or on a new server', async () => {
    const dataDir = join(newDir(), 'var');
    expect(await program.cli(['restore', folder], { DATA_DIR: dataDir, INSTALLATION_SECRET: SECRET })).toMatchObject({ code: 0, err: '' });
    expect(existsSync(join(dataDir, 'log.db'))).toBe(true);
    const alone = await TestServer.start({ sample: 'none', dataDir, settings: { INSTALLATION_SECRET: SECRET } });
    expect(alone.head).toBe(COUNT + 1);
    await alone.send('defineKeyArea', { code: 'KA5', title: 'Alone' }, 'secretariat');
    await alone.stop();
    env = { ...env, COMMITTEE_STREAM: `committee-test-${newId()}` };
    expect(await program.cli(['copy', '--from', folder, '--to', 'EVENT_STORE'], env)).toMatchObject({ code: 0, err: '' });
    // The files of a node fit on the new one too, as far as it goes: what is longer there is not trusted.
    const { node } = await start(stopped);
    expect([node.head, existsSync(join(stopped, `${COPY_FILE}.aside-1`))]).toEqual([COUNT + 1, true]);
    await node.stop();
  }, 120_000);
});
