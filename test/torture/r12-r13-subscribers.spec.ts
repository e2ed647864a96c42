import { afterAll, describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { compiledSrc, type Defect } from '../support/compiled.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { prepared, RealServer, type Prepared } from '../support/real-server.js';
import { until, type Json } from '../support/server.js';
import { longControl, progress, scale, tell } from '../support/torture.js';
import { Voter } from '../support/voters.js';

const MIB = 1024 * 1024;
const MEMBERS = 8;
/** The limits that the lines themselves name. */
const LET_GO_WITHIN_MS = 10_000;
const GROWS_AT_MOST = 50 * MIB;
/** Between votes, so that what is measured is what the stuck one costs, not what thousands of votes leave to be collected. */
const THINKING_MS = 50;
const UNBOUNDED: Defect = { file: 'graphql/socket-connection.ts', text: 'if (this.bufferedAmount < WAITING_BYTES) return void this.send(text);', instead: 'if (this.bufferedAmount >= 0) return void this.send(text);' };
const NEVER_LET_GO: Defect = { file: 'graphql/socket-connection.ts', text: 'now() - this.fullSince >= STUCK_MS', instead: 'now() - this.fullSince >= 600_000' };
const BEGINS_NOW: Defect = { file: 'graphql/live.ts', text: 'const after = args.after ?? this.reads.position;', instead: 'const after = this.reads.position;' };

/** A subscriber over a bare socket: what it was given, and how it ended. */
class Subscriber {
  readonly positions: number[] = [];
  readonly closed: Promise<number>;
  readonly begun: Promise<void>;
  /** Connected, and whoever asked has been heard. */
  readonly socket: WebSocket;

  constructor(url: string, token: string, query: string) {
    this.socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    this.closed = new Promise((resolve) => { this.socket.on('close', resolve); });
    this.begun = new Promise((resolve, reject) => {
      this.socket.on('error', reject);
      this.socket.on('open', () => this.socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })));
      this.socket.on('message', (data) => {
        const { type, payload } = JSON.parse(String(data)) as Json;
        if (type === 'connection_ack') this.socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }), () => resolve());
        else if (type === 'ping') this.socket.send(JSON.stringify({ type: 'pong' }));
        else if (type === 'next' && payload.data) this.positions.push(Number(payload.data.committee.position));
      });
    });
    // One that is cut off before it began has failed where it is waited for.
    this.begun.catch(() => undefined);
  }
}

describe(`Subscribers under fire (SEED=${SEED})`, () => {
  const sockets: WebSocket[] = [];
  afterAll(() => sockets.forEach((socket) => socket.terminate()));

  async function begun(defects: readonly Defect[]): Promise<{ at: Prepared; server: RealServer; voters: readonly Voter[] }> {
    const at = await prepared(MEMBERS);
    return { at, server: await RealServer.start(await compiledSrc(defects), at.dataDir, { env: { METRICS_PORT: '0' } }), voters: Voter.of(at, MEMBERS) };
  }
  const subscribe = (server: RealServer, token: string, query: string): Subscriber => {
    const subscriber = new Subscriber(server.url, token, query);
    sockets.push(subscriber.socket);
    return subscriber;
  };
  async function load(server: RealServer, voters: readonly Voter[], isOver: () => boolean, pauseMs = 0): Promise<void> {
    await Promise.all(voters.map((voter) => voter.until(server, isOver, (refused) => { throw refused; }, pauseMs)));
  }
  const votesOf = (voters: readonly Voter[]): number => voters.reduce((n, { acknowledged }) => n + acknowledged.size, 0);

  interface Stuck { readonly healthy: number; readonly votes: number; readonly letGoAfterMs: number | undefined; readonly grownBy: number; readonly othersWhole: boolean; readonly stuckGotPrefix: boolean }

  /** One of them reads no more while members vote. */
  async function oneIsStuck(healthy: number, defects: readonly Defect[]): Promise<Stuck> {
    const { at, server, voters } = await begun(defects);
    const member = at.token('member-0');
    const { data } = await server.mutate(member, 'initiateRecommendation', { title: 'Long', keyAreas: ['KA1'], addressees: ['X'], text: Array.from({ length: 100 }, () => ({ text: 'x'.repeat(4_000) })) });
    const heavy = `subscription { committee(after: "${at.head + 1}", about: { things: ["${at.ballot}"] }) { position recommendation(id: "${data.initiateRecommendation.id}") { text { text } } } }`;
    const plain = `subscription { committee(after: "${at.head + 1}") { position } }`;
    const others = Array.from({ length: healthy }, (_, i) => subscribe(server, at.token(`member-${i % MEMBERS}`), plain));
    const stuck = subscribe(server, member, heavy);
    await Promise.all([...others, stuck].map((one) => one.begun));
    await until(() => stuck.socket.readyState === WebSocket.OPEN);
    const used = async (): Promise<number> => (await server.metric('nodejs_heap_size_used_bytes')) + (await server.metric('nodejs_external_memory_bytes'));
    // Warm, and the stuck one has been given something.
    await load(server, voters, () => votesOf(voters) >= 100, THINKING_MS);
    await until(() => stuck.positions.length > 20);
    const samples: number[] = [];
    const sample = async (times: number): Promise<number> => {
      samples.length = 0;
      for (let i = 0; i < times; i++) {
        samples.push(await used());
        await new Promise((resolve) => { setTimeout(resolve, 100); });
      }
      // What is held, without what only waits to be collected.
      return Math.min(...samples);
    };
    const before = await sample(10);
    stuck.socket.pause();
    // More than the system takes on its way: from here on the server holds what is not taken.
    const full = votesOf(voters) + 60;
    await load(server, voters, () => votesOf(voters) >= full, THINKING_MS);
    const since = performance.now();
    let over = false;
    const voting = load(server, voters, () => over, THINKING_MS);
    let [letGoAfterMs, most] = [undefined as number | undefined, 0];
    while (performance.now() - since < LET_GO_WITHIN_MS + 3_000) {
      most = Math.max(most, await sample(5));
      if ((await server.metric('committee_sockets')) === healthy) {
        letGoAfterMs = performance.now() - since;
        break;
      }
    }
    over = true;
    await voting;
    const head = at.head + 1 + votesOf(voters);
    await until(() => others.every(({ positions }) => positions.at(-1) === head));
    stuck.socket.resume();
    stuck.socket.terminate();
    await server.kill();
    const isFrom = (positions: readonly number[]): boolean => positions.every((position, i) => position === at.head + 2 + i);
    return {
      healthy, votes: votesOf(voters), letGoAfterMs, grownBy: most - before,
      othersWhole: others.every(({ positions }) => positions.length === head - at.head - 1 && isFrom(positions)), stuckGotPrefix: isFrom(stuck.positions),
    };
  }

  const told = ({ healthy, votes, letGoAfterMs, grownBy }: Stuck): string => `1 stuck among ${healthy + 1}, ${votes} votes: heap and buffers + ${(grownBy / MIB).toFixed(1)} MiB, ${letGoAfterMs === undefined ? 'not let go' : `let go after ${(letGoAfterMs / 1_000).toFixed(1)} s`}`;

  it(`R12 one that reads no more, among ${scale(21, 101)}, is let go within 10 seconds and costs the others nothing`, async () => {
    const seen = await oneIsStuck(scale(20, 100), []);
    tell('R12', told(seen));
    expect(seen).toMatchObject({ othersWhole: true, stuckGotPrefix: true, letGoAfterMs: expect.any(Number) });
    expect(seen.letGoAfterMs).toBeLessThanOrEqual(LET_GO_WITHIN_MS);
    expect(seen.grownBy).toBeLessThanOrEqual(GROWS_AT_MOST);
  }, 180_000);

  longControl('R12 a socket takes whatever is sent, and nobody is let go', async () => {
    const seen = await oneIsStuck(5, [UNBOUNDED, NEVER_LET_GO]);
    tell('R12', `control, a socket takes whatever is sent and nobody is let go: ${told(seen)}`);
    // Pings find out in the end.
    expect(seen.letGoAfterMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(LET_GO_WITHIN_MS);
    expect(seen.grownBy).toBeGreaterThan(GROWS_AT_MOST);
  }, 180_000);

  /** Followers of all and of one thing, cut off again and again while members vote, beginning each time after the last position that they saw. */
  async function cutOff(cuts: number, defects: readonly Defect[], patienceMs = 20_000): Promise<{ cuts: number; positions: number; wrong: number }> {
    const { at, server, voters } = await begun(defects);
    const random = randomFrom(SEED);
    // No vote begins any more; and the last one that was under way has been answered, so that nothing more comes.
    let [over, ended, done] = [false, false, 0];
    const follow = async (about: string): Promise<number[]> => {
      const seen: number[] = [];
      const last = (): number => seen.at(-1) ?? at.head;
      while (!ended || last() < at.head + votesOf(voters)) {
        const one = subscribe(server, at.token('member-0'), `subscription { committee(after: "${last()}"${about}) { position } }`);
        await one.begun;
        const enough = 1 + below(random, 12);
        // Cut off in the middle of what is coming, or when there is nothing more.
        await until(() => one.positions.length >= enough || (ended && (one.positions.at(-1) ?? last()) >= at.head + votesOf(voters)), patienceMs).catch(() => undefined);
        one.socket.terminate();
        await one.closed;
        seen.push(...one.positions);
        // What was missed does not come any more.
        if (ended && one.positions.length === 0) break;
        if (!over) done++;
        if (done >= cuts) over = true;
        if (done % 50 === 0) progress('R13', `${done} of ${cuts} cuts`);
      }
      return seen;
    };
    const voting = load(server, voters, () => over).then(() => { ended = true; });
    const sequences = await Promise.all([follow(''), follow(''), follow(`, about: { things: ["${at.ballot}"] }`)]);
    await voting;
    await server.kill();
    const all = Array.from({ length: votesOf(voters) }, (_, i) => at.head + 1 + i);
    return { cuts: done, positions: all.length, wrong: sequences.filter((seen) => JSON.stringify(seen) !== JSON.stringify(all)).length };
  }

  it(`R13 that are cut off ${scale(20, 200)} times see each position once and in order`, async () => {
    const { cuts, positions, wrong } = await cutOff(scale(20, 200), []);
    expect(wrong).toBe(0);
    expect(cuts).toBeGreaterThanOrEqual(scale(20, 200));
    tell('R13', `${cuts} random cuts of 3 followers while ${positions} positions were written: 0 gaps, 0 doubles`);
  }, scale(90_000, 600_000));

  longControl('R13 a subscription begins with the present, wherever it was cut off', async () => {
    const { wrong, cuts } = await cutOff(12, [BEGINS_NOW], 3_000);
    tell('R13', `control, a subscription begins with the present: ${wrong} of 3 followers miss something after ${cuts} cuts`);
    expect(wrong).toBeGreaterThan(0);
  }, 120_000);
});
