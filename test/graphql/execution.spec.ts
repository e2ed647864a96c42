import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execute, getOperationAST, GraphQLError, parse, validate, type DocumentNode, type ExecutionResult, type GraphQLOutputType, type GraphQLSchema } from 'graphql';
import { toGraphQLError } from '../../src/graphql/errors.js';
import { Executor } from '../../src/graphql/execution.js';
import { turns } from '../../src/graphql/turns.js';
import type { Standing } from '../../src/identity/standing.js';
import { documentsOf } from '../support/asked.js';
import { everyField } from '../support/every-field.js';
import { randomDocument } from '../support/random-document.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { TestServer, until, type Json } from '../support/server.js';

const AT_ONCE = { compiledAtUse: 1, fields: 100_000, fieldsKept: 100_000_000 };
const PEOPLE = [undefined, 'stranger', 'galicia-representative', 'chair', 'secretariat', 'auditor'] as const;
const CORRELATION = '0199c0de-0000-7000-8000-000000000001';

let server: TestServer;
let schema: GraphQLSchema;
let ids: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  server = await TestServer.start();
  ({ schema } = server.running);
  const lists = { region: 'regions', ballot: 'ballots', recommendation: 'recommendations', accession: 'accessions', policyDocument: 'policyDocuments' };
  const found = await server.committee(Object.values(lists).map((list) => `${list}(first: 9) { edges { node { id } } }`).join(' '), 'secretariat');
  ids = Object.fromEntries(Object.entries(lists).map(([one, list]) => [`Committee.${one}`, found[list].edges.map(({ node }: Json) => node.id as string)]));
});
afterEach(() => { jest.restoreAllMocks(); });
afterAll(() => server.stop());

const standing = (person: string | undefined): Standing => server.running.system.decisions.standings.of(person === undefined ? undefined : server.personId(person));

/** An answer to the byte, as it leaves the house. */
const told = ({ data, errors, ...others }: ExecutionResult): string =>
  JSON.stringify({ ...others, ...(errors && { errors: errors.map((error) => toGraphQLError(error, CORRELATION, () => undefined)) }), data });

/** The answer by graphql-js and the one of the executor, and whether the latter was the compiled one. */
async function bothWays(executor: Executor, document: DocumentNode, person: string | undefined, variables: Record<string, unknown> = {}): Promise<{ readonly plain: string; readonly ours: string; readonly compiled: boolean }> {
  const operation = getOperationAST(document);
  if (!operation) throw new Error('Not one operation');
  const context = { correlationId: CORRELATION, reader: standing(person) };
  // Which of several errors comes first, and is told alone where all is null then, would depend on who pauses.
  const pause = jest.spyOn(turns, 'pause').mockReturnValue(undefined);
  const plain = await execute({ schema, document, variableValues: variables, contextValue: context, rootValue: {} });
  const execution = { document, operation, variables, context, root: {} };
  const compiled = await executor.compiled(execution);
  const ours = compiled ?? await executor.execute(execution);
  pause.mockRestore();
  return { plain: told(plain), ours: told(ours), compiled: compiled !== undefined };
}

/** Same answers both ways. @returns how many of the answers came compiled, and how many have errors */
async function compare(documents: readonly (readonly [string, Record<string, unknown>?])[], people: readonly (string | undefined)[]): Promise<{ compiled: number; errors: number }> {
  const executor = new Executor(schema, AT_ONCE);
  let [compiled, errors] = [0, 0];
  for (const [text, variables] of documents) {
    const document = parse(text);
    for (const person of people) {
      const answer = await bothWays(executor, document, person, variables);
      expect([text, person, answer.ours]).toEqual([text, person, answer.plain]);
      if (answer.compiled) compiled++;
      if (answer.plain.includes('"errors":')) errors++;
    }
  }
  return { compiled, errors };
}

describe('A document that comes again over HTTP', () => {
  const QUESTIONS: readonly (readonly [string, Record<string, unknown>?])[] = [
    ['{ committee(at: "9") { position time name regions(first: 3) { pageInfo { hasNextPage endCursor } edges { cursor node { ...R } } } } } fragment R on Region { id name again: name __typename }'],
    ['query Q($at: Position, $n: Int!) { committee(at: $at) { ballots(first: $n) { edges { node { id state subject { __typename id ... on Recommendation { title } } } } } } }', { at: '40', n: 5 }],
    ['query Q($at: Position, $n: Int!) { committee(at: $at) { ballots(first: $n) { edges { cursor } } } }', { at: 'no position', n: 5 }],
    ['query Q($n: Int!) { committee { ballots(first: $n) { edges { cursor } } } }', {}],
    ['query Q($n: Int!) { committee { ballots(first: $n) { edges { cursor } } } }', { n: 1_000 }],
    ['{ committee(at: "999999") { position } }'], ['{ committee(at: "1", asOf: "2020-01-01T00:00:00Z") { position } }'], ['{ a: committee(at: "999999") { position } b: committee(at: "1") { position } }'],
    ['{ committee { log(first: 1) { edges { cursor } } } }'], ['{ me { personId } committee { recommendation(id: "none") { id } myDesk { tasks(first: 3) { edges { node { sentence } } } } } }'],
    ['query Q { committee { position } }'], ['{ committee { nothing } }'], ['{ __typename }'], ['{ __schema { queryType { name } } }'],
  ];

  it('is answered the third time as the first: status, headers and body', async () => {
    const answers = jest.spyOn(Executor.prototype, 'compiled');
    let compiled = 0;
    for (const [query, variables] of QUESTIONS) {
      for (const person of [undefined, 'chair', 'auditor']) {
        // Another text, so that each reader begins with a document that nobody asked.
        const body = JSON.stringify({ query: `# ${person}\n${query}`, variables });
        const headers: Record<string, string> = { 'x-correlation-id': CORRELATION, ...(person !== undefined && { authorization: `Bearer ${await server.token(person)}` }) };
        const got = [];
        for (let i = 0; i < 4; i++) {
          const { status, text, headers: given } = await server.post(body, headers);
          got.push({ status, text, headers: [...given].filter(([name]) => name !== 'date') });
        }
        expect([query, person, ...got.slice(1)]).toEqual([query, person, got[0], got[0], got[0]]);
        if ((await answers.mock.results.at(-1)?.value) !== undefined) compiled++;
      }
    }
    expect(compiled).toBeGreaterThan(15);
  });

  it('is not waited for twice where this node has yet to see a position', async () => {
    const query = `{ committee(notBefore: "${server.head + 100}") { position } }`;
    const texts = [];
    for (let i = 0; i < 3; i++) {
      const started = Date.now();
      texts.push((await server.post(JSON.stringify({ query }), { 'x-correlation-id': CORRELATION })).text);
      expect(Date.now() - started).toBeLessThan(9_000);
    }
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('VIEW_BEHIND');
  });
});

describe('Field by field in turns of their own, an answer is the same to the byte', () => {
  it('compiled or not, for the lists of the sample and for what is refused, whoever asks', async () => {
    let pauses = 0;
    // Every field goes on in another turn of the loop than the one it began in.
    const paused = () => jest.spyOn(turns, 'pause').mockImplementation(() => new Promise((resolve) => { pauses++; setImmediate(resolve); }));
    const documents = [
      '{ committee { time name regions(first: 9) { edges { node { name representative { until } history(first: 9) { edges { cursor node { fields { field after } } } } } } } board { total { openBallots } } } }',
      '{ committee { ballots(first: 9) { edges { node { state subject { __typename id } electorate { region { name } } positions { expressed } tally { inFavour } } } } } }',
      '{ committee { log(first: 9) { edges { node { position } } } } }', '{ committee { regions(first: 1000) { edges { cursor } } } }', '{ committee(at: "7") { myDesk { tasks(first: 9) { edges { node { sentence thing { id } } } } } change { sentence } } }',
    ];
    for (const executor of [new Executor(schema), new Executor(schema, AT_ONCE)]) {
      for (const text of documents) {
        const document = parse(text);
        expect([text, validate(schema, document)]).toEqual([text, []]);
        const operation = getOperationAST(document);
        if (!operation) throw new Error(text);
        for (const person of PEOPLE) {
          const execution = { document, operation, variables: {}, context: { correlationId: CORRELATION, reader: standing(person) }, root: {} };
          const atOnce = told(await executor.execute(execution));
          const pause = paused();
          const inTurns = told(await executor.execute(execution));
          pause.mockRestore();
          expect([text, person, inTurns]).toEqual([text, person, atOnce]);
        }
      }
    }
    expect(pauses).toBeGreaterThan(400);
  });

  it('an answer is of one moment, however many turns it took and whatever was recorded between them', async () => {
    const query = `{ ${Array.from({ length: 9 }, (_, i) => `c${i}: committee { position time name }`).join(' ')} me { personId } }`;
    let [recorded, before] = [0, Promise.resolve()];
    // One field after the other, and something recorded before each of the first.
    const record = async (): Promise<void> => {
      if (recorded++ >= 9) return;
      const { position } = await server.send('renameKeyArea', { code: 'KA1', title: `Title ${recorded} of ${server.head}` }, 'secretariat') as { position: string };
      await server.running.system.views.reaches(Number(position), 5_000);
    };
    jest.spyOn(turns, 'pause').mockImplementation(() => (before = before.then(record)));
    for (let i = 0; i < 3; i++) {
      const { head } = server;
      recorded = 0;
      const { data } = await server.ask(query, 'auditor');
      expect(new Set(Object.values(data as Json).flatMap((one: Json) => (one.position === undefined ? [] : [one.position]))).size).toBe(1);
      expect(server.head).toBe(head + 9);
    }
  });

  it('a question that waited for a position goes on in the turns that it had before, until its connection ends', async () => {
    const begin = jest.spyOn(turns, 'begin');
    const own = () => begin.mock.results[0]?.value as ReturnType<typeof turns.begin> | undefined;
    const back = jest.spyOn(turns, 'goBackTo');
    const asked = server.ask(`{ committee(notBefore: "${server.head + 1}") { position regions(first: 3) { edges { cursor } } } }`, 'auditor');
    await until(() => own() !== undefined);
    await server.send('renameKeyArea', { code: 'KA2', title: `Title of ${server.head}` }, 'secretariat');
    expect((await asked).data.committee.regions.edges).toHaveLength(3);
    expect(back).toHaveBeenCalledWith(own());
    expect(own()?.isGone()).toBe(false);
  });

  it('a question is given up whose connection has ended, and the server does nothing more for it', async () => {
    const begin = jest.spyOn(turns, 'begin');
    const own = () => begin.mock.results[0]?.value as ReturnType<typeof turns.begin> | undefined;
    const leave = new AbortController();
    const left = fetch(`${server.url}/graphql`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, signal: leave.signal, body: JSON.stringify({ query: `{ committee(notBefore: "${server.head + 1}") { name } }` }),
    }).catch((error: Error) => error.name);
    await until(() => own() !== undefined);
    leave.abort();
    expect(await left).toBe('AbortError');
    await until(() => own()?.isGone() === true);
    const found = jest.spyOn(server.running.system.reads, 'get');
    await server.send('renameKeyArea', { code: 'KA2', title: `Title of ${server.head}` }, 'secretariat');
    await server.running.system.views.reaches(server.head, 5_000);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(found).not.toHaveBeenCalled();
  });
});

describe('Compiled and by graphql-js, an answer is the same to the byte', () => {
  it('for what the other tests ask, whoever asks', async () => {
    const isQuery = (document: DocumentNode): boolean => getOperationAST(document)?.operation === 'query';
    // A position beyond the head is waited for, five seconds each way.
    const documents = documentsOf(schema, 'test', ['e2e', 'graphql', 'support'], isQuery).filter((text) => !/notBefore: "(999|\d{4,})/.test(text));
    expect(documents.length).toBeGreaterThan(70);
    const { compiled, errors } = await compare(documents.map((text) => [text, { at: String(server.head), first: 2, id: 'none' }]), PEOPLE);
    expect(compiled).toBeGreaterThan(300);
    expect(errors).toBeGreaterThan(20);
  });

  it('for every field of the schema at many positions, as far as each reader may ask', async () => {
    const { visibility } = server.running.system;
    const type = schema.getQueryType()?.getFields()['committee']?.type as GraphQLOutputType;
    for (const person of ['auditor']) {
      const reader = standing(person);
      const text = `query ($at: Position) { me { personId } committee(at: $at) ${everyField(schema, type, { mayAsk: (name, field) => visibility.mayAsk(reader, name, field), ids })} }`;
      const positions = [0, 1, 9, 30, Math.floor(server.head / 2), server.head];
      const { compiled } = await compare(positions.map((at) => [text, { at: String(at) }]), [person]);
      expect([person, compiled]).toEqual([person, positions.length]);
    }
  }, 180_000);

  it(`for documents that nobody would write (seed ${SEED})`, async () => {
    const random = randomFrom(SEED);
    const { visibility } = server.running.system;
    let [compiled, errors, asked] = [0, 0, 0];
    for (let i = 0; i < 250; i++) {
      const person = PEOPLE[below(random, PEOPLE.length)];
      const reader = standing(person);
      const text = randomDocument(schema, (bound) => below(random, bound), { mayAsk: (name, field) => visibility.mayAsk(reader, name, field), ids });
      if (validate(schema, parse(text)).length > 0) continue;
      const variables = [{ at: '12', none: 1 }, { at: String(server.head), page: 3, none: 2, cursor: '1' }, { at: null, none: 0, cursor: null }, { none: 5 }, { at: 'x' }][below(random, 5)];
      const found = await compare([[text, variables]], [person]);
      asked++;
      compiled += found.compiled;
      errors += found.errors;
    }
    expect(asked).toBeGreaterThan(100);
    expect(compiled).toBeGreaterThan(30);
    expect(errors).toBeGreaterThan(10);
  }, 180_000);

  it('where something goes wrong inside: one field, several, below what may be null and what may not', async () => {
    const { reads } = server.running.system;
    const documents = [
      'committee { position time name }', 'committee { name regions(first: 2) { edges { node { name } } } }', 'committee { board { total { openBallots } } }',
      'a: committee { ballots(first: 3) { edges { node { id tally { inFavour } subject { id __typename } } } } } b: committee { name }',
      `committee { ballot(id: "${ids['Committee.ballot']?.[0]}") { id electorate { region { name } } positions { region { id } } subject { ... on Recommendation { title ballots { id } } } } }`,
      'committee { recommendations(first: 5) { edges { node { keyAreas { title } initiatedBy { name } text { text } } } } }', 'committee { myDesk { tasks(first: 9) { edges { node { thing { id history(first: 2) { edges { cursor } } } } } } } }',
    ].filter((selection) => validate(schema, parse(`{ ${selection} }`)).length === 0);
    expect(documents).toHaveLength(7);
    let errors = 0;
    for (const method of ['get', 'list', 'parts', 'timeOf'] as const) {
      for (const error of [new Error('broken'), new GraphQLError('told', { extensions: { code: 'REFUSED' } })]) {
        jest.spyOn(reads, method).mockImplementation(() => { throw error; });
        errors += (await compare(documents.map((selection) => [`{ ${selection} }`]), ['chair'])).errors;
        jest.restoreAllMocks();
        jest.spyOn(reads, method).mockReturnValue(undefined as never);
        errors += (await compare(documents.map((selection) => [`{ ${selection} }`]), ['chair'])).errors;
        jest.restoreAllMocks();
      }
    }
    expect(errors).toBeGreaterThan(20);
  });
});

describe('What is not compiled', () => {
  it.each([
    ['a text that would become code', '{ committee { recommendation(id: "__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74dglobalThis.HACKED=1") { id } } }'],
    ['a text with quotes', '{ committee { recommendation(id: "\\"}) + process.exit(1)") { id } } }'],
    ['conditions', 'query ($a: Boolean = true) { committee { ...A ...B @skip(if: $a) } } fragment A on Committee { board { ...C @skip(if: $a) } } fragment B on Committee { board { ...C } } fragment C on Board { total { openBallots } }'],
    ['names that mean something to JavaScript', '{ committee { __proto__: position constructor: time } }'],
    ['the schema about itself', '{ __type(name: "Committee") { fields { name } } }'],
    ['several operations', 'query A { committee { position } }'.concat(' query B { committee { time } }')],
  ])('%s, and answered all the same', async (_, text) => {
    const executor = new Executor(schema, AT_ONCE);
    const document = parse(text);
    const operation = getOperationAST(document, text.startsWith('query A') ? 'A' : undefined);
    if (!operation) throw new Error(text);
    const execution = { document, operation, variables: {}, context: { correlationId: CORRELATION, reader: standing('chair') } };
    expect(validate(schema, document)).toEqual([]);
    expect(await executor.compiled(execution)).toBeUndefined();
    expect((await executor.execute(execution)).errors).toBeUndefined();
    expect((globalThis as Record<string, unknown>)['HACKED']).toBeUndefined();
  });

  it('what comes once; and of what comes again no more is kept than there is room for', async () => {
    const executor = new Executor(schema, { compiledAtUse: 2, fields: 10, fieldsKept: 30 });
    const ask = async (text: string, times: number): Promise<void> => {
      const document = parse(text);
      const operation = getOperationAST(document);
      if (!operation) throw new Error(text);
      for (let i = 0; i < times; i++) await executor.execute({ document, operation, variables: {}, context: { correlationId: CORRELATION, reader: standing(undefined) } });
    };
    await ask('{ committee { position } }', 1);
    expect(executor.size).toBe(0);
    for (let i = 0; i < 50; i++) await ask(`{ committee { a${i}: position time } }`, 3);
    expect(executor.size).toBe(10);
    await ask('{ committee { a: position b: position c: position d: position e: position f: position g: position h: position i: position j: position } }', 5);
    await ask('{ committee { ...A ...A } } fragment A on Committee { ...B ...B } fragment B on Committee { ...C ...C } fragment C on Committee { position time }', 5);
    expect(executor.size).toBe(10);
  });
});
