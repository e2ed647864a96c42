/** What was heard longer ago than twice this counts no more, so that a server whose clock was put back is believed. */
const WINDOW_MS = 30_000;

/**
 * The server's time, as far as it is known here: never later than it is. Two things tell it: the `date` of an answer, in whole seconds and up to
 * two behind, and the `created` of an event that was not there a moment ago. What was heard goes on with this process's own monotonic clock,
 * and the latest of what was heard counts. An event of long ago says nothing of how late it is by now.
 */
export class ServerClock {
  private current: { readonly begun: number; offset: number } | undefined;
  private before = -Infinity;

  constructor(private readonly elapsed: () => number = () => performance.now()) {}

  /** The server's clock came to this a moment ago: milliseconds since 1970. */
  heard(time: number): void {
    if (!Number.isFinite(time)) return;
    const now = this.elapsed();
    if (this.current && now - this.current.begun < WINDOW_MS) {
      this.current.offset = Math.max(this.current.offset, time - now);
      return;
    }
    this.before = this.current && now - this.current.begun < 2 * WINDOW_MS ? this.current.offset : -Infinity;
    this.current = { begun: now, offset: time - now };
  }

  /** How far a time is ahead of the server's, in milliseconds, at most; undefined while nothing was heard. */
  ahead(time: number): number | undefined {
    if (!this.current) return undefined;
    return time - (Math.max(this.current.offset, this.before) + this.elapsed());
  }
}
