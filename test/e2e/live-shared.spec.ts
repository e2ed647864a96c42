import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execute, getNamedType, parse, type GraphQLOutputType, type GraphQLSchema } from 'graphql';
import WebSocket from 'ws';
import { Admission } from '../../src/graphql/admission.js';
import { Executor } from '../../src/graphql/execution.js';
import { Problem } from '../../src/decider/problem.js';
import { Live } from '../../src/graphql/live.js';
import { turns } from '../../src/graphql/turns.js';
import { Pulling } from '../support/pulling.js';
import type { Standing } from '../../src/identity/standing.js';
import { everyField } from '../support/every-field.js';
import { openBallot, TestServer, until, type Json } from '../support/server.js';

const SECRETS = 'position change { kind about sentence actor { office regionId } }';
const DESK = 'position myDesk { regionId tasks(first: 20) { edges { node { kind office sentence thing { id } } } } }';

/** A subscriber of its own socket, with each message as it came over it. */
async function follow(server: TestServer, query: string, person?: string, variables: Record<string, unknown> = {}) {
  const { client, sockets } = server.socket(person === undefined ? undefined : await server.token(person));
  const messages: Json[] = [];
  const texts: string[] = [];
  let errors: Json;
  client.subscribe<Json>({ query, variables }, { next: (message) => { messages.push(message); }, error: (e) => { errors = e; }, complete: () => undefined });
  await until(() => sockets[0]?.readyState === WebSocket.OPEN);
  sockets[0]?.on('message', (data) => { texts.push(String(data)); });
  return { messages, texts, last: () => messages.at(-1)?.data?.committee, errors: () => errors ?? messages.at(-1)?.errors, dispose: async () => { await client.dispose(); } };
}

describe('Subscribers who ask the same', () => {
  let server: TestServer;
  let schema: GraphQLSchema;
  let regions: string[];
  let ballot: string;
  const MEMBERS = 4;
  const open: { dispose(): Promise<void> }[] = [];
  const casts = new Map<number, { position: number; expressed: string }>();

  beforeAll(async () => {
    server = await TestServer.start({ sample: 'none' });
    ({ schema } = server.running);
    ({ ballot, regions } = await openBallot(server, MEMBERS));
    for (const office of ['AUDITOR', 'OPERATOR']) await server.send('appointToOffice', { office, person: server.personId(office.toLowerCase()) }, 'secretariat');
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(open.splice(0).map((one) => one.dispose()));
  });
  afterAll(() => server.stop());

  const standing = (person?: string): Standing => server.running.system.decisions.standings.of(person === undefined ? undefined : server.personId(person));
  async function vote(member: number): Promise<number> {
    const before = casts.get(member);
    const expressed = before?.expressed === 'IN_FAVOUR' ? 'AGAINST' : 'IN_FAVOUR';
    const { position } = await server.send('castPosition', { ballot, expressed, ...(before && { replaces: String(before.position) }) }, `member-${member}`);
    casts.set(member, { position: Number(position), expressed });
    await server.running.system.views.reaches(Number(position), 5_000);
    return Number(position);
  }
  const waiting = (): number => server.running.live.waiting;
  const live = (): Live => {
    const { system: { reads, views, visibility, desk } } = server.running;
    return new Live(schema, reads, views, visibility, desk, new Admission(schema, visibility), (error) => { throw error; });
  };

  it('with the same rights share one execution an entry and one text, wherever each began', async () => {
    const head = server.head;
    const executions = jest.spyOn(Executor.prototype, 'execute');
    const query = `subscription S($from: Position) { committee(after: $from) { ${SECRETS} } }`;
    const visitors = await Promise.all(Array.from({ length: 12 }, (_, i) => follow(server, query, i % 3 === 0 ? undefined : i % 3 === 1 ? 'stranger' : 'another-stranger', { from: i < 6 ? String(head) : null })));
    open.push(...visitors);
    await until(() => waiting() === 12);
    const before = executions.mock.calls.length;
    const positions = [await vote(0), await vote(1), await vote(2)];
    await until(() => visitors.every(({ messages }) => messages.length === 3));
    for (const { messages } of visitors) expect(messages.map(({ data }) => data.committee)).toEqual(positions.map((position) => ({ position: String(position), change: null })));
    // Visitors once an entry, strangers once, though there are two of them.
    expect(executions.mock.calls.length - before).toBe(6);
    const payloads = new Set(visitors.flatMap(({ texts }) => texts.filter((text) => text.includes('"next"')).map((text) => text.replace(/"id":"[^"]*"/, ''))));
    expect(payloads.size).toBe(3);
  });

  it('with other rights never share: each is told what it would be told alone', async () => {
    const people = [undefined, 'stranger', 'member-0', 'member-1', 'contact-0', 'chair', 'secretariat', 'auditor', 'operator'];
    const query = (from: number) => `subscription { committee(after: "${from}") { ${SECRETS} } }`;
    const one = live();
    const from = server.head;
    for (let i = 0; i < 4; i++) await vote(i);
    await server.send('appointToOffice', { office: 'AUDITOR', person: server.personId('another-auditor') }, 'secretariat');
    await server.running.system.views.reaches(server.head, 5_000);
    const text = parse(query(0));
    const answers = people.map((person) => new Pulling(one, { document: text, variables: {} }, () => standing(person)));
    expect(one.size).toBe(1);
    const alone = parse(query(0).replace('subscription', 'query').replace('(after: "0")', '(at: $at)').replace('query', 'query ($at: Position)'));
    const told = new Map<string, number>();
    for (let position = 1; position <= server.head; position++) {
      const messages = await Promise.all(answers.map((answer) => answer.text()));
      for (const [i, person] of people.entries()) {
        const expected = await execute({ schema, document: alone, variableValues: { at: String(position) }, contextValue: { correlationId: 'test', reader: standing(person) }, rootValue: {} });
        const message = messages[i] as string;
        expect([position, person, message]).toEqual([position, person, JSON.stringify(expected)]);
        told.set(message, (told.get(message) ?? 0) + 1);
      }
      expect(position > from ? new Set(messages).size : 3).toBeGreaterThan(1);
    }
    for (const answer of answers) await answer.stop();
    expect(one.size).toBe(0);
    // Some were told the same, and not all of them.
    expect(told.size).toBeGreaterThan(server.head);
    expect(told.size).toBeLessThan(server.head * people.length);
  });

  it('about something personal, as their desks, are each shown their own, and in every other field of the schema what they would read alone', async () => {
    const { visibility } = server.running.system;
    const type = schema.getQueryType()?.getFields()['committee']?.type as GraphQLOutputType;
    const members = ['member-0', 'member-1', 'member-2', 'contact-0', 'contact-1', 'chair', 'secretariat'];
    // In one group of rights each has a region of its own; what all may ask, all ask.
    const mayAll = (name: string, field: string): boolean => members.every((person) => visibility.mayAsk(standing(person), name, field));
    const fields = everyField(schema, type, { mayAsk: mayAll, ids: { 'Committee.ballot': [ballot], 'Committee.region': regions } });
    expect(getNamedType(type).name).toBe('Committee');
    expect(fields).toContain('Committee_myDesk');
    const unlimited = { check: () => undefined, checkRights: () => undefined } as unknown as Admission;
    const { system: { reads, views, desk } } = server.running;
    const from = server.head;
    await vote(3);
    for (const selection of [`{ ${DESK} }`, fields]) {
      const one = new Live(schema, reads, views, visibility, desk, unlimited, (error) => { throw error; });
      const document = parse(`subscription { committee(after: "${from}", latest: true) ${selection} }`);
      const alone = parse(`query { committee(at: "${server.head}") ${selection} }`);
      const answers = members.map((person) => new Pulling(one, { document, variables: {} }, () => standing(person)));
      const messages = await Promise.all(answers.map((answer) => answer.text()));
      for (const [i, person] of members.entries()) {
        const expected = await execute({ schema, document: alone, contextValue: { correlationId: 'test', reader: standing(person) }, rootValue: {} });
        expect([person, messages[i]]).toEqual([person, JSON.stringify(expected)]);
      }
      for (const answer of answers) await answer.stop();
    }
  });

  it('are let go each by itself: whose office ends is told so, the other goes on and is shown what it may see', async () => {
    await server.send('appointToOffice', { office: 'AUDITOR', person: server.personId('leaving') }, 'secretariat');
    const query = `subscription { committee(after: "${server.head - 1}", latest: true) { position log(first: 1) { edges { cursor } } } }`;
    await server.running.system.views.reaches(server.head, 5_000);
    const [leaving, staying] = [await follow(server, query, 'leaving'), await follow(server, query, 'auditor')];
    open.push(leaving, staying);
    const seen = await vote(0);
    await until(() => [leaving, staying].every((one) => one.last()?.position === String(seen)));
    await server.send('endOffice', { office: 'AUDITOR', person: server.personId('leaving') }, 'secretariat');
    await until(() => leaving.errors() !== undefined && staying.last()?.position === String(server.head));
    expect(leaving.errors()[0].extensions).toMatchObject({ code: 'FORBIDDEN' });
    const later = await vote(1);
    await until(() => staying.last()?.position === String(later));
    expect(leaving.last()?.position).not.toBe(String(later));
  });

  it('whose rights change while their answer is looked for, turn by turn, are given the answer of then', async () => {
    await server.send('appointToOffice', { office: 'AUDITOR', person: server.personId('passing') }, 'secretariat');
    const from = server.head;
    const position = await vote(0);
    let goOn: (() => void) | undefined;
    jest.spyOn(turns, 'pause').mockImplementationOnce(() => new Promise((resolve) => { goOn = resolve; }));
    const answer = new Pulling(live(), { document: parse(`subscription { committee(after: "${from}") { ${SECRETS} } }`), variables: {} }, () => standing('passing'));
    const message = answer.next();
    await until(() => goOn !== undefined);
    await server.send('endOffice', { office: 'AUDITOR', person: server.personId('passing') }, 'secretariat');
    goOn?.();
    expect(await message).toEqual({ data: { committee: { position: String(position), change: null } } });
    await answer.stop();
  });

  it('go on where one of them cannot be known any more when its answer is there', async () => {
    const from = server.head;
    await vote(2);
    let goOn: (() => void) | undefined;
    jest.spyOn(turns, 'beginLater').mockImplementationOnce(() => new Promise((resolve) => { goOn = resolve; }));
    const one = live();
    const document = parse(`subscription { committee(after: "${from}") { ${SECRETS} } }`);
    let isUnknown = false;
    const unknown = new Pulling(one, { document, variables: {} }, () => { if (isUnknown) throw new Problem('UNAVAILABLE', 'UNREADABLE', 'Not now.'); return standing('stranger'); });
    const other = new Pulling(one, { document, variables: {} }, () => standing('another-stranger'));
    const messages = [unknown.next(), other.next()];
    await until(() => goOn !== undefined);
    isUnknown = true;
    await vote(3);
    goOn?.();
    const [told, given] = await Promise.all(messages);
    expect(told.errors[0].extensions).toMatchObject({ code: 'UNAVAILABLE' });
    expect(given.data.committee.position).toBe(String(from + 1));
    await Promise.all([unknown.stop(), other.stop()]);
  });

  it('are looked for an answer by itself, which is given up when the last of them has left', async () => {
    const from = server.head;
    await vote(1);
    const searches: (() => boolean)[] = [];
    jest.spyOn(turns, 'beginLater').mockImplementation((isGone) => new Promise(() => { searches.push(isGone); }));
    const one = live();
    const document = parse(`subscription { committee(after: "${from}") { ${SECRETS} } }`);
    const [first, last] = [0, 1].map(() => new Pulling(one, { document, variables: {} }, () => standing('stranger')));
    void first?.text();
    void last?.text();
    await until(() => searches.length > 0);
    await first?.stop();
    expect(searches.map((isGone) => isGone())).toEqual([false]);
    await last?.stop();
    expect(searches.map((isGone) => isGone())).toEqual([true]);
  });

  it('are asked about under each connection\'s own id, however it is written, and several of a socket at once', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const messages: Json[] = [];
    socket.on('message', (data) => { messages.push(JSON.parse(String(data))); });
    await until(() => socket.readyState === WebSocket.OPEN);
    socket.send(JSON.stringify({ type: 'connection_init' }));
    await until(() => messages.length === 1);
    const ids = ['1', '"}', 'x","type":"next","payload":{"data":null}}', '\u2028é', '$&'];
    const query = 'subscription { committee { position time } }';
    for (const id of ids) socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
    await until(() => waiting() === ids.length);
    const position = await vote(2);
    await until(() => messages.length === 1 + ids.length);
    expect(messages.slice(1).map(({ id, type, payload }) => [id, type, payload.data.committee.position]).sort()).toEqual(ids.map((id) => [id, 'next', String(position)]).sort());
    socket.terminate();
  });
});
