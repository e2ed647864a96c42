import { afterAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { Cluster } from '../support/cluster.js';
import type { Defect } from '../support/compiled.js';
import { disordered, isLinearizable, register, type Operation, type Ordered, type Write, type Written } from '../support/linearizable.js';
import { below, randomFrom, SEED } from '../support/random.js';
import type { Json } from '../support/server.js';
import { control, longControl, progress, scale, tell } from '../support/torture.js';

const CLIENTS = 8;
/** Few, so that the clients meet one another. */
const SEATS = 3;
const THINGS = 4;
const ROUNDS = scale(20, 250);
/** Three in `npm test`: test/e2e/nodes.spec.ts. */
const NODES = scale([1], [1, 3]);
const VOTES = ['IN_FAVOUR', 'AGAINST', 'ABSTENTION'];
/** A change of a position need not name the one that it replaces. */
const ANY_PLACE_IS_REPLACED: Defect = { file: 'modules/ballots/ballots.decider.ts', text: 'if (before && command.replaces !== before.position) {', instead: 'if (before && command.replaces === -1) {' };

interface Done extends Operation<Write, Written> { readonly register: string; readonly position?: number }
interface Read { readonly notBefore: number; readonly position: number; readonly places: readonly number[] }
interface History { readonly done: readonly Done[]; readonly reads: readonly Read[]; readonly initial: ReadonlyMap<string, number>; readonly entries: readonly StoredEntry[]; readonly allAlike: boolean }

describe(`R7 ${CLIENTS} clients at once on one ballot and on many things (SEED=${SEED})`, () => {
  const clusters: Cluster[] = [];
  afterAll(async () => {
    await Promise.all(clusters.map((one) => one.stop()));
    clusters.forEach((one) => one.removeFiles());
  });

  async function recorded(nodes: number, rounds: number, defects: readonly Defect[]): Promise<History> {
    const cluster = await Cluster.start({ members: SEATS, nodes, defects });
    clusters.push(cluster);
    const done: Done[] = [];
    const reads: Read[] = [];
    const initial = new Map<string, number>(Array.from({ length: SEATS }, (_, seat) => [`seat ${seat}`, 0]));
    const things: { id: string; owner: string }[] = [];
    for (let i = 0; i < THINGS; i++) {
      const owner = `member-${i % SEATS}`;
      const { data } = await cluster.insist(() => 0, owner, 'initiateRecommendation', { commandId: newId(), title: `Thing ${i}`, keyAreas: ['KA1'], addressees: ['X'], text: [{ text: 'One.' }] } as { commandId: string });
      things.push({ id: data.initiateRecommendation.id, owner });
      initial.set(`thing ${i}`, data.initiateRecommendation.revision);
    }
    let operations = 0;

    async function client(number: number): Promise<void> {
      const random = randomFrom(SEED + number);
      const node = (): number => below(random, nodes);
      /** The newest that this client has seen of each register; not what there is. */
      const seen = new Map(initial);
      let newest = 0;
      const operate = async (name: string, person: string, command: string, input: object, over: number): Promise<void> => {
        const begun = performance.now();
        const { data, errors } = await cluster.insist(node, person, command, { commandId: newId(), ...input });
        const answered = performance.now();
        const receipt = data?.[command] as Json | undefined;
        const problem = errors?.[0]?.extensions as Json | undefined;
        const output: Written = receipt ? { how: 'WRITTEN', now: Number(command === 'castPosition' ? receipt.position : receipt.revision) }
          : problem?.reason === 'ALREADY_CAST' ? { how: 'OTHER', now: Number(problem.facts.position) }
            : problem?.reason === 'REVISION' ? { how: 'OTHER', now: Number(problem.facts.actual) }
              : problem?.reason === 'NOTHING_TO_CHANGE' ? { how: 'SAME', now: over }
                : (() => { throw new Error(`${command} was refused otherwise: ${JSON.stringify(errors)}`); })();
        seen.set(name, output.now);
        newest = Math.max(newest, Number(receipt?.position ?? 0));
        done.push({ register: name, begun, answered, input: { over }, output, ...(receipt && { position: Number(receipt.position) }) });
        if (++operations % 200 === 0) progress('R7', `${operations} operations through ${nodes} node${nodes > 1 ? 's' : ''}`);
      };
      for (let round = 0; round < rounds; round++) {
        const what = below(random, 5);
        if (what < 3) {
          const seat = below(random, SEATS);
          const over = seen.get(`seat ${seat}`) as number;
          await operate(`seat ${seat}`, `member-${seat}`, 'castPosition', { ballot: cluster.ballot, expressed: VOTES[below(random, 3)], ...(over > 0 && { replaces: String(over) }) }, over);
        } else if (what === 3) {
          const thing = below(random, THINGS);
          const { id, owner } = things[thing] as { id: string; owner: string };
          const over = seen.get(`thing ${thing}`) as number;
          await operate(`thing ${thing}`, owner, 'reviseDraft', { recommendation: id, revision: over, text: [{ text: `By ${number}, ${round}` }] }, over);
        } else {
          const notBefore = newest;
          const { data } = await cluster.ask(node(), 'member-0', `{ committee(notBefore: "${notBefore}") { position ballot(id: "${cluster.ballot}") { positions { castAt } } } }`);
          if (data) reads.push({ notBefore, position: Number(data.committee.position), places: data.committee.ballot.positions.flatMap(({ castAt }: Json) => (castAt === null ? [] : [Number(castAt)])).sort((a: number, b: number) => a - b) });
        }
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    // All have seen all before they are stopped.
    const newest = Math.max(...done.map(({ position }) => position ?? 0));
    for (let node = 0; node < nodes; node++) expect((await cluster.ask(node, 'member-0', `{ committee(notBefore: "${newest}") { position } }`)).errors).toBeUndefined();
    await cluster.stop();
    const logs = Array.from({ length: nodes }, (_, node) => JSON.stringify(cluster.entries(node)));
    return { done, reads, initial, entries: cluster.entries(0), allAlike: logs.every((log) => log === logs[0]) };
  }

  /** Registers whose history no single order of the operations explains. */
  const inexplicable = ({ done, initial }: Pick<History, 'done' | 'initial'>): string[] => [...initial].filter(([name, first]) =>
    !isLinearizable(done.filter((one) => one.register === name), register(first))).map(([name]) => name);

  const written = (done: readonly Done[]): Ordered[] => done.flatMap(({ begun, answered, position }) => (position === undefined ? [] : [{ begun, answered, position }]));

  /** Reads that show anything but the ballot at the position that they say, or a position before the one that was asked for. */
  function wrongReads({ reads, entries }: History): number {
    return reads.filter(({ notBefore, position, places }) => {
      const last = new Map<string, number>();
      for (const entry of entries.slice(0, position)) if (entry.type === 'PositionCast') last.set((JSON.parse(entry.data) as { regionId: string }).regionId, entry.position);
      return position < notBefore || JSON.stringify([...last.values()].sort((a, b) => a - b)) !== JSON.stringify(places);
    }).length;
  }

  it.each(NODES)('through %i node(s) leave a history that one order explains, of which no client saw the contrary', async (nodes) => {
    const history = await recorded(nodes, ROUNDS, []);
    const { done, reads, entries, allAlike } = history;
    expect([inexplicable(history), disordered(written(done)), wrongReads(history), allAlike]).toEqual([[], 0, 0, true]);
    const count = (how: Written['how']): number => done.filter(({ output }) => output?.how === how).length;
    // They did meet.
    expect([count('WRITTEN'), count('OTHER'), reads.length].every((n) => n > CLIENTS)).toBe(true);
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i + 1));
    tell('R7', `${nodes === 1 ? 'one node' : `${nodes} nodes on a stand-in for the server`}: ${done.length} operations on ${history.initial.size} registers (${count('WRITTEN')} written, ${count('OTHER')} refused for another value, ${count('SAME')} that changed nothing) and ${reads.length} reads: linearizable, 0 out of real-time order, 0 wrong reads`);
  }, scale(120_000, 1_800_000));

  longControl('a change of a position need not name the one that it replaces', async () => {
    const wrong = inexplicable(await recorded(1, 20, [ANY_PLACE_IS_REPLACED]));
    tell('R7', `control, a change need not name what it replaces: no order explains ${wrong.join(', ')}`);
    expect(wrong.filter((name) => name.startsWith('seat')).length).toBeGreaterThan(0);
  }, 120_000);

  control('a history in which a client was told what was not so', async () => {
    const told = (over: number, begun: number, answered: number, how: Written['how'], now: number): Done => ({ register: 'seat 0', begun, answered, input: { over }, output: { how, now }, position: now });
    const of = (...done: Done[]): unknown[] => [inexplicable({ done, initial: new Map([['seat 0', 0]]) }).length, disordered(written(done))];
    expect(of(told(0, 0, 5, 'WRITTEN', 7), told(0, 1, 4, 'OTHER', 7), told(7, 6, 9, 'WRITTEN', 8))).toEqual([0, 0]);
    // Two that both wrote over nothing; one refused for a value that came only later; one that had begun after the other was answered.
    expect(of(told(0, 0, 5, 'WRITTEN', 7), told(0, 1, 4, 'WRITTEN', 8))[0]).toBe(1);
    expect(of(told(0, 0, 1, 'WRITTEN', 7), told(0, 2, 3, 'OTHER', 8), told(7, 4, 5, 'WRITTEN', 8))[0]).toBe(1);
    expect(of(told(0, 0, 1, 'WRITTEN', 9), told(9, 2, 3, 'WRITTEN', 8))[1]).toBe(1);
  }, 10_000);
});
