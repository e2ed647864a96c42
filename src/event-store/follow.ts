import type { StoredEntry } from './entry.js';
import type { WritableLog } from './event-store.js';

const BATCH = 500;

/** Every entry of a local log after `after`, once and in order, those to come too, until `signal` is aborted. */
export async function* followLog(log: WritableLog, after: number, signal: AbortSignal): AsyncGenerator<readonly StoredEntry[]> {
  let last = after;
  while (!signal.aborted) {
    const entries = log.read(last, BATCH);
    const newest = entries[entries.length - 1];
    if (newest) {
      last = newest.position;
      yield entries;
    } else {
      await nextAppend(log, signal);
    }
  }
}

async function nextAppend(log: WritableLog, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = log.onAppended(done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
