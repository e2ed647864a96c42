import type { ViewProgress } from '../projections/view-progress.js';

/** What comes within this time of the last is given together: most of what a delivery costs is its way to the system. After a rest it goes at once. */
const ROUND_MS = 100;
/** What is looked at and given before everybody else has their turn: a log may be long, and what is asked about everywhere in it, or nowhere. */
const TURN_MS = 10;

interface Waiter { goOn(): void }

/** Who waits for the views to move on, and who has more to do than a turn of the event loop has time for. */
export class Rounds {
  private readonly waiting = new Set<Waiter>();
  private begun = -Infinity;
  private next: NodeJS.Timeout | undefined;
  /** In the order in which they are called. */
  private readonly due = new Set<Waiter>();
  private turnBegun = -Infinity;
  private isTurnToCome = false;

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

  /** Whoever has more to do then goes on `later`. */
  get isTurnOver(): boolean { return performance.now() - this.turnBegun >= TURN_MS; }

  /** Calls in a turn to come, after all who are due before. */
  later(waiter: Waiter): void {
    this.due.add(waiter);
    if (this.isTurnToCome) return;
    this.isTurnToCome = true;
    setImmediate(() => {
      this.isTurnToCome = false;
      this.turn();
    });
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
    for (const waiter of this.waiting) this.due.add(waiter);
    this.turn();
  }

  private turn(): void {
    this.turnBegun = performance.now();
    for (const waiter of this.due) {
      if (this.isTurnOver) {
        this.later(waiter);
        return;
      }
      this.due.delete(waiter);
      waiter.goOn();
    }
  }
}
