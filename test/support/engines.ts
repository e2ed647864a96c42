import type { StoredEntry } from '../../src/event-store/entry.js';
import { HeadMoved, type Engine } from '../../src/event-store/event-store.js';

type BeforeAppend = (entries: readonly StoredEntry[], expectedHead: number, real: Engine) => void | Promise<void>;

/** Stands before the real engine: what `before` throws, an append throws, and nothing of it is written. */
export class EngineInFront {
  /** Sizes of the batches that were written. */
  readonly written: number[] = [];
  attempts = 0;
  before: BeforeAppend = () => undefined;

  readonly engine = (real: Engine): Engine => ({
    append: async (entries, expectedHead) => {
      this.attempts++;
      await this.before(entries, expectedHead, real);
      await real.append(entries, expectedHead);
      if (entries.length > 0) this.written.push(entries.length);
    },
    read: (after, limit) => real.read(after, limit),
    follow: (after, signal) => real.follow(after, signal),
    head: () => real.head(),
    close: () => real.close(),
  });

  /** The next append meets this; the ones after it do not. */
  failOnce(error: Error, times = 1): void {
    let left = times;
    this.before = () => {
      if (left-- > 0) throw error;
    };
  }

  /** Just before the next append another node writes `entries`, which follow the head that was expected. */
  anotherNodeIsFaster(entries: (head: number) => readonly StoredEntry[]): void {
    this.before = async (_, expectedHead, real) => {
      this.before = () => undefined;
      const theirs = entries(expectedHead);
      await real.append(theirs, expectedHead);
      throw new HeadMoved(expectedHead, expectedHead + theirs.length);
    };
  }
}
