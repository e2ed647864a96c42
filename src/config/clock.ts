import type { Instant } from '../events/define.js';

/** The time, in UTC. Stands still while a sample of the past is told. */
export class Clock {
  private standing: Instant | undefined;

  constructor(private readonly system: () => number = Date.now) {}

  readonly now = (): Instant => this.standing ?? new Date(this.system()).toISOString();

  standAt(time: Instant): void {
    this.standing = time;
  }

  run(): void {
    this.standing = undefined;
  }
}
