import { Worker } from 'node:worker_threads';
import { WrongSetting, type Config } from '../config/config.js';
import { receivedAnswer, type CommandReceipt, type Deciding, type Order } from '../decider/decision-maker.js';
import { notTaken, TIME_LIMIT_MS } from '../decider/limits.js';
import { Problem } from '../decider/problem.js';
import type { Instant } from '../events/define.js';
import { LogUnusable } from '../event-store/event-store.js';
import type { LogFile } from '../event-store/log-file.js';
import { EXIT_CODE, ThreadEnded } from '../operating/operational-log.js';
import type { Decided, FromDeciding, HandedOrder, NotOpened, Opened, Request, ToDeciding } from './messages.js';
import type { FollowedViews } from './followed-views.js';

/** A thread, or the port of one. */
export interface Port {
  postMessage(message: unknown): void;
  on(event: string, listener: (value: unknown) => void): unknown;
}

export interface ServedParts {
  /** The file of the log, open for reading. */
  readonly log: Pick<LogFile, 'moveTo'>;
  readonly views: Pick<FollowedViews, 'move'>;
  readonly onAppended: (entries: number, seconds: number) => void;
  readonly onDecided: (order: Order, answer: CommandReceipt | Problem) => void;
  /** It was not handed over. */
  readonly onTurnedAway: (order: Order, problem: Problem) => void;
  /** The thread has ended though nobody told it to: what was not answered may be recorded or not, and nothing more can be. */
  readonly onFatal: (error: unknown) => void;
  readonly now: () => Instant;
  readonly logLevel: () => string;
}

interface Waiting {
  readonly order: Order;
  /** The time that it was handed over with; undefined: it was not yet. */
  at: Instant | undefined;
  readonly answer: (receipt: CommandReceipt) => void;
  readonly refuse: (problem: Problem) => void;
}

/**
 * The thread that writes, as the one that reads has it: commands go there as they come, and answers, the log's new head and the views' stand come back. What
 * is recorded is read from the files themselves.
 */
export class DecidingThread implements Deciding {
  /** It has opened log and views. @throws WrongSetting, LogUnusable */
  readonly opened: Promise<Opened>;
  private parts: ServedParts | undefined;
  /** In the order of their numbers. */
  private readonly waiting = new Map<number, Waiting>();
  private readonly requests: { readonly done: () => void; readonly failed: (error: Error) => void }[] = [];
  private out: HandedOrder[] = [];
  private last = 0;
  /** Who waits until nothing up to a number waits. */
  private readonly patient: { readonly upTo: number; readonly done: () => void }[] = [];
  private stopping: Promise<void> | undefined;
  private isClosing = false;
  /** Since when it owes an answer, by performance.now(). */
  private owingSince: number | undefined;
  private ended: ThreadEnded | undefined;

  /** @param port of a thread that runs a ThreadServer; for tests, of this one */
  constructor(private readonly port: Port) {
    this.opened = new Promise((opened, refused) => {
      port.on('message', (value) => {
        const message = value as FromDeciding;
        if ('opened' in message) opened(message.opened);
        else if ('notOpened' in message) refused(errorOf(message.notOpened));
        else this.take(message);
      });
      port.on('error', (error) => this.end(new ThreadEnded(undefined, error as Error)));
      port.on('exit', (code) => {
        this.end(new ThreadEnded(code as number));
        refused(this.ended);
      });
    });
    // Nobody may have asked for it yet.
    this.opened.catch(() => undefined);
  }

  /** @param script which runs a ThreadServer */
  static start(script: URL, config: Config): DecidingThread {
    return new DecidingThread(new Worker(script, { workerData: config }));
  }

  serve(parts: ServedParts): void {
    this.parts = parts;
    if (this.ended) parts.onFatal(this.ended);
  }

  get queued(): number { return this.waiting.size; }

  /** Milliseconds that it has owed an answer and given none. */
  undecidedMs(): number {
    return this.owingSince === undefined ? 0 : performance.now() - this.owingSince;
  }

  submit(order: Order): Promise<CommandReceipt> {
    const refused = notTaken(this.stopping !== undefined, this.waiting.size);
    if (refused) {
      this.parts?.onTurnedAway(order, refused);
      return Promise.reject(refused);
    }
    const { registration, command, sender, correlationId, cause, withinMs = TIME_LIMIT_MS } = order;
    return new Promise((answer, refuse) => {
      this.waiting.set(++this.last, { order, at: undefined, answer, refuse });
      this.out.push({ n: this.last, command: registration.command.name, input: command, sender, correlationId, until: Date.now() + withinMs, ...(cause && { cause }) });
      // What comes in one turn of the event loop goes together.
      if (this.out.length === 1) setImmediate(() => this.post());
    });
  }

  /** What was handed over with an earlier time, or this one, is recorded under that when it is answered. */
  async decidedUpTo(time: Instant, timeoutMs: number): Promise<boolean> {
    const [oldest] = this.waiting.values();
    if (oldest?.at === undefined || oldest.at > time) return true;
    return new Promise((answer) => {
      const timer = setTimeout(() => answer(false), timeoutMs);
      this.patient.push({
        upTo: this.last,
        done: () => {
          clearTimeout(timer);
          answer(true);
        },
      });
    });
  }

  keepNote(name: string, value: string): Promise<void> {
    return this.ask({ keepNote: { name, value } });
  }

  tellAwaited(isAwaited: boolean): void {
    this.send({ isAwaited });
  }

  stop(): Promise<void> {
    if (!this.stopping) {
      this.post();
      this.stopping = this.ask('stop');
    }
    return this.stopping;
  }

  /** Nobody may read the files any more. */
  async close(): Promise<void> {
    await this.stop();
    this.isClosing = true;
    await this.ask('close');
  }

  private post(): void {
    if (this.out.length === 0 || !this.parts) return;
    this.owingSince ??= performance.now();
    const now = this.parts.now();
    for (const { n } of this.out) (this.waiting.get(n) as Waiting).at = now;
    this.send({ orders: this.out, now, logLevel: this.parts.logLevel() });
    this.out = [];
  }

  private send(message: ToDeciding): void {
    this.port.postMessage(message);
  }

  private ask(request: Request): Promise<void> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((done, failed) => {
      this.requests.push({ done, failed });
      this.send({ request });
    });
  }

  private take(message: Exclude<FromDeciding, { opened: unknown } | { notOpened: unknown }>): void {
    if ('decided' in message) this.settle(message.decided);
    else if ('moved' in message) this.parts?.views.move(message.moved);
    else if (message.error !== undefined) this.requests.shift()?.failed(Object.assign(new Error(message.error.message), message.error));
    else this.requests.shift()?.done();
  }

  private settle({ head, streams, appends, answers }: Decided): void {
    const { parts } = this;
    if (!parts) throw new Error('Nobody has asked yet');
    // Whoever is answered may ask for what was recorded.
    if (streams.length > 0) parts.log.moveTo(head, streams);
    for (const [entries, seconds] of appends) parts.onAppended(entries, seconds);
    for (const [n, answer] of answers) {
      const waiting = this.waiting.get(n) as Waiting;
      this.waiting.delete(n);
      const settled = receivedAnswer(answer);
      parts.onDecided(waiting.order, settled);
      if (settled instanceof Problem) waiting.refuse(settled);
      else waiting.answer(settled);
    }
    this.owingSince = this.waiting.size > this.out.length ? performance.now() : undefined;
    const [oldest = Infinity] = this.waiting.keys();
    while (this.patient[0] && this.patient[0].upTo < oldest) this.patient.shift()?.done();
  }

  private end(error: ThreadEnded): void {
    if (this.ended) return;
    this.ended = error;
    // Its last words are that it is closed, or that it is not.
    for (const { failed } of this.requests.splice(0)) failed(error);
    if (!this.isClosing || error.code === EXIT_CODE) this.parts?.onFatal(error);
  }
}

function errorOf({ kind, message }: NotOpened): Error {
  if (kind === 'WrongSetting') return new WrongSetting([message]);
  return kind === 'LogUnusable' ? new LogUnusable(message) : new Error(message);
}
