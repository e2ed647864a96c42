import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import { readConfig } from '../../src/config/config.js';
import { registrations } from '../../src/contexts.js';
import { CommandRegistry } from '../../src/decider/command-registry.js';
import { Problem } from '../../src/decider/problem.js';
import { Measures } from '../../src/operating/measures.js';
import { isTold, theProgram, type Begun, type TheProgram } from '../support/program.js';
import { newDir } from '../support/temp.js';
import { openBallot, TestServer, until } from '../support/server.js';

/** `name{labels}` to value. */
type Samples = ReadonlyMap<string, number>;
const samplesOf = (text: string): Samples => new Map(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
  const at = line.lastIndexOf(' ');
  return [line.slice(0, at), Number(line.slice(at + 1))] as const;
}));

describe('The metrics', () => {
  let server: TestServer;
  let ballot: string;
  const ask = async (): Promise<string> => (await fetch(server.running.metricsUrl as string)).text();
  const samples = async (): Promise<Samples> => samplesOf(await ask());

  beforeAll(async () => {
    server = await TestServer.start({ sample: 'none', settings: { METRICS_PORT: '0' } });
    ({ ballot } = await openBallot(server, 3));
  });
  afterAll(() => server.stop());

  it('count each command by its name and how it ended, each batch that was written, and what stands in the log', async () => {
    const before = await samples();
    const commandId = newId();
    await server.send('castPosition', { ballot, expressed: 'IN_FAVOUR', commandId }, 'member-0');
    await server.send('castPosition', { ballot, expressed: 'IN_FAVOUR', commandId }, 'member-0');
    await expect(server.send('castPosition', { ballot, expressed: 'AGAINST' }, 'stranger')).rejects.toThrow(/FORBIDDEN/);
    await expect(server.send('castPosition', { ballot: newId(), expressed: 'AGAINST' }, 'member-1')).rejects.toThrow(/NOT_FOUND/);
    const after = await samples();
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const command = (outcome: string): string => `committee_commands_total{command="CastPosition",outcome="${outcome}"}`;
    expect(['accepted', 'repeated', 'FORBIDDEN', 'NOT_FOUND'].map((outcome) => grown(command(outcome)))).toEqual([1, 1, 1, 1]);
    expect([grown('committee_append_seconds_count'), grown('committee_append_entries_sum'), grown('committee_log_entries')]).toEqual([1, 1, 1]);
    expect(after.get('committee_log_entries')).toBe(server.head);
    expect(after.get('committee_append_seconds_bucket{le="+Inf"}')).toBe(after.get('committee_append_seconds_count'));
    // Asked twice, nothing is counted twice.
    expect((await samples()).get(command('accepted'))).toBe(after.get(command('accepted')));
  });

  it('tell how many listen, and that the views stand at the head', async () => {
    const { client } = server.socket();
    const end = client.subscribe({ query: 'subscription { committee { position } }' }, { next: () => undefined, error: () => undefined, complete: () => undefined });
    for (let i = 0; i < 100 && (await samples()).get('committee_subscribers') !== 1; i++) await delay(20);
    expect([(await samples()).get('committee_subscribers'), (await samples()).get('committee_sockets')]).toEqual([1, 1]);
    end();
    await client.dispose();
    for (let i = 0; i < 100 && (await samples()).get('committee_sockets') !== 0; i++) await delay(20);
    const now = await samples();
    expect(['subscribers', 'sockets', 'views_behind_entries', 'views_behind_seconds', 'views_stopped', 'commands_waiting', 'consequences_oldest_waiting_seconds', 'consequences_failed'].map((name) => [name, now.get(`committee_${name}`)]))
      .toEqual(['subscribers', 'sockets', 'views_behind_entries', 'views_behind_seconds', 'views_stopped', 'commands_waiting', 'consequences_oldest_waiting_seconds', 'consequences_failed'].map((name) => [name, 0]));
  });

  it('name nobody and nothing that came from outside; labels are names of this program', async () => {
    const text = await ask();
    for (const secret of [server.running.system.secret, ballot, server.dataDir, ...['member-0', 'chair', 'secretariat', 'stranger'].flatMap((person) => [person, server.personId(person)])]) expect(text).not.toContain(secret);
    const own = [...samplesOf(text).keys()].filter((name) => name.startsWith('committee_'));
    const labels = own.flatMap((name) => [...name.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => `${label} ${/^\d|^\+Inf/.test(value as string) ? 'a number' : value as string}`));
    const commands = server.running.schema.getMutationType()?.getFields() ?? {};
    for (const label of labels) {
      const [name, value] = label.split(' ') as [string, string];
      if (name === 'command') expect([...Object.keys(commands).map((field) => field.charAt(0).toUpperCase() + field.slice(1)), 'EstablishCommittee', 'RecordRefusedConsequence']).toContain(value);
      else expect(['le', 'outcome']).toContain(name);
    }
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });

  it('are the ones that docs/operating.md lists, each with its unit, and none more', async () => {
    const exported = [...(await ask()).matchAll(/^# TYPE (committee_\w+) /gm)].map((found) => found[1] as string);
    const listed = [...readFileSync('docs/operating.md', 'utf8').matchAll(/^\| `(committee_\w+)` \|/gm)].map((found) => found[1] as string);
    expect([...listed].sort()).toEqual([...exported].sort());
    expect(exported.length).toBeGreaterThanOrEqual(12);
  });

  it('are at their own address and path only, and nowhere unless a port is set', async () => {
    const elsewhere = await fetch(new URL('/', server.running.metricsUrl));
    expect([elsewhere.status, await elsewhere.text()]).toEqual([404, 'The metrics are at GET /metrics.\n']);
    expect((await fetch(server.running.metricsUrl as string, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    expect(new URL(server.running.metricsUrl as string).hostname).toBe('127.0.0.1');
    expect(readConfig({})).toMatchObject({ metricsPort: undefined, metricsHost: '127.0.0.1' });
  });

  it('cost a command less than a microsecond', () => {
    const measures = new Measures();
    const order = { registration: new CommandRegistry(registrations).get('CastPosition') };
    const answers = [{ id: 'x', position: 1, revision: 1, commandId: 'x', repeated: false }, new Problem('REFUSED', 'X', 'x')];
    const times = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      for (let i = 0; i < 200_000; i++) measures.decided(order, answers[i & 1] as Problem);
      return ((performance.now() - begun) * 1_000) / 200_000;
    });
    console.info(`counting a command takes ${Math.min(...times).toFixed(3)} µs`);
    expect(Math.min(...times)).toBeLessThan(1);
  });
});

describe('A server that is told to stop', () => {
  let program: TheProgram;
  beforeAll(async () => { program = await theProgram(); });

  async function start(env: Readonly<Record<string, string>>): Promise<{ begun: Begun; url: string }> {
    const begun = program.begin('main.js', [], { PORT: '0', DATA_DIR: newDir(), SAMPLE: 'none', ...env });
    await until(() => begun.said().out.includes('Ctrl-C stops it'), 60_000);
    return { begun, url: /Query page\s+(http:\S+)\//.exec(begun.said().out)?.[1] as string };
  }

  it('by SIGTERM says that it is not ready, answers for as long as a balancer needs, then says goodbye and ends well', async () => {
    const { begun, url } = await start({ DRAIN_SECONDS: '2', METRICS_PORT: '0' });
    const metrics = /Metrics\s+(http:\S+)/.exec(begun.said().out)?.[1] as string;
    expect((await fetch(metrics)).status).toBe(200);
    begun.child.kill('SIGTERM');
    await until(() => begun.said().out.includes('SIGTERM: finishing what is under way'));
    const ready = await fetch(`${url}/health/ready`);
    expect([ready.status, ((await ready.json()) as { problems: string[] }).problems]).toEqual([503, ['this node is shutting down']]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const asked = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ committee { position } }"}' });
    expect(asked.status).toBe(200);
    expect(await begun.ended).toMatchObject({ code: 0, out: expect.stringMatching(/Stopped\.\n$/) });
  }, 90_000);

  it('is not held up by a client that never ends its request', async () => {
    const { begun, url } = await start({ DRAIN_SECONDS: '0' });
    const hanging = request(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '1000' } }).on('error', () => undefined);
    hanging.write('{"query":');
    await delay(200);
    const asked = Date.now();
    begun.child.kill('SIGTERM');
    expect(await begun.ended).toMatchObject({ code: 0, out: expect.stringMatching(/Stopped\.\n$/) });
    expect(Date.now() - asked).toBeLessThan(25_000);
  }, 90_000);

  it('a second time ends at once, and finds everything at the next start', async () => {
    const dataDir = newDir();
    const { begun } = await start({ DRAIN_SECONDS: '15', DATA_DIR: dataDir });
    begun.child.kill('SIGTERM');
    await until(() => begun.said().out.includes('SIGTERM: finishing'));
    const asked = Date.now();
    begun.child.kill('SIGTERM');
    expect(await begun.ended).toMatchObject({ code: 143, out: expect.stringMatching(/SIGTERM, again: ending at once\.\n$/) });
    expect(Date.now() - asked).toBeLessThan(5_000);
    expect((await program.cli(['verify'], { DATA_DIR: dataDir })).code).toBe(0);
  }, 90_000);

  it('says which setting is wrong where the metrics cannot be served', async () => {
    const { url } = await start({ DRAIN_SECONDS: '0' });
    const second = program.begin('main.js', [], { PORT: '0', DATA_DIR: newDir(), SAMPLE: 'none', METRICS_PORT: new URL(url).port });
    isTold(await second.ended, 1, /^METRICS_PORT is \d+; it must be one that this program may listen on and nobody else does \(EADDRINUSE\)\./);
  }, 90_000);
});

describe('Commands that wait when a server is told to stop', () => {
  it('are decided; later ones are told to ask again with the same id; sockets are told that the server goes away', async () => {
    const server = await TestServer.start({ sample: 'none' });
    const { ballot } = await openBallot(server, 3);
    const { client, closed } = server.socket();
    client.subscribe({ query: 'subscription { committee { position } }' }, { next: () => undefined, error: () => undefined, complete: () => undefined });
    for (let i = 0; i < 100 && (await server.running.system.measures.registry.getSingleMetricAsString('committee_subscribers')).endsWith(' 0'); i++) await delay(20);
    const send = (i: number) => server.running.dispatch.send('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, { sender: { personId: server.personId(`member-${i}`) }, correlationId: 'test' });
    const waiting = [0, 1, 2].map(send);
    await Promise.resolve();
    const stopping = server.running.close();
    const receipts = await Promise.all(waiting);
    expect(receipts.map(({ repeated }) => repeated)).toEqual([false, false, false]);
    await stopping;
    await expect(send(0)).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
    expect((await closed).code).toBe(1001);
  }, 60_000);
});
