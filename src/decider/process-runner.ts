import type { Instant } from '../events/define.js';
import type { CommandReceipt, Order } from './decision-maker.js';
import { Problem } from './problem.js';

/** A to-do as the process runner needs it. Kept by the view of consequences (projections/consequences.view.ts). */
export interface Waiting {
  readonly cause: number;
  readonly causeId: string;
  readonly command: string;
  readonly commandId: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly thingId: string;
  readonly due?: Instant;
}

export interface ProcessRunnerParts {
  /** To-dos that wait at the views' position, in the order of their causes; none where the view of them has stopped. */
  waiting(): readonly Waiting[];
  onAdvanced(listener: () => void): () => void;
  /** Resolves when the views have seen what was decided up to `position`; false where they do not come to it. */
  reaches(position: number): Promise<boolean>;
  submit(command: string, input: Readonly<Record<string, unknown>>, cause: Order['cause'], correlationId: string): Promise<CommandReceipt>;
  headPosition(): number;
  now(): Instant;
  onFailure(error: unknown, toDo: Waiting): void;
}

/** Longest that a due time is slept towards at once; setTimeout takes no more than 24.8 days. */
const LONGEST_SLEEP_MS = 60 * 60 * 1_000;
const RETRY_MS = 1_000;

/**
 * Does what the processes ask for: sends each command once it is due. Whether it was done is told by the log, not remembered here,
 * so a crash in between changes nothing, and another node may have done it already.
 */
export class ProcessRunner {
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;
  private stopped = false;
  /** Stopped by an internal error, until the next start: shown as FAILED. */
  readonly failed = new Set<string>();

  constructor(private readonly parts: ProcessRunnerParts) {}

  start(): void {
    this.stopListening = this.parts.onAdvanced(() => this.wake());
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopListening?.();
    clearTimeout(this.timer);
    await this.running;
  }

  /** To-dos that wait, due or not. */
  get waiting(): readonly Waiting[] { return this.parts.waiting(); }

  /** Does all that is due now, and what follows from it. For the sample, whose clock stands still meanwhile. */
  async drain(): Promise<void> {
    for (;;) {
      // Views that stand behind say nothing of what is done already; each of their steps wakes this again.
      if (!(await this.parts.reaches(this.parts.headPosition()))) return;
      const due = this.dueOf(this.open());
      if (due.length === 0) return;
      for (const toDo of due) {
        // What is left waits in the log; the store is closed soon.
        if (this.stopped) return;
        await this.carry(toDo);
      }
    }
  }

  private wake(): void {
    if (this.stopped || this.running) return;
    // Asked once: this runs after each step of the views, and what waits may be much.
    const open = this.open();
    // What is not seen to be due yet wakes this again when the views have seen it: nobody is to wait for them meanwhile.
    if (this.dueOf(open).length === 0) return this.sleepUntilNextOf(open);
    this.running = this.drain().finally(() => {
      this.running = undefined;
      this.sleepUntilNextOf(this.open());
    });
  }

  /** What waits and has not failed; nothing once this is stopped. */
  private open(): readonly Waiting[] {
    return this.stopped ? [] : this.parts.waiting().filter(({ commandId }) => !this.failed.has(commandId));
  }

  private dueOf(open: readonly Waiting[]): readonly Waiting[] {
    const now = this.parts.now();
    // A deadline is inclusive: what follows from it is due after it.
    return open.filter(({ due }) => due === undefined || due < now);
  }

  private sleepUntilNextOf(open: readonly Waiting[]): void {
    clearTimeout(this.timer);
    const next = open.reduce<Instant | undefined>((first, { due }) => (due !== undefined && (first === undefined || due < first) ? due : first), undefined);
    if (next === undefined) return;
    const wait = Date.parse(next) - Date.parse(this.parts.now()) + 1;
    this.timer = setTimeout(() => this.wake(), Math.min(Math.max(wait, 1), LONGEST_SLEEP_MS)).unref();
  }

  private async carry(toDo: Waiting): Promise<void> {
    const cause = { position: toDo.cause, commandId: toDo.causeId };
    const correlationId = toDo.causeId;
    try {
      const receipt = await this.parts.submit(toDo.command, { ...toDo.input, commandId: toDo.commandId }, cause, correlationId);
      if (!(await this.parts.reaches(receipt.position))) return;
      // A to-do that stays after it was done would be done for ever.
      if (this.isWaiting(toDo)) throw new Error(`${toDo.command} was accepted at ${receipt.position} and its to-do still waits`);
    } catch (error) {
      if (error instanceof Problem && error.code === 'UNAVAILABLE') return this.waitToRetry();
      if (!(error instanceof Problem) || error.code === 'INTERNAL') {
        this.failed.add(toDo.commandId);
        this.parts.onFailure(error, toDo);
        return;
      }
      await this.recordRefusal(toDo, error, cause, correlationId);
    }
  }

  /** A refusal ends the to-do, unless somebody else has done it meanwhile: then the views, at the head, say so. */
  private async recordRefusal(toDo: Waiting, problem: Problem, cause: Order['cause'], correlationId: string): Promise<void> {
    if (!(await this.parts.reaches(this.parts.headPosition())) || !this.isWaiting(toDo)) return;
    try {
      const receipt = await this.parts.submit('RecordRefusedConsequence', {
        consequence: toDo.commandId, cause: toDo.cause, command: toDo.command, thing: toDo.thingId, reason: problem.reason ?? problem.code,
      }, cause, correlationId);
      await this.parts.reaches(receipt.position);
    } catch (error) {
      if (error instanceof Problem && error.reason === 'NOTHING_TO_CHANGE') return;
      if (error instanceof Problem && error.code === 'UNAVAILABLE') return this.waitToRetry();
      this.failed.add(toDo.commandId);
      this.parts.onFailure(error, toDo);
    }
  }

  private async waitToRetry(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
  }

  private isWaiting(toDo: Waiting): boolean {
    return this.parts.waiting().some((other) => other.commandId === toDo.commandId);
  }
}
