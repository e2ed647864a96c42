import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { COPY_FILE } from '../../src/event-store/engines/eventstoredb.engine.js';
import { Sealed } from '../../src/nodes/sealed.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { freePort, Gate } from '../support/gate.js';
import { openBallot, TestServer, until } from '../support/server.js';

const SECRET = 'one secret for all nodes of this test';
const FAVOUR = 'IN_FAVOUR';

describe('One node decides for all', () => {
  let double: EventStoreDbDouble;
  const nodes: TestServer[] = [];
  const gates: Gate[] = [];
  const dirs: string[] = [];
  beforeAll(async () => { double = await EventStoreDbDouble.start(); });
  afterAll(() => double.stop());
  afterEach(async () => {
    for (const gate of gates) gate.set('OPEN');
    for (const node of nodes.splice(0)) await node.stop();
    for (const gate of gates.splice(0)) await gate.stop();
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });

  const gateTo = async (port: number): Promise<Gate> => {
    const gate = await Gate.to(port);
    gates.push(gate);
    return gate;
  };
  const address = (port: number): string => `http://127.0.0.1:${port}`;
  async function start(stream: string, own: number, order: readonly number[], settings: Record<string, string> = {}, onFatal?: (error: unknown) => void): Promise<TestServer> {
    const dataDir = settings['DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'committee-'));
    dirs.push(dataDir);
    const node = await TestServer.start({
      sample: 'none', dataDir, ...(onFatal && { onFatal }),
      settings: { EVENT_STORE: double.connection, COMMITTEE_STREAM: stream, INSTALLATION_SECRET: SECRET, NODES: order.map(address).join(), THIS_NODE: address(own), ...settings },
    });
    nodes.push(node);
    return node;
  }
  /** The first decides, the second reaches it through a gate. */
  async function two(settings: { first?: Record<string, string>; second?: Record<string, string> } = {}) {
    const stream = `committee-test-${randomUUID()}`;
    const [a, b] = [await freePort(), await freePort()];
    const gate = await gateTo(a);
    const first = await start(stream, a, [a, b], settings.first);
    const second = await start(stream, b, [gate.port, b], settings.second);
    return { stream, gate, first, second, a, b };
  }
  const handed = ({ running }: TestServer): number => running.system.nodes?.handed ?? -1;
  const reaches = (node: TestServer, count: number): Promise<void> => until(() => node.running.system.nodes?.reachable === count);

  it('is handed what comes to the others, with its sender and its id; they have it by its position at once', async () => {
    const { first, second } = await two();
    const { ballot, regions } = await openBallot(second, 3);
    expect(handed(first)).toBe(0);
    expect(handed(second)).toBeGreaterThan(0);
    const vote = { ballot, expressed: FAVOUR, commandId: randomUUID() };
    const before = double.calls.append;
    const cast = await second.send('castPosition', vote, 'member-1');
    expect(double.calls.append).toBe(before + 1);
    expect(await first.send('castPosition', vote, 'member-1')).toEqual({ ...cast, repeated: true });
    expect(await second.send('castPosition', vote, 'member-1')).toEqual({ ...cast, repeated: true });
    const { data } = await second.ask(`{ committee(notBefore: "${cast.position}") { ballot(id: "${ballot}") { tally { inFavour } } } }`, 'member-1');
    expect(data.committee.ballot.tally.inFavour).toBe(1);
    // A refusal comes back whole: code, reason, sentence, and what it rests on.
    const refused = (node: TestServer) => node.ask('mutation ($input: CastPositionInput!) { castPosition(input: $input) { id } }', 'member-2', { input: { ballot, expressed: FAVOUR, revision: 1 } });
    const [there, here] = [await refused(second), await refused(first)];
    const told = ({ errors }: typeof there) => errors?.map(({ message, extensions: { correlationId: _, ...rest } }) => ({ message, ...rest }));
    expect(there.errors?.[0].extensions.code).toBe('CONFLICT');
    expect(told(there)).toEqual(told(here));
    // Rights are those of the head, where it is decided.
    await first.send('endMandate', { region: regions[2], office: 'REPRESENTATIVE', reason: 'RESIGNATION' }, 'contact-2');
    await expect(second.send('castPosition', { ballot, expressed: FAVOUR }, 'member-2')).rejects.toThrow(/FORBIDDEN/);
  });

  it('and where it hangs, the next one decides in time; once it answers again it is handed everything again', async () => {
    const { first, second, gate } = await two();
    const { ballot } = await openBallot(first, 8);
    await reaches(second, 1);
    gate.set('HANGS');
    const votes = await Promise.all(Array.from({ length: 6 }, (_, member) => second.send('castPosition', { ballot, expressed: FAVOUR }, `member-${member}`)));
    expect(new Set(votes.map(({ position }) => position)).size).toBe(6);
    const then = handed(second);
    await second.send('castPosition', { ballot, expressed: FAVOUR }, 'member-6');
    expect(handed(second)).toBe(then);
    // A connection that hangs stays hung: it is another one that answers.
    gate.set('CUT');
    gate.set('OPEN');
    await reaches(second, 1);
    await second.send('castPosition', { ballot, expressed: FAVOUR }, 'member-7');
    expect(handed(second)).toBe(then + 1);
    await first.running.system.engine.head();
    expect(first.running.system.engine.log.read(0, 10_000).filter(({ type }) => type === 'PositionCast')).toHaveLength(8);
  }, 60_000);

  it('and where its answer is lost, the same command is decided again and has one effect', async () => {
    const { first, second, gate } = await two();
    const { ballot } = await openBallot(first, 2);
    await reaches(second, 1);
    const head = first.head;
    gate.set('ANSWERS_LOST');
    const cast = await second.send('castPosition', { ballot, expressed: FAVOUR }, 'member-1');
    expect(gate.lost).toBeGreaterThan(0);
    await first.running.system.engine.head();
    expect(first.head).toBe(head + 1);
    expect(first.running.system.engine.log.at(head + 1)).toMatchObject({ id: cast.commandId, position: Number(cast.position) });
  }, 60_000);

  it('and where it does not reach the log, the next one decides', async () => {
    const log = await gateTo(Number(new URL(double.connection.replace('esdb', 'http')).port));
    const { first, second } = await two({ first: { EVENT_STORE: `esdb://127.0.0.1:${log.port}?tls=false` } });
    const { ballot } = await openBallot(first, 3);
    await reaches(second, 1);
    log.set('CUT');
    const cast = await second.send('castPosition', { ballot, expressed: FAVOUR }, 'member-1');
    expect(cast.position).toBe(String(second.head));
    await reaches(second, 0);
    expect(handed(second)).toBe(1);
    log.set('OPEN');
    await reaches(second, 1);
    await second.send('castPosition', { ballot, expressed: FAVOUR }, 'member-2');
    expect(handed(second)).toBe(2);
  }, 60_000);

  it('and where it stops, it says so before, and nothing fails', async () => {
    const { first, second } = await two();
    const { ballot } = await openBallot(first, 20);
    await reaches(second, 1);
    let over = false;
    const errors: unknown[] = [];
    const voting = Promise.all(Array.from({ length: 20 }, async (_, member) => {
      for (let i = 0, replaces: string | undefined; !over; i++) {
        try {
          replaces = (await second.send('castPosition', { ballot, expressed: i % 2 === 0 ? FAVOUR : 'AGAINST', ...(replaces !== undefined && { replaces }) }, `member-${member}`)).position;
        } catch (error) {
          errors.push(error);
          return;
        }
      }
    }));
    await until(() => handed(second) > 100);
    nodes.splice(nodes.indexOf(first), 1);
    await first.stop({ keep: true });
    const then = second.head;
    await until(() => second.head > then + 40);
    over = true;
    await voting;
    expect(errors).toEqual([]);
    expect(second.running.system.nodes?.reachable).toBe(0);
  }, 60_000);

  it('and what was handed on is not handed on again, whatever order a node was told', async () => {
    const stream = `committee-test-${randomUUID()}`;
    const [a, b, c] = [await freePort(), await freePort(), await freePort()];
    const first = await start(stream, a, [a, b, c]);
    const second = await start(stream, b, [b, c, a]);
    const third = await start(stream, c, [a, b, c]);
    await reaches(second, 2);
    const { ballot } = await openBallot(third, 12);
    expect(handed(third)).toBeGreaterThan(0);
    const votes = await Promise.all(Array.from({ length: 12 }, (_, member) => (nodes[member % 3] as TestServer).send('castPosition', { ballot, expressed: FAVOUR }, `member-${member}`)));
    // Two decide, each for itself: slower, not wrong.
    expect([first, second].map(handed)).toEqual([0, 0]);
    for (const { running } of nodes) await running.system.engine.head();
    expect(new Set(nodes.map(({ running }) => JSON.stringify(running.system.engine.log.read(0, 10_000)))).size).toBe(1);
    expect(first.running.system.engine.log.read(0, 10_000).filter(({ type }) => type === 'PositionCast')).toHaveLength(12);
    // Told to the third directly, as by one that believes it decides.
    const sealed = new Sealed(SECRET);
    const [before, head] = [handed(third), third.head];
    const order = { command: 'CastPosition', input: { ballot, expressed: 'AGAINST', commandId: randomUUID(), replaces: Number(votes[0].position) }, sender: { personId: third.personId('member-0') }, correlationId: 'test', withinMs: 5_000 };
    const newer = { ...order, command: 'DoWhatNobodyKnows' };
    const response = await fetch(`${address(c)}/internal/commands`, { method: 'POST', body: await sealed.seal('orders', 'id-1', { orders: [order, newer] }) });
    const { id, content } = await sealed.open<{ answers: unknown[] }>('answer', await response.text());
    expect(id).toBe('id-1');
    expect(content.answers).toMatchObject([{ receipt: { position: head + 1 } }, { problem: { code: 'UNAVAILABLE', reason: 'UNKNOWN_COMMAND' } }]);
    expect(handed(third)).toBe(before);
  }, 60_000);

  it('for nobody else: what was not sealed by a node of the installation is turned away, and nothing is written', async () => {
    const { first, a } = await two();
    const { ballot } = await openBallot(first, 2);
    const head = first.head;
    const order = { command: 'CastPosition', input: { ballot, expressed: FAVOUR, commandId: randomUUID() }, sender: 'SYSTEM', correlationId: 'test', withinMs: 5_000 };
    const foreign = new Sealed('the secret of quite another installation');
    const own = new Sealed(SECRET);
    const sent = async (body: string, path = '/internal/commands'): Promise<number> => (await fetch(`${address(a)}${path}`, { method: 'POST', body })).status;
    expect(await sent(await foreign.seal('orders', 'x', { orders: [order] }))).toBe(401);
    expect(await sent(await own.seal('greeting', 'x', { orders: [order] }))).toBe(401);
    // What it would answer to a node of its own.
    const greeting = { logId: first.running.system.engine.log.logId, order: [], from: 1, leaves: [] };
    expect(await sent(await own.seal('greeting', 'x', greeting), '/internal/greeting')).toBe(200);
    expect(await sent(await foreign.seal('greeting', 'x', greeting), '/internal/greeting')).toBe(401);
    expect(await sent(JSON.stringify({ orders: [order] }))).toBe(401);
    expect(await sent('')).toBe(401);
    expect(await sent('x'.repeat(17 * 1024 * 1024)).catch(() => 413)).toBe(413);
    expect(await sent('', '/internal/other')).toBe(404);
    expect((await fetch(`${address(a)}/internal/commands`)).status).toBe(404);
    expect(first.head).toBe(head);
    // The commands of members do not come in by their address either.
    expect((await fetch(`${first.url}/internal/commands`, { method: 'POST', body: await own.seal('orders', 'x', { orders: [order] }) })).status).toBe(404);
  });

  it('and nodes compare what they have: one whose copy holds another entry says where, stops, and starts anew with the server\'s', async () => {
    const { first, second, stream, gate, b } = await two();
    await openBallot(first, 60);
    await second.running.system.engine.head();
    nodes.splice(nodes.indexOf(second), 1);
    await second.stop({ keep: true });
    const path = join(second.dataDir, COPY_FILE);
    // Not one that is compared at the start.
    const position = 3;
    const file = new DatabaseSync(path);
    const triggers = file.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as { name: string }[];
    const sql = file.prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger'").all() as { sql: string }[];
    for (const { name } of triggers) file.exec(`DROP TRIGGER ${name}`);
    file.exec(`UPDATE entries SET data = replace(data, '"', '''') WHERE position = ${position}`);
    for (const one of sql) file.exec(one.sql);
    file.close();
    const fatal: unknown[] = [];
    const wrong = await start(stream, b, [gate.port, b], { DATA_DIR: second.dataDir }, (error) => fatal.push(error));
    await until(() => fatal.length > 0, 60_000);
    expect(String(fatal[0])).toContain(`differ at position ${position}`);
    nodes.splice(nodes.indexOf(wrong), 1);
    await wrong.stop({ keep: true });
    const mended = await start(stream, b, [gate.port, b], { DATA_DIR: second.dataDir });
    expect(mended.running.system.engine.log.at(position)).toEqual(first.running.system.engine.log.at(position));
  }, 120_000);
});
