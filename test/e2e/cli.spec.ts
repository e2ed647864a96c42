import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { openSqlite } from '../../src/event-store/sqlite.js';
import { DEV_ISSUER } from '../../src/identity/dev-issuer.js';
import { personIdOf } from '../../src/identity/person-id.js';
import { FIRST_QUERY } from '../../src/graphql/first-query.js';
import { VIEWS_FILE } from '../../src/projections/view-store.js';
import { isTold, many, SETTINGS, STACK, theProgram, type Begun, type Ended, type TheProgram } from '../support/program.js';
import { newDir } from '../support/temp.js';
import { TestServer, until, type Json } from '../support/server.js';

let begin: TheProgram['begin'];
beforeAll(async () => { ({ begin } = await theProgram()); });
const run = (...args: Parameters<TheProgram['begin']>): Promise<Ended> => begin(...args).ended;

/** Refused with a sentence, and nothing but sentences. */
function isRefused({ code, out, err }: Ended, says: RegExp): void {
  expect([code, out, err]).toEqual([1, '', expect.stringMatching(says)]);
  expect(err).not.toMatch(STACK);
}

describe('Help', () => {
  it('of the start lists every setting; of the command line every command; of a command how it is called', async () => {
    const names = ['token', 'establish', 'rebuild', 'backup', 'restore', 'verify', 'person', 'schema'];
    const [start, overview, bare, ...each] = await Promise.all([run('main.js', ['--help']), run('cli.js', ['--help']), run('cli.js', []), ...names.map((name) => run('cli.js', [name, '--help']))]);
    for (const name of SETTINGS) {
      expect(start?.out).toMatch(new RegExp(`^  ${name} `, 'm'));
      expect(overview?.out).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(start).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Ctrl-C') });
    expect(bare?.out).toBe(overview?.out);
    for (const [i, name] of names.entries()) {
      expect(overview?.out).toMatch(new RegExp(`^  ${name} +\\w`, 'm'));
      expect(each[i]).toMatchObject({ code: 0, err: '', out: expect.stringMatching(new RegExp(`^npm run .*${name}`)) });
    }
  });

  it('is pointed to where something is not known', async () => {
    const [command, option, start, extra] = await Promise.all([run('cli.js', ['fly']), run('cli.js', ['token', 'chair', '--fast']), run('main.js', ['--hlep']), run('cli.js', ['rebuild', 'quickly'])]);
    expect(command).toMatchObject({ code: 1, err: expect.stringMatching(/There is no command fly[\s\S]*rebuild/) });
    expect(option).toMatchObject({ code: 1, err: expect.stringContaining('--fast') });
    expect(start).toMatchObject({ code: 1, err: expect.stringMatching(/takes no --hlep[\s\S]*npm start -- --help/) });
    expect(extra).toMatchObject({ code: 1, err: expect.stringContaining('quickly') });
  });
});

describe('A setting that cannot be', () => {
  it('is told by its name at the start and by the command line, with what would be right and no stack', async () => {
    const dir = newDir();
    writeFileSync(join(dir, 'file'), '');
    const secret = 'x'.repeat(40);
    const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
      [{ PORT: 'x' }, /^PORT is "x"; it must be a whole number/],
      [{ HOST: '0.0.0.0', PORT: '0', DATA_DIR: join(dir, 'a'), SAMPLE: 'none' }, /^HOST is "0\.0\.0\.0"; it must be 127\.0\.0\.1.* while OIDC_ISSUER is left out/],
      [{ HOST: '192.0.2.1', PORT: '0', DATA_DIR: join(dir, 'b'), SAMPLE: 'none', OIDC_ISSUER: 'https://issuer.example' }, /^HOST is "192\.0\.2\.1"; it must be an address of this machine/],
      [{ DATA_DIR: join(dir, 'file') }, /^DATA_DIR is ".*file"; it must be a folder that this program may write to/],
      [{ DATA_DIR: '/dev/null/x' }, /^DATA_DIR is "\/dev\/null\/x"; it must be a folder/],
      [{ DATA_DIR: '/proc', INSTALLATION_SECRET: secret }, /^DATA_DIR is "\/proc"; it must be a folder/],
    ];
    for (let i = 0; i < cases.length; i += 2) {
      await Promise.all(cases.slice(i, i + 2).map(async ([env, says]) => {
        const ended = await run('main.js', [], env);
        isRefused(ended, says);
        expect(ended.err).not.toContain(secret);
      }));
    }
    isRefused(await run('cli.js', ['establish', '--name', 'x', '--secretariat', 'x'], { DATA_DIR: '/dev/null/x' }), /^DATA_DIR is "\/dev\/null\/x"; it must be a folder/);
    // Nothing is begun where there is nothing.
    isRefused(await run('cli.js', ['rebuild'], { DATA_DIR: join(dir, 'nothing') }), /^There is no log in .*nothing\. Name the folder of the log in DATA_DIR/);
    isRefused(await run('cli.js', ['person', 'x'], { DATA_DIR: join(dir, 'nothing') }), /installation-secret is missing, by which the log knows people/);
    expect(readdirSync(dir).sort()).not.toContain('nothing');
    // Not even on the way to it does Node hang.
    isRefused(await run('main.js', [], { DATA_DIR: '/proc/x' }), /^DATA_DIR is "\/proc\/x"; it must be a folder that this program may write to/);
    isRefused(await run('cli.js', ['person', 'x'], { INSTALLATION_SECRET: 'hunter2' }), /^INSTALLATION_SECRET is a text of 7 characters; it must be at least 32 characters\.\s*$/);
  }, 120_000);

  it('is told when a server holds the port or the log: by the second server, establish and rebuild, and nothing is touched', async () => {
    const server = await TestServer.start({ sample: 'none' });
    const files = (): string[] => readdirSync(server.dataDir).sort();
    const before = files();
    const held = { DATA_DIR: server.dataDir };
    const [busy, second] = await Promise.all([run('main.js', [], { PORT: new URL(server.url).port, DATA_DIR: newDir(), SAMPLE: 'none' }), run('main.js', [], { PORT: '0', ...held })]);
    isRefused(busy as Ended, /^PORT is \d+, which is in use already/);
    isRefused(second as Ended, /is in use by another process\. Stop that one first/);
    const [establish, rebuild] = await Promise.all([run('cli.js', ['establish', '--name', 'x', '--secretariat', 'x'], held), run('cli.js', ['rebuild'], held)]);
    for (const ended of [establish, rebuild]) isRefused(ended as Ended, /The log in .* is in use by another process/);
    expect([server.head, files()]).toEqual([0, before]);
    expect((await server.ask('{ committee { position } }')).status).toBe(200);
    await server.stop();
  });
});

describe('The secret by which a log knows people', () => {
  it('has to be the one of its first start: neither another nor a new one is taken, at the start and by the command line', async () => {
    const dataDir = newDir();
    const path = join(dataDir, 'installation-secret');
    // As long as nobody is known it may be another one: a setting instead of the one that the first start has made.
    const early = await TestServer.start({ dataDir, sample: 'none' });
    await early.stop({ keep: true });
    const given = { DATA_DIR: dataDir, INSTALLATION_SECRET: 'g'.repeat(40) };
    expect((await run('cli.js', ['establish', '--name', 'Committee', '--secretariat', 'secretariat'], given)).code).toBe(0);
    isTold(await run('cli.js', ['backup', join(newDir(), 'backup')], { DATA_DIR: dataDir }), 1, /installation-secret is not the secret by which this log knows people, so that the backup could not be used/);
    const secret = 'g'.repeat(40);
    writeFileSync(path, secret);
    const starts = (env: Readonly<Record<string, string>> = {}): Promise<Ended> => run('main.js', [], { DATA_DIR: dataDir, PORT: '0', SAMPLE: 'none', ...env });
    isRefused(await starts({ INSTALLATION_SECRET: 'o'.repeat(40) }), /^INSTALLATION_SECRET is not the secret by which this log knows people\. Give the one that it was begun with/);
    writeFileSync(path, 'another '.repeat(5));
    isRefused(await starts(), /installation-secret is not the secret by which this log knows people/);
    rmSync(path);
    isRefused(await starts(), /installation-secret is missing, by which the log knows people\. Put it back from a backup/);
    isRefused(await run('cli.js', ['person', 'secretariat'], { DATA_DIR: dataDir }), /installation-secret is missing/);
    expect(readdirSync(dataDir)).not.toContain('installation-secret');
    writeFileSync(path, secret);
    const server = await TestServer.start({ dataDir, sample: 'none' });
    await server.send('defineKeyArea', { code: 'KA1', title: 'One' }, 'secretariat');
    await server.stop();
  }, 60_000);
});

describe('A restore or a copy that was cut off', () => {
  it('is told at the start, and no other log is begun beside it', async () => {
    const dataDir = newDir();
    mkdirSync(join(dataDir, 'restoring'));
    for (const [file, args] of [['main.js', []], ['cli.js', ['establish', '--name', 'x', '--secretariat', 'x']]] as const) {
      isRefused(await run(file, [...args], { DATA_DIR: dataDir, PORT: '0' }), /^A restore into .* was cut off, or goes on\. Say it again: npm run cli -- restore <backup>/);
    }
    expect(readdirSync(dataDir)).toEqual(['restoring']);
    const copied = newDir();
    mkdirSync(join(copied, 'copying'));
    isRefused(await run('main.js', [], { DATA_DIR: copied, PORT: '0' }), /^A copy into .* was cut off, or goes on\. Say it again/);
    expect(readdirSync(copied)).toEqual(['copying']);
    // Cut off after the log was whole: nothing is missing.
    const whole = newDir();
    expect((await run('cli.js', ['establish', '--name', 'x', '--secretariat', 'x'], { DATA_DIR: whole })).code).toBe(0);
    for (const name of ['restoring', 'copying']) mkdirSync(join(whole, name));
    expect((await run('cli.js', ['rebuild'], { DATA_DIR: whole })).code).toBe(0);
    // The log is gone, and no other begun in its place.
    for (const name of ['log.db', 'restoring', 'copying']) rmSync(join(whole, name), { recursive: true });
    isRefused(await run('main.js', [], { DATA_DIR: whole, PORT: '0' }), /^There is no log in .*, and views\.db was made from one\. Put log\.db back/);
    expect(readdirSync(whole)).not.toContain('log.db');
  }, 60_000);
});

describe('npm start', () => {
  it('stops as it should when npm is told to end, which tells nobody', async () => {
    const dataDir = newDir();
    const child = spawn('npm', ['start'], { cwd: process.cwd(), env: { ...process.env, DATA_DIR: dataDir, PORT: '0', SAMPLE: 'none', DRAIN_SECONDS: '0' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const over = new Promise<void>((resolve) => child.stdout.on('end', resolve));
    child.stdout.on('data', (text) => { said += String(text); });
    await until(() => said.includes('Ctrl-C stops it'), 60_000);
    child.kill('SIGTERM');
    // The pipe is open as long as the server is.
    await over;
    expect(said).toMatch(/SIGTERM: finishing what is under way …\nStopped\.\n$/);
  }, 90_000);
});

describe('establish', () => {
  it('founds a Committee once, whose secretariat can then act, and is refused a second time', async () => {
    const dataDir = newDir();
    isRefused(await run('cli.js', ['establish'], { DATA_DIR: dataDir }), /--secretariat/);
    isRefused(await run('cli.js', ['establish', '--name', 'x'.repeat(201), '--secretariat', 'x'], { DATA_DIR: dataDir }), /name must be .*200/);
    expect(await run('cli.js', ['establish', '--name', 'Committee', '--secretariat', 'secretariat'], { DATA_DIR: dataDir })).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/position 1\..*secretariat is [0-9a-f]{64}\./) });
    isRefused(await run('cli.js', ['establish', '--name', 'Other', '--secretariat', 'x'], { DATA_DIR: dataDir }), /established already.*once, on an empty log/);
    // The sample does not come on top of a log that is begun.
    const server = await TestServer.start({ dataDir, sample: 'founding' });
    expect([server.head, (await server.committee('name')).name]).toEqual([1, 'Committee']);
    await server.send('defineKeyArea', { code: 'KA1', title: 'One' }, 'secretariat');
    expect((await run('cli.js', ['person', 'secretariat'], { DATA_DIR: dataDir })).out.trim()).toBe(server.personId('secretariat'));
    await server.stop({ keep: true });
  }, 60_000);
});

describe('token and person', () => {
  it('say what is missing, also that no server runs', async () => {
    const [nobody, none, name, subject] = await Promise.all([run('cli.js', ['token', 'chair', '--url', 'http://127.0.0.1:9']), run('cli.js', ['token']), run('cli.js', ['token', 'No Such Person!']), run('cli.js', ['person', ''], { DATA_DIR: newDir() })]);
    isRefused(nobody as Ended, /No server answers at http:\/\/127\.0\.0\.1:9.*npm start/);
    isRefused(none as Ended, /Name one person, such as/);
    isRefused(name as Ended, /"No Such Person!".*small letters/);
    isRefused(subject as Ended, /Name one subject/);
  });
});

describe('rebuild', () => {
  const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

  it('builds the same rows, into a file that is whole by itself', async () => {
    const server = await TestServer.start({ dataDir: newDir() });
    const { dataDir, head } = server;
    const before = server.running.system.runner.store.digest();
    await server.stop({ keep: true });
    const { code, out, err } = await run('cli.js', ['rebuild'], { DATA_DIR: dataDir });
    expect([code, err, out]).toEqual([0, '', expect.stringContaining(`Rebuilt ${head} entries. SHA-256 of all rows: ${before}`)]);
    expect(out).toContain(`${head} of ${head} entries (100 %)`);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('next-') || name === `${VIEWS_FILE}-wal`)).toEqual([]);
    const alone = join(newDir(), VIEWS_FILE);
    copyFileSync(join(dataDir, VIEWS_FILE), alone);
    const db = openSqlite(alone, { synchronous: 'NORMAL' });
    expect(db.prepare('SELECT position FROM checkpoint').get()).toMatchObject({ position: head });
    db.close();
    const again = await TestServer.start({ dataDir });
    expect(again.running.system.runner.store.digest()).toBe(before);
    await again.stop({ keep: true });
  }, 60_000);

  it('interrupted by Ctrl-C leaves the old file as it was, tells how far it was, and can be done again', async () => {
    const dataDir = newDir();
    expect((await run('cli.js', ['establish', '--name', 'Long', '--secretariat', 'secretariat'], { DATA_DIR: dataDir })).code).toBe(0);
    await many(dataDir, 20_000);
    const views = join(dataDir, VIEWS_FILE);
    expect((await run('cli.js', ['rebuild'], { DATA_DIR: dataDir })).code).toBe(0);
    const before = hash(views);
    const { child, ended, said } = begin('cli.js', ['rebuild'], { DATA_DIR: dataDir });
    await until(() => said().out.includes(' %)'), 60_000);
    child.kill('SIGINT');
    const { code, out, err } = await ended;
    expect([code, err, out]).toEqual([130, '', expect.stringMatching(/^10000 of 20001 entries \(49 %\)\n[\s\S]*Interrupted\. The views are as they were\.\n$/)]);
    expect(out).not.toContain('Rebuilt');
    expect(hash(views)).toBe(before);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('next-'))).toEqual([]);
    expect(await run('cli.js', ['rebuild'], { DATA_DIR: dataDir })).toMatchObject({ code: 0, out: expect.stringMatching(/20001 of 20001 entries \(100 %\)\nRebuilt 20001 entries/) });
    expect(hash(views)).toBe(before);
  }, 180_000);
});

describe('A server that was started', () => {
  let begun: Begun;
  let url: string;
  let dataDir: string;
  const canaries = new Map<string, string>();
  const correlationId = '01900000-0000-7000-8000-0000000000ff';

  async function start(env: Readonly<Record<string, string>>): Promise<void> {
    begun = begin('main.js', [], { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'debug', ...env });
    await until(() => begun.said().out.includes('Ctrl-C stops it'), 60_000);
    url = /Query page\s+(http:\S+)\//.exec(begun.said().out)?.[1] as string;
  }
  async function stop(signal: 'SIGINT' | 'SIGTERM'): Promise<Ended> {
    begun.child.kill(signal);
    return begun.ended;
  }
  const post = async (body: object, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; correlationId: string | null; json: Json }> => {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
    return { status: response.status, correlationId: response.headers.get('x-correlation-id'), json: await response.json() };
  };

  beforeAll(async () => {
    dataDir = newDir();
    await start({});
  }, 90_000);

  it('tells what a newcomer needs: addresses, people and how to be one of them, three things to try', () => {
    const { out } = begun.said();
    for (const told of [`${url}/graphql`, `${url}/health/ready`, dataDir, 'lombardy-representative', 'secretariat', 'auditor', 'npm run --silent token -- lombardy-representative', 'Three things to try', 'docs/api.md']) expect(out).toContain(told);
    expect(out).toMatch(/Telling the sample: 100 %/);
  });

  it('says that it lives and is ready, with the position that it has seen', async () => {
    const ready = await fetch(`${url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', position: expect.any(Number), behind: 0, problems: [] }]);
    const live = await fetch(`${url}/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { status: 'live' }]);
    expect((await fetch(`${url}/health/ready`, { method: 'HEAD' })).status).toBe(200);
  });

  it('serves the query page with all that it loads, from no address outside, opening with a query that works', async () => {
    const page = await fetch(`${url}/`);
    const html = await page.text();
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1] as string).filter((address) => !address.startsWith('data:'));
    expect(loaded.length).toBeGreaterThanOrEqual(5);
    for (const address of loaded) {
      expect(address).toMatch(/^\/query-page\//);
      expect([address, (await fetch(`${url}${address}`)).status]).toEqual([address, 200]);
    }
    expect(html.replaceAll(/http:\/\/www\.w3\.org\S*/g, '')).not.toMatch(/(https?:)?\/\/[a-z]/);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    const { json } = await post({ query: FIRST_QUERY });
    expect(json.errors).toBeUndefined();
    expect(json.data.committee.regions.edges).toHaveLength(5);
  });

  it('gives tokens, by which one acts; its log has a JSON line for each decision, and no person, token, text or variable', async () => {
    const token = (await run('cli.js', ['token', 'lombardy-representative', '--url', url])).out.trim();
    const bearer = { authorization: `Bearer ${token}` };
    for (const person of ['lombardy-representative', 'secretariat', 'chair', 'stranger']) {
      canaries.set(`person id of ${person}`, personIdOf(readFileSync(join(dataDir, 'installation-secret'), 'utf8').trim(), DEV_ISSUER, person));
    }
    const kept = JSON.parse(readFileSync(join(dataDir, 'dev-issuer.json'), 'utf8')) as { keys: { d: string }[]; cookieKeys: string[] };
    for (const [what, value] of Object.entries({
      'a token': token, 'a signature': token.split('.')[2], 'the secret': readFileSync(join(dataDir, 'installation-secret'), 'utf8').trim(), 'a private key': kept.keys[0]?.d, 'a cookie key': kept.cookieKeys[0],
      'a subject': 'lombardy-representative', 'a title': 'canary-title', 'a provision': 'canary-provision', 'a variable': 'canary-variable', 'a literal': 'canary-literal', 'a broken token': 'canary-token', 'an address': 'canary-address',
      'a header': 'canary-header', 'a search': 'canary-search', 'a socket': 'canary-socket', 'a wrong body': 'canary-body',
    })) canaries.set(what, value as string);

    const text = [{ text: 'canary-provision' }];
    const accepted = await post({ query: 'mutation ($input: InitiateRecommendationInput!) { initiateRecommendation(input: $input) { id position } }', variables: { input: { title: 'canary-title', keyAreas: ['KA1'], addressees: ['X'], text } } }, bearer);
    expect(accepted.json.errors).toBeUndefined();
    const refused = await post({ query: 'mutation { castPosition(input: { ballot: "canary-literal", expressed: AGAINST }) { id } }' }, { ...bearer, 'x-correlation-id': correlationId });
    expect([refused.correlationId, refused.json.errors[0].extensions]).toEqual([correlationId, expect.objectContaining({ code: 'NOT_FOUND', correlationId })]);
    await post({ query: 'query ($id: ID!) { committee { region(id: $id) { name } } }', variables: { id: 'canary-variable' } }, { ...bearer, 'x-canary': 'canary-header' });
    await post({ query: '{ committee { canary-literal } }' });
    await post({ query: '{ me { personId } }' }, { authorization: 'Bearer canary-token' });
    await fetch(`${url}/canary-address?canary-search`);
    await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"canary-body"' });
    await new Promise((resolve) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer canary-socket' } })));
      socket.on('close', resolve);
    });

    const lines = begun.said().err.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*Z$/), level: expect.any(Number), msg: expect.any(String) });
    expect(lines).toContainEqual(expect.objectContaining({ correlationId: accepted.correlationId, command: 'InitiateRecommendation', position: Number(accepted.json.data.initiateRecommendation.position), repeated: false, msg: 'decided' }));
    expect(lines).toContainEqual(expect.objectContaining({ correlationId, command: 'CastPosition', code: 'NOT_FOUND' }));
    for (const [what, canary] of canaries) expect([what, begun.said().err.includes(canary)]).toEqual([what, false]);
    // What people are told at the start names the people of the sample, by office, and nothing else of all this.
    for (const [what, canary] of canaries) if (what !== 'a subject') expect([what, begun.said().out.includes(canary)]).toEqual([what, false]);
  }, 60_000);

  it('stops at Ctrl-C, loses nothing, and finds everything as it was at the next start', async () => {
    const query = { query: '{ committee { position recommendations(first: 20) { edges { node { title } } } ballots(first: 20) { edges { node { id state } } } } }' };
    const token = { authorization: `Bearer ${(await run('cli.js', ['token', 'chair', '--url', url])).out.trim()}` };
    const before = (await post(query, token)).json;
    expect(before.data.committee.ballots.edges).toHaveLength(4);
    const { code, out } = await stop('SIGINT');
    expect([code, out]).toEqual([0, expect.stringMatching(/Ctrl-C: finishing what is under way …\nStopped\.\n$/)]);
    await start({});
    expect(begun.said().out).not.toContain('Telling the sample');
    // The keys of the development issuer are kept: the token goes on.
    expect((await post(query, token)).json).toEqual(before);
    expect((await stop('SIGTERM')).code).toBe(0);
    expect(begun.said().err).not.toMatch(/"level":(50|60)/);
  }, 60_000);

  it('keeps its secrets to its owner', () => {
    for (const file of ['installation-secret', 'dev-issuer.json']) expect([file, (statSync(join(dataDir, file)).mode & 0o077).toString(8)]).toEqual([file, '0']);
  });
});
