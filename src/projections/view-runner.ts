import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { UnreadableEntry, type Codec } from '../event-store/codec.js';
import type { LocalLog, WritableLog } from '../event-store/event-store.js';
import { ViewProgress } from './view-progress.js';
import type { Stand, StoppedView } from './view-rows.js';
import type { ViewStore } from './view-store.js';

const LIVE_BATCH = 500;
const REBUILD_BATCH = 10_000;
/** Under load the views follow in larger steps: what a commit costs hardly grows with its entries. What comes after a rest does not wait. */
const STEP_MS = 10;
/** After so many entries in one step, however long it was, the next is a larger one, unless somebody waits for it: those of a ballot change the same pages again and again. */
const MANY = 32;
const LONG_STEP_MS = 50;
/** After an error of the views' own file, such as a full disk, which may pass. */
const RETRY_MS = 1_000;

/** Keeps the views at the head of the log. Wakes after each append, applies what is new, and tells who waits. */
export class ViewRunner extends ViewProgress {
  private running: Promise<void> | undefined;
  private stopListening: (() => void) | undefined;
  private unreadable: UnreadableEntry | undefined;
  private stopped = false;
  /** By a clock that is never set back, or the views would wait for the time to come again. */
  private advancedAt = -STEP_MS;
  /** At least, from the last step to the next. */
  private stepMs = STEP_MS;
  /** Somebody waits in another thread. */
  isAwaitedElsewhere = false;
  /** Of the views that stopped, so many were told. */
  private stoppedTold = 0;

  constructor(readonly store: ViewStore, private readonly log: WritableLog, private readonly codec: Codec, private readonly onFailure: (error: unknown) => void) {
    super(onFailure);
  }

  /** Catches up, then follows. */
  async start(): Promise<void> {
    this.stopListening = this.log.onAppended(() => this.wake());
    this.tellStopped();
    this.wake();
    await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopListening?.();
    await this.running;
  }

  get stand(): Stand { return this.store; }
  get unreadableAt(): number | undefined { return this.unreadable?.position; }

  private wake(): void {
    if (this.isBehind) this.running ??= this.run();
  }

  private get isBehind(): boolean {
    return !this.stopped && !this.unreadable && this.store.position < this.log.head.position;
  }

  private async run(): Promise<void> {
    while (this.isBehind) {
      await nextTurn();
      for (let early = this.early(); early > 0; early = this.early()) await delay(Math.min(early, STEP_MS));
      try {
        this.advance(LIVE_BATCH);
      } catch (error) {
        this.onFailure(error);
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
    // Nothing runs between the last look at the head and this line, so no wake-up is lost.
    this.running = undefined;
  }

  /** Milliseconds until the next step is due. */
  private early(): number {
    if (this.stopped) return 0;
    return (this.isAwaited || this.isAwaitedElsewhere ? STEP_MS : this.stepMs) - (performance.now() - this.advancedAt);
  }

  private advance(limit: number): void {
    const { position: before } = this.store;
    const error = applyNext(this.store, this.log, this.codec, limit);
    this.advancedAt = performance.now();
    const applied = this.store.position - before;
    // After a full one there is most likely more.
    this.stepMs = applied < MANY || applied >= limit ? STEP_MS : LONG_STEP_MS;
    this.unreadable = error;
    this.tellAdvanced();
    if (error) this.onFailure(error);
    this.tellStopped();
  }

  private tellStopped(): void {
    for (const one of this.store.stopped.slice(this.stoppedTold)) this.onFailure(new Error(toldOf(one)));
    this.stoppedTold = this.store.stopped.length;
  }
}

export const toldOf = ({ view, position, error }: StoppedView): string => `The view ${view} stopped at position ${position}, whose entry it cannot take: ${error}`;

/** Applies the next entries, up to the first that cannot be read, which is returned. */
function applyNext(store: ViewStore, log: LocalLog, codec: Codec, limit: number): UnreadableEntry | undefined {
  const entries = [];
  let unreadable: UnreadableEntry | undefined;
  for (const stored of log.read(store.position, limit)) {
    try {
      entries.push(codec.decode(stored));
    } catch (error) {
      if (!(error instanceof UnreadableEntry)) throw error;
      unreadable = error;
      break;
    }
  }
  store.apply(entries);
  return unreadable;
}

/**
 * Applies the whole log to a new store. Lets the event loop turn between batches, so that the server stays alive and Ctrl-C is heard.
 * @param upTo the head, or a position before it
 * @returns false when `signal` ended it before `upTo`
 */
export async function buildViews(
  store: ViewStore, log: LocalLog, codec: Codec, signal: AbortSignal, onProgress: (position: number, head: number) => void, upTo = log.head.position,
): Promise<boolean> {
  while (store.position < upTo) {
    if (signal.aborted) return false;
    const error = applyNext(store, log, codec, Math.min(REBUILD_BATCH, upTo - store.position));
    onProgress(store.position, upTo);
    if (error) throw error;
    await nextTurn();
  }
  return true;
}
