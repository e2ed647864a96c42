import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { Clock } from '../../src/config/clock.js';
import { readConfig, type Config } from '../../src/config/config.js';
import { DEV_ISSUER, requestDevToken } from '../../src/identity/dev-issuer.js';
import { personIdOf } from '../../src/identity/person-id.js';
import { serveWriting } from '../../src/serve-writing.js';
import { startServer, type Running } from '../../src/server.js';
import type { WholeSystem } from '../../src/system.js';
import { newLogger } from '../../src/operating/operational-log.js';
import { DecidingThread } from '../../src/threads/deciding-thread.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are asked by path; each test says what it expects
export type Json = any;
export interface Answer { readonly status: number; readonly data?: Json; readonly errors?: Json[]; readonly text: string; readonly headers: Headers }

/** BESIDE=yes runs every test with what writes and what reads as they are in two threads. */
const BESIDE = process.env['BESIDE'] === 'yes';

/** What writes beside what reads, as in two threads, with messages between them; both are in this one, which Jest can follow. */
async function startBeside(config: Config, clock: Clock, onFatal: (error: unknown) => void): Promise<Running<WholeSystem>> {
  const { port1, port2 } = new MessageChannel();
  const { engine, codec, decisions, runner } = await serveWriting(port1, config, newLogger(config), onFatal);
  const running = await startServer(config, { clock, onFatal, thread: new DecidingThread(port2) });
  return { ...running, system: { ...running.system, engine, codec, decisions, runner } };
}

/** The real server in this process, on a port of its own, with its data in a folder that goes with it. */
export class TestServer {
  private readonly tokens = new Map<string, string>();

  private constructor(readonly running: Running<WholeSystem>, readonly dataDir: string, readonly clock: Clock) {}

  static async start(options: { sample?: 'founding' | 'none'; dataDir?: string; clock?: Clock; settings?: Readonly<Record<string, string>>; beside?: boolean; onFatal?: (error: unknown) => void } = {}): Promise<TestServer> {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'committee-'));
    const clock = options.clock ?? new Clock();
    const config = readConfig({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent', SAMPLE: options.sample ?? 'founding', ...options.settings });
    const onFatal = options.onFatal ?? ((error) => { throw error; });
    return new TestServer(await ((options.beside ?? BESIDE) && config.eventStore === undefined ? startBeside(config, clock, onFatal) : startServer(config, { clock, onFatal })), dataDir, clock);
  }

  get url(): string { return this.running.url; }
  get head(): number { return this.running.system.engine.log.head.position; }
  personId(person: string): string { return personIdOf(this.running.system.secret, DEV_ISSUER, person); }

  async token(person: string): Promise<string> {
    let token = this.tokens.get(person);
    if (!token) this.tokens.set(person, (token = await requestDevToken(this.url, person)));
    return token;
  }

  /** A query or mutation as a person; left out: a visitor. */
  async ask(query: string, person?: string, variables?: Record<string, unknown>): Promise<Answer> {
    return this.post(JSON.stringify({ query, variables }), person === undefined ? {} : { authorization: `Bearer ${await this.token(person)}` });
  }

  async post(body: string, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
    const text = await response.text();
    let json: { data?: Json; errors?: Json[] } = {};
    try {
      json = JSON.parse(text) as typeof json;
    } catch {
      // told by `text`
    }
    return { status: response.status, text, headers: response.headers, ...json };
  }

  /** Sends a command and answers its receipt. @throws Error with the code and reason of a refusal */
  async send(command: string, input: object, person: string): Promise<Json> {
    const type = `${command.charAt(0).toUpperCase()}${command.slice(1)}Input`;
    const { data, errors } = await this.ask(`mutation Send($input: ${type}!) { ${command}(input: $input) { id position revision commandId repeated } }`, person, { input });
    if (errors) throw new Error(`${errors[0].extensions.code} ${errors[0].extensions.reason ?? ''}: ${errors[0].message}`);
    return data[command];
  }

  /** The committee's fields, read where all that was sent is seen. */
  async committee(selection: string, person?: string, at?: number): Promise<Json> {
    const { data, errors } = await this.ask(`{ committee(${at === undefined ? `notBefore: "${this.head}"` : `at: "${at}"`}) { ${selection} } }`, person);
    if (errors) throw new Error(errors.map((e) => e.message).join(' '));
    return data.committee;
  }

  socket(token?: string): { client: Client; sockets: WebSocket[]; closed: Promise<{ code: number; reason: string }> } {
    const sockets: WebSocket[] = [];
    class Recorded extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        sockets.push(this);
      }
    }
    let tell: (closed: { code: number; reason: string }) => void = () => undefined;
    const closed = new Promise<{ code: number; reason: string }>((resolve) => { tell = resolve; });
    const client = createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`, webSocketImpl: Recorded, retryAttempts: 0, lazy: true,
      connectionParams: token === undefined ? {} : { authorization: `Bearer ${token}` },
      on: { closed: (event) => tell(event as { code: number; reason: string }) },
      onNonLazyError: () => undefined,
    });
    return { client, sockets, closed };
  }

  async stop(options: { keep?: boolean } = {}): Promise<void> {
    await this.running.close();
    if (!options.keep) rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export const until = async (holds: () => boolean, ms = 20_000): Promise<void> => {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error('It did not come to be in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Members with a seat each, a chair and a recommendation in an open ballot, on an empty log. Answers the ballot's id. */
export async function openBallot(server: TestServer, members: number, options: { submitOnly?: boolean } = {}): Promise<{ ballot: string; recommendation: string; regions: string[] }> {
  const { running } = server;
  const { DEFAULT_RULES } = await import('../../src/modules/membership/default-rules.js');
  await running.dispatch.send('EstablishCommittee', { name: 'Test', rules: DEFAULT_RULES, secretariat: server.personId('secretariat') }, { sender: 'SYSTEM', correlationId: 'test' });
  const as = (person: string) => ({ sender: { personId: server.personId(person) }, correlationId: 'test' });
  const send = (command: string, input: object, person: string) => running.dispatch.send(command, input, as(person));
  await send('DefineKeyArea', { code: 'KA1', title: 'One' }, 'secretariat');
  await send('ElectChair', { person: server.personId('chair') }, 'secretariat');
  const regions: string[] = [];
  const { derivedId } = await import('../../src/decider/decider.js');
  const letter = { kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'President', date: '2019-01-01' };
  for (let i = 0; i < members; i++) {
    const { id } = await send('JoinCommittee', { region: { name: `Region ${i}`, country: 'IT' }, letterOfAdhesion: letter }, `contact-${i}`);
    await send('AcceptAccession', { accession: id }, 'secretariat');
    const region = derivedId(id, 'region');
    regions.push(region);
    await send('AppointRepresentative', { region, person: server.personId(`member-${i}`) }, `contact-${i}`);
  }
  await send('AdoptPopulationTable', { year: 2020, source: 'test', figures: regions.map((region, i) => ({ region, population: 1000 + i })) }, 'secretariat');
  const { id: recommendation } = await send('InitiateRecommendation', { title: 'T', keyAreas: ['KA1'], addressees: ['European Commission'], text: [{ text: 'One.' }] }, 'member-0');
  await send('TableRecommendation', { recommendation }, 'member-0');
  const { id: _, commandId: ballot } = await send('SubmitRecommendationToBallot', { recommendation }, 'chair');
  if (!options.submitOnly) await send('OpenBallot', { ballot, subject: recommendation, procedure: 'MEETING', present: regions }, 'chair');
  return { ballot, recommendation, regions };
}
