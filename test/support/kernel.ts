import { join } from 'node:path';
import { v7 as newId } from 'uuid';
import { Clock } from '../../src/config/clock.js';
import { registrations, views } from '../../src/contexts.js';
import type { Decider } from '../../src/decider/decider.js';
import type { CommandReceipt, Order } from '../../src/decider/decision-maker.js';
import { Decisions, type DecisionsParts } from '../../src/decider/decisions.js';
import { CommandRegistry } from '../../src/decider/command-registry.js';
import { parseCommand } from '../../src/decider/parse-command.js';
import { Problem } from '../../src/decider/problem.js';
import { ProcessRunner, type ProcessRunnerParts, type Waiting } from '../../src/decider/process-runner.js';
import type { AnyEvent, Instant } from '../../src/events/define.js';
import { Codec } from '../../src/event-store/codec.js';
import type { Entry } from '../../src/event-store/entry.js';
import type { Engine } from '../../src/event-store/event-store.js';
import { SqliteEngine } from '../../src/event-store/engines/sqlite.engine.js';
import { Reads } from '../../src/graphql/reads.js';
import { standingAt } from '../../src/modules/membership/membership.context.js';
import { consequenceTable, type ConsequenceRow } from '../../src/projections/consequences.view.js';
import { ViewRunner } from '../../src/projections/view-runner.js';
import { ViewStore } from '../../src/projections/view-store.js';
import { TODAY } from './given.js';
import { removeDir, tempDir } from './temp.js';

/** A person, by id; a process; nobody. */
export type Who = string;
export const SYSTEM: Who = 'SYSTEM';
export const VISITOR: Who = 'VISITOR';

export interface Sent { readonly commandId?: string; readonly revision?: number; readonly cause?: Order['cause'] }
export type Input = Readonly<Record<string, unknown>>;

export interface KernelOptions {
  /** Of an earlier kernel; a new one when left out. */
  readonly dir?: string;
  /** Stands between the decisions and the real engine. */
  readonly engine?: (real: SqliteEngine) => Engine;
  readonly codec?: Codec;
  readonly digestKey?: string;
  readonly standingAt?: DecisionsParts['standingAt'];
  /** Another clock for the decisions than the one that stands. */
  readonly now?: () => Instant;
}

const registry = new CommandRegistry(registrations);

/** Log and decisions as the server has them, on a real file, with a clock that stands at TODAY until it is set. */
export class Kernel {
  readonly clock = new Clock();
  readonly dir: string;
  readonly engine: SqliteEngine;
  readonly codec: Codec;
  readonly decisions: Decisions;
  /** Errors that are nobody's input. A test that expects none says so, or `close` does. */
  readonly internalErrors: unknown[] = [];
  private processesOpen: { stop(): Promise<void> } | undefined;

  constructor(options: KernelOptions = {}) {
    this.clock.standAt(TODAY);
    this.dir = options.dir ?? tempDir();
    this.engine = SqliteEngine.open(this.dir, (error) => this.internalErrors.push(error));
    this.codec = options.codec ?? new Codec();
    this.decisions = new Decisions({
      log: this.engine.log, engine: options.engine?.(this.engine) ?? this.engine, codec: this.codec, standingAt: options.standingAt ?? standingAt,
      now: options.now ?? this.clock.now, digestKey: options.digestKey ?? 'key', onInternalError: (error) => this.internalErrors.push(error),
    });
  }

  /** Through parseCommand, as mutations, processes, sample and command line do. @throws Problem */
  async send(name: string, input: Input, who: Who, { cause, ...sent }: Sent = {}): Promise<CommandReceipt> {
    const registration = registry.get(name);
    const command = parseCommand(registration.command, { ...input, ...sent });
    const sender = who === SYSTEM ? 'SYSTEM' : { personId: who === VISITOR ? undefined : who };
    return this.decisions.submit({ registration, command, sender, correlationId: newId(), ...(cause && { cause }) });
  }

  /** What it is refused with. Fails when it is accepted. */
  async refusal(name: string, input: Input, who: Who, sent: Sent = {}): Promise<Problem> {
    const answer = await this.answer(name, input, who, sent);
    if (answer instanceof Problem) return answer;
    throw new Error(`${name} was accepted at ${answer.position}`);
  }

  /** Receipt or problem, so that many can be sent at once. */
  async answer(name: string, input: Input, who: Who, sent: Sent = {}): Promise<CommandReceipt | Problem> {
    try {
      return await this.send(name, input, who, sent);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  state<S, E extends AnyEvent>(decider: Decider<S, E>, stream: string): S {
    return this.decisions.standings.read(decider as Decider<unknown> as Decider<S>, stream);
  }

  get head(): number { return this.engine.log.head.position; }

  entries(): readonly Entry[] {
    return this.engine.log.read(0, 1_000_000).map((entry) => this.codec.decode(entry));
  }

  last(): Entry {
    return this.entries().at(-1) as Entry;
  }

  typesAfter(position: number): readonly string[] {
    return this.entries().slice(position).map((entry) => entry.type);
  }

  /** Views and the process runner on this log, not started: `drain` does what is due now. */
  async processes(change: Partial<ProcessRunnerParts> = {}): Promise<Processes> {
    const processes = await Processes.open(this, change);
    this.processesOpen = processes;
    return processes;
  }

  /** As a new process would find it: same folder, same clock. */
  async reopen(options: KernelOptions = {}): Promise<Kernel> {
    await this.stop();
    const again = new Kernel({ ...options, dir: this.dir });
    again.clock.standAt(this.clock.now());
    return again;
  }

  async stop(): Promise<void> {
    await this.processesOpen?.stop();
    await this.decisions.stop();
    await this.engine.close();
  }

  async close(): Promise<void> {
    await this.stop();
    removeDir(this.dir);
  }
}

/** What the server runs beside the decisions: the views and the process runner that reads them. */
export class Processes {
  readonly failures: { readonly error: unknown; readonly toDo: Waiting }[] = [];
  readonly runner: ProcessRunner;

  private constructor(kernel: Kernel, private readonly store: ViewStore, readonly reads: Reads, readonly views: ViewRunner, change: Partial<ProcessRunnerParts>) {
    this.runner = new ProcessRunner({
      waiting: () => reads.all(consequenceTable, reads.position, { state: 'WAITING' }).map(({ row }) => row),
      onAdvanced: (listener) => views.onAdvanced(listener),
      reaches: (position) => views.reaches(position, 10_000),
      submit: (command, input, cause) => kernel.send(command, input, SYSTEM, { ...(cause && { cause }) }),
      headPosition: () => kernel.head,
      now: kernel.clock.now,
      onFailure: (error, toDo) => this.failures.push({ error, toDo }),
      ...change,
    });
  }

  static async open(kernel: Kernel, change: Partial<ProcessRunnerParts> = {}): Promise<Processes> {
    const { log } = kernel.engine;
    // Built anew each time: a rebuild must give the same to-dos.
    const store = new ViewStore(join(kernel.dir, `views-${newId()}.db`), views, kernel.codec, log.logId);
    const runner = new ViewRunner(store, log, kernel.codec, (error) => kernel.internalErrors.push(error));
    await runner.start();
    return new Processes(kernel, store, new Reads(store, log, kernel.codec), runner, change);
  }

  async drain(): Promise<void> {
    await this.runner.drain();
  }

  /** All to-dos, at the views' position. */
  consequences(state?: ConsequenceRow['state']): readonly ConsequenceRow[] {
    return this.reads.all(consequenceTable, this.reads.position, state === undefined ? {} : { state }).map(({ row }) => row);
  }

  async stop(): Promise<void> {
    await this.runner.stop();
    await this.views.stop();
    this.store.close();
  }
}
