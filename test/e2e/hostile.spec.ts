import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openBallot, TestServer, type Answer, type Json } from '../support/server.js';

/** What must never stand in an answer: stacks, SQL, paths of the machine, names of packages. */
const LEAKS = /\bat .*\.(js|ts):\d|node_modules|\/src\/|\/dist\/|SELECT |INSERT |SQLITE|@nestjs|graphql-js|(?<!Syntax )Error:/;

describe('Wrong and hostile input', () => {
  let server: TestServer;
  let ballot: string;
  let before: number;
  const bodies: string[] = [];

  beforeAll(async () => {
    server = await TestServer.start({ sample: 'none' });
    ({ ballot } = await openBallot(server, 3));
    before = server.head;
  });
  afterAll(() => server.stop());

  const told = async (answer: Promise<Answer>): Promise<{ status: number; code: string; reason: string; message: string }> => {
    const { status, errors, text, headers } = await answer;
    bodies.push(text);
    const error: Json = errors?.[0];
    expect([text.slice(0, 200), error?.extensions?.correlationId]).toEqual([text.slice(0, 200), headers.get('x-correlation-id') ?? expect.any(String)]);
    return { status, code: error.extensions.code, reason: error.extensions.reason, message: error.message };
  };
  const ask = (query: string, person?: string, variables?: Record<string, unknown>) => told(server.ask(query, person, variables));

  it('3,000 aliases are counted before they are parsed', async () => {
    const query = `{ ${Array.from({ length: 3000 }, (_, i) => `a${i}: me { personId }`).join(' ')} }`;
    expect(await ask(query)).toMatchObject({ status: 400, code: 'INVALID', reason: 'TOO_MANY_TOKENS' });
    const fewer = `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: me { personId }`).join(' ')} }`;
    expect(await ask(fewer)).toMatchObject({ status: 400, code: 'INVALID', reason: 'TOO_MANY_ALIASES', message: expect.stringContaining('50 are allowed') });
  });

  it('fragments in a circle, and fragments that double twenty times, cost nothing', async () => {
    expect(await ask('{ committee { ...A } } fragment A on Committee { ...B } fragment B on Committee { ...A }')).toMatchObject({ code: 'INVALID' });
    const bomb = Array.from({ length: 20 }, (_, i) => `fragment F${i} on Committee { position ...F${i + 1} ...F${i + 1} }`).join(' ');
    const started = process.cpuUsage().user;
    const answer = await server.ask(`{ committee { ...F0 } } ${bomb} fragment F20 on Committee { position }`);
    bodies.push(answer.text);
    expect(answer.data?.committee?.position ?? answer.errors?.[0].extensions.reason).toBeDefined();
    expect((process.cpuUsage().user - started) / 1e6).toBeLessThan(5);
  });

  it('depth, cost and page size have limits that are told', async () => {
    const again = (levels: number): string => (levels === 0 ? 'id' : `... on Ballot { subject { ... on Recommendation { ballots { ${again(levels - 1)} } } } }`);
    const deep = `{ committee { ballots(first: 1) { edges { node { ${again(5)} } } } } }`;
    expect(await ask(deep)).toMatchObject({ code: 'INVALID', reason: 'TOO_DEEP' });
    expect(await ask('{ committee { regions(first: 100) { edges { node { history(first: 100) { edges { node { change { position time kind } } } } } } } } }')).toMatchObject({ code: 'INVALID', reason: 'TOO_COSTLY' });
    expect(await ask('query ($n: Int!) { committee { regions(first: $n) { edges { node { history(first: $n) { edges { node { change { position time kind } } } } } } } } }', undefined, { n: 100 })).toMatchObject({ reason: 'TOO_COSTLY' });
    for (const first of [0, 101, -1]) expect(await ask(`{ committee { regions(first: ${first}) { edges { cursor } } } }`)).toMatchObject({ code: 'INVALID', reason: 'PAGE_SIZE' });
    expect(await ask('{ committee { regions(first: 1, after: "x; DROP") { edges { cursor } } } }')).toMatchObject({ code: 'INVALID', reason: 'CURSOR' });
  });

  it('scalars say how they are written', async () => {
    for (const [args, right] of [['at: "-1"', 'digits'], ['at: "1e3"', 'digits'], ['asOf: "yesterday"', '2026-03-01T12:00:00Z'], ['at: true', 'digits']] as const) {
      const error = await ask(`{ committee(${args}) { position } }`);
      expect([args, error.code, error.message]).toEqual([args, 'INVALID', expect.stringContaining(right)]);
    }
  });

  it('a body of more than 1 MiB, no JSON, no document, another content type, a GET, a batch: each has its answer', async () => {
    const large = await told(server.post(JSON.stringify({ query: '{ me { personId } }', variables: { x: 'x'.repeat(1_100_000) } })));
    expect(large).toMatchObject({ status: 413, code: 'INVALID', reason: 'BODY_TOO_LARGE' });
    for (const [body, headers] of [['{', {}], ['[]', {}], ['{}', {}], ['query=x', { 'content-type': 'text/plain' }], ['a=b', { 'content-type': 'multipart/form-data; boundary=x' }]] as const) {
      const answer = await server.post(body, headers);
      bodies.push(answer.text);
      expect([body, answer.status >= 400 && answer.status < 500]).toEqual([body, true]);
    }
    const batch = await server.post(JSON.stringify([{ query: '{ me { personId } }' }, { query: '{ me { personId } }' }]));
    expect(batch.status).toBeGreaterThanOrEqual(400);
    const get = await fetch(`${server.url}/graphql?query=${encodeURIComponent('mutation { closeBallot(input: { ballot: "x" }) { id } }')}`, { headers: { 'apollo-require-preflight': '1', authorization: `Bearer ${await server.token('chair')}` } });
    bodies.push(await get.text());
    expect(get.status).toBeGreaterThanOrEqual(400);
  });

  it('a text of nearly 1 MiB is none too many', async () => {
    const text = Array.from({ length: 5 }, () => ({ text: 'ä'.repeat(90_000) }));
    const { position } = await server.send('initiateRecommendation', { title: 'Long', keyAreas: ['KA1'], addressees: ['X'], text }, 'member-0');
    before = Number(position);
  });

  it('inputs are refused with every field that is wrong and what would be right', async () => {
    const token = await server.token('member-0');
    const wrong = (command: string, input: object) => told(server.post(JSON.stringify({
      query: `mutation ($input: ${command.charAt(0).toUpperCase()}${command.slice(1)}Input!) { ${command}(input: $input) { id } }`, variables: { input },
    }), { authorization: `Bearer ${token}` }));
    expect(await wrong('castPosition', { ballot, expressed: 'PERHAPS' })).toMatchObject({ code: 'INVALID', message: expect.stringContaining('RegionPosition') });
    expect(await wrong('castPosition', { ballot, expressed: 'IN_FAVOUR', commandId: 'mine' })).toMatchObject({ code: 'INVALID', message: expect.stringContaining('commandId must be a UUID') });
    expect(await wrong('castPosition', { ballot: '', expressed: 'IN_FAVOUR' })).toMatchObject({ code: 'INVALID', message: expect.stringContaining('ballot') });
    expect(await wrong('castPosition', { ballot, expressed: 'IN_FAVOUR', secret: 1 })).toMatchObject({ code: 'INVALID' });
    expect(await wrong('initiateRecommendation', { title: ' ', keyAreas: [], addressees: ['X'], text: [{ text: '' }] }))
      .toMatchObject({ code: 'INVALID', message: expect.stringMatching(/title.*keyAreas.*text/s) });
    expect(await wrong('joinCommittee', { region: { name: 'X', country: 'Italy' }, letterOfAdhesion: { kind: 'LETTER_OF_ADHESION', sha256: 'x', signedAs: 'y', date: '2019-13-40' } }))
      .toMatchObject({ code: 'INVALID', message: expect.stringContaining('64') });
  });

  it('several mutations in one document are not begun', async () => {
    const one = `castPosition(input: { ballot: "${ballot}", expressed: IN_FAVOUR }) { id }`;
    expect(await ask(`mutation { a: ${one} b: ${one} }`, 'member-0')).toMatchObject({ code: 'INVALID', reason: 'ONE_MUTATION' });
  });

  it('foreign, broken and missing tokens are told apart from missing rights', async () => {
    const good = await server.token('member-0');
    for (const token of ['', 'x.y.z', good.slice(0, -4), `${good.split('.')[0]}.${Buffer.from('{"sub":"chair"}').toString('base64url')}.${good.split('.')[2]}`]) {
      expect(await told(server.post(JSON.stringify({ query: '{ me { personId } }' }), { authorization: `Bearer ${token}` }))).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    }
    expect(await ask(`mutation { closeBallot(input: { ballot: "${ballot}" }) { id } }`)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await ask(`mutation { closeBallot(input: { ballot: "${ballot}" }) { id } }`, 'member-0')).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('the chair') });
    expect(await ask('{ committee { log(first: 1) { edges { cursor } } } }', 'member-0')).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it('what is not there and what one may not see answer alike', async () => {
    const { data } = await server.ask(`{ committee { missing: ballot(id: "none") { id } hidden: ballot(id: "${ballot}") { id } } }`);
    expect(data.committee).toEqual({ missing: null, hidden: null });
  });

  it('nothing of all this is written, nothing leaks, and the server goes on', async () => {
    expect(server.head).toBe(before);
    for (const body of bodies) expect(body).not.toMatch(LEAKS);
    expect(bodies.length).toBeGreaterThan(30);
    expect((await server.ask('{ committee { name } }')).data.committee.name).toBe('Test');
  });
});
