import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { openBallot, TestServer, until, type Json } from '../support/server.js';

const PLAIN = 'subscription Follow($after: Position) { committee(after: $after) { position time change { kind } } }';

describe('A subscription', () => {
  let server: TestServer;
  let ballot: string;
  let recommendation: string;
  const members = 4;
  const places = new Map<number, number>();

  beforeAll(async () => {
    server = await TestServer.start({ sample: 'none' });
    ({ ballot, recommendation } = await openBallot(server, members));
  });
  afterAll(() => server.stop());

  /** One more entry: a member changes its position. */
  async function vote(member: number): Promise<number> {
    const replaces = places.get(member);
    const current = await server.committee(`ballot(id: "${ballot}") { positions { expressed castAt } }`, `member-${member}`);
    const before = current.ballot.positions.find((p: Json) => p.castAt === String(replaces));
    const { position } = await server.send('castPosition', {
      ballot, expressed: before?.expressed === 'IN_FAVOUR' ? 'AGAINST' : 'IN_FAVOUR', ...(replaces !== undefined && { replaces: String(replaces) }),
    }, `member-${member}`);
    places.set(member, Number(position));
    return Number(position);
  }

  /** Follows until `upTo`, beginning anew after the last position whenever it is cut off. */
  async function follow(after: number, upTo: number, onSocket?: (cut: () => boolean) => void): Promise<Json[]> {
    const seen: Json[] = [];
    let last = after;
    while (last < upTo) {
      const { client, sockets } = server.socket();
      onSocket?.(() => {
        const open = sockets.filter((socket) => socket.readyState === WebSocket.OPEN);
        open.forEach((socket) => socket.terminate());
        return open.length > 0;
      });
      await new Promise<void>((resolve) => {
        client.subscribe<Json>({ query: PLAIN, variables: { after: String(last) } }, {
          next: ({ data }) => {
            seen.push(data.committee);
            last = Number(data.committee.position);
            if (last >= upTo) resolve();
          },
          error: () => resolve(),
          complete: () => resolve(),
        });
      });
      await client.dispose();
    }
    return seen;
  }

  it('cut off by force 20 times while 500 positions are written gives the same sequence as one that is not, without a gap or a double', async () => {
    const from = server.head;
    const upTo = from + 500;
    let cut: () => boolean = () => false;
    let cuts = 0;
    const steady = follow(from, upTo);
    const broken = follow(from, upTo, (end) => { cut = end; });
    for (let i = 0; i < 500; i++) {
      await vote(i % members);
      if (i % 25 === 12) {
        // Only a socket that was open was cut off.
        await until(() => cut());
        cuts++;
      }
    }
    const [one, other] = await Promise.all([steady, broken]);
    expect(cuts).toBe(20);
    expect(one.map((m) => Number(m.position))).toEqual(Array.from({ length: 500 }, (_, i) => from + 1 + i));
    expect(other).toEqual(one);
  });

  it('without about and latest selects position, time and change only, and tells so', async () => {
    const { client } = server.socket();
    const errors = await new Promise<Json>((resolve) => client.subscribe({ query: 'subscription { committee { name } }' }, { next: resolve, error: resolve, complete: () => undefined }));
    expect(errors[0].extensions).toMatchObject({ code: 'INVALID', reason: 'PLAIN_SUBSCRIPTION' });
    await client.dispose();
  });

  it('shows a visitor no change of an open ballot, and a member each', async () => {
    const from = server.head;
    const next = (token?: string) => new Promise<Json>((resolve) => {
      const { client } = server.socket(token);
      client.subscribe<Json>({ query: PLAIN, variables: { after: String(from) } }, { next: ({ data }) => { resolve(data.committee); void client.dispose(); }, error: resolve, complete: () => undefined });
    });
    const position = await vote(0);
    expect(await next()).toMatchObject({ position: String(position), change: null });
    expect(await next(await server.token('member-1'))).toMatchObject({ position: String(position), change: { kind: 'POSITION_CAST' } });
  });

  it('with about gives a message at exactly the positions that touch it', async () => {
    const from = server.head;
    const got = new Map<string, string[]>([['things', []], ['changes', []], ['other', []]]);
    const about = { things: `{ things: ["${ballot}"] }`, changes: '{ changes: [OFFICER_APPOINTED] }', other: `{ things: ["nothing"] }` };
    const { client } = server.socket(await server.token('secretariat'));
    for (const [name, value] of Object.entries(about)) {
      client.subscribe<Json>({ query: `subscription { committee(after: "${from}", about: ${value}) { position name } }` }, {
        next: ({ data }) => got.get(name)?.push(data.committee.position), error: () => undefined, complete: () => undefined,
      });
    }
    const a = await vote(1);
    const { position: b } = await server.send('appointToOffice', { office: 'AUDITOR', person: server.personId('auditor') }, 'secretariat');
    const c = await vote(2);
    await until(() => got.get('things')?.length === 2 && got.get('changes')?.length === 1);
    expect(got).toEqual(new Map([['things', [String(a), String(c)]], ['changes', [b]], ['other', []]]));
    await client.dispose();
  });

  it('with latest answers at once from 0, goes forward only, and ends at the head', async () => {
    const positions: number[] = [];
    const { client } = server.socket();
    client.subscribe<Json>({ query: 'subscription { committee(after: "0", latest: true) { position board { total { openBallots } } } }' }, {
      next: ({ data }) => { positions.push(Number(data.committee.position)); }, error: () => undefined, complete: () => undefined,
    });
    await until(() => positions.length > 0);
    expect(positions).toEqual([server.head]);
    for (let i = 0; i < 20; i++) await vote(i % members);
    await until(() => positions.at(-1) === server.head);
    expect(positions).toEqual([...new Set(positions)].sort((x, y) => x - y));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(positions.at(-1)).toBe(server.head);
    await client.dispose();
  });

  it('about one\'s own desk is touched when a task comes', async () => {
    const from = server.head;
    const { client } = server.socket(await server.token('chair'));
    const got: Json[] = [];
    client.subscribe<Json>({ query: `subscription { committee(after: "${from}", about: { myDesk: true }, latest: true) { position myDesk { tasks(first: 5) { edges { node { kind } } } } } }` }, {
      next: ({ data }) => { got.push(data.committee); }, error: (e) => { got.push(e); }, complete: () => undefined,
    });
    await server.send('renameKeyArea', { code: 'KA1', title: 'Not on the desk' }, 'secretariat');
    const { id } = await server.send('initiateRecommendation', { title: 'Second', keyAreas: ['KA1'], addressees: ['X'], text: [{ text: 'x' }] }, 'member-0');
    await server.send('tableRecommendation', { recommendation: id }, 'member-0');
    const { position } = await server.send('submitRecommendationToBallot', { recommendation: id }, 'secretariat');
    await until(() => got.length > 0);
    expect(got).toEqual([{ position, myDesk: { tasks: { edges: expect.arrayContaining([{ node: { kind: 'OPEN_BALLOT' } }]) } } }]);
    await client.dispose();
  });

  it('loses at once what an ended office gave', async () => {
    await server.send('appointToOffice', { office: 'OPERATOR', person: server.personId('operator') }, 'secretariat');
    const got: Json[] = [];
    const { client } = server.socket(await server.token('operator'));
    client.subscribe<Json>({ query: `subscription { committee(after: "${server.head}", latest: true) { position consequences(first: 1) { edges { cursor } } } }` }, {
      next: (message) => { got.push(message); }, error: (e) => { got.push(e); }, complete: () => { got.push('complete'); },
    });
    await vote(0);
    await until(() => got.length > 0);
    await server.send('endOffice', { office: 'OPERATOR', person: server.personId('operator') }, 'secretariat');
    await until(() => got.includes('complete'));
    expect(got[0].data.committee.position).toBeDefined();
    expect(got.at(-2).errors[0].extensions).toMatchObject({ code: 'FORBIDDEN' });
    await client.dispose();
  });

  it('is refused with a code: queries and mutations over the socket, a position beyond the head, a wrong token', async () => {
    const { client } = server.socket();
    const error = (query: string) => new Promise<Json>((resolve) => client.subscribe({ query }, { next: resolve, error: resolve, complete: () => undefined }));
    const before = server.head;
    expect((await error('{ committee { position } }'))[0].extensions).toMatchObject({ code: 'INVALID', reason: 'SUBSCRIPTIONS_ONLY' });
    expect((await error(`mutation { withdrawRecommendation(input: { recommendation: "${recommendation}" }) { id } }`))[0].extensions.reason).toBe('SUBSCRIPTIONS_ONLY');
    expect((await error(`subscription { committee(after: "${before + 1}") { position } }`))[0].extensions.reason).toBe('BEYOND_THE_LOG');
    expect(server.head).toBe(before);
    await client.dispose();

    const wrong = server.socket('not-a-token');
    wrong.client.subscribe({ query: PLAIN }, { next: () => undefined, error: () => undefined, complete: () => undefined });
    expect((await wrong.closed).code).toBe(4401);
  });

  it('leaves nothing behind when it is given up', async () => {
    const { client } = server.socket();
    const stop = client.subscribe({ query: PLAIN }, { next: () => undefined, error: () => undefined, complete: () => undefined });
    await until(() => server.running.live.waiting === 1);
    stop();
    await until(() => server.running.live.waiting === 0);
    await client.dispose();
  });
});
