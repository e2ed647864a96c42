import type { ViewProgress } from '../projections/view-progress.js';
import { turns, type Waiter } from './turns.js';

/** What comes within this time of the last is given together: most of what a delivery costs is its way to the system. After a rest it goes at once. */
const ROUND_MS = 100;

/** Who waits for the views to move on. */
export class Rounds {
  private readonly waiting = new Set<Waiter>();
  private begun = -Infinity;
  private next: NodeJS.Timeout | undefined;

  constructor(views: Pick<ViewProgress, 'onAdvanced'>) {
    views.onAdvanced(() => this.advanced());
  }

  get size(): number { return this.waiting.size; }

  join(waiter: Waiter): void {
    this.waiting.add(waiter);
  }

  leave(waiter: Waiter): void {
    this.waiting.delete(waiter);
  }

  private advanced(): void {
    if (this.next || this.waiting.size === 0) return;
    const rest = this.begun + ROUND_MS - performance.now();
    if (rest > 0) this.next = setTimeout(() => this.begin(), rest).unref();
    else this.begin();
  }

  private begin(): void {
    this.next = undefined;
    this.begun = performance.now();
    turns.now(this.waiting);
  }
}
