import { Listeners } from '../event-store/listeners.js';
import type { Stand } from './view-rows.js';

/** How far the views have come, told to who waits for it: the views of this thread (view-runner.ts), or those that another one keeps. */
export abstract class ViewProgress {
  private readonly listeners: Listeners;
  /** How many wait for the views to stand somewhere. */
  private waiting = 0;

  protected constructor(onFailure: (error: unknown) => void) {
    this.listeners = new Listeners(onFailure);
  }

  abstract get stand(): Stand;
  /** The entry that all views are stopped at, where this program cannot read it. */
  abstract get unreadableAt(): number | undefined;

  protected get isAwaited(): boolean { return this.waiting > 0; }

  /** Resolves once the views stand at `position`; false when it takes longer than `timeoutMs`, or an entry before cannot be read. */
  async reaches(position: number, timeoutMs: number): Promise<boolean> {
    const never = (): boolean => this.unreadableAt !== undefined && this.unreadableAt <= position;
    if (this.stand.position >= position) return true;
    if (never()) return false;
    this.await(1);
    return new Promise<boolean>((resolve) => {
      const check = (): void => {
        if (this.stand.position >= position) finish(true);
        else if (never()) finish(false);
      };
      const finish = (reached: boolean): void => {
        clearTimeout(timer);
        stop();
        resolve(reached);
      };
      const timer = setTimeout(() => finish(false), timeoutMs);
      const stop = this.onAdvanced(check);
    }).finally(() => this.await(-1));
  }

  onAdvanced(listener: () => void): () => void {
    return this.listeners.add(listener);
  }

  protected tellAdvanced(): void {
    this.listeners.tell();
  }

  /** Somebody begins to wait, or nobody does any more. */
  protected onAwaited(): void {}

  private await(more: number): void {
    const was = this.isAwaited;
    this.waiting += more;
    if (this.isAwaited !== was) this.onAwaited();
  }
}
