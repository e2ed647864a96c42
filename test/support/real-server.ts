import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll } from '@jest/globals';
import { newDir } from './temp.js';
import { openBallot, TestServer, type Json } from './server.js';

/** How to send what came back with. */
export interface Reply { readonly data?: Json; readonly errors?: Json[] }

export interface RealOptions {
  /** Runs it under strace with these arguments. */
  readonly strace?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One thread and two in turn, whatever the program would choose on this machine. */
export const threadsInTurn = (n: number): Readonly<Record<string, string>> => ({ THREADS: String(1 + (n % 2)) });

const running = new Set<RealServer>();
/** A test that failed half-way leaves no process behind. */
afterAll(async () => { await Promise.all([...running].map((one) => one.kill())); });

/** The compiled program as a process of its own. */
export class RealServer {
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly listening: Promise<string>;
  private readonly lines: string[] = [];
  private address = '';
  private said = '';
  private killed = false;
  /** Ended without having been told to: with what, and what it said last. */
  fell: string | undefined;

  private constructor(private readonly child: ChildProcess, private readonly traced: boolean) {
    running.add(this);
    this.ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        running.delete(this);
        if (!this.killed) this.fell = `${signal ?? code}: ${this.said.slice(-2_000)}`;
        resolve(signal ?? code);
      });
    });
    child.stderr?.on('data', (chunk: Buffer) => { this.said += chunk.toString(); });
    this.listening = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        this.lines.push(line);
        this.address ||= /GraphQL\s+(http:\/\/\S+)/.exec(line)?.[1] ?? '';
        // The last line of the welcome.
        if (line.startsWith('Ctrl-C stops it')) resolve(this.address);
      });
      child.on('close', () => reject(new Error(`The server ended before it listened. It said: ${this.said.slice(-2_000)}`)));
    });
    this.listening.catch(() => undefined);
  }

  /** Begun; `listening` says when it can be asked. */
  static begin(dist: string, dataDir: string, { strace = [], env = {} }: RealOptions = {}): RealServer {
    const command = [...(strace.length > 0 ? ['strace', ...strace] : []), process.execPath, join(dist, 'main.js')];
    const child = spawn(command[0] as string, command.slice(1), {
      env: { ...process.env, NODE_OPTIONS: '', PORT: '0', DATA_DIR: dataDir, SAMPLE: 'none', LOG_LEVEL: 'error', DRAIN_SECONDS: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new RealServer(child, strace.length > 0);
  }

  static async start(dist: string, dataDir: string, options: RealOptions = {}): Promise<RealServer> {
    const server = RealServer.begin(dist, dataDir, options);
    await server.listening;
    return server;
  }

  /** Of the GraphQL endpoint. */
  get url(): string { return this.address; }
  get stderr(): string { return this.said; }

  /** A figure of its own, where METRICS_PORT was given. */
  async metric(name: string): Promise<number> {
    const url = this.lines.map((line) => /Metrics\s+(http:\/\/\S+)/.exec(line)?.[1]).find(Boolean) as string;
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch(url)).text())?.[1]);
  }

  /** The program's own process: of a traced one, the child of strace. */
  get pid(): number {
    const own = this.child.pid as number;
    return this.traced ? Number(readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim().split(' ')[0]) : own;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | NodeJS.Signals | null> {
    this.killed = true;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It has ended by itself.
    }
    return this.ended;
  }

  async ask(query: string, token?: string, variables?: object): Promise<Reply> {
    const response = await fetch(this.url, {
      method: 'POST', headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) }, body: JSON.stringify({ query, variables }),
    });
    return response.json() as Promise<Reply>;
  }

  async mutate(token: string, command: string, input: object): Promise<Reply> {
    const type = `${command.charAt(0).toUpperCase()}${command.slice(1)}Input`;
    return this.ask(`mutation ($input: ${type}!) { ${command}(input: $input) { id position revision commandId repeated } }`, token, { input });
  }

  async ready(): Promise<{ status: number; body: Json }> {
    const response = await fetch(this.url.replace('/graphql', '/health/ready'));
    return { status: response.status, body: await response.json() };
  }
}

export interface Prepared {
  readonly dataDir: string;
  readonly ballot: string;
  readonly recommendation: string;
  readonly regions: readonly string[];
  readonly head: number;
  token(person: string): string;
  personId(person: string): string;
}

/** A folder with a Committee whose members have an open ballot before them, and tokens for its people, which outlast the server that gave them. It goes with the tests of the file. */
export async function prepared(members: number, people: readonly string[] = []): Promise<Prepared> {
  const server = await TestServer.start({ sample: 'none', dataDir: newDir() });
  const { ballot, recommendation, regions } = await openBallot(server, members);
  const names = ['chair', 'secretariat', ...Array.from({ length: members }, (_, i) => `member-${i}`), ...Array.from({ length: members }, (_, i) => `contact-${i}`), ...people];
  const known = new Map<string, { token: string; personId: string }>();
  for (const name of names) known.set(name, { token: await server.token(name), personId: server.personId(name) });
  const { dataDir, head } = server;
  await server.stop({ keep: true });
  const of = (person: string): { token: string; personId: string } => {
    const found = known.get(person);
    if (!found) throw new Error(`${person} is nobody here`);
    return found;
  };
  return { dataDir, ballot, recommendation, regions, head, token: (person) => of(person).token, personId: (person) => of(person).personId };
}
