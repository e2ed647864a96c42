import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import { views } from '../../src/contexts.js';
import { Codec } from '../../src/event-store/codec.js';
import { COPY_FILE } from '../../src/event-store/engines/eventstoredb.engine.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { DEV_ISSUER_FILE } from '../../src/identity/dev-issuer.secrets.js';
import { ViewStore } from '../../src/projections/view-store.js';
import { compiledSrc } from '../support/compiled.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { freePort } from '../support/gate.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { RealServer } from '../support/real-server.js';
import { openBallot, TestServer, until, type Json } from '../support/server.js';

/** Where a real server is given, the same is asked of it. */
const REAL = process.env['EVENTSTOREDB_URL'];
/** More in the long run: MEMBERS=500. */
const MEMBERS = Number(process.env['MEMBERS'] ?? 60);
const NODES = [0, 1, 2];

interface Sent { readonly who: number; readonly input: object; readonly receipt: Json; readonly waitedMs: number }

describe(`Three processes on one EventStoreDB, while ${MEMBERS} members vote through all of them (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'}; SEED=${SEED})`, () => {
  const random = randomFrom(SEED);
  const dirs = NODES.map(() => mkdtempSync(join(tmpdir(), 'committee-')));
  const servers: (RealServer | undefined)[] = [];
  const tokens: string[] = [];
  let double: EventStoreDbDouble;
  let settings: (i: number) => Record<string, string>;
  let dist: string;
  let ballot: string;
  let chair: string;
  let over = false;

  /** As whoever runs it as a service: one that ends at its start is started again. */
  const start = async (i: number, tries = 5): Promise<void> => {
    try {
      servers[i] = await RealServer.start(dist, dirs[i] as string, { env: settings(i) });
    } catch (error) {
      if (tries === 1) throw error;
      await start(i, tries - 1);
    }
  };
  const server = (i: number): RealServer => servers[i] as RealServer;

  beforeAll(async () => {
    dist = await compiledSrc();
    double = await EventStoreDbDouble.start();
    const ports = await Promise.all(NODES.map(freePort));
    const address = (i: number): string => `http://127.0.0.1:${ports[i]}`;
    const common = { EVENT_STORE: REAL ?? double.connection, COMMITTEE_STREAM: `committee-test-${randomUUID()}`, INSTALLATION_SECRET: 'one secret for all nodes of this test' };
    settings = (i) => ({ ...common, NODES: NODES.map(address).join(), THIS_NODE: address(i) });
    const founder = await TestServer.start({ sample: 'none', dataDir: dirs[0] as string, settings: common });
    ({ ballot } = await openBallot(founder, MEMBERS));
    chair = await founder.token('chair');
    for (let member = 0; member < MEMBERS; member++) tokens.push(await founder.token(`member-${member}`));
    await founder.stop({ keep: true });
    // One issuer for all, as in earnest.
    for (const dir of dirs.slice(1)) cpSync(join(dirs[0] as string, DEV_ISSUER_FILE), join(dir, DEV_ISSUER_FILE));
    await Promise.all(NODES.map(start));
  }, 240_000);
  afterAll(async () => {
    over = true;
    await Promise.all(servers.map((one) => one?.kill('SIGKILL')));
    await double.stop();
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  });

  it('each killed and started again in turn: every acknowledged command is there once, all logs and views are equal, every receipt holds everywhere, none waits for ever', async () => {
    const sent: Sent[] = [];
    const refusals: string[] = [];
    let perNode = [0, 0, 0];
    const member = async (who: number): Promise<void> => {
      for (let i = 0, replaces: string | undefined; !over; i++) {
        const input = { ballot, commandId: newId(), expressed: i % 2 === 0 ? 'AGAINST' : 'IN_FAVOUR', ...(replaces !== undefined && { replaces }) };
        const begun = performance.now();
        for (let attempt = 0; ; attempt++) {
          const place = (who + i + attempt) % NODES.length;
          const answer: Json = await servers[place]?.mutate(tokens[who] as string, 'castPosition', input).catch(() => undefined);
          if (answer?.data) {
            replaces = answer.data.castPosition.position;
            sent.push({ who, input, receipt: answer.data.castPosition, waitedMs: performance.now() - begun });
            perNode[place] = (perNode[place] as number) + 1;
            break;
          }
          // The node went away, or says that another may be asked: the same command, to the next.
          const { code, reason } = answer?.errors?.[0]?.extensions ?? { code: 'UNAVAILABLE' };
          if (code !== 'UNAVAILABLE') return void refusals.push(`${code} ${reason}: ${answer.errors[0].message}`);
          await wait(50 + below(random, 100));
        }
        await wait(below(random, 1_000));
      }
    };
    const voting = Promise.all(tokens.map((_, who) => member(who)));
    for (const i of NODES) {
      await wait(1_000);
      const killed = server(i);
      servers[i] = undefined;
      await killed.kill('SIGKILL');
      await wait(500);
      await start(i);
    }
    // Each serves again after its restart.
    perNode = [0, 0, 0];
    const fallen = (): string[] => servers.flatMap((one) => one?.fell ?? []);
    await until(() => perNode.every((n) => n > 0) || fallen().length > 0, 60_000);
    over = true;
    await voting;
    expect(refusals).toEqual([]);
    expect(fallen()).toEqual([]);

    // Sent again to each node: the first receipt. Some, since all of them are looked for in the logs below.
    for (const { who, input, receipt } of sent.filter((_, i) => i % Math.ceil(sent.length / 20) === 0)) {
      for (const i of NODES) expect((await server(i).mutate(tokens[who] as string, 'castPosition', input)).data?.castPosition).toEqual({ ...receipt, repeated: true });
    }
    // At once, by all: one of them closes it.
    const closed = await Promise.all(NODES.map((i) => server(i).mutate(chair, 'closeBallot', { ballot })));
    expect(closed.filter(({ data }) => data?.closeBallot).length).toBe(1);
    const end = Number(closed.find(({ data }) => data?.closeBallot)?.data.closeBallot.position) + 1;
    for (const i of NODES) {
      const { data } = await server(i).ask(`{ committee(notBefore: "${end}") { position } }`, chair);
      expect(Number(data.committee.position)).toBeGreaterThanOrEqual(end);
    }
    await wait(1_000);
    expect(await Promise.all(servers.map((one) => one?.kill('SIGTERM')))).toEqual([0, 0, 0]);

    const logs = dirs.map((dir) => LogFile.open(join(dir, COPY_FILE), { readOnly: true }));
    const [entries, ...others] = logs.map((log) => log.read(0, 10_000_000)) as [ReturnType<LogFile['read']>, ...ReturnType<LogFile['read']>[]];
    for (const other of others) expect(JSON.stringify(other)).toBe(JSON.stringify(entries));
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i + 1));
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(sent.filter(({ receipt }) => entries[Number(receipt.position) - 1]?.id !== receipt.commandId)).toEqual([]);
    expect(entries.filter(({ type }) => type === 'PositionCast')).toHaveLength(sent.length);
    expect(entries.filter(({ type }) => /^Recommendation(Adopted|Rejected|LeftWithoutOpinion)$/.test(type))).toHaveLength(1);
    const digests = dirs.map((dir, i) => {
      const store = new ViewStore(join(dir, 'views.db'), views, new Codec(), (logs[i] as LogFile).logId);
      const digest = `${store.position} ${store.digest()}`;
      store.close();
      return digest;
    });
    expect(new Set(digests).size).toBe(1);
    for (const log of logs) log.close();
    const waited = sent.map(({ waitedMs }) => waitedMs).sort((a, b) => a - b);
    console.info(`SEED=${SEED}: ${sent.length} votes of ${MEMBERS} members acknowledged by three nodes, each killed once: 0 lost, 0 double; waited ${Math.round(waited[waited.length >> 1] as number)} ms in the middle, ${Math.round(waited[waited.length - 1] as number)} ms at most`);
  }, 240_000);
});
