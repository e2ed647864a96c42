import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as open } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getNamedType, isEnumType, isInputObjectType, isListType, isNonNullType, isScalarType, type GraphQLInputObjectType, type GraphQLInputType, type GraphQLSchema } from 'graphql';
import { generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import WebSocket from 'ws';
import { registrations } from '../../src/contexts.js';
import { ERROR_CODES } from '../../src/decider/problem.js';
import { mutationName } from '../../src/graphql/core.contribution.js';
import { DEV_ISSUER } from '../../src/identity/dev-issuer.js';
import { DEV_ISSUER_FILE } from '../../src/identity/dev-issuer.secrets.js';
import { inputFor } from '../support/inputs.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { openBallot, TestServer, type Json } from '../support/server.js';

/**
 * What must never stand in an answer: stacks, SQL, paths of this machine, names and codes of packages. "Did you mean" is none: the schema is
 * public and introspection everybody's.
 */
const LEAKS = /\bat .*(:\d+:\d+|\.(js|ts)\b)|node_modules|\/(src|dist|tmp|work|root|home|usr)\/|\bSELECT .* FROM |INSERT INTO|DELETE FROM|sqlite|FST_ERR|@nestjs|apollo|fastify|graphql-(js|ws)|class-validator|(?<!Syntax )Error:|\[object Object\]|undefined/i;

interface Told { readonly status: number; readonly headers: Readonly<Record<string, string | string[] | undefined>>; readonly text: string; readonly ms: number }
interface Right { readonly status?: number; readonly code?: string; readonly reason?: string; readonly says?: RegExp }

let server: TestServer;
let schema: GraphQLSchema;
let ballot: string;
let before: number;
let chair: string;
const answers: Told[] = [];

const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** One request on a connection of its own, told as it came. */
function send(method: string, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Told> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = open(server.url, { method, path, agent: false, headers: { ...length, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
      response.on('end', () => {
        const told = { status: response.statusCode ?? 0, headers: response.headers, text, ms: performance.now() - started };
        answers.push(told);
        resolve(told);
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
const ask = (query: string, more: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Told> => send('POST', '/graphql', { ...JSON_TYPE, ...headers }, JSON.stringify({ query, ...more }));
const as = async (person: string): Promise<{ authorization: string }> => ({ authorization: `Bearer ${await server.token(person)}` });

/** Every error has the one shape, a sentence, and the correlation id of the header; and this one is the one that is right. */
function isTold(what: string, { status, headers, text }: Told, right: Right = {}): Json {
  expect([what, headers['content-type']]).toEqual([what, expect.stringContaining('application/json')]);
  const { errors } = JSON.parse(text) as { errors?: Json[] };
  expect([what, errors?.length ?? 0, text.slice(0, 200)]).toEqual([what, expect.any(Number), text.slice(0, 200)]);
  expect([what, (errors?.length ?? 0) > 0]).toEqual([what, true]);
  for (const { message, extensions } of errors ?? []) {
    expect([what, extensions]).toEqual([what, { code: expect.any(String), reason: expect.any(String), facts: expect.any(Object), correlationId: headers['x-correlation-id'] }]);
    expect([what, ERROR_CODES.includes(extensions.code), /^[0-9a-f-]{36}$/.test(extensions.correlationId)]).toEqual([what, true, true]);
    expect([what, message]).toEqual([what, expect.stringMatching(/^\S.{14,}$/s)]);
  }
  const [{ message, extensions }] = errors as [Json];
  expect([what, { status, code: extensions.code, reason: extensions.reason }]).toEqual([what, { status: right.status ?? status, code: right.code ?? 'INVALID', reason: right.reason ?? extensions.reason }]);
  if (right.says) expect([what, message]).toEqual([what, expect.stringMatching(right.says)]);
  return { message, ...extensions };
}

beforeAll(async () => {
  server = await TestServer.start({ sample: 'none' });
  ({ schema } = server.running);
  ({ ballot } = await openBallot(server, 3));
  chair = (await as('chair')).authorization;
  before = server.head;
});
afterAll(() => server.stop());

describe('A document', () => {
  const repeat = (count: number, part: (i: number) => string): string => Array.from({ length: count }, (_, i) => part(i)).join(' ');
  const deep = (levels: number): string => (levels === 0 ? 'id' : `... on Ballot { subject { ... on Recommendation { ballots { ${deep(levels - 1)} } } } }`);
  const aliases = (count: number): string => `{ ${repeat(count, (i) => `a${i}: me { personId }`)} }`;

  const LIMITED: readonly (readonly [string, string, object, Right])[] = [
    ['3,000 aliases', aliases(3_000), {}, { reason: 'TOO_MANY_TOKENS', says: /2000 tokens.*variables/ }],
    ['51 aliases', aliases(51), {}, { reason: 'TOO_MANY_ALIASES', says: /51 aliases; 50 are allowed/ }],
    ['3,000 fields that are one', `{ me { ${'personId '.repeat(3_000)} } }`, {}, { reason: 'TOO_MANY_TOKENS' }],
    ['3,000 directives', `{ me ${'@skip(if: false) '.repeat(3_000)} { personId } }`, {}, { reason: 'TOO_MANY_TOKENS' }],
    ['200 directives', `{ me ${'@skip(if: false) '.repeat(200)} { personId } }`, {}, { reason: 'DOCUMENT', says: /"@skip" can only be used once/ }],
    ['deep nesting', `{ committee { ballots(first: 1) { edges { node { ${deep(5)} } } } } }`, {}, { reason: 'TOO_DEEP', says: /12 are allowed/ }],
    ['deep nesting in fragments', `{ committee { ballots(first: 1) { edges { node { ...A } } } } } fragment A on Ballot { subject { ...B } } fragment B on Recommendation { ballots { ...C } } fragment C on Ballot { subject { ...D } } fragment D on Recommendation { ballots { ...E } } fragment E on Ballot { subject { ... on Recommendation { ballots { id subject { id history(first: 1) { edges { cursor } } } } } } }`, {}, { reason: 'TOO_DEEP' }],
    ['lists in lists', '{ committee { regions(first: 100) { edges { node { history(first: 100) { edges { node { change { position time kind } } } } } } } } }', {}, { reason: 'TOO_COSTLY', says: /20000 are allowed/ }],
    ['lists in lists by variable', 'query ($n: Int!) { committee { regions(first: $n) { edges { node { history(first: $n) { edges { node { change { position time kind } } } } } } } } }', { variables: { n: 100 } }, { reason: 'TOO_COSTLY' }],
    ['lists in lists by default', 'query ($n: Int! = 100) { committee { regions(first: $n) { edges { node { history(first: $n) { edges { node { change { position time kind } } } } } } } } }', {}, { reason: 'TOO_COSTLY' }],
    ['a huge first', '{ committee { regions(first: 2147483647) { edges { cursor } } } }', {}, { reason: 'TOO_COSTLY' }],
    ['a hundred differences', '{ committee { policyDocuments(first: 100) { edges { node { difference(from: 1, to: 2) { kind } } } } } }', {}, { reason: 'TOO_COSTLY', says: /a difference 1,000/ }],
    ['twenty differences of one', `{ committee { policyDocument(id: "d") { ${repeat(20, (i) => `a${i}: difference(from: ${i}, to: 21) { kind }`)} } } }`, {}, { reason: 'TOO_COSTLY' }],
    ['histories in a list without pages', '{ committee { ballots(first: 20) { edges { node { electorate { region { history(first: 100) { edges { cursor } } } } } } } } }', {}, { reason: 'TOO_COSTLY', says: /10 for a list/ }],
    ['a thousand texts', '{ committee { policyDocuments(first: 20) { edges { node { versions(first: 50) { edges { node { text { text } } } } } } } } }', {}, { reason: 'TOO_COSTLY', says: /a text costs 50/ }],
    ['a first beyond an Int', '{ committee { regions(first: 9999999999) { edges { cursor } } } }', {}, { reason: 'DOCUMENT', says: /32-bit/ }],
    ['introspection in introspection', '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }', {}, { reason: 'DOCUMENT', says: /introspection depth/i }],
    ['fragments in a circle', '{ committee { ...A } } fragment A on Committee { ...B } fragment B on Committee { ...A }', {}, { reason: 'DOCUMENT', says: /within itself/ }],
    ['a fragment in itself', '{ committee { ...A } } fragment A on Committee { change { ...B } ...A } fragment B on Change { kind }', {}, { reason: 'DOCUMENT', says: /within itself/ }],
    ['a fragment that is not there', '{ committee { ...A } }', {}, { reason: 'DOCUMENT', says: /Unknown fragment/ }],
    ['an unknown field', '{ committee { nam } }', {}, { reason: 'DOCUMENT', says: /"nam".*"name"/ }],
    ['an unknown argument', '{ committee(when: 5) { name } }', {}, { reason: 'DOCUMENT', says: /"when"/ }],
    ['an unknown type', 'query ($a: Nothing) { committee(at: $a) { name } }', {}, { reason: 'DOCUMENT', says: /Unknown type/ }],
    ['a field without its fields', '{ committee { board } }', {}, { reason: 'DOCUMENT', says: /must have a selection/ }],
    ['a missing argument', '{ committee { regions { edges { cursor } } } }', {}, { reason: 'DOCUMENT', says: /"first".*required/ }],
    ['two answers under one name', '{ committee { a: name a: position } }', {}, { reason: 'DOCUMENT', says: /conflict/ }],
    ['no document', '', {}, { reason: 'REQUEST', says: /"query"/ }],
    ['half a document', '{ committee {', {}, { reason: 'DOCUMENT', says: /Syntax Error/ }],
    ['no language at all', '\u0000\uFFFF💥', {}, { reason: 'DOCUMENT', says: /Syntax Error/ }],
    ['a lone surrogate', '{ committee { region(id: "\\uD800") { id } } }', {}, { reason: 'DOCUMENT', says: /Invalid Unicode/ }],
    ['two operations without a name', 'query A { me { personId } } query B { me { personId } }', {}, { says: /operation name/ }],
    ['a name that no operation has', 'query A { me { personId } }', { operationName: 'B' }, { says: /B/ }],
    ['a subscription that asks for a variable at its top', 'subscription ($v: Boolean!) { committee @include(if: $v) { position } }', {}, { reason: 'SOCKET_ONLY' }],
    ['a subscription', 'subscription { committee { position } }', {}, { reason: 'SOCKET_ONLY', says: /graphql-transport-ws/ }],
    ['a second moment', '{ committee(at: "1", asOf: "2020-01-01T00:00:00Z") { position } }', {}, { reason: 'ONE_MOMENT', status: 200 }],
  ];

  it.each(LIMITED)('with %s is told what would be right', async (what, query, more, right) => {
    const told = await ask(query, more);
    isTold(what, told, { status: 400, ...right });
    expect([what, told.ms < 2_000]).toEqual([what, true]);
  });

  it('that was let through with a small page is refused with a large one, also where it is a default of another operation', async () => {
    const lists = 'committee { regions(first: $n) { edges { node { history(first: $n) { edges { node { change { position time kind } } } } } } } }';
    const document = `query Given($n: Int!) { ${lists} } query Large($n: Int = 100) { ${lists} } query Small($n: Int = 2) { ${lists} }`;
    for (const [operationName, n, isCostly] of [['Given', 2, false], ['Given', 100, true], ['Given', 3, false], ['Small', undefined, false], ['Large', undefined, true], ['Large', 2, false]] as const) {
      const { errors } = JSON.parse((await ask(document, { operationName, variables: n === undefined ? {} : { n } })).text) as { errors?: Json[] };
      expect([operationName, n, errors?.[0]?.extensions.reason]).toEqual([operationName, n, isCostly ? 'TOO_COSTLY' : undefined]);
    }
  });

  it('whose fragments double twenty times, or twenty-four, costs what it says and no time', async () => {
    const doubling = (times: number): string => `{ committee { ...F0 } } ${repeat(times, (i) => `fragment F${i} on Committee { position ...F${i + 1} ...F${i + 1} }`)} fragment F${times} on Committee { position }`;
    const aliased = `{ committee { ...F0 } } ${repeat(16, (i) => `fragment F${i} on Committee { a${i}: name ...F${i + 1} ... on Committee { ...F${i + 1} } }`)} fragment F16 on Committee { name }`;
    const used = process.cpuUsage().user;
    for (const query of [doubling(20), doubling(24), aliased]) isTold('a bomb', await ask(query), { status: 400, reason: 'TOO_COSTLY' });
    expect((process.cpuUsage().user - used) / 1e6).toBeLessThan(3);
  });

  it('whose inline fragments overlap is looked through in time', async () => {
    // The rule on overlapping fields compares them in pairs.
    const overlap = (spreads: number): string => `{ committee { ${repeat(spreads, (i) => `... on Committee { change { ... on Change { kind actor { office } } } a${i % 40}: name }`)} } }`;
    const nested = (levels: number): string => (levels === 0 ? 'name' : `... on Committee { ${nested(levels - 1)} } ... on Committee { name }`);
    for (const query of [overlap(90), `{ committee { ${nested(200)} } }`, `{ committee { ${repeat(300, () => '... { ... on Committee { name } }')} } }`]) {
      const told = await ask(query);
      expect([query.slice(0, 60), told.status, told.ms < 2_000]).toEqual([query.slice(0, 60), expect.any(Number), true]);
      expect(told.status).toBeLessThan(500);
    }
  });

  it('with texts of nearly 1 MB is read, and what is said of it is short', async () => {
    const long = 'ä'.repeat(400_000);
    const there = await ask(`{ committee { region(id: ${JSON.stringify(long)}) { id } } }`);
    expect(JSON.parse(there.text)).toEqual({ data: { committee: { region: null } } });
    for (const query of [`{ committee(at: ${JSON.stringify(long)}) { position } }`, `{ committee { ballots(first: 1, filter: { state: ${'X'.repeat(800_000)} }) { edges { cursor } } } }`, `{ ${'x'.repeat(800_000)} }`]) {
      const told = await ask(query);
      isTold('a long text', told, { status: 400 });
      expect(told.text.length).toBeLessThan(2_000);
    }
    expect((await ask('query ($at: Position) { committee(at: $at) { position } }', { variables: { at: long } })).text.length).toBeLessThan(2_000);
  });

  it('with several mutations is not begun', async () => {
    const one = `castPosition(input: { ballot: "${ballot}", expressed: IN_FAVOUR }) { id }`;
    const member = await as('member-0');
    for (const query of [`mutation { a: ${one} b: ${one} }`, `mutation { ...A ...B } fragment A on Mutation { a: ${one} } fragment B on Mutation { b: ${one} }`]) {
      isTold('several mutations', await ask(query, {}, member), { status: 400, reason: 'ONE_MUTATION', says: /Send them one after another/ });
    }
    // One spread that holds two, and one field under a fragment that comes twice.
    for (const query of [`mutation { ...A } fragment A on Mutation { a: ${one} b: ${one} }`, `mutation { ... { a: ${one} ... on Mutation { b: ${one} } } }`]) {
      isTold('several mutations in one fragment', await ask(query, {}, member), { status: 400, reason: 'ONE_MUTATION' });
    }
  });
});

describe('A request', () => {
  const QUERY = JSON.stringify({ query: '{ me { personId } }' });
  const MUTATION = 'mutation { closeBallot(input: { ballot: "x" }) { id } }';
  const big = JSON.stringify({ query: '{ me { personId } }', variables: { x: 'x'.repeat(2 * 1024 * 1024) } });
  const query = (document: string): string => `/graphql?query=${encodeURIComponent(document)}`;

  const REQUESTS: readonly (readonly [string, string, string, Readonly<Record<string, string>>, string | undefined, Right])[] = [
    ['a body of 2 MiB', 'POST', '/graphql', JSON_TYPE, big, { status: 413, reason: 'BODY_TOO_LARGE', says: /1048576/ }],
    ['JSON that is none', 'POST', '/graphql', JSON_TYPE, '{', { status: 400, reason: 'REQUEST', says: /one JSON object/ }],
    ['an empty body', 'POST', '/graphql', JSON_TYPE, '', { status: 400, reason: 'REQUEST', says: /one JSON object/ }],
    ['null', 'POST', '/graphql', JSON_TYPE, 'null', { status: 400, reason: 'REQUEST', says: /"query"/ }],
    ['an empty object', 'POST', '/graphql', JSON_TYPE, '{}', { status: 400, reason: 'REQUEST', says: /"query"/ }],
    ['a query that is a number', 'POST', '/graphql', JSON_TYPE, '{"query": 1}', { status: 400, says: /must be strings/ }],
    ['variables that are a text', 'POST', '/graphql', JSON_TYPE, '{"query": "{ me { personId } }", "variables": "x"}', { status: 400, says: /object/ }],
    ['an operation name that is a number', 'POST', '/graphql', JSON_TYPE, '{"query": "{ me { personId } }", "operationName": 5}', { status: 400, says: /string/ }],
    ['a prototype', 'POST', '/graphql', JSON_TYPE, '{"query": "{ me { personId } }", "__proto__": {"admin": true}}', { status: 400, reason: 'REQUEST' }],
    ['a batch', 'POST', '/graphql', JSON_TYPE, `[${QUERY},${QUERY}]`, { status: 400, reason: 'BATCH', says: /one after another/i }],
    ['an empty batch', 'POST', '/graphql', JSON_TYPE, '[]', { status: 400, reason: 'BATCH' }],
    ['a document that is kept elsewhere', 'POST', '/graphql', JSON_TYPE, '{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}}', { says: /whole operation in "query"/ }],
    ['text/plain, as a form of another site may send', 'POST', '/graphql', { 'content-type': 'text/plain' }, QUERY, { status: 400, reason: 'CSRF', says: /application\/json/ }],
    ['a form', 'POST', '/graphql', { 'content-type': 'application/x-www-form-urlencoded' }, 'query=x', { status: 400, reason: 'CSRF', says: /application\/json/ }],
    ['multipart', 'POST', '/graphql', { 'content-type': 'multipart/form-data; boundary=x', 'apollo-require-preflight': '1' }, '--x--', { status: 415, reason: 'CONTENT_TYPE', says: /application\/json/ }],
    ['no content type', 'POST', '/graphql', {}, QUERY, { status: 415, reason: 'CONTENT_TYPE' }],
    ['XML', 'POST', '/graphql', { 'content-type': 'application/xml' }, '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', { status: 415, reason: 'CONTENT_TYPE' }],
    ['a mutation by GET', 'GET', query(MUTATION), { 'apollo-require-preflight': '1' }, undefined, { status: 405, reason: 'METHOD', says: /Send mutations as POST/ }],
    ['a mutation by GET, as an image of another site may ask', 'GET', query(MUTATION), {}, undefined, { status: 400, reason: 'CSRF' }],
    ['a GET without anything', 'GET', '/graphql', { 'apollo-require-preflight': '1' }, undefined, { status: 400, reason: 'REQUEST' }],
    ['PUT', 'PUT', '/graphql', JSON_TYPE, QUERY, { status: 404, code: 'NOT_FOUND', reason: 'ADDRESS', says: /PUT.*POST to \/graphql/ }],
    ['DELETE', 'DELETE', '/graphql', JSON_TYPE, QUERY, { status: 404, code: 'NOT_FOUND', reason: 'ADDRESS' }],
    ['OPTIONS', 'OPTIONS', '/graphql', {}, undefined, { status: 400, reason: 'CSRF' }],
    ...['/graphql/', '//graphql', '/graphql//', '/graphql;x', '/GRAPHQL', '/graphql/x', '/graphql%00', '/../graphql', '/%2e%2e/%2e%2e/etc/passwd', '/nothing'].map((path) => (
      [`the address ${path}`, 'POST', path, JSON_TYPE, JSON.stringify({ query: MUTATION }), { status: 404, code: 'NOT_FOUND', reason: 'ADDRESS', says: /POST to \/graphql/ }] as const)),
    ['an address that is none', 'GET', '/%ff', {}, undefined, { status: 400, reason: 'ADDRESS', says: /hex digits/ }],
    ['the health of nothing', 'GET', '/health/ready/', {}, undefined, { status: 404, code: 'NOT_FOUND', reason: 'ADDRESS' }],
  ];

  it.each(REQUESTS)('with %s is told what would be right', async (what, method, path, headers, body, right) => {
    isTold(what, await send(method, path, { authorization: chair, ...headers }, body), right);
  });

  it('HEAD and GET begin no mutation, and HEAD says nothing', async () => {
    for (const path of ['/graphql', query(MUTATION), query('{ me { personId } }')]) {
      const { status, text } = await send('HEAD', path, { authorization: chair, 'apollo-require-preflight': '1' });
      expect([path, status, text]).toEqual([path, 405, '']);
    }
  });

  it('keeps a correlation id that is a UUID, and is given one for anything else', async () => {
    const mine = '01900000-0000-7000-8000-0000000000aa';
    for (const [method, path, body] of [['POST', '/graphql', QUERY], ['POST', '/graphql', '{'], ['POST', '/graphql', big], ['GET', '/nothing', undefined], ['GET', '/health/live', undefined]] as const) {
      expect([path, (await send(method, path, { ...JSON_TYPE, 'x-correlation-id': mine }, body)).headers['x-correlation-id']]).toEqual([path, mine]);
      for (const wrong of ['<script>', 'x'.repeat(1_000), '']) expect((await send(method, path, { ...JSON_TYPE, 'x-correlation-id': wrong }, body)).headers['x-correlation-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    }
  });

  it('that is no HTTP, or two at once in one, is cut off', async () => {
    const { port } = new URL(server.url);
    const raw = (text: string): Promise<string> => new Promise((resolve) => {
      let told = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
      socket.on('data', (data) => { told += data.toString(); }).on('close', () => resolve(told)).on('error', () => undefined);
    });
    for (const text of ['NONSENSE\r\n\r\n', 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(40_000)}\r\n\r\n`]) {
      const told = await raw(text);
      expect([text.slice(0, 20), told]).toEqual([text.slice(0, 20), expect.stringMatching(/^HTTP\/1\.1 4(00|31) /)]);
      expect(told).not.toMatch(LEAKS);
    }
  });

  it('of nearly 1 MiB is none too many: policy texts are long', async () => {
    const text = Array.from({ length: 5 }, () => ({ text: 'ä'.repeat(90_000) }));
    const { position } = await server.send('initiateRecommendation', { title: 'Long', keyAreas: ['KA1'], addressees: ['X'], text }, 'member-0');
    before = Number(position);
  });
});

describe('A value', () => {
  /** For each scalar, what is none, and what is said to be right. */
  const WRONG: Readonly<Record<string, { readonly says: RegExp; readonly values: readonly unknown[] }>> = {
    Position: { says: /it is written as digits, such as "4711"\.$/, values: [-1, 1.5, 1e20, '', ' 1', '1 ', '1e3', '0x10', '１', '-0', '99999999999999999999', true, [1, 2], {}, 'x'.repeat(10_000)] },
    DateTime: { says: /it is written as in "2026-03-01T12:00:00Z"\.$/, values: [0, '', 'yesterday', '2026-03-01', '2026-03-01T12:00:00', '2026-02-30T12:00:00Z', '2026-13-01T12:00:00Z', '2026-03-01T24:00:00Z', '2026-03-01T12:60:00Z', '2026-03-01T12:00:00+99:00', '+012026-03-01T12:00:00Z', true, {}, 'x'.repeat(10_000)] },
    Date: { says: /it is written as in "2026-03-01"\.$/, values: [20260301, '', '2026-3-1', '2026-02-29', '2026-02-30', '2026-13-01', '2026-00-10', '2026-03-01T00:00:00Z', true, {}, 'x'.repeat(10_000)] },
    Sha256: { says: /it has 64 lower-case hex digits\.$/, values: [0, '', 'A'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(63)}g`, true, {}] },
    Cents: { says: /it is written as digits, such as "150000" for 1,500 euro, at most 9007199254740991\.$/, values: [-1, 1.5, 1e20, '', '1,50', '1.50', '€1', '1e3', '9007199254740992', '99999999999999999999', true, {}, 'x'.repeat(10_000)] },
    Int: { says: /Int cannot represent|units of cost/, values: ['1', 1.5, 2 ** 31, -(2 ** 31) - 1, true, {}, 'x'] },
    ID: { says: /ID cannot represent/, values: [1.5, true, {}] },
    Boolean: { says: /Boolean cannot represent/, values: ['true', 0, {}] },
    String: { says: /String cannot represent/, values: [5, true, {}] },
  };
  const ASKED: Readonly<Record<string, string>> = {
    Position: 'committee(at: $v) { position }', DateTime: 'committee(asOf: $v) { position }', Date: 'committee { policyDocument(id: "x") { inForce(on: $v) { number } } }',
    Int: 'committee { regions(first: $v) { edges { cursor } } }', ID: 'committee { region(id: $v) { id } }', Boolean: 'committee { regions(first: 1, filter: { withoutRepresentative: $v }) { edges { cursor } } }',
    String: 'committee { regions(first: 1, after: $v) { edges { cursor } } }',
  };
  const REQUIRED = ['Int', 'ID'];

  it('of each scalar is checked, as a variable and in the document, and told how it is written', async () => {
    const scalars = Object.values(schema.getTypeMap()).filter((type) => isScalarType(type) && type.name !== 'JSON').map((type) => type.name);
    expect(Object.keys(WRONG)).toEqual(expect.arrayContaining(scalars.filter((name) => name !== 'Float')));
    for (const [name, { says, values }] of Object.entries(WRONG)) {
      for (const value of values) {
        const what = `${name} ${JSON.stringify(value).slice(0, 60)}`;
        if (name === 'Cents') {
          const variables = { input: { investment: 'x', amount: value } };
          isTold(what, await ask('mutation ($input: IndicatePledgeInput!) { indicatePledge(input: $input) { id } }', { variables }, await as('stranger')), { status: 400, says });
          continue;
        }
        if (name === 'Sha256') {
          const input = { region: { name: 'X', country: 'IT' }, letterOfAdhesion: { kind: 'LETTER_OF_ADHESION', sha256: value, signedAs: 'y', date: '2019-01-01' } };
          isTold(what, await ask('mutation ($input: JoinCommitteeInput!) { joinCommittee(input: $input) { id } }', { variables: { input } }, await as('stranger')), { status: 400, says });
          continue;
        }
        isTold(what, await ask(`query ($v: ${name}${REQUIRED.includes(name) ? '!' : ''}) { ${ASKED[name]} }`, { variables: { v: value } }), { status: 400, says });
        if (typeof value === 'object') continue;
        isTold(`${what} in the document`, await ask(`{ ${ASKED[name]?.replace('$v', JSON.stringify(value))} }`), { status: 400 });
      }
    }
  }, 60_000);

  it('that is a page size or a cursor has its limits, told', async () => {
    for (const first of [0, 101, -1, -2147483648]) isTold(`first ${first}`, await ask(`{ committee { regions(first: ${first}) { edges { cursor } } } }`), { reason: 'PAGE_SIZE', says: /1 to 100/ });
    for (const after of ['x', '-1', '1.5', '1; DROP TABLE region', '99999999999999999999', ' ', '１', 'x'.repeat(100_000)]) {
      const told = await ask('query ($after: String) { committee { regions(first: 1, after: $after) { edges { cursor } } } }', { variables: { after } });
      isTold(`after ${after.slice(0, 30)}`, told, { reason: 'CURSOR', says: /cursor that this list gave/ });
      expect(told.text.length).toBeLessThan(1_000);
    }
    // A cursor beyond the list is one of this list, whose end has come.
    expect(JSON.parse((await ask('{ committee { regions(first: 1, after: "999999") { edges { cursor } pageInfo { hasNextPage } } } }')).text)).toEqual({ data: { committee: { regions: { edges: [], pageInfo: { hasNextPage: false } } } } });
  });

  it('that looks like SQL, a path or a template is an id that is not there', async () => {
    for (const id of ["' OR 1=1 --", '"; DROP TABLE ballot; --', '../../etc/passwd', '${7*7}', '{{7*7}}', '%00', '\u0000', 'constructor', '__proto__', 'toString', 'ballot-', 'committee', '𝕏'.repeat(30)]) {
      const { text } = await ask('query ($id: ID!) { committee { ballot(id: $id) { id } recommendation(id: $id) { id } region(id: $id) { id } ballots(first: 1, filter: { subject: $id }) { edges { cursor } } } }', { variables: { id } }, { authorization: chair });
      expect([id, JSON.parse(text)]).toEqual([id, { data: { committee: { ballot: null, recommendation: null, region: null, ballots: { edges: [] } } } }]);
      isTold(id, await ask('mutation ($input: CloseBallotInput!) { closeBallot(input: $input) { id } }', { variables: { input: { ballot: id } } }, { authorization: chair }), { code: 'NOT_FOUND', says: /There is no ballot/ });
    }
  });
});

describe('The input of a command', () => {
  interface Spoiled { readonly path: string; readonly value: unknown; readonly input: unknown }
  /** Every way to spoil one field of an input: of another kind, too long, blank, out of bounds, none of the list. */
  function spoiled(type: GraphQLInputObjectType, whole: Readonly<Record<string, unknown>>, path = ''): Spoiled[] {
    return Object.values(type.getFields()).flatMap((field) => {
      const at = `${path}${field.name}`;
      const inner = isNonNullType(field.type) ? field.type.ofType : field.type as GraphQLInputType;
      const named = getNamedType(field.type);
      const wrong: unknown[] = [{ a: 1 }, ...(isNonNullType(field.type) ? [null] : [])];
      if (isEnumType(named)) wrong.push('NONE_OF_THESE', 5, '');
      else if (isInputObjectType(named)) wrong.push('text', 5);
      else wrong.push(...({ ID: ['', 'x'.repeat(101), 1.5], String: ['', ' \n', 'x'.repeat(200_001), 5], Int: [-1, 2 ** 31, 1.5, '1'], Boolean: ['true', 0] } as Readonly<Record<string, readonly unknown[]>>)[named.name] ?? ['x', true, '']);
      const many = isListType(inner);
      const values = wrong.map((value) => (many && value !== null ? [value] : value)).concat(many ? [Array.from({ length: 1_001 }, (_, i) => (isInputObjectType(named) ? inputFor(named, '', {}) : `x${i}`))] : []);
      const own = values.map((value): Spoiled => ({ path: at, value, input: { ...whole, [field.name]: value } }));
      if (!isInputObjectType(named)) return own;
      const inside = inputFor(named, '', {}) as Record<string, unknown>;
      return [...own, ...spoiled(named, inside, `${at}.`).map((one): Spoiled => ({ ...one, input: { ...whole, [field.name]: many ? [one.input] : one.input } }))];
    });
  }

  it('is refused for every field of every command that is of another kind, blank, too long or out of bounds, by its name, and nothing is written', async () => {
    const stranger = await as('stranger');
    let asked = 0;
    const quiet: string[] = [];
    for (const { command, mutation } of registrations) {
      if (mutation === false) continue;
      const type = schema.getType(`${command.name}Input`) as GraphQLInputObjectType;
      const document = `mutation ($input: ${command.name}Input!) { ${mutationName(command.name)}(input: $input) { id } }`;
      for (const { path, value, input } of spoiled(type, inputFor(type, '', {}) as Record<string, unknown>)) {
        const told = await ask(document, { variables: { input } }, stranger);
        const what = `${command.name}.${path} = ${JSON.stringify(value).slice(0, 60)}`;
        asked++;
        const error = (JSON.parse(told.text) as Json).errors?.[0];
        if (error?.extensions.code !== 'INVALID') { quiet.push(what); continue; }
        const { message } = isTold(what, told, { code: 'INVALID' });
        expect([what, message]).toEqual([what, expect.stringContaining(path.split('.').at(-1) as string)]);
      }
      const unknown = isTold(command.name, await ask(document, { variables: { input: { ...(inputFor(type, '', {}) as object), secret: 1 } } }, stranger), { status: 400, says: /"secret" is not defined/ });
      expect(unknown.code).toBe('INVALID');
    }
    expect(asked).toBeGreaterThan(500);
    expect(quiet).toEqual([]);
    expect(server.head).toBe(before);
  }, 120_000);

  it('names all fields that are wrong at once, and what would be right', async () => {
    const wrong = async (command: string, input: object) => isTold(command, await ask(`mutation ($input: ${command}Input!) { ${mutationName(command)}(input: $input) { id } }`, { variables: { input } }, await as('member-0')));
    expect(await wrong('InitiateRecommendation', { title: ' ', keyAreas: [], addressees: ['X'], text: [{ text: '' }] })).toMatchObject({
      message: expect.stringMatching(/title.*keyAreas.*text/s), facts: { fields: [{ path: 'title' }, { path: 'keyAreas' }, { path: 'text.0.text' }] },
    });
    expect(await wrong('CastPosition', { ballot, expressed: 'IN_FAVOUR', commandId: 'mine' })).toMatchObject({ message: expect.stringContaining('commandId must be a UUID') });
    expect(await wrong('CastPosition', { ballot, expressed: 'PERHAPS' })).toMatchObject({ message: expect.stringContaining('RegionPosition') });
    expect(await wrong('JoinCommittee', { region: { name: 'X', country: 'Italy' }, letterOfAdhesion: { kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'y', date: '2019-01-01' } }))
      .toMatchObject({ message: expect.stringContaining('region.country must be two capital letters, such as IT') });
  });
});

describe('A token', () => {
  const AUDIENCE = 'urn:interregional-committee:api';
  const now = Math.floor(Date.now() / 1000);

  it('that is foreign, expired, early, bound elsewhere or broken is refused with its reason, before anything is asked', async () => {
    const [jwk] = (JSON.parse(readFileSync(join(server.dataDir, DEV_ISSUER_FILE), 'utf8')) as { keys: JWK[] }).keys as [JWK];
    const key = await importJWK(jwk, 'ES256');
    const { privateKey: foreign } = await generateKeyPair('ES256');
    const sign = (claims: object, header: object = {}, by = key): Promise<string> => new SignJWT({ iss: DEV_ISSUER, aud: AUDIENCE, sub: 'chair', client_id: 'cli', iat: now - 10, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...(jwk.kid !== undefined && { kid: jwk.kid }), ...header }).sign(by);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const good = await sign({});
    const [head, claims, signature] = good.split('.') as [string, string, string];
    const hs256 = `${part({ alg: 'HS256', typ: 'at+jwt', kid: jwk.kid })}.${claims}`;
    const tokens: Readonly<Record<string, readonly [string, string]>> = {
      'of another key': [await sign({}, {}, foreign), 'TOKEN_SIGNATURE'],
      'of a key that is not known': [await sign({}, { kid: 'other' }, foreign), 'TOKEN_KEY'],
      'of another issuer': [await sign({ iss: 'https://elsewhere.example' }), 'TOKEN_ISSUER'],
      'for somebody else': [await sign({ aud: 'urn:other:api' }), 'TOKEN_AUDIENCE'],
      'that has expired': [await sign({ iat: now - 600, exp: now - 300 }), 'TOKEN_EXPIRED'],
      'that is not valid yet': [await sign({ nbf: now + 3600 }), 'TOKEN_NOT_YET_VALID'],
      'without an end': [await sign({ exp: undefined }), 'TOKEN_CLAIM'],
      'for nobody': [await sign({ sub: '' }), 'TOKEN_CLAIM'],
      'that is an ID token': [await sign({ nonce: 'x' }), 'TOKEN_IS_ID_TOKEN'],
      'of another type': [await sign({}, { typ: 'JWT' }), 'TOKEN_TYPE'],
      'with claims of somebody else': [`${head}.${part({ iss: DEV_ISSUER, aud: AUDIENCE, sub: 'secretariat', client_id: 'cli', iat: now, exp: now + 300 })}.${signature}`, 'TOKEN_SIGNATURE'],
      'without a signature': [`${part({ alg: 'none', typ: 'at+jwt' })}.${claims}.`, 'TOKEN_INVALID'],
      'signed with the public key as a secret': [`${hs256}.${createHmac('sha256', JSON.stringify({ ...jwk, d: undefined })).update(hs256).digest('base64url')}`, 'TOKEN_ALGORITHM'],
      // By how much decides: one character over whole groups of four is no base64url, whole groups are a signature that is none of ours.
      // Four cut from the 86 would be either, by chance.
      'cut short': [good.slice(0, -5), 'TOKEN_INVALID'],
      'cut short by whole bytes': [good.slice(0, -2), 'TOKEN_SIGNATURE'],
      'that is none': ['x.y.z', 'TOKEN_INVALID'],
      'that is empty': ['', 'AUTHORIZATION_INVALID'],
      'of 9,000 bytes': ['x'.repeat(9_000), 'TOKEN_TOO_LARGE'],
    };
    expect(JSON.parse((await ask('{ me { personId } }', {}, { authorization: `Bearer ${good}` })).text)).toEqual({ data: { me: { personId: server.personId('chair') } } });
    for (const [what, [token, reason]] of Object.entries(tokens)) {
      for (const query of ['{ me { personId } }', `mutation { closeBallot(input: { ballot: "${ballot}" }) { id } }`, '{ committee { log(first: 1) { edges { cursor } } } }']) {
        const { message } = isTold(what, await ask(query, {}, { authorization: `Bearer ${token}` }), { status: 401, code: 'UNAUTHENTICATED', reason });
        if (token.length > 20) expect(message).not.toContain(token.slice(0, 20));
      }
      // At the socket too: 4401, and a reason that fits.
      const closed = await new Promise<{ code: number; reason: string }>((resolve) => {
        const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
        socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })));
        socket.on('close', (code, why) => resolve({ code, reason: why.toString() }));
      });
      expect([what, closed]).toEqual([what, { code: 4401, reason: expect.stringMatching(/^(The|This) .*\.$|^.{100,}/) }]);
    }
    for (const scheme of ['Basic eDp5', good, `Bearer  ${good}`, `Bearer ${good} x`, `DPoP ${good}`]) isTold(scheme.slice(0, 12), await ask('{ me { personId } }', {}, { authorization: scheme }), { status: 401, code: 'UNAUTHENTICATED', reason: 'AUTHORIZATION_INVALID', says: /Bearer/ });
  });

  it('is missed where one is needed, and told apart from a right that is missing', async () => {
    const close = `mutation { closeBallot(input: { ballot: "${ballot}" }) { id } }`;
    isTold('nobody', await ask(close), { code: 'UNAUTHENTICATED', says: /Send a token/ });
    isTold('a member', await ask(close, {}, await as('member-0')), { code: 'FORBIDDEN', says: /the chair/ });
    isTold('a field', await ask('{ committee { log(first: 1) { edges { cursor } } } }', {}, await as('member-0')), { status: 403, code: 'FORBIDDEN', says: /auditor/ });
  });
});

describe('A socket', () => {
  const url = (): string => `${server.url.replace('http', 'ws')}/graphql`;

  it('is opened from here only: a foreign origin and another address are refused, with the same shape of error', async () => {
    const upgrade = (path: string, origin?: string): Promise<Told> => new Promise((resolve, reject) => {
      const request = open(server.url, { path, agent: false, headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', ...(origin !== undefined && { origin }) } });
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text, ms: 0 }));
      });
      request.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '', ms: 0 });
      });
      request.on('error', reject);
      request.end();
    });
    for (const origin of ['https://elsewhere.example', 'null', 'file://', `${server.url}.elsewhere.example`, 'http://127.0.0.1:1', 'x'.repeat(1_000)]) {
      const told = await upgrade('/graphql', origin);
      answers.push(told);
      isTold(origin.slice(0, 40), told, { status: 403, code: 'FORBIDDEN', reason: 'ORIGIN', says: /from a program, without an origin/ });
    }
    for (const path of ['/', '/graphql/', '/socket']) {
      const told = await upgrade(path);
      answers.push(told);
      isTold(path, told, { status: 404, code: 'NOT_FOUND', reason: 'ADDRESS', says: /\/graphql/ });
    }
    expect((await upgrade('/graphql', server.url)).status).toBe(101);
    expect((await upgrade('/graphql')).status).toBe(101);
  });

  it('carries no mutation and no query, and nothing larger than 64 KiB', async () => {
    const { client } = server.socket(await server.token('chair'));
    const error = (query: string): Promise<Json> => new Promise((resolve) => client.subscribe({ query, operationName: query.includes('M {') ? 'M' : null }, { next: resolve, error: resolve, complete: () => resolve(undefined) }));
    for (const query of [`mutation { closeBallot(input: { ballot: "${ballot}" }) { id } }`, '{ me { personId } }', `mutation M { closeBallot(input: { ballot: "${ballot}" }) { id } } subscription S { committee { position } }`]) {
      const [told] = await error(query);
      expect([query, told]).toEqual([query, expect.objectContaining({ message: expect.stringMatching(/over HTTP/), extensions: expect.objectContaining({ code: 'INVALID', reason: 'SUBSCRIPTIONS_ONLY', correlationId: expect.any(String) }) })]);
    }
    await client.dispose();
    const closed = await new Promise<number>((resolve) => {
      const socket = new WebSocket(url(), 'graphql-transport-ws');
      socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { x: 'x'.repeat(70_000) } })));
      socket.on('close', resolve).on('error', () => undefined);
    });
    expect(closed).toBe(1009);
  });
});

describe('Chance', () => {
  it('makes no document that breaks the server: each is answered in time, or told why not', async () => {
    const random = randomFrom(SEED);
    const pick = <T>(list: readonly T[]): T => list[below(random, list.length)] as T;
    const words = [...Object.values(schema.getTypeMap()).flatMap((type) => ('getFields' in type ? Object.keys(type.getFields()) : [])), 'nothing', '__typename', '__schema', 'on', 'fragment', 'ä', '💥'];
    const values = ['1', '-1', '"x"', 'null', 'true', '$v', '[]', '{}', '{ a: [ { } ] }', 'IN_FAVOUR', '1e999', '"\\u0000"', '"""x"""', '99999999999999999999'];
    const argument = (): string => `${pick(['first', 'after', 'id', 'at', 'filter', pick(words)])}: ${pick(values)}`;
    const selection = (depth: number): string => `{ ${Array.from({ length: 1 + below(random, 4) }, () => {
      const inner = depth > 0 && random() < 0.7 ? selection(depth - 1) : '';
      return pick([
        () => `${random() < 0.1 ? 'a: ' : ''}${pick(words)}${random() < 0.4 ? `(${argument()})` : ''} ${random() < 0.1 ? '@include(if: $v)' : ''} ${inner}`,
        () => `... on ${pick(Object.keys(schema.getTypeMap()))} ${inner || '{ id }'}`, () => '...F', () => `... ${inner || '{ __typename }'}`,
      ])();
    }).join(' ')} }`;
    const document = (): string => {
      const text = `${pick(['', 'query', 'query Q($v: Int)', 'mutation', 'subscription', 'query ($v: Position!)'])} ${selection(below(random, 6))} ${random() < 0.5 ? `fragment F on ${pick(['Committee', 'Ballot', 'Query', 'Nothing'])} ${selection(2)}` : ''}`;
      // One in ten is torn.
      return random() < 0.1 ? text.slice(0, below(random, text.length)) + pick(['}', '{', '"', '\u0000', '\u2028', '']) : text;
    };
    const DOCUMENTS = 600;
    const started = performance.now();
    for (let i = 0; i < DOCUMENTS; i++) {
      const query = document();
      const told = await ask(query, random() < 0.3 ? { variables: { v: pick([1, 'x', null, { a: 1 }, [1]]) } } : {}, i % 3 === 0 ? { authorization: chair } : {});
      expect([SEED, query, told.status < 500, told.ms < 2_000]).toEqual([SEED, query, true, true]);
      const { errors } = JSON.parse(told.text) as { errors?: Json[] };
      for (const error of errors ?? []) expect([SEED, query, error.message, error.extensions.code]).toEqual([SEED, query, expect.any(String), expect.stringMatching(/^(INVALID|FORBIDDEN|UNAUTHENTICATED)$/)]);
    }
    console.log(`${DOCUMENTS} documents by chance, SEED=${SEED}: ${((performance.now() - started) / DOCUMENTS).toFixed(1)} ms each`);
  }, 60_000);
});

describe('After all this', () => {
  it('nothing is written, nothing has leaked, nobody is left at a socket, and a plain question is answered at once', async () => {
    expect(server.head).toBe(before);
    expect(answers.length).toBeGreaterThan(1_500);
    for (const { text } of answers) {
      // What was asked for by chance may be quoted back; its words are those of the schema.
      const leak = LEAKS.exec(text);
      expect([leak?.[0], leak && text.slice(Math.max(0, leak.index - 100), leak.index + 200)]).toEqual([undefined, null]);
    }
    const told = await ask('{ committee { name position } }');
    expect(JSON.parse(told.text)).toEqual({ data: { committee: { name: 'Test', position: String(before) } } });
    expect(told.ms).toBeLessThan(500);
    const { status, text } = await send('GET', '/health/ready', {});
    expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ status: 'ready' })]);
  });
});
