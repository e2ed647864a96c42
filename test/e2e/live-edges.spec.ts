import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { isObjectType, getNamedType, parse } from 'graphql';
import { importJWK, SignJWT, type JWK } from 'jose';
import WebSocket from 'ws';
import type { Entry } from '../../src/event-store/entry.js';
import { Admission } from '../../src/graphql/admission.js';
import { Live } from '../../src/graphql/live.js';
import { Pulling } from '../support/pulling.js';
import { DEV_ISSUER } from '../../src/identity/dev-issuer.js';
import { DEV_ISSUER_FILE } from '../../src/identity/dev-issuer.secrets.js';
import { VISITOR } from '../../src/identity/standing.js';
import { openBallot, TestServer, until } from '../support/server.js';
import { removeDir } from '../support/temp.js';

interface Refused { readonly message: string; readonly extensions: { readonly code: string; readonly reason?: string; readonly facts: Record<string, unknown> } }
interface Message { readonly position: string; readonly change?: { readonly kind: string } | null }
interface Following { readonly messages: Message[]; readonly errors: Refused[]; readonly isOver: () => boolean; stop(): void; dispose(): Promise<void>; readonly positions: () => number[] }

/** A subscriber of its own: what it was given, and how it ended. */
async function follow(server: TestServer, query: string, person?: string, variables: Record<string, unknown> = {}): Promise<Following> {
  const { client } = server.socket(person === undefined ? undefined : await server.token(person));
  const messages: Message[] = [];
  const errors: Refused[] = [];
  let over = false;
  const stop = client.subscribe<{ committee: Message }>({ query, variables }, {
    next: ({ data, errors: inMessage }) => {
      if (inMessage) errors.push(...(inMessage as unknown as Refused[]));
      if (data) messages.push(data.committee);
    },
    error: (error) => { errors.push(...(Array.isArray(error) ? error as Refused[] : [])); over = true; },
    complete: () => { over = true; },
  });
  return { messages, errors, isOver: () => over, stop, dispose: async () => { await client.dispose(); }, positions: () => messages.map((m) => Number(m.position)) };
}

const quiet = (ms = 150): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('Live questions about the sample', () => {
  let server: TestServer;
  let entries: readonly Entry[];
  const open: Following[] = [];
  const id = new Map<string, string>();

  beforeAll(async () => {
    server = await TestServer.start();
    const { engine, codec } = server.running.system;
    entries = engine.log.read(0, 10_000).map((stored) => codec.decode(stored));
    const { recommendations, regions, ballots } = await server.committee(
      'recommendations(first: 9) { edges { node { id title } } } regions(first: 9) { edges { node { id name } } } ballots(first: 9) { edges { node { id state } } }', 'secretariat') as Record<string, { edges: { node: { id: string; title?: string; name?: string; state?: string } }[] }>;
    for (const { node } of [...(recommendations?.edges ?? []), ...(regions?.edges ?? [])]) id.set((node.title ?? node.name ?? '').split(' ').slice(0, 2).join(' '), node.id);
    id.set('open ballot', ballots?.edges.find(({ node }) => node.state === 'OPEN')?.node.id ?? '');
  });
  afterEach(async () => { await Promise.all(open.splice(0).map((one) => one.dispose())); });
  afterAll(() => server.stop());

  const of = (name: string): string => {
    const found = id.get(name);
    if (!found) throw new Error(`The sample has no ${name}: ${[...id.keys()].join(', ')}`);
    return found;
  };
  const about = (entry: Entry): readonly string[] => server.running.system.codec.about(entry);
  const positionsWhere = (holds: (entry: Entry) => boolean): number[] => entries.filter(holds).map((entry) => entry.position);

  /** All that a question about the sample's whole history gives, ended by a plain one that has seen the head too. */
  async function answers(aboutInput: object, person?: string): Promise<number[]> {
    const asked = await follow(server, 'subscription ($about: AboutInput) { committee(after: "0", about: $about) { position } }', person, { about: aboutInput });
    const toTheEnd = await follow(server, 'subscription { committee(after: "0") { position } }', person);
    open.push(asked, toTheEnd);
    // All who are asking have seen the head; what they were sent on the way arrives while it is quiet.
    const { live } = server.running;
    await until(() => toTheEnd.positions().at(-1) === server.head && live.subscribers === open.length && live.waiting === open.length);
    await quiet();
    expect(asked.errors).toEqual([]);
    return asked.positions();
  }

  it('about things and kinds of change are answered at exactly the positions that touch them', async () => {
    const ehr = of('Electronic health');
    const lombardy = of('Lombardy');
    const visible = (entry: Entry): boolean => !['AccessionSubmitted', 'AccessionDeclined', 'ConsequenceRefused'].includes(entry.type);
    const cases: readonly (readonly [object, (entry: Entry) => boolean])[] = [
      [{ things: [ehr] }, (e) => about(e).includes(ehr)],
      [{ things: [ehr, lombardy] }, (e) => about(e).includes(ehr) || about(e).includes(lombardy)],
      // A part of an event is a kind of its own.
      [{ changes: ['RESULT_DECLARED'] }, (e) => e.type === 'BallotClosed'],
      [{ changes: ['POSITION_CAST', 'ELECTORATE_FROZEN'] }, (e) => e.type === 'PositionCast' || e.type === 'BallotOpened'],
      [{ things: [ehr], changes: ['KEY_AREA_DEFINED'] }, (e) => about(e).includes(ehr) || e.type === 'KeyAreaDefined'],
      [{ things: ['nothing'] }, () => false],
      [{}, () => false],
    ];
    for (const [input, touches] of cases) {
      const expected = positionsWhere((e) => visible(e) && touches(e));
      if (!('things' in input && (input.things as string[])[0] === 'nothing') && Object.keys(input).length > 0) expect(expected.length).toBeGreaterThan(1);
      expect([input, await answers(input, 'galicia-representative')]).toEqual([input, expected]);
    }
    // The secretariat sees that a region asked; a member does not.
    expect(await answers({ changes: ['ACCESSION_SUBMITTED'] }, 'secretariat')).toEqual(positionsWhere((e) => e.type === 'AccessionSubmitted'));
    expect(await answers({ changes: ['ACCESSION_SUBMITTED'] }, 'galicia-representative')).toEqual([]);
  });

  it('tell a visitor nothing of what is not public: not even that there was something', async () => {
    const ehr = of('Electronic health');
    const ballot = (entries.find((e) => e.type === 'BallotClosed' && about(e).includes(ehr))?.data as { ballotId: string }).ballotId;
    const closed = positionsWhere((e) => e.type === 'BallotClosed' && about(e).includes(ehr));
    // The text is public from its adoption on; before, its id tells nothing, not even in what is public about its ballot.
    const adopted = positionsWhere((e) => ['RecommendationAdopted', 'DocumentCreated', 'VersionPublished'].includes(e.type) && about(e).includes(ehr));
    expect(adopted.length).toBeGreaterThanOrEqual(1);
    expect(await answers({ things: [ehr] })).toEqual(adopted);
    expect(await answers({ things: [ballot] })).toEqual([...closed, adopted[0]]);
    expect(await answers({ things: [of('open ballot')] })).toEqual([]);
    expect(await answers({ changes: ['POSITION_CAST', 'CHAIR_ELECTED', 'REPRESENTATIVE_APPOINTED', 'DRAFT_REVISED'] })).toEqual([]);
    expect(await answers({ myDesk: true })).toEqual([]);
  });

  it("about one's own desk are answered where a task comes, changes or goes, and where the own region is touched", async () => {
    for (const [name, person] of [['Lombardy', 'lombardy-representative'], ['Saxony', 'saxony-alternate']] as const) {
      const region = of(name);
      // Second, naive: a seat has a task from the opening of a ballot to its own position, from an invitation to its answer, and from an indicated
      // pledge to its confirmation, but for the time that the regions deliberate.
      const waitingFor = new Set<string>();
      const indicated = new Set<string>();
      const expected = entries.filter((entry) => {
        const data = entry.data as { ballotId?: string; regionId?: string; investmentId?: string };
        const before = new Set(waitingFor);
        const investment = data.investmentId as string;
        if (data.regionId === region) {
          if (entry.type === 'PartnerInvited') waitingFor.add(investment);
          if (entry.type === 'PartnerJoined' || entry.type === 'PledgeConfirmed') waitingFor.delete(investment);
          if (entry.type === 'PledgeIndicated') waitingFor.add(investment);
          if (entry.type === 'PledgeIndicated') indicated.add(investment);
          if (entry.type === 'PledgeConfirmed') indicated.delete(investment);
        }
        if (entry.type === 'InvestmentSubmittedToBallot') waitingFor.delete(investment);
        if (entry.type === 'InvestmentEndorsed' && indicated.has(investment)) waitingFor.add(investment);
        if (entry.type === 'BallotOpened') waitingFor.add(data.ballotId as string);
        if (entry.type === 'BallotClosed' || (entry.type === 'PositionCast' && data.regionId === region)) waitingFor.delete(data.ballotId as string);
        if (entry.type === 'AccessionSubmitted') return false;
        return about(entry).some((thing) => thing === region || before.has(thing) || waitingFor.has(thing));
      }).map((entry) => entry.position);
      expect(expected.length).toBeGreaterThan(8);
      expect(await answers({ myDesk: true }, person)).toEqual(expected);
    }
  });

  it("about the chair's desk are answered where a task goes too, by an entry that touches nothing else of the chair's", async () => {
    // From its submission until its ballot is opened a text waits for the chair; a ballot without a deadline from then until it is closed.
    const waiting = new Set<string>();
    const gone: number[] = [];
    const expected = entries.filter((entry) => {
      const data = entry.data as { ballotId?: string; subjectId?: string; recommendationId?: string; investmentId?: string; deadline?: string };
      const before = new Set(waiting);
      if (entry.type === 'RecommendationSubmittedToBallot') waiting.add(data.recommendationId as string);
      if (entry.type === 'InvestmentSubmittedToBallot') waiting.add(data.investmentId as string);
      if (entry.type === 'BallotOpened') {
        waiting.delete(data.subjectId as string);
        if (data.deadline === undefined) waiting.add(data.ballotId as string);
      }
      if (entry.type === 'BallotClosed') waiting.delete(data.ballotId as string);
      const touched = about(entry);
      if (touched.some((thing) => before.has(thing)) && !touched.some((thing) => waiting.has(thing))) gone.push(entry.position);
      return touched.some((thing) => before.has(thing) || waiting.has(thing));
    }).map((entry) => entry.position);
    expect(gone.length).toBeGreaterThanOrEqual(2);
    expect(await answers({ myDesk: true }, 'chair')).toEqual(expected);
  });

  it('with about and latest stand for all positions up to their own, and are silent where nothing touched', async () => {
    const ballot = of('open ballot');
    const question = (thing: string) => `subscription { committee(after: "0", latest: true, about: { things: ["${thing}"] }) { position ballot(id: "${ballot}") { positions { region { name } } } } }`;
    const asked = await follow(server, question(ballot), 'chair');
    const other = await follow(server, question('nothing'), 'chair');
    open.push(asked, other);
    await until(() => asked.messages.length > 0);
    expect(asked.positions()).toEqual([server.head]);
    await server.send('renameKeyArea', { code: 'KA2', title: 'Connected care' }, 'secretariat');
    await quiet();
    expect(asked.messages).toHaveLength(1);
    const { position } = await server.send('castPosition', { ballot, expressed: 'AGAINST' }, 'lombardy-representative') as { position: string };
    await until(() => asked.messages.length > 1);
    expect(asked.messages[1]).toEqual({ position, ballot: { positions: expect.arrayContaining([{ region: { name: 'Lombardy' } }]) } });
    expect(other.messages).toEqual([]);
  });

  it('with latest give nothing while nothing is new, then one message that is at the head', async () => {
    const asked = await follow(server, `subscription { committee(after: "${server.head}", latest: true) { position name } }`);
    const fromNow = await follow(server, 'subscription { committee(latest: true) { position } }');
    open.push(asked, fromNow);
    await quiet(300);
    expect([asked.messages, fromNow.messages]).toEqual([[], []]);
    await Promise.all([1, 2, 3, 4].map((n) => server.send('renameKeyArea', { code: `KA${n}`, title: `Title ${n} of ${server.head}` }, 'secretariat')));
    await until(() => asked.positions().at(-1) === server.head && fromNow.positions().at(-1) === server.head);
    for (const given of [asked.positions(), fromNow.positions()]) expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
  });

  it('without about and latest are refused every field but position, time and change, however it is wrapped', async () => {
    const { schema, system: { visibility } } = server.running;
    const committee = getNamedType(schema.getSubscriptionType()?.getFields()['committee']?.type);
    if (!isObjectType(committee)) throw new Error('There is no committee to subscribe to');
    const others = Object.values(committee.getFields()).filter((field) => !['position', 'time', 'change'].includes(field.name) && visibility.rights.audienceOf('Committee', field.name) === 'EVERYBODY');
    expect(others.length).toBeGreaterThan(10);
    const selections = others.map(({ name, args, type }) => {
      const given = args.filter((arg) => arg.name === 'first' || arg.name === 'id').map((arg) => (arg.name === 'id' ? 'id: "x"' : 'first: 1'));
      return `${name}${given.length > 0 ? `(${given.join()})` : ''}${isObjectType(getNamedType(type)) ? ' { __typename }' : ''}`;
    });
    const wrapped = [
      'position ...Named', '... on Committee { name }', '... { ... @include(if: true) { name } }', 'position: name', 'time ...Twice',
    ];
    for (const selection of [...selections, ...wrapped]) {
      const fragments = `${selection.includes('...Named') ? ' fragment Named on Committee { board { total { openBallots } } }' : ''}${selection.includes('...Twice') ? ' fragment Twice on Committee { ...Inner } fragment Inner on Committee { name }' : ''}`;
      const asked = await follow(server, `subscription { committee { ${selection} } }${fragments}`);
      open.push(asked);
      await until(asked.isOver);
      expect([selection, asked.errors[0]?.extensions]).toMatchObject([selection, { code: 'INVALID', reason: 'PLAIN_SUBSCRIPTION' }]);
      await asked.dispose();
    }
    const plain = await follow(server, 'subscription { committee(after: "0") { __typename at: position ...Plain } } fragment Plain on Committee { position time change { sentence actor { office } } }');
    open.push(plain);
    await until(() => plain.positions().at(-1) === server.head);
    expect(plain.positions()).toEqual(Array.from({ length: server.head }, (_, i) => i + 1));
  });

  it('are closed with 4403 when the token expires, so that clients come again with a new one', async () => {
    const { keys } = JSON.parse(readFileSync(join(server.dataDir, DEV_ISSUER_FILE), 'utf8')) as { keys: JWK[] };
    const key = keys[0] as JWK;
    const tokenUntil = async (exp: number): Promise<string> => new SignJWT({ client_id: 'test', jti: String(exp), scope: 'openid' })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid as string, typ: 'at+jwt' })
      .setIssuer(DEV_ISSUER).setAudience(server.running.system.config.oidcAudience).setSubject('chair').setIssuedAt(exp - 600).setExpirationTime(exp)
      .sign(await importJWK(key, 'ES256'));
    const now = Math.floor(Date.now() / 1_000);
    const begun = Date.now();
    const { client, closed } = server.socket(await tokenUntil(now + 2));
    const positions: string[] = [];
    client.subscribe<{ committee: Message }>({ query: 'subscription { committee(after: "0") { position } }' }, {
      next: ({ data }) => { if (data) positions.push(data.committee.position); }, error: () => undefined, complete: () => undefined,
    });
    expect(await closed).toMatchObject({ code: 4403, reason: expect.stringContaining('expired') });
    expect(Date.now() - begun).toBeGreaterThan(700);
    expect(positions.at(-1)).toBe(String(server.head));
    await client.dispose();
    // Valid within the skew of clocks, and expired all the same.
    const late = server.socket(await tokenUntil(now - 10));
    late.client.subscribe({ query: 'subscription { committee(after: "0") { position } }' }, { next: () => undefined, error: () => undefined, complete: () => undefined });
    expect((await late.closed).code).toBe(4403);
    // Long expired.
    const never = server.socket(await tokenUntil(now - 100));
    never.client.subscribe({ query: 'subscription { committee(after: "0") { position } }' }, { next: () => undefined, error: () => undefined, complete: () => undefined });
    expect((await never.closed).code).toBe(4401);
  });

  it('are not asked by the page of another site, nor on another path', async () => {
    const { host } = new URL(server.url);
    const answer = (path: string, origin?: string) => new Promise<string>((resolve) => {
      const socket = new WebSocket(`ws://${host}${path}`, 'graphql-transport-ws', origin === undefined ? {} : { origin });
      socket.on('open', () => { resolve('open'); socket.terminate(); });
      socket.on('unexpected-response', (_request, response) => { resolve(String(response.statusCode)); socket.terminate(); });
      socket.on('error', () => undefined);
    });
    expect(await answer('/graphql', 'https://elsewhere.example')).toBe('403');
    expect(await answer('/graphql', 'null')).toBe('403');
    expect(await answer('/elsewhere')).toBe('404');
    expect(await answer('/graphql', server.url)).toBe('open');
    expect(await answer('/graphql')).toBe('open');
  });

  it('leave nothing behind, whether given up, cut off or ended by an error', async () => {
    const before = server.running.live.waiting;
    const questions = ['(after: "0") { position }', '(about: { things: ["nothing"] }) { position }', '(latest: true) { position name }', '(latest: true, about: { myDesk: true }) { position }'];
    const given = await Promise.all(Array.from({ length: 20 }, (_, i) => follow(server, `subscription { committee${questions[i % questions.length]} }`, 'chair')));
    await until(() => server.running.live.waiting === before + 20);
    given.forEach((one) => one.stop());
    await until(() => server.running.live.waiting === before);
    await Promise.all(given.map((one) => one.dispose()));

    const { client, sockets } = server.socket(await server.token('chair'));
    for (let i = 0; i < 20; i++) client.subscribe({ query: `subscription { committee${questions[i % questions.length]} }` }, { next: () => undefined, error: () => undefined, complete: () => undefined });
    await until(() => server.running.live.waiting === before + 20);
    sockets.forEach((socket) => socket.terminate());
    await until(() => server.running.live.waiting === before);
    await client.dispose();
  });
});

describe('A subscriber', () => {
  let server: TestServer;
  let ballot: string;
  let regions: string[];
  const MEMBERS = 4;
  let votes = 0;
  const cast = new Map<number, { readonly position: number; readonly expressed: 'IN_FAVOUR' | 'AGAINST' }>();
  const open: Following[] = [];

  beforeAll(async () => {
    server = await TestServer.start({ sample: 'none' });
    ({ ballot, regions } = await openBallot(server, MEMBERS));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(open.splice(0).map((one) => one.dispose()));
  });
  // The last test ends the server.
  afterAll(() => removeDir(server.dataDir));

  async function vote(member: number): Promise<number> {
    const before = cast.get(member);
    const expressed = before?.expressed === 'IN_FAVOUR' ? 'AGAINST' : 'IN_FAVOUR';
    votes++;
    const { position } = await server.running.dispatch.send('CastPosition', { ballot, expressed, ...(before && { replaces: before.position }) },
      { sender: { personId: server.personId(`member-${member}`) }, correlationId: 'test' });
    cast.set(member, { position, expressed });
    return position;
  }
  const voteTimes = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await vote(votes % MEMBERS);
  };

  it('whose mandate ends is shown no more from the next message on, and whom an office gives more is shown it', async () => {
    const member = await follow(server, `subscription { committee(after: "${server.head}") { position change { kind } } }`, 'member-1');
    const newcomer = await follow(server, `subscription { committee(after: "${server.head}") { position change { kind } } }`, 'newcomer');
    open.push(member, newcomer);
    const first = await vote(0);
    await until(() => member.messages.length === 1 && newcomer.messages.length === 1);
    const ended = await server.send('endMandate', { region: regions[1], office: 'REPRESENTATIVE', reason: 'RESIGNATION' }, 'contact-1') as { position: string };
    await until(() => member.messages.length === 2);
    const begun = await server.send('appointRepresentative', { region: regions[1], person: server.personId('newcomer') }, 'contact-1') as { position: string };
    await until(() => newcomer.messages.length === 3);
    const last = await vote(2);
    await until(() => member.messages.length === 4 && newcomer.messages.length === 4);
    const told = (kinds: readonly (string | null)[]) => [String(first), ended.position, begun.position, String(last)].map((position, i) => ({ position, change: kinds[i] ? { kind: kinds[i] } : null }));
    expect(member.messages).toEqual(told(['POSITION_CAST', null, null, null]));
    expect(newcomer.messages).toEqual(told([null, null, 'REPRESENTATIVE_APPOINTED', 'POSITION_CAST']));
    await server.send('endMandate', { region: regions[1], office: 'REPRESENTATIVE', reason: 'REPLACED' }, 'contact-1');
    await server.send('appointRepresentative', { region: regions[1], person: server.personId('member-1') }, 'contact-1');
  });

  it('whom a field becomes forbidden is told so and let go; others of the same socket go on', async () => {
    await server.send('appointToOffice', { office: 'AUDITOR', person: server.personId('auditor') }, 'secretariat');
    await server.running.system.views.reaches(server.head, 5_000);
    const question = 'subscription { committee(latest: true, after: "0") { position log(first: 1) { edges { cursor } } } }';
    const auditor = await follow(server, question, 'auditor');
    const plain = await follow(server, 'subscription { committee { position } }', 'auditor');
    open.push(auditor, plain);
    await until(() => auditor.messages.length === 1);
    const { position } = await server.send('endOffice', { office: 'AUDITOR', person: server.personId('auditor') }, 'secretariat') as { position: string };
    await until(auditor.isOver);
    expect(auditor.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', facts: { field: 'Committee.log' } });
    expect(auditor.positions()).not.toContain(Number(position));
    await until(() => plain.positions().at(-1) === Number(position));
    expect(plain.isOver()).toBe(false);
    const again = await follow(server, question, 'auditor');
    open.push(again);
    await until(again.isOver);
    expect([again.messages, again.errors[0]?.extensions.code]).toEqual([[], 'FORBIDDEN']);
  });

  it('asks with variables, a name and fragments as a query does, and is told what is wrong with them', async () => {
    const from = server.head;
    const query = 'subscription One { committee { position } } subscription Two($after: Position, $things: [ID!]) { committee(after: $after, about: { things: $things }) { position } }';
    const { client } = server.socket(await server.token('member-0'));
    const got: string[] = [];
    client.subscribe<{ committee: Message }>({ query, operationName: 'Two', variables: { after: String(from), things: [ballot] } }, {
      next: ({ data }) => { if (data) got.push(data.committee.position); }, error: () => undefined, complete: () => undefined,
    });
    const position = await vote(3);
    await until(() => got.length > 0);
    expect(got).toEqual([String(position)]);
    await client.dispose();
    for (const [wrong, variables] of [
      [query, {}], ['subscription { committee(after: "-1") { position } }', {}], ['subscription ($p: Position!) { committee(after: $p) { position } }', {}],
      ['subscription { committee { nothing } }', {}], ['subscription { committee { position } another: committee { position } }', {}], ['subscription {', {}],
      [`subscription { committee(latest: true) { ${'regions(first: 100) { edges { node { history(first: 100) { edges { node { change { position } } } } } } } '} } }`, {}],
    ] as const) {
      const asked = await follow(server, wrong, undefined, variables);
      open.push(asked);
      await until(asked.isOver);
      expect([wrong, asked.errors[0]?.extensions, asked.messages]).toMatchObject([wrong, { code: 'INVALID', correlationId: expect.any(String) }, []]);
      await asked.dispose();
    }
  });

  it('who gives an id up and asks under it again, all in one packet, is answered under it, once a position', async () => {
    const before = server.running.live.waiting;
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    let way: Socket | undefined;
    socket.on('upgrade', (response) => { way = response.socket; });
    const heard: { readonly id?: string; readonly type: string; readonly payload?: { readonly data: { readonly committee: Message } } }[] = [];
    socket.on('message', (data) => { heard.push(JSON.parse(String(data)) as (typeof heard)[0]); });
    const hears = (count: number): Promise<void> => until(() => heard.length >= count || socket.readyState === WebSocket.CLOSED);
    await until(() => socket.readyState === WebSocket.OPEN);
    socket.send('{"type":"connection_init"}');
    await hears(1);
    const [giveUp, ask] = ['{"id":"1","type":"complete"}', '{"id":"1","type":"subscribe","payload":{"query":"subscription { committee { position } }"}}'];
    /** The answer to the ping says that all before it was heard. */
    const inOnePacket = async (...messages: readonly string[]): Promise<void> => {
      way?.cork();
      for (const message of [...messages, '{"type":"ping"}']) socket.send(message);
      way?.uncork();
      await hears(heard.length + 1);
    };
    await inOnePacket(ask, giveUp, ask);
    const first = await vote(0);
    await hears(3);
    await inOnePacket(giveUp, ask);
    const second = await vote(1);
    await hears(5);
    await inOnePacket(giveUp);
    expect([socket.readyState, ...heard.slice(1).map(({ id, type, payload }) => [id, type, payload?.data?.committee.position])]).toEqual([
      WebSocket.OPEN, [undefined, 'pong', undefined], ['1', 'next', String(first)], [undefined, 'pong', undefined], ['1', 'next', String(second)], [undefined, 'pong', undefined],
    ]);
    expect(server.running.live.waiting).toBe(before);
    socket.terminate();
  });

  it('that asks about what stands nowhere in a long log holds nobody up: others have their turn after ten milliseconds', async () => {
    const { system: { reads, views, visibility, desk }, schema } = server.running;
    const LENGTH = 5_000;
    let [looked, before, most, isOver] = [0, 0, 0, false];
    const long = new Proxy(reads, {
      get: (target, name) => {
        if (name === 'position') return LENGTH;
        if (name === 'entry') return (position: number) => { looked++; return target.entry(1 + (position % server.head)); };
        return Reflect.get(target, name) as unknown;
      },
    });
    // As if each look took a millisecond.
    const began = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => began + looked);
    const turn = (): void => {
      most = Math.max(most, looked - before);
      before = looked;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const live = new Live(schema, long, views, visibility, desk, new Admission(schema, visibility), (error) => { throw error; });
    const answer = new Pulling(live, { document: parse('subscription { committee(after: "0", about: { things: ["nothing"] }) { position } }'), variables: {} }, () => VISITOR);
    const asked = answer.text();
    await until(() => looked >= LENGTH && looked === before);
    isOver = true;
    expect(most).toBeLessThanOrEqual(10);
    await answer.stop();
    expect(await asked).toBeUndefined();
  });

  it('that takes messages too slowly is told its last position and let go, without a message left out before', async () => {
    const { system: { reads, views, visibility, desk }, schema } = server.running;
    const live = new Live(schema, reads, views, visibility, desk, new Admission(schema, visibility), (error) => { throw error; });
    await views.reaches(server.head, 5_000);
    const from = server.head;
    const ask = () => new Pulling(live, { document: parse('subscription { committee { position } }'), variables: {} }, () => VISITOR);
    const next = async (answer: Pulling) => await answer.next() as { data?: { committee: { position: string } }; errors?: Refused[] };
    const [slow, busy] = [ask(), ask()];
    await voteTimes(258);
    await views.reaches(server.head, 5_000);
    for (const answer of [slow, busy]) expect((await next(answer)).data?.committee.position).toBe(String(from + 1));
    const now = Date.now();
    // As if the socket had needed 11 seconds for the message.
    jest.spyOn(Date, 'now').mockImplementation(() => now + 11_000);
    expect((await next(slow)).errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE', reason: 'SUBSCRIPTION_OVERFLOW', facts: { position: String(from + 1) } });
    expect(await slow.text()).toBeUndefined();
    jest.restoreAllMocks();
    for (let i = 2; i <= 258; i++) expect((await next(busy)).data?.committee.position).toBe(String(from + i));
    // As slow, with few positions to come: it goes on.
    jest.spyOn(Date, 'now').mockImplementation(() => now + 60_000);
    await voteTimes(1);
    expect((await next(busy)).data?.committee.position).toBe(String(from + 259));
    await busy.stop();
  });

  it('that reads nothing any more is cut off, holds nobody up meanwhile, and does not hold up the end of the server', async () => {
    const text = Array.from({ length: 100 }, () => ({ text: 'x'.repeat(4_000) }));
    const { id: long } = await server.send('initiateRecommendation', { title: 'Long', keyAreas: ['KA1'], addressees: ['X'], text }, 'member-0') as { id: string };
    await server.running.system.views.reaches(server.head, 5_000);
    const before = server.running.live.waiting;
    const question = `subscription { committee(after: "${server.head}", about: { things: ["${ballot}"] }) { position recommendation(id: "${long}") { text { text } } } }`;
    const begin = async () => {
      const { client, sockets, closed } = server.socket(await server.token('member-0'));
      const positions: number[] = [];
      client.subscribe<{ committee: Message }>({ query: question }, {
        next: ({ data }) => { if (data) positions.push(Number(data.committee.position)); }, error: () => undefined, complete: () => undefined,
      });
      await until(() => sockets[0]?.readyState === WebSocket.OPEN);
      return { socket: sockets[0] as WebSocket, positions, closed };
    };
    const stuck = await begin();
    await until(() => server.running.live.waiting === before + 1);
    stuck.socket.pause();
    const paused = Date.now();
    const other = await follow(server, `subscription { committee(after: "${server.head}") { position } }`);
    open.push(other);
    const from = server.head;
    await voteTimes(60);
    await until(() => other.positions().at(-1) === from + 60, 5_000);
    expect(other.messages).toHaveLength(60);
    // Longer than a message may wait, shorter than pings would find out.
    await quiet(13_000 - (Date.now() - paused));
    stuck.socket.resume();
    expect(await stuck.closed).toMatchObject({ code: 1006 });
    expect(stuck.positions.length).toBeLessThan(60);
    expect(stuck.positions).toEqual(stuck.positions.map((_, i) => from + 1 + i));

    const another = await begin();
    another.socket.pause();
    await voteTimes(60);
    await other.dispose();
    const ending = Date.now();
    await server.running.close();
    expect(Date.now() - ending).toBeLessThan(5_000);
    another.socket.terminate();
  });
});
