import { newId } from '../decider/new-id.js';
import { receivedAnswer, type CommandReceipt, type DecisionMaker, type Order, type OrderAnswer } from '../decider/decision-maker.js';
import type { Decisions } from '../decider/decisions.js';
import { Problem } from '../decider/problem.js';
import { TIME_LIMIT_MS } from '../decider/limits.js';
import type { SentOrder } from './messages.js';
import type { Peer } from './peer.js';

/** At most so many in one request, and so much text, but one command whatever its size. */
const BATCH = 256;
const BATCH_LENGTH = 2 * 1024 * 1024;
/** What is told by a node that cannot decide just now, while another one may. BUSY is not: who contends with a busy node makes it slower. */
const CANNOT_DECIDE = ['LOG_UNREACHABLE', 'SHUTTING_DOWN', 'CLOCK_AHEAD', 'DISK_FULL'];

interface Waiting {
  readonly order: Order;
  readonly length: number;
  /** By performance.now(). */
  readonly until: number;
  readonly answer: (receipt: CommandReceipt) => void;
  readonly refuse: (problem: unknown) => void;
}

export interface ForwardingParts {
  readonly here: Decisions;
  /** The node that decides for this one now; undefined: this one does. */
  readonly decidingNode: () => Peer | undefined;
  /** A decision was written elsewhere, up to this position. */
  readonly onWritten: (position: number) => void;
  readonly onLost: (peer: Peer, error: unknown) => void;
}

/**
 * Hands commands to the node that decides for all, everything that waits in one request, and decides itself when none does. That one decides at a time
 * is for speed: each command goes with its id, so it has one effect whoever decides, also when two do.
 */
export class Forwarding implements DecisionMaker {
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  /** Commands that were handed to another node, since the start. */
  handed = 0;

  constructor(private readonly parts: ForwardingParts) {}

  /** How many wait for another node. */
  get queued(): number { return this.waiting.length; }

  submit(order: Order): Promise<CommandReceipt> {
    // What waits already goes first.
    if (this.running === undefined && this.parts.decidingNode() === undefined) return this.parts.here.submit(order);
    const command = Object.assign(order.command, { commandId: order.command.commandId?.toLowerCase() ?? newId() });
    return new Promise((answer, refuse) => {
      this.waiting.push({ order: { ...order, command }, length: JSON.stringify(command).length, until: performance.now() + TIME_LIMIT_MS, answer, refuse });
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits any more. */
  async stop(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    do {
      // One turn of the event loop, so that what arrives together is handed on together.
      await new Promise(setImmediate);
      const peer = this.parts.decidingNode();
      if (peer) await this.hand(peer, this.next());
      else for (const one of this.waiting.splice(0)) this.decideHere(one);
    } while (this.waiting.length > 0);
    this.running = undefined;
  }

  private next(): readonly Waiting[] {
    let length = 0;
    const count = this.waiting.findIndex((one, i) => i === BATCH || ((length += one.length) > BATCH_LENGTH && i > 0));
    return this.waiting.splice(0, count < 0 ? this.waiting.length : count);
  }

  private async hand(peer: Peer, batch: readonly Waiting[]): Promise<void> {
    this.handed += batch.length;
    let answers: readonly OrderAnswer[];
    try {
      const orders = batch.map(({ order, until }): SentOrder => ({
        command: order.registration.command.name, input: order.command, sender: order.sender, correlationId: order.correlationId, ...(order.cause && { cause: order.cause }), withinMs: left(until),
      }));
      ({ answers } = await peer.hand({ orders }, Math.max(...batch.map(({ until }) => left(until)))));
      if (answers.length !== batch.length) throw new Error(`The node at ${peer.address} answers ${answers.length} of ${batch.length} commands`);
    } catch (error) {
      // Written or not: whoever decides next finds the ids in the log, or they are in none.
      this.giveUp(peer, error);
      this.waiting.unshift(...batch);
      return;
    }
    let position = 0;
    const again: Waiting[] = [];
    batch.forEach((one, i) => {
      const answer = receivedAnswer(answers[i] as OrderAnswer);
      if (!(answer instanceof Problem)) {
        position = Math.max(position, answer.position);
        one.answer(answer);
        return;
      }
      const { code, reason } = answer;
      if (code !== 'UNAVAILABLE' || reason === 'BUSY' || left(one.until) === 0) return one.refuse(answer);
      if (CANNOT_DECIDE.includes(reason ?? '')) {
        if (peer.reachable) this.giveUp(peer, answer);
        again.push(one);
        return;
      }
      // It is older than this one and cannot read what the decision rests on; this one may.
      this.decideHere(one);
    });
    this.waiting.unshift(...again);
    if (position > 0) this.parts.onWritten(position);
  }

  private giveUp(peer: Peer, error: unknown): void {
    peer.lost();
    this.parts.onLost(peer, error);
  }

  private decideHere({ order, until, answer, refuse }: Waiting): void {
    this.parts.here.submit({ ...order, withinMs: left(until) }).then(answer, refuse);
  }
}

const left = (until: number): number => Math.max(0, Math.ceil(until - performance.now()));
