import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import { views } from '../../src/contexts.js';
import { Codec } from '../../src/event-store/codec.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { buildViews } from '../../src/projections/view-runner.js';
import { ViewStore } from '../../src/projections/view-store.js';
import { compiledSrc } from '../support/compiled.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { openBallot, TestServer, type Json } from '../support/server.js';
import { mutate, startServerProcess } from '../support/server-process.js';

/** More in the nightly run: KILLS=200. */
const KILLS = Number(process.env['KILLS'] ?? 20);
const CLIENTS = 8;

interface Vote { readonly commandId: string; readonly expressed: string; readonly replaces?: string }
interface Client { readonly token: string; next: number; pending?: Vote; last?: Vote; place?: string; readonly acknowledged: Map<string, Json> }

describe(`A server that is killed with kill -9 ${KILLS} times while ${CLIENTS} clients vote (SEED=${SEED})`, () => {
  const random = randomFrom(SEED);
  let dataDir: string;
  let main: string;
  let ballot: string;
  let recommendation: string;
  let chair: string;
  const clients: Client[] = [];

  beforeAll(async () => {
    main = join(await compiledSrc(), 'main.js');
    const server = await TestServer.start({ sample: 'none' });
    dataDir = server.dataDir;
    ({ ballot, recommendation } = await openBallot(server, CLIENTS));
    chair = await server.token('chair');
    for (let i = 0; i < CLIENTS; i++) clients.push({ token: await server.token(`member-${i}`), next: i, acknowledged: new Map() });
    await server.stop({ keep: true });
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  /** Sends what is pending, the same again after a crash, or the next change. */
  async function vote(url: string, client: Client): Promise<void> {
    client.pending ??= { commandId: newId(), expressed: client.next++ % 2 === 0 ? 'IN_FAVOUR' : 'AGAINST', ...(client.place !== undefined && { replaces: client.place }) };
    const { data, errors } = await mutate(url, client.token, 'castPosition', { ballot, ...client.pending });
    if (errors) throw new Error(JSON.stringify(errors[0]));
    client.acknowledged.set(client.pending.commandId, data.castPosition);
    client.place = data.castPosition.position;
    client.last = client.pending;
    client.pending = undefined;
  }

  /** What the dead process left: all that was acknowledged, each once and where its receipt says; of the rest at most what was under way. */
  function checkLog(): void {
    const log = LogFile.open(join(dataDir, 'log.db'), { readOnly: true });
    const entries = log.read(0, 1_000_000);
    log.close();
    expect(entries.map((entry) => entry.position)).toEqual(entries.map((_, i) => i + 1));
    const positions = new Map(entries.map((entry) => [entry.id, entry.position]));
    expect(positions.size).toBe(entries.length);
    const pending = new Set(clients.map((client) => client.pending?.commandId));
    const acknowledged = clients.flatMap((client) => [...client.acknowledged.values()]);
    expect(acknowledged.filter((receipt) => positions.get(receipt.commandId) !== Number(receipt.position))).toEqual([]);
    const known = new Set(acknowledged.map((receipt) => receipt.commandId));
    expect(entries.filter((entry) => entry.type === 'PositionCast' && !known.has(entry.id) && !pending.has(entry.id))).toEqual([]);
  }

  it('has every acknowledged command once, gives every other one, sent again, one effect, and its views equal a rebuild', async () => {
    const refusals: string[] = [];
    let repeated = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const server = await startServerProcess(main, { DATA_DIR: dataDir });
      const { url } = server;
      let over = false;
      // The newest that was acknowledged, and what was under way: asked twice again, the receipts are equal and there is one effect.
      for (const client of clients) {
        const under = client.pending;
        if (under) {
          await vote(url, client);
          repeated += client.acknowledged.get(under.commandId).repeated ? 1 : 0;
        }
        const { commandId } = client.last ?? {};
        if (commandId === undefined) continue;
        const { data } = await mutate(url, client.token, 'castPosition', { ballot, ...client.last });
        expect(data.castPosition).toEqual({ ...client.acknowledged.get(commandId), repeated: true });
      }
      const voting = clients.map(async (client) => {
        while (!over) {
          try {
            await vote(url, client);
          } catch (error) {
            // A connection that breaks is the crash; a refusal would be an effect that was there already, or half there.
            if (!over && (error as Error).message.startsWith('{')) { refusals.push((error as Error).message); return; }
            if (!over) await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 20 + below(random, 250)));
      await server.kill('SIGKILL');
      over = true;
      await Promise.all(voting);
      checkLog();
    }
    expect(refusals).toEqual([]);

    const server = await startServerProcess(main, { DATA_DIR: dataDir });
    const { url } = server;
    const unacknowledged = clients.filter((client) => client.pending).length;
    for (const client of clients) if (client.pending) await vote(url, client);
    // Everything that was acknowledged, asked again, has its first receipt.
    for (const client of clients) {
      const [commandId, receipt] = [...client.acknowledged].at(0) as [string, Json];
      const again = await mutate(url, client.token, 'castPosition', { ballot, commandId, expressed: clients.indexOf(client) % 2 === 0 ? 'IN_FAVOUR' : 'AGAINST' });
      expect(again.data.castPosition).toEqual({ ...receipt, repeated: true });
    }
    // Killed right after the ballot is closed: what follows from it is done once, after the next start.
    const closed = await mutate(url, chair, 'closeBallot', { ballot });
    await server.kill('SIGKILL');
    const last = await startServerProcess(main, { DATA_DIR: dataDir });
    await expectEventually(async () => {
      const response = await fetch(last.url, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${chair}` }, body: JSON.stringify({ query: `{ committee { recommendation(id: "${recommendation}") { state } } }` }) });
      return ((await response.json()) as Json).data?.committee?.recommendation?.state !== 'IN_BALLOT';
    });
    await last.kill('SIGKILL');

    const log = LogFile.open(join(dataDir, 'log.db'));
    const codec = new Codec();
    const entries = log.read(0, 1_000_000);
    expect(entries.map((entry) => entry.position)).toEqual(entries.map((_, i) => i + 1));
    const positions = new Map(entries.map((entry) => [entry.id, entry.position]));
    let acknowledged = 0;
    for (const client of clients) {
      for (const [commandId, receipt] of client.acknowledged) {
        expect(positions.get(commandId)).toBe(Number(receipt.position));
        acknowledged++;
      }
    }
    expect(entries.filter((entry) => entry.type === 'PositionCast').length).toBe(acknowledged);
    expect(entries.filter((entry) => /^Recommendation(Adopted|Rejected|LeftWithoutOpinion)$/.test(entry.type)).length).toBe(1);
    expect(closed.data.closeBallot.position).toBe(String(entries.find((entry) => entry.type === 'BallotClosed')?.position));

    const live = new ViewStore(join(dataDir, 'views.db'), views, codec, log.logId);
    await buildViews(live, log, codec, new AbortController().signal, () => undefined);
    const fresh = new ViewStore(join(dataDir, 'fresh.db'), views, codec, log.logId);
    await buildViews(fresh, log, codec, new AbortController().signal, () => undefined);
    expect(live.digest()).toBe(fresh.digest());
    for (const open of [live, fresh, log]) open.close();
    console.info(`SEED=${SEED}: ${KILLS} kills, ${acknowledged} acknowledged, 0 lost, 0 double; sent again: ${repeated} were there already, ${unacknowledged} after the last kill`);
    expect(acknowledged).toBeGreaterThan(KILLS * 5);
  }, 240_000);
});

async function expectEventually(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('It did not come to be in time');
}
