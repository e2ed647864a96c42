import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compiledSrc } from '../support/compiled.js';
import { TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';

describe('The command line', () => {
  let dist: string;
  const dirs: string[] = [];
  beforeAll(async () => { dist = await compiledSrc(); });
  afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));
  const newDir = (): string => { const dir = tempDir(); dirs.push(dir); return dir; };

  async function run(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [join(dist, file), ...args], { env: { ...process.env, NODE_OPTIONS: '', LOG_LEVEL: 'silent', ...env } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString(); });
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  }

  it('tells what there is, and helps with each', async () => {
    expect((await run('main.js', ['--help'])).out).toContain('DATA_DIR');
    const { out } = await run('cli.js', ['--help']);
    for (const name of ['token', 'establish', 'rebuild', 'person', 'schema']) {
      expect(out).toContain(name);
      expect(await run('cli.js', [name, '--help'])).toMatchObject({ code: 0, out: expect.stringContaining(name === 'token' ? 'npm run --silent token' : name) });
    }
    expect(await run('cli.js', ['fly'])).toMatchObject({ code: 1, err: expect.stringContaining('There is no command fly') });
  });

  it('tells a wrong setting and a port in use, without a stack', async () => {
    expect(await run('main.js', [], { PORT: 'x' })).toMatchObject({ code: 1, err: expect.stringContaining('PORT is "x"; it must be') });
    const server = await TestServer.start({ sample: 'none' });
    const busy = await run('main.js', [], { PORT: new URL(server.url).port, DATA_DIR: newDir(), SAMPLE: 'none' });
    expect(busy).toMatchObject({ code: 1, err: expect.stringContaining('in use already') });
    expect(busy.err).not.toMatch(/\bat .*\.js/);
    const second = await run('main.js', [], { PORT: '0', DATA_DIR: server.dataDir });
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining('in use by another process') });
    expect(await run('cli.js', ['establish', '--name', 'x', '--secretariat', 'x'], { DATA_DIR: server.dataDir })).toMatchObject({ code: 1, err: expect.stringContaining('in use by another process') });
    await server.stop();
  });

  it('establishes a Committee once, whose secretariat can then act', async () => {
    const dataDir = newDir();
    expect(await run('cli.js', ['establish'], { DATA_DIR: dataDir })).toMatchObject({ code: 1, err: expect.stringContaining('--secretariat') });
    expect(await run('cli.js', ['establish', '--name', 'Committee', '--secretariat', 'secretariat'], { DATA_DIR: dataDir })).toMatchObject({ code: 0, out: expect.stringContaining('position 1') });
    expect(await run('cli.js', ['establish', '--name', 'Other', '--secretariat', 'x'], { DATA_DIR: dataDir })).toMatchObject({ code: 1, err: expect.stringContaining('established already') });
    const server = await TestServer.start({ dataDir, sample: 'founding' });
    expect(server.head).toBe(1);
    await server.send('defineKeyArea', { code: 'KA1', title: 'One' }, 'secretariat');
    expect((await run('cli.js', ['person', 'secretariat'], { DATA_DIR: dataDir })).out.trim()).toBe(server.personId('secretariat'));
    await server.stop({ keep: true });
  });

  it('gives a token of a running server, and says so where none runs', async () => {
    expect(await run('cli.js', ['token', 'chair', '--url', 'http://127.0.0.1:9'])).toMatchObject({ code: 1, err: expect.stringContaining('npm start') });
    expect(await run('cli.js', ['token'])).toMatchObject({ code: 1, err: expect.stringContaining('Name one person') });
  });

  it('rebuilds the views to the same rows', async () => {
    const dataDir = newDir();
    const server = await TestServer.start({ dataDir });
    const before = server.running.system.runner.store.digest();
    await server.stop({ keep: true });
    const { code, out } = await run('cli.js', ['rebuild'], { DATA_DIR: dataDir });
    expect([code, out]).toEqual([0, expect.stringContaining(before)]);
    expect(out).toContain('100 %');
    const again = await TestServer.start({ dataDir });
    expect(again.running.system.runner.store.digest()).toBe(before);
    await again.stop({ keep: true });
  });

  it('logs one JSON line a decision, with a correlation id and without persons or tokens', async () => {
    const dataDir = newDir();
    const first = await TestServer.start({ dataDir });
    const person = first.personId('lombardy-representative');
    await first.stop({ keep: true });
    const child = spawn(process.execPath, [join(dist, 'main.js')], { env: { ...process.env, NODE_OPTIONS: '', PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'debug' } });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => { log += chunk.toString(); });
    const url = await new Promise<string>((resolve) => child.stdout.on('data', (chunk: Buffer) => { const found = /GraphQL\s+(http:\S+)/.exec(chunk.toString()); if (found) resolve(found[1] as string); }));
    const { out } = await run('cli.js', ['token', 'lombardy-representative', '--url', new URL(url).origin]);
    const correlationId = '01900000-0000-7000-8000-0000000000ff';
    const answer = await fetch(url, {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${out.trim()}`, 'x-correlation-id': correlationId },
      body: JSON.stringify({ query: 'mutation { castPosition(input: { ballot: "canary-variable", expressed: AGAINST }) { id } }' }),
    });
    expect(answer.headers.get('x-correlation-id')).toBe(correlationId);
    expect((await (await fetch(`${new URL(url).origin}/health/ready`)).json())).toMatchObject({ status: 'ready', behind: 0, problems: [] });
    expect((await (await fetch(`${new URL(url).origin}/health/live`)).json())).toEqual({ status: 'live' });
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    const lines = log.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(expect.objectContaining({ correlationId, command: 'CastPosition', code: 'NOT_FOUND' }));
    for (const canary of [person, out.trim(), 'canary-variable', readFileSync(join(dataDir, 'installation-secret'), 'utf8').trim()]) expect(log).not.toContain(canary);
  });
});
