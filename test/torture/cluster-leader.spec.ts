import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import { EventStoreDbEngine } from '../../src/event-store/engines/eventstoredb.engine.js';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { Cluster } from '../support/cluster.js';
import type { Defect } from '../support/compiled.js';
import { disordered, type Ordered } from '../support/linearizable.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { until } from '../support/server.js';
import { newDir } from '../support/temp.js';
import { longControl, progress, scale, tell } from '../support/torture.js';
import { describeWhere } from '../support/where.js';

/** Where a cluster of three is, and a command that breaks it; docs/reliability.md says how it is called. */
const CLUSTER = process.env['EVENTSTOREDB_URL'];
const CONTROL = process.env['EVENTSTOREDB_CONTROL'];
const CLIENTS = 8;
const NODES = 3;
const ROUNDS = scale(3, 20);
const FAULTS = ['kill', 'stop', 'cut'] as const;
/** What the server has not answered yet is answered all the same. */
const ACKNOWLEDGED_BEFORE_THE_SERVER_ANSWERS: Defect = {
  file: 'event-store/engines/eventstoredb.engine.ts', text: 'await this.server.append(entries, expectedHead);', instead: 'void this.server.append(entries, expectedHead).catch(() => undefined);',
};

interface Acknowledged extends Ordered { readonly id: string }
interface Outcome { readonly acknowledged: readonly Acknowledged[]; readonly entries: readonly StoredEntry[]; readonly copies: readonly (readonly StoredEntry[])[]; readonly fallen: readonly string[]; readonly silentMs: Readonly<Record<string, number[]>>; readonly cast: number }

const run = promisify(execFile);
/** `whole` waits until all three serve as one cluster and prints the number of its leader; `kill`, `stop` and `cut` break one; `mend` undoes it. */
const control = async (...args: readonly string[]): Promise<string> => (await run(CONTROL as string, args, { timeout: 180_000 })).stdout.trim().split('\n').at(-1) ?? '';

const missing = CLUSTER === undefined || CONTROL === undefined ? 'EVENTSTOREDB_URL and EVENTSTOREDB_CONTROL name no cluster and nothing to break it with' : undefined;

describeWhere(missing)(`The leader of a cluster is killed, stopped or cut off ${ROUNDS} times, while ${CLIENTS} members vote through ${NODES} nodes (SEED=${SEED})`, () => {
  const clusters: Cluster[] = [];
  afterAll(async () => {
    await Promise.all(clusters.map((one) => one.stop()));
    clusters.forEach((one) => one.removeFiles());
    for (const server of ['1', '2', '3']) await control('mend', server);
  }, 240_000);

  async function underFire(rounds: number, faults: readonly (typeof FAULTS)[number][], defects: readonly Defect[]): Promise<Outcome> {
    const random = randomFrom(SEED);
    await control('whole');
    const stream = `committee-test-${newId()}`;
    const cluster = await Cluster.start({ members: CLIENTS, nodes: NODES, defects, server: { connection: CLUSTER as string, stream } });
    clusters.push(cluster);
    const acknowledged: Acknowledged[] = [];
    const fallen = new Set<string>();
    let over = false;
    const voting = Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
      for (let i = 0, replaces: string | undefined; !over; i++) {
        const id = newId();
        const begun = performance.now();
        const input = { ballot: cluster.ballot, commandId: id, expressed: i % 2 === 0 ? 'IN_FAVOUR' : 'AGAINST', ...(replaces !== undefined && { replaces }) };
        const { data, errors } = await cluster.insist(() => below(random, NODES), `member-${client}`, 'castPosition', input);
        if (!data) throw new Error(`A vote was refused: ${JSON.stringify(errors?.[0])}`);
        replaces = data.castPosition.position as string;
        acknowledged.push({ id, begun, answered: performance.now(), position: Number(replaces) });
        await delay(below(random, 20));
      }
    })).catch((error: unknown) => { fallen.add(String(error)); });

    const silentMs: Record<string, number[]> = {};
    for (let round = 0; round < rounds && fallen.size === 0; round++) {
      const fault = faults[round % faults.length] as (typeof FAULTS)[number];
      await delay(500 + below(random, 1_500));
      const leader = await control('whole');
      await control(fault, leader);
      // What a vote waited that was begun after it: the cluster has another leader. Only once it was done: on a busy machine the command itself takes longer than a vote.
      const broken = performance.now();
      await until(() => fallen.size > 0 || acknowledged.some(({ begun }) => begun > broken), 110_000);
      (silentMs[fault] ??= []).push(performance.now() - broken);
      await delay(1_000 + below(random, 3_000));
      await control('mend', leader);
      await control('whole');
      for (const fell of cluster.fallen()) fallen.add(fell);
      progress('cluster', `${round + 1} of ${rounds}: leader ${leader}, ${fault}; the next vote was answered ${(((silentMs[fault] ?? []).at(-1) ?? 0) / 1_000).toFixed(1)} s later; ${acknowledged.length} votes in all`);
    }
    over = true;
    await voting;
    // Every node has read all before it is stopped.
    const newest = Math.max(...acknowledged.map(({ position }) => position));
    for (let node = 0; node < NODES && fallen.size === 0; node++) expect((await cluster.ask(node, 'member-0', `{ committee(notBefore: "${newest}") { position } }`)).errors).toBeUndefined();
    await cluster.stop();
    const anew = await EventStoreDbEngine.open({ connection: CLUSTER as string, stream, dataDir: newDir(), patienceMs: 30_000, onFatal: (error) => { throw error; } });
    const entries = anew.log.read(0, 10_000_000);
    await anew.close();
    return {
      acknowledged, entries, fallen: [...fallen], silentMs, copies: Array.from({ length: NODES }, (_, node) => cluster.entries(node)),
      cast: entries.filter(({ type }) => type === 'PositionCast').length,
    };
  }

  const lost = ({ acknowledged, entries }: Outcome): number => acknowledged.filter(({ id, position }) => entries[position - 1]?.id !== id).length;

  it('nothing that was acknowledged is lost, doubled or out of order, and every node has the log of the servers', async () => {
    const outcome = await underFire(ROUNDS, FAULTS, []);
    const { acknowledged, entries, copies, fallen, silentMs, cast } = outcome;
    expect(fallen).toEqual([]);
    expect([lost(outcome), disordered(acknowledged)]).toEqual([0, 0]);
    expect(cast).toBe(acknowledged.length);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i + 1));
    for (const copy of copies) expect(JSON.stringify(copy)).toBe(JSON.stringify(entries.slice(0, copy.length)));
    const seconds = (fault: string): string => {
      const all = (silentMs[fault] ?? []).map((ms) => ms / 1_000).sort((a, b) => a - b);
      return `${fault} ${all.length} times: next vote answered after ${(all[all.length >> 1] ?? 0).toFixed(1)} s in the middle, ${(all.at(-1) ?? 0).toFixed(1)} s at most`;
    };
    tell('cluster', `${acknowledged.length} votes of ${CLIENTS} members through ${NODES} nodes: 0 lost, 0 double, 0 out of order, copies equal; leader ${FAULTS.map(seconds).join('; ')}`);
  }, scale(600_000, 3_600_000));

  longControl('acknowledged before the server answers', async () => {
    const outcome = await underFire(3, ['cut'], [ACKNOWLEDGED_BEFORE_THE_SERVER_ANSWERS]);
    tell('cluster', `control, acknowledged before the server answers: ${lost(outcome)} of ${outcome.acknowledged.length} acknowledged lost, ${outcome.fallen.length} nodes stopped`);
    expect(lost(outcome) + outcome.fallen.length).toBeGreaterThan(0);
  }, 900_000);
});
