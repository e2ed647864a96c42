/** A second process on a log: `node log-child.mjs <compiled src> <what> <folder> …`. Says on standard output what it did, line by line. */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [compiled, what, dir, ...rest] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(compiled, 'event-store', file)).href);
const { SqliteEngine, LOG_FILE } = await load('engines/sqlite.engine.js');
const { HeadMoved } = await load('event-store.js');
const { LogFile } = await load('log-file.js');

// Written at once: a line that is buffered when the process is killed would be an acknowledgement that nobody heard.
const say = (...words) => writeSync(1, `${words.join(' ')}\n`);

/** Each entry says which batch of how many it belongs to, so that a half batch shows. */
function batchAfter(head, size, filler = 0) {
  const batch = randomUUID();
  return Array.from({ length: size }, (_, i) => ({
    position: head + 1 + i, id: randomUUID(), stream: 'committee', revision: head + 1 + i, type: 'ThingHappened', version: 1,
    data: JSON.stringify({ batch, of: size, number: i, filler: 'x'.repeat(filler) }), meta: '{}',
    time: new Date(Date.UTC(2026, 0, 1) + (head + 1 + i) * 1000).toISOString(),
  }));
}
const stay = () => setInterval(() => {}, 60_000);

const errands = {
  /** Takes the log and keeps it. Refers to the engine no more, and lets the collector run: the lock must not rest on that. */
  async hold() {
    try {
      SqliteEngine.open(dir, () => {});
      for (let n = 0; n < 3; n++) {
        globalThis.gc();
        await new Promise(setImmediate);
      }
      say('holding');
      stay();
    } catch (error) {
      say('refused', `${error.name}: ${error.message}`);
    }
  },

  /** Appends batches until it is killed. `try` before, `ack` after. */
  async append() {
    const engine = SqliteEngine.open(dir, () => {});
    for (let n = 0; ; n++) {
      const head = engine.log.head.position;
      const entries = batchAfter(head, 1 + (n % 5), n % 7 === 0 ? 20_000 : 100);
      say('try', JSON.stringify(entries));
      await engine.append(entries, head);
      say('ack', head + entries.length);
      if (n % 8 === 0) await new Promise(setImmediate);
    }
  },

  /** Appends until the system refuses a write, then ends. `fatal`: what onFatal was given. */
  async fill() {
    const engine = SqliteEngine.open(dir, (error) => say('fatal', error.errcode));
    try {
      for (;;) {
        const head = engine.log.head.position;
        await engine.append(batchAfter(head, 3, 5_000), head);
        say('ack', head + 3);
      }
    } catch (error) {
      say('rejected', error.name, error.message);
      // As the server does after an I/O error: no close, no other try.
      process.exit(70);
    }
  },

  /** Appends through a connection of its own without the lock, against the others: what the head check has to bear. */
  race() {
    const log = LogFile.open(join(dir, LOG_FILE));
    const wanted = Number(rest[0]);
    let head = 0;
    for (let won = 0; won < wanted;) {
      const entries = batchAfter(head, 2);
      try {
        log.append(entries, head);
        say('won', head, entries[0].id, entries[1].id);
        head += 2;
        won++;
      } catch (error) {
        if (!(error instanceof HeadMoved)) {
          say('failed', error.name, error.message);
          process.exit(1);
        }
        say('lost', error.expected, error.actual);
        head = error.actual;
      }
    }
  },
};

await errands[what]();
