/** The time: UTC, RFC 3339, with milliseconds, as events hold it. Stands still while a sample of the past is told. */
export class Clock {
  private standing: string | undefined;

  constructor(private readonly system: () => number = Date.now) {}

  readonly now = (): string => this.standing ?? new Date(this.system()).toISOString();

  standAt(time: string): void {
    this.standing = time;
  }

  run(): void {
    this.standing = undefined;
  }
}
