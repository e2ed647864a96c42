import type { Instant } from '../events/define.js';
import { UnreadableEntry, type Codec } from '../event-store/codec.js';
import type { Actor, Entry, Meta, StoredEntry } from '../event-store/entry.js';
import { ClockAhead, EntryTooLarge, HeadMoved, LogFull, LogUnreachable, type Engine, type LocalLog } from '../event-store/event-store.js';
import type { Command, CommandRegistration, ReadFact } from './command.js';
import { notTaken, TIME_LIMIT_MS } from './limits.js';
import { newId } from './new-id.js';
import type { CommandReceipt, Deciding, Order, Sender } from './decision-maker.js';
import { isRefusal } from './decider.js';
import { payloadDigest } from './digest.js';
import { busy, Problem } from './problem.js';
import { authorise, SYSTEM_ACTOR } from './rights.js';
import { Standings, type StandingAt } from './standings.js';
import { Overlay, States, unreadable } from './states.js';

export interface DecisionsParts {
  readonly log: LocalLog;
  readonly engine: Engine;
  readonly codec: Codec;
  readonly standingAt: StandingAt;
  readonly now: () => Instant;
  readonly digestKey: string;
  /** An error that is nobody's input: logged with the correlation id, told as INTERNAL. */
  readonly onInternalError: (error: unknown, order: Order) => void;
  /** Every answer, for the operational log. */
  readonly onDecided?: (order: Order, answer: CommandReceipt | Problem) => void;
}

/** 256 keeps the event loop free (p50 5 ms a batch) at 0.95 of the best rate. */
const BATCH = 256;
/** At rest a batch waits for two, which take microseconds; under load each turn does the work of what it brings. */
const TURNS = 4;

interface Waiting {
  readonly order: Order;
  readonly commandId: string;
  /** The sender gave the id, so that it may be a repeat. One that was made here is in no log. */
  readonly mayBeRepeated: boolean;
  readonly digest: string;
  readonly until: number;
  readonly settled: (answer: CommandReceipt | Problem) => void;
}

/**
 * The only place that authorises, loads, decides, appends and retries. Commands are decided one after another against the
 * committee at the head of the log, each seeing the ones before it; all that waits is written as one batch and then answered.
 */
export class Decisions implements Deciding {
  readonly standings: Standings;
  private readonly waiting: Waiting[] = [];
  private readonly states: States;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly parts: DecisionsParts) {
    this.states = new States(parts.log, parts.codec);
    this.standings = new Standings({ log: parts.log, states: this.states, standingAt: parts.standingAt, now: parts.now });
  }

  /** Answers when the decision is durable. @throws Problem */
  submit(order: Order): Promise<CommandReceipt> {
    return new Promise((answer, refuse) => {
      this.take(order, (settled) => (settled instanceof Problem ? refuse(settled) : answer(settled)));
    });
  }

  /** The same; those that were written together are answered one after another, in one go. */
  take(order: Order, settled: (answer: CommandReceipt | Problem) => void): void {
    const refused = notTaken(this.stopped, this.waiting.length);
    if (refused) {
      this.parts.onDecided?.(order, refused);
      return settled(refused);
    }
    const { command, registration } = order;
    this.waiting.push({
      order, settled,
      commandId: command.commandId?.toLowerCase() ?? newId(),
      mayBeRepeated: command.commandId !== undefined,
      digest: payloadDigest(this.parts.digestKey, registration.command.name, command),
      until: Date.now() + (order.withinMs ?? TIME_LIMIT_MS),
    });
    this.running ??= this.run();
  }

  /** How many wait to be decided. */
  get queued(): number { return this.waiting.length; }

  /** What waits is stamped when it is decided, by the clock of then. */
  async decidedUpTo(): Promise<boolean> {
    return true;
  }

  /** Decides what waits, then no more. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    do {
      // What arrives together, also in answer to the batch before, is written together: turns of the event loop, as long as each brings more.
      for (let turn = 0, seen = -1; turn < TURNS && this.waiting.length > seen; turn++) {
        seen = this.waiting.length;
        await new Promise(setImmediate);
      }
      await this.decideBatch(this.waiting.splice(0, BATCH));
    } while (this.waiting.length > 0);
    this.running = undefined;
  }

  private async decideBatch(batch: readonly Waiting[]): Promise<void> {
    // Nothing of these was sent, so it is certain that they are not recorded.
    for (let open = batch.filter((waiting) => this.isInTime(waiting)); open.length > 0;) {
      const { position: head } = this.parts.log.head;
      const round = new Round(this.parts, this.states, this.standings.decisionTime());
      const answers = open.map((waiting) => this.decideOne(round, waiting));
      try {
        await this.parts.engine.append(round.staged, head);
      } catch (error) {
        if (error instanceof HeadMoved) {
          // Another node was faster: its entries count, and everything that waits is decided again on them.
          open = open.filter((waiting) => this.isInTime(waiting));
          continue;
        }
        if (error instanceof EntryTooLarge && open.length > 1) {
          // Together they are too much, or one of them is: each by itself.
          for (const waiting of open) await this.decideBatch([waiting]);
          return;
        }
        const problem = problemOf(error) ?? this.internal(error, open[0]?.order);
        // None of the batch was decided, its refusals neither: they may rest on commands that were not written. What was in the log before stays so.
        open.forEach((waiting, i) => {
          const answer = answers[i] as CommandReceipt | Problem;
          this.settle(waiting, answer instanceof Problem || answer.position > head ? withCommandId(problem, waiting.commandId) : answer);
        });
        return;
      }
      round.overlay.keep(head + round.staged.length);
      open.forEach((waiting, i) => this.settle(waiting, answers[i] as CommandReceipt | Problem));
      return;
    }
  }

  private isInTime(waiting: Waiting): boolean {
    const inTime = waiting.until > Date.now();
    if (!inTime) this.settle(waiting, withCommandId(busy(), waiting.commandId));
    return inTime;
  }

  private settle(waiting: Waiting, answer: CommandReceipt | Problem): void {
    this.parts.onDecided?.(waiting.order, answer);
    waiting.settled(answer);
  }

  private decideOne(round: Round, waiting: Waiting): CommandReceipt | Problem {
    try {
      return round.repeated(waiting) ?? round.decide(waiting);
    } catch (error) {
      if (error instanceof UnreadableEntry) return unreadable(error);
      return error instanceof Problem ? error : this.internal(error, waiting.order);
    }
  }

  private internal(error: unknown, order: Order | undefined): Problem {
    if (order) this.parts.onInternalError(error, order);
    return new Problem('INTERNAL', undefined, 'Something went wrong here. Ask again with the same commandId; if it stays, give the correlation id to the operator.');
  }
}

/** One try of one batch on one head. */
class Round {
  readonly staged: StoredEntry[] = [];
  readonly overlay: Overlay;
  private readonly byCommandId = new Map<string, StoredEntry>();
  private readonly read: ReadFact;

  constructor(private readonly parts: DecisionsParts, states: States, private readonly now: Instant) {
    this.overlay = new Overlay(states);
    this.read = (decider, stream) => this.overlay.get(decider, stream).state;
  }

  /** The first receipt, for a command that is in the log or in this batch already. Rights are not asked again. A visitor has sent none. */
  repeated({ order, commandId, mayBeRepeated, digest }: Waiting): CommandReceipt | undefined {
    if (!mayBeRepeated) return undefined;
    if (order.sender !== 'SYSTEM' && order.sender.personId === undefined) return undefined;
    const stored = this.byCommandId.get(commandId) ?? this.parts.log.byCommandId(commandId);
    if (!stored) return undefined;
    const entry = this.parts.codec.decode(stored);
    const sameSender = order.sender === 'SYSTEM' ? entry.meta.actor.office === 'SYSTEM' : entry.meta.actor.personId === order.sender.personId;
    if (entry.meta.commandName !== order.registration.command.name || entry.meta.payloadDigest !== digest || !sameSender) {
      throw new Problem('CONFLICT', 'COMMAND_ID_REUSED', 'This commandId was used for another command. Send a new one, or leave it out.', { commandId });
    }
    return receipt(entry, this.parts.codec.about(entry), true);
  }

  decide({ order, commandId, digest }: Waiting): CommandReceipt {
    const { registration, command, sender, correlationId, cause } = order;
    const stream = registration.stream(command, commandId);
    const folded = this.overlay.get(registration.decider, stream);
    const actor = this.actor(registration, command, folded.state, sender);
    if (command.revision !== undefined && command.revision !== folded.revision) {
      throw new Problem('CONFLICT', 'REVISION', `The thing has moved on: its revision is ${folded.revision}, not ${command.revision}. Read it again and decide anew.`,
        { expected: command.revision, actual: folded.revision });
    }
    const decision = registration.decide(command, folded.state, registration.facts?.(this.read, command), { now: this.now, commandId, actor });
    if (isRefusal(decision)) throw new Problem(decision.refused, decision.reason, decision.message, decision.facts);

    const type = this.parts.codec.writable(decision);
    const meta: Meta = {
      commandName: registration.command.name, payloadDigest: digest, actor, correlationId,
      ...(cause && { causationId: cause.commandId, cause: cause.position }),
    };
    const entry: Entry = {
      position: this.parts.log.head.position + this.staged.length + 1, id: commandId, stream, revision: folded.revision + 1,
      type: decision.type, version: type.version, data: decision.data, time: this.now, meta,
    };
    this.overlay.evolve(registration.decider, entry);
    const stored = { ...entry, data: JSON.stringify(entry.data), meta: JSON.stringify(meta) };
    this.staged.push(stored);
    this.byCommandId.set(commandId, stored);
    return receipt(entry, type.about(decision.data), false);
  }

  private actor(registration: CommandRegistration, command: Command, state: unknown, sender: Sender): Actor {
    if (sender !== 'SYSTEM') return authorise(registration, command, state, this.parts.standingAt(sender.personId, this.read, this.now));
    if (!registration.by.includes('SYSTEM')) throw new Problem('FORBIDDEN', undefined, `${registration.command.name} is not sent by a process.`);
    return SYSTEM_ACTOR;
  }
}

const receipt = (entry: Entry, about: readonly string[], repeated: boolean): CommandReceipt => ({
  id: about[0] ?? entry.stream, position: entry.position, revision: entry.revision, commandId: entry.id, repeated,
});

/** What an engine says of a batch that did not become durable, as far as it is meant for callers. */
function problemOf(error: unknown): Problem | undefined {
  if (error instanceof LogFull) {
    return new Problem('UNAVAILABLE', 'DISK_FULL', 'There is no room to record decisions. Nothing was recorded; reading goes on. Ask again with the same commandId when there is room.');
  }
  if (error instanceof LogUnreachable) {
    return new Problem('UNAVAILABLE', 'LOG_UNREACHABLE', 'The server of the log does not answer. The command may be recorded or not; ask again with the same commandId, and it has one effect.');
  }
  if (error instanceof ClockAhead) {
    return new Problem('UNAVAILABLE', 'CLOCK_AHEAD', "The clock of this node runs ahead of the log's. Nothing was recorded; reading goes on. Ask another node, or again with the same commandId when the clock is right.", { aheadMs: Math.round(error.aheadMs) });
  }
  if (error instanceof EntryTooLarge) return new Problem('INVALID', 'TOO_LARGE', 'This is more than the log takes in one entry. Send less in one command.', { bytes: error.bytes });
  return undefined;
}

/** Who is to ask again with the same id has to know it, also where it was made here. */
const withCommandId = ({ code, reason, message, facts }: Problem, commandId: string): Problem => new Problem(code, reason, message, { ...facts, commandId });
