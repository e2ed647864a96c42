import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import { Cluster } from '../support/cluster.js';
import type { Defect } from '../support/compiled.js';
import { below, randomFrom, SEED } from '../support/random.js';
import type { Json } from '../support/server.js';
import { control, longControl, progress, scale, tell } from '../support/torture.js';

const CLIENTS = 8;
const NOT_REMEMBERED: Defect = { file: 'decider/decisions.ts', text: 'return round.repeated(waiting) ?? round.decide(waiting);', instead: 'return round.decide(waiting);' };
const PAYLOAD_NOT_COMPARED: Defect = { file: 'decider/decisions.ts', text: ' || entry.meta.payloadDigest !== digest ||', instead: ' ||' };

/** One command of one sender, independent of all others, and the same id with something else in it. */
interface Sent { readonly person: string; readonly command: string; readonly commandId: string; readonly input: object; readonly other: object; first?: Json }
interface Outcome { commands: number; deliveries: number; otherAnswers: string[]; othersAccepted: number; othersRefused: number; effects: number; restarts: number }

describe(`R8 each command one to five times, shuffled, while nodes are killed (SEED=${SEED})`, () => {
  const clusters: Cluster[] = [];
  afterAll(async () => {
    await Promise.all(clusters.map((one) => one.stop()));
    clusters.forEach((one) => one.removeFiles());
  });

  function commands(count: number, members: number, ballot: string): Sent[] {
    const letter = { kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'President', date: '2019-01-01' };
    const kinds: readonly ((i: number) => Omit<Sent, 'commandId'>)[] = [
      (i) => ({ person: 'secretariat', command: 'appointToOffice', input: { office: 'OPERATOR', person: `operator-${i}` }, other: { office: 'OPERATOR', person: `another-${i}` } }),
      (i) => {
        const draft = (title: string): object => ({ title, keyAreas: ['KA1'], addressees: ['X'], text: [{ text: 'One.' }] });
        return { person: `member-${i % members}`, command: 'initiateRecommendation', input: draft(`Text ${i}`), other: draft(`Other ${i}`) };
      },
      (i) => {
        const joining = (name: string): object => ({ region: { name, country: 'IT' }, letterOfAdhesion: letter });
        return { person: `newcomer-${i % 20}`, command: 'joinCommittee', input: joining(`Newcomer ${i}`), other: joining(`Nobody ${i}`) };
      },
    ];
    const votes = Array.from({ length: members }, (_, i) => ({ person: `member-${i}`, command: 'castPosition', input: { ballot, expressed: 'IN_FAVOUR' }, other: { ballot, expressed: 'AGAINST' } }));
    return [...votes, ...Array.from({ length: count - members }, (_, i) => (kinds[i % kinds.length] as (typeof kinds)[number])(i))].map((one) => ({ ...one, commandId: newId() }));
  }

  async function delivered(count: number, nodes: number, restarts: number, defects: readonly Defect[]): Promise<Outcome> {
    const random = randomFrom(SEED);
    const members = 8;
    const cluster = await Cluster.start({ members, nodes, defects });
    clusters.push(cluster);
    const all = commands(count, members, cluster.ballot);
    const deliveries = all.flatMap((sent) => [
      ...Array.from({ length: 1 + below(random, 5) }, () => ({ sent, other: false })), ...(below(random, 2) === 0 ? [{ sent, other: true }] : []),
    ]).map((one) => ({ one, place: random() })).sort((a, b) => a.place - b.place).map(({ one }) => one);
    const outcome: Outcome = { commands: all.length, deliveries: deliveries.length, otherAnswers: [], othersAccepted: 0, othersRefused: 0, effects: 0, restarts: 0 };
    let [done, over] = [0, false];

    async function deliver({ sent, other }: { sent: Sent; other: boolean }): Promise<void> {
      const { person, command, commandId, first } = sent;
      // Before the first is answered, another payload would be the command.
      if (other && !first) {
        deliveries.push({ sent, other });
        return delay(5);
      }
      const { data, errors } = await cluster.insist(() => below(random, nodes), person, command, { commandId, ...(other ? sent.other : sent.input) });
      done++;
      if (other) {
        if (errors?.[0]?.extensions.reason === 'COMMAND_ID_REUSED') outcome.othersRefused++;
        else outcome.othersAccepted++;
        return;
      }
      const receipt = data?.[command];
      const known = sent.first ?? receipt;
      // Answered before this was sent: then it is a repetition. Sent at once with the first: one of them is not.
      const right = receipt && (first === undefined || receipt.repeated === true) && JSON.stringify({ ...receipt, repeated: true }) === JSON.stringify({ ...known, repeated: true });
      if (!right) outcome.otherAnswers.push(`${command}: ${JSON.stringify(errors?.[0]?.extensions ?? receipt)}`);
      sent.first ??= receipt ?? {};
    }

    const killing = (async () => {
      for (let i = 1; i <= restarts; i++) {
        while (!over && done < (outcome.deliveries * i) / (restarts + 1)) await delay(10);
        if (over) return;
        await cluster.killAndStart(i % nodes);
        outcome.restarts++;
        progress('R8', `${done} of ${outcome.deliveries} deliveries, ${i} of ${restarts} kills`);
      }
    })();
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
      for (let next = deliveries.shift(); next; next = deliveries.shift()) await deliver(next);
    }));
    over = true;
    await killing;
    await cluster.stop();
    // The node that was asked last may not have followed to the end: the one that has most has all.
    const entries = Array.from({ length: nodes }, (_, node) => cluster.entries(node)).sort((a, b) => b.length - a.length)[0] ?? [];
    const ids = new Set(all.map(({ commandId }) => commandId));
    const effects = entries.slice(cluster.head);
    outcome.effects = effects.length;
    expect(effects.filter(({ id }) => !ids.has(id))).toEqual([]);
    expect(new Set(effects.map(({ id }) => id)).size).toBe(effects.length);
    return outcome;
  }

  it.each(scale([1], [1, 3]))('through %i node(s) has one effect and the same answer each time; another payload under its id is refused', async (nodes) => {
    const outcome = await delivered(scale(60, 1_500), nodes, scale(1, 12), []);
    expect(outcome).toMatchObject({ otherAnswers: [], othersAccepted: 0, effects: outcome.commands });
    expect(outcome.restarts).toBeGreaterThanOrEqual(scale(1, 6));
    expect(outcome.othersRefused).toBeGreaterThan(outcome.commands / 4);
    tell('R8', `${nodes === 1 ? 'one node' : `${nodes} nodes on a stand-in for the server`}: ${outcome.commands} commands in ${outcome.deliveries} deliveries, ${outcome.restarts} kill -9 meanwhile: ${outcome.effects} effects, 0 other answers; ${outcome.othersRefused} other payloads, all refused`);
  }, scale(120_000, 1_800_000));

  control('the log is not asked for the id', async () => {
    const { otherAnswers } = await delivered(30, 1, 0, [NOT_REMEMBERED]);
    tell('R8', `control, the log is not asked for the id: ${otherAnswers.length} other answers`);
    expect(otherAnswers.length).toBeGreaterThan(0);
  }, 60_000);

  longControl('the payload is not compared', async () => {
    const { othersAccepted } = await delivered(30, 1, 0, [PAYLOAD_NOT_COMPARED]);
    tell('R8', `control, the payload is not compared: ${othersAccepted} other payloads taken for a repetition`);
    expect(othersAccepted).toBeGreaterThan(0);
  }, 60_000);
});
