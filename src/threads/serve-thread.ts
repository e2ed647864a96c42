import type { Clock } from '../config/clock.js';
import { sentAnswer, type CommandReceipt } from '../decider/decision-maker.js';
import type { Decisions } from '../decider/decisions.js';
import type { CommandRegistry } from '../decider/command-registry.js';
import type { Problem } from '../decider/problem.js';
import type { WritableLog } from '../event-store/event-store.js';
import type { ViewRunner } from '../projections/view-runner.js';
import type { Port } from './deciding-thread.js';
import type { Decided, FromDeciding, HandedOrders, Request, HandedOrder, SentError, ToDeciding, ViewsMoved } from './messages.js';

/** What writes, as this needs it. */
export interface ServingParts {
  readonly secret: string;
  readonly engine: { readonly log: WritableLog };
  readonly registry: CommandRegistry;
  readonly decisions: Decisions;
  readonly runner: ViewRunner;
  close(): Promise<void>;
}

/** The other end of DecidingThread: takes commands from the port, and tells what came of them. */
export class ThreadServer {
  private streams: string[] = [];
  private appends: (readonly [number, number])[] = [];
  private answers: Decided['answers'][number][] = [];
  /** The last request is answered after those before it. */
  private answering: Promise<void> = Promise.resolve();

  constructor(private readonly port: Port, private readonly clock: Clock, private readonly setLogLevel: (level: string) => void) {}

  /** Entries have become durable. */
  readonly appended = (entries: readonly { readonly stream: string }[], seconds: number): void => {
    for (const { stream } of entries) this.streams.push(stream);
    this.appends.push([entries.length, seconds]);
  };

  serve(parts: ServingParts): void {
    const { runner } = parts;
    this.port.on('message', (value) => {
      const message = value as ToDeciding;
      if ('orders' in message) this.decide(parts, message);
      else if ('isAwaited' in message) runner.isAwaitedElsewhere = message.isAwaited;
      else this.answering = this.answering.then(() => this.answer(parts, message.request));
    });
    runner.onAdvanced(() => this.tell({ moved: standOf(runner) }));
    this.tell({ opened: { secret: parts.secret, ...standOf(runner) } });
  }

  private decide(parts: ServingParts, { orders, now, logLevel }: HandedOrders): void {
    this.clock.standAt(now);
    this.setLogLevel(logLevel);
    for (const order of orders) this.decideOne(parts, order);
  }

  private decideOne({ registry, decisions, engine }: ServingParts, { n, command, input, until, ...rest }: HandedOrder): void {
    decisions.take({ ...rest, registration: registry.get(command), command: input, withinMs: Math.max(0, until - Date.now()) }, (answer: CommandReceipt | Problem) => {
      this.answers.push([n, sentAnswer(answer)]);
      // All that were written together are answered in this go.
      if (this.answers.length === 1) queueMicrotask(() => this.tellDecided(engine.log));
    });
  }

  private tellDecided({ head }: WritableLog): void {
    const { streams, appends, answers } = this;
    [this.streams, this.appends, this.answers] = [[], [], []];
    this.tell({ decided: { head, streams, appends, answers } });
  }

  private async answer({ engine, decisions, close }: ServingParts, request: Request): Promise<void> {
    try {
      if (request === 'stop') await decisions.stop();
      else if (request === 'close') await close();
      else engine.log.keepNote(request.keepNote.name, request.keepNote.value);
      this.tell({ done: true });
    } catch (error) {
      this.tell({ done: true, error: sentError(error) });
    }
  }

  private tell(message: FromDeciding): void {
    this.port.postMessage(message);
  }
}

function standOf({ stand: { position, stopped }, unreadableAt }: ViewRunner): ViewsMoved {
  return { stand: { position, stopped }, unreadableAt };
}

function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack, code, errcode, sqliteExtendedCode } = error as Error & SentError;
  return { message, stack, code, errcode, sqliteExtendedCode };
}
