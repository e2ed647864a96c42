import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { WrongSetting } from '../config/config.js';
import { sentAnswer, type CommandReceipt, type DecisionMaker, type Order, type OrderAnswer } from '../decider/decision-maker.js';
import type { Decisions } from '../decider/decisions.js';
import type { CommandRegistry } from '../decider/command-registry.js';
import { parseCommand } from '../decider/parse-command.js';
import { Problem } from '../decider/problem.js';
import { leafOf } from '../event-store/leaf.js';
import type { OpenEngine } from '../event-store/event-store.js';
import { Forwarding } from './forwarding.js';
import { COMMANDS_PATH, GREETING_PATH, type Greeting, type GreetingAnswer, type OrderAnswers, type Orders, type SentOrder } from './messages.js';
import { Peer, PeerRefused } from './peer.js';
import { NotSealed, Sealed } from './sealed.js';

/** How often other nodes are greeted, and how long each may take: a node that hangs is noticed within both. */
const GREETING_EVERY_MS = 500;
const GREETING_WITHIN_MS = 1_500;
/** How long the server of the log may be silent to a node that is to decide; it is asked ten times a second. */
const LOG_WITHIN_MS = 1_500;
/** Entries compared in a greeting: in turn the newest, and some on a way through the whole log, again and again. */
const LEAVES = 64;
/** What is handed on at once (forwarding.ts), three bytes a character at most, which sealing makes a third longer. */
const MESSAGE_AT_MOST = 16 * 1024 * 1024;

export interface NodesParts {
  /** Addresses of all nodes, in the order in which they decide, and which of them is this one's. */
  readonly order: readonly string[];
  readonly node: string;
  readonly secret: string;
  readonly engine: OpenEngine;
  readonly decisions: Decisions;
  readonly registry: CommandRegistry;
  readonly logger: Logger;
}

/** The nodes of one installation. The first of them, in the configured order, that can be reached decides for all. */
export class Nodes implements DecisionMaker {
  private readonly sealed: Sealed;
  private readonly peers: readonly Peer[];
  private readonly forwarding: Forwarding;
  private readonly stopGreeting = new AbortController();
  private greeting: Promise<unknown> = Promise.resolve();
  private server: Server | undefined;
  private leaving = false;
  private newestNext = false;
  /** How far the way through the whole log has come. */
  private compared = 0;
  private readonly told = new Set<string>();

  constructor(private readonly parts: NodesParts) {
    const { order, node, secret, engine, decisions, logger } = parts;
    this.sealed = new Sealed(secret);
    this.peers = order.filter((address) => address !== node).map((address) => new Peer(address, this.sealed));
    const before = this.peers.filter(({ address }) => order.indexOf(address) < order.indexOf(node));
    this.forwarding = new Forwarding({
      here: decisions,
      decidingNode: () => before.find(({ reachable }) => reachable),
      // The others' entries are read now, not at the next turn: whoever was answered asks for them next.
      onWritten: (position) => { if (position > engine.log.head.position) engine.head().catch(() => undefined); },
      onLost: (peer, error) => logger.warn({ node: peer.address, why: String(error) }, 'another node does not decide; this one does, or the next'),
    });
  }

  submit(order: Order): Promise<CommandReceipt> {
    return this.forwarding.submit(order);
  }

  /** Commands that wait for another node, and those handed on since the start. */
  get queued(): number { return this.forwarding.queued; }
  get handed(): number { return this.forwarding.handed; }
  get reachable(): number { return this.peers.filter(({ reachable }) => reachable).length; }

  /** Listens for the other nodes and looks once who is there. @throws WrongSetting */
  async start(): Promise<void> {
    this.server = await listen(this.parts.node, (path, body) => this.answer(path, body));
    await this.greetAll();
    this.greeting = this.goOnGreeting();
  }

  /** From now on the others are told to decide for themselves. */
  leave(): void {
    this.leaving = true;
  }

  async stop(): Promise<void> {
    this.leaving = true;
    this.stopGreeting.abort();
    await this.greeting;
    await this.forwarding.stop();
    await new Promise<void>((resolve) => {
      if (!this.server) return resolve();
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
      // Each was given its time with its commands.
      setTimeout(() => this.server?.closeAllConnections(), GREETING_WITHIN_MS).unref();
    });
  }

  private async goOnGreeting(): Promise<void> {
    const { signal } = this.stopGreeting;
    for (;;) {
      await wait(GREETING_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.greetAll();
    }
  }

  private async greetAll(): Promise<void> {
    const greeting = this.ownGreeting();
    await Promise.all(this.peers.map((peer) => this.greet(peer, greeting)));
  }

  private async greet(peer: Peer, greeting: Greeting): Promise<void> {
    try {
      const { ready, differsAt } = await peer.greet(greeting, GREETING_WITHIN_MS);
      if (ready) peer.found();
      else peer.lost();
      // Which of the two is wrong is told by the log itself: each asks it, since each greets the other.
      if (differsAt !== undefined) await this.parts.engine.confirm(differsAt);
    } catch (error) {
      peer.lost();
      if (error instanceof PeerRefused && error.status === 401) this.tellOnce(`The node at ${peer.address} does not know this one: INSTALLATION_SECRET has to be the same, and the clocks within minutes.`);
    }
  }

  private ownGreeting(): Greeting {
    const { log } = this.parts.engine;
    const newest = Math.max(0, log.head.position - LEAVES);
    this.newestNext = !this.newestNext;
    if (this.compared >= newest) this.compared = 0;
    const after = this.newestNext ? newest : this.compared;
    if (!this.newestNext) this.compared += LEAVES;
    return { logId: log.logId, order: this.parts.order, from: after + 1, leaves: log.read(after, LEAVES).map((entry) => leafOf(entry).toString('base64')) };
  }

  private async answer(path: string, body: string): Promise<{ status: number; text: string }> {
    try {
      if (path === GREETING_PATH) {
        const { id, content } = await this.sealed.open<Greeting>('greeting', body);
        return { status: 200, text: await this.sealed.seal('answer', id, this.greeted(content)) };
      }
      const { id, content } = await this.sealed.open<Orders>('orders', body);
      const answers: OrderAnswers = { answers: await Promise.all(content.orders.map((order) => this.decide(order))) };
      return { status: 200, text: await this.sealed.seal('answer', id, answers) };
    } catch (error) {
      if (error instanceof NotSealed) return { status: 401, text: '' };
      this.parts.logger.error({ err: error }, 'a message of another node');
      return { status: 500, text: '' };
    }
  }

  private greeted({ logId, order, from, leaves }: Greeting): GreetingAnswer {
    const { engine, order: own } = this.parts;
    if (logId !== engine.log.logId) {
      this.tellOnce('A node of this installation is on another log: EVENT_STORE and COMMITTEE_STREAM have to be the same on all nodes.');
      return { ready: false };
    }
    if (order.join() !== own.join()) this.tellOnce(`Nodes were told different orders: ${order.join()} and ${own.join()}. Nothing is wrong by it, but NODES should be the same on all nodes: two that decide are slower than one.`);
    const mine = engine.log.read(from - 1, leaves.length);
    const place = mine.findIndex((entry, i) => leafOf(entry).toString('base64') !== leaves[i]);
    return { ready: !this.leaving && engine.silentMs() < LOG_WITHIN_MS && engine.mayWrite(), ...(place >= 0 && { differsAt: from + place }) };
  }

  /** Decided here, whoever else might: nothing is handed on twice. */
  private async decide({ command: name, input, sender, correlationId, cause, withinMs }: SentOrder): Promise<OrderAnswer> {
    try {
      const registration = this.parts.registry.all.find(({ command }) => command.name === name);
      if (!registration) throw new Problem('UNAVAILABLE', 'UNKNOWN_COMMAND', `The node that decides is older and has no command ${name}.`);
      const command = parseCommand(registration.command, input);
      return sentAnswer(await this.parts.decisions.submit({ registration, command, sender, correlationId, withinMs, ...(cause && { cause }) }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return sentAnswer(error);
    }
  }

  private tellOnce(message: string): void {
    if (this.told.has(message)) return;
    this.told.add(message);
    this.parts.logger.warn(message);
  }
}

async function listen(address: string, answer: (path: string, body: string) => Promise<{ status: number; text: string }>): Promise<Server> {
  const { hostname, port } = new URL(address);
  const server = createServer((request, response) => {
    const { method, url = '' } = request;
    if (method !== 'POST' || (url !== GREETING_PATH && url !== COMMANDS_PATH)) return void response.writeHead(404).end();
    bodyOf(request).then((body) => (body === undefined ? { status: 413, text: '' } : answer(url, body))).then(
      ({ status, text }) => response.writeHead(status, { 'content-type': 'application/jose', ...(status === 413 && { connection: 'close' }) }).end(text),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new WrongSetting([`THIS_NODE is ${JSON.stringify(address)}; it must be an address of this machine that nobody else listens on (${error.code}).`])));
    server.listen({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }, resolve);
  });
  return server;
}

/** Undefined: it is longer than any that a node sends. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    if ((length += part.length) > MESSAGE_AT_MOST) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
