import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { freePort } from '../support/gate.js';
import { openBallot, TestServer, until, type Json } from '../support/server.js';

/** Where a real server is given, the same is asked of it. */
const REAL = process.env['EVENTSTOREDB_URL'];
const SECRET = 'one secret for all nodes of this test';
const ONE_DECIDES = [[0, 1, 2], [0, 1, 2], [0, 1, 2]];

describe(`Three nodes on one EventStoreDB (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  let double: EventStoreDbDouble;
  let stream: string;
  const dirs: string[] = [];
  let nodes: TestServer[] = [];
  beforeAll(async () => { double = await EventStoreDbDouble.start(); });
  afterAll(() => double.stop());

  /** In which order each node was told that nodes decide; none: they do not know one another, and each decides for itself. */
  let orders: readonly (readonly number[])[] = [];
  let ports: readonly number[];
  const address = (i: number): string => `http://127.0.0.1:${ports[i]}`;
  const settings = (i: number): Record<string, string> => ({
    EVENT_STORE: REAL ?? double.connection, COMMITTEE_STREAM: stream, INSTALLATION_SECRET: SECRET, ...(orders[i] && { NODES: orders[i].map(address).join(), THIS_NODE: address(i) }),
  });
  const start = (i: number): Promise<TestServer> => TestServer.start({ sample: 'none', dataDir: dirs[i] as string, settings: settings(i) });
  const node = (i: number): TestServer => nodes[i] as TestServer;
  beforeEach(async () => {
    stream = `committee-test-${randomUUID()}`;
    dirs.push(...Array.from({ length: 3 }, () => mkdtempSync(join(tmpdir(), 'committee-'))));
    ports = await Promise.all([0, 1, 2].map(freePort));
    await begin(ONE_DECIDES);
  });
  async function begin(told: typeof orders): Promise<void> {
    orders = told;
    nodes = await Promise.all([0, 1, 2].map(start));
    const known = orders.length === 0 ? undefined : 2;
    await until(() => nodes.every(({ running }) => running.system.nodes?.reachable === known));
  }
  afterEach(async () => {
    for (const one of nodes) await one.stop();
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });

  const logOf = ({ running }: TestServer): string => JSON.stringify(running.system.engine.log.read(0, 1_000_000));
  async function alike(): Promise<void> {
    // What follows from what was sent is done too: for a while nothing moves any more.
    for (let still = 0, before = -1; still < 5;) {
      const positions = [...await Promise.all(nodes.map(async ({ running }) => (await running.system.engine.head()).position)), ...nodes.map(({ running }) => running.system.reads.position)];
      still = new Set([...positions, before]).size === 1 ? still + 1 : 0;
      before = Math.max(...positions);
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    expect(new Set(nodes.map(logOf)).size).toBe(1);
    expect(new Set(nodes.map(({ running }) => running.system.runner.store.digest())).size).toBe(1);
  }

  it('take a command at any of them; the others have it by its position, know its receipt, and judge by it', async () => {
    const { ballot, regions } = await openBallot(node(0), 3);
    const vote = { ballot, expressed: 'IN_FAVOUR', commandId: randomUUID() };
    const cast = await node(1).send('castPosition', vote, 'member-1');
    const { data } = await node(2).ask(`{ committee(notBefore: "${cast.position}") { position ballot(id: "${ballot}") { tally { inFavour } } } }`, 'member-1');
    expect(data.committee).toEqual({ position: cast.position, ballot: { tally: { inFavour: 1 } } });
    for (const one of nodes) expect(await one.send('castPosition', vote, 'member-1')).toEqual({ ...cast, repeated: true });
    // A mandate that ended at one node is over at all, with the entry.
    await node(0).send('endMandate', { region: regions[2], office: 'REPRESENTATIVE', reason: 'RESIGNATION' }, 'contact-2');
    await expect(node(1).send('castPosition', { ballot, expressed: 'AGAINST' }, 'member-2')).rejects.toThrow(/FORBIDDEN/);
    await alike();
  });

  it.each([
    ['the first deciding for all', ONE_DECIDES],
    ['each told another order', [[0, 1, 2], [1, 2, 0], [2, 0, 1]]],
    ['each deciding for itself', []],
  ])('vote at once through all of them, %s, one stopped and started again meanwhile: each acknowledged command once, all nodes alike, none starved', async (_, told) => {
    for (const one of nodes) await one.stop({ keep: true });
    await begin(told);
    const members = 30;
    const { ballot, recommendation } = await openBallot(node(0), members);
    const accepted = new Map<string, string>();
    const byNode = [0, 0, 0];
    const vote = async (member: number): Promise<void> => {
      const input = { ballot, expressed: member % 3 === 0 ? 'AGAINST' : 'IN_FAVOUR', commandId: randomUUID() };
      for (let attempt = 0; ; attempt++) {
        const i = (member + attempt) % 3;
        try {
          const { position } = await node(i).send('castPosition', input, `member-${member}`);
          accepted.set(input.commandId, position as string);
          byNode[i] = (byNode[i] as number) + 1;
          return;
        } catch (error) {
          // A node that goes away: the same command at the next one.
          if (attempt > 20 || /REFUSED|INVALID|FORBIDDEN/.test(String(error))) throw error;
          await new Promise((resolve) => { setTimeout(resolve, 50); });
        }
      }
    };
    const voting = Promise.all(Array.from({ length: members }, (_, member) => vote(member)));
    await until(() => accepted.size > 3);
    await node(0).stop({ keep: true });
    nodes[0] = await start(0);
    await voting;
    const { position } = await node(1).send('closeBallot', { ballot }, 'chair');
    await until(() => node(1).running.system.reads.position > Number(position));
    await alike();
    const entries = node(0).running.system.engine.log.read(0, 1_000_000);
    expect(entries.filter(({ type }) => type === 'PositionCast')).toHaveLength(members);
    for (const [id, at] of accepted) expect(entries[Number(at) - 1]?.id).toBe(id);
    // Each node carries what follows; it has one effect.
    await until(() => node(2).running.system.engine.log.head.position >= Number(position) + 1);
    const after = (await node(0).running.system.engine.read(Number(position), 10)).map(({ type }) => type);
    expect(after.filter((type) => /^Recommendation/.test(type))).toHaveLength(1);
    expect(byNode.every((n) => n > 0)).toBe(true);
    expect((await node(2).committee(`recommendation(id: "${recommendation}") { state }`, 'chair')).recommendation.state).toMatch(/ADOPTED|REJECTED|NO_OPINION/);
    await alike();
  }, 60_000);

  it('go on with a subscription that was cut off at another node, without a gap or a double', async () => {
    const { ballot } = await openBallot(node(0), 6);
    const begun = node(0).head;
    const seen: string[] = [];
    const follow = async (i: number, after: number, count: number): Promise<void> => {
      const { client } = node(i).socket();
      client.subscribe({ query: `subscription { committee(after: "${after}") { position } }` }, { next: ({ data }) => { seen.push((data as Json).committee.position); }, error: () => undefined, complete: () => undefined });
      await until(() => seen.length >= count);
      await client.dispose();
    };
    for (let member = 0; member < 3; member++) await node(member).send('castPosition', { ballot, expressed: 'IN_FAVOUR' }, `member-${member}`);
    await follow(0, begun, 3);
    for (let member = 3; member < 6; member++) await node(member - 3).send('castPosition', { ballot, expressed: 'AGAINST' }, `member-${member}`);
    await follow(1, Number(seen.at(-1)), 6);
    expect(seen.map(Number)).toEqual(Array.from({ length: 6 }, (_, i) => begun + 1 + i));
  });

  it('begin with an empty copy of what is there, and with a copy that lags behind', async () => {
    const { ballot } = await openBallot(node(0), 4);
    await node(1).stop({ keep: true });
    for (let member = 0; member < 4; member++) await node(0).send('castPosition', { ballot, expressed: 'IN_FAVOUR' }, `member-${member}`);
    nodes[1] = await start(1);
    await node(2).stop();
    nodes[2] = await start(2);
    await alike();
  });
});
