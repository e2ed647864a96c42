import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { views } from '../../src/contexts.js';
import { Codec } from '../../src/event-store/codec.js';
import type { Entry } from '../../src/event-store/entry.js';
import type { Database } from '../../src/event-store/sqlite.js';
import type { Apply, View } from '../../src/projections/view.js';
import { ViewStore } from '../../src/projections/view-store.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { TestServer } from '../support/server.js';
import { removeDir, tempDir } from '../support/temp.js';

type Dump = Readonly<Record<string, string>>;

describe(`Views, step by step (SEED=${SEED})`, () => {
  const dir = tempDir();
  const codec = new Codec();
  const random = randomFrom(SEED);
  let logId: string;
  let entries: readonly Entry[];
  let files = 0;
  /** Rows of every table of the whole log, and of the log up to each position. */
  const upTo: Dump[] = [];

  beforeAll(async () => {
    const server = await TestServer.start();
    ({ logId } = server.running.system.engine.log);
    entries = server.running.system.engine.log.read(0, 10_000).map((stored) => codec.decode(stored));
    await server.stop();
    const { store, path } = newStore();
    upTo.push(dumpOf(path));
    for (const entry of entries) {
      store.apply([entry]);
      upTo.push(dumpOf(path));
    }
    store.close();
  });
  afterAll(() => removeDir(dir));

  function newStore(of: readonly View[] = views, using = codec): { store: ViewStore; path: string } {
    const path = join(dir, `${files++}.db`);
    return { store: new ViewStore(path, of, using, logId), path };
  }

  /** By table, without the second SQLite that digest() would be. */
  function dumpOf(path: string): Dump {
    const db = new DatabaseSync(path, { readOnly: true });
    const tables = (db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[]).map(({ name }) => name);
    const dump = Object.fromEntries(tables.map((name) => [name, (db.prepare(`SELECT * FROM ${name}`).all() as object[]).map((row) => JSON.stringify(row)).sort().join('\n')]));
    db.close();
    return dump;
  }
  const tablesOf = (view: View): string[] => [...view.tables.flatMap(({ name }) => [name, `${name}_things`, `${name}_is`, `${name}_was`]), ...view.parts.map(({ name }) => name)];
  const only = (dump: Dump, tables: readonly string[]): Dump => Object.fromEntries(tables.map((name) => [name, dump[name] ?? 'no such table']));

  function apply(store: () => ViewStore, sizes: () => number): void {
    for (let at = 0; at < entries.length;) {
      const size = sizes();
      store().apply(entries.slice(at, at + size));
      at += size;
    }
  }

  it('give the same rows in batches of any size, also when the file is closed in between', () => {
    const whole = newStore();
    whole.store.apply(entries);
    const digest = whole.store.digest();
    whole.store.close();
    for (let round = 0; round < 15; round++) {
      let { store } = newStore();
      const path = join(dir, `${files - 1}.db`);
      apply(() => {
        if (below(random, 4) === 0) {
          store.close();
          store = new ViewStore(path, views, codec, logId);
        }
        return store;
      }, () => 1 + below(random, 12));
      expect([round, store.digest()]).toEqual([round, digest]);
      expect(dumpOf(path)).toEqual(upTo[entries.length]);
      store.close();
    }
  });

  it('fail one by one: at each entry that a view listens to it keeps what it had before, and every other view has all', () => {
    let cases = 0;
    for (const view of views) {
      const touched = entries.filter((entry) => view.listens.has(entry.type) || view.listens.has('*'));
      // The first and the last of each kind, and one in between.
      const chosen = [...new Set(touched.map((entry) => entry.type))].flatMap((type) => {
        const of = touched.filter((entry) => entry.type === type);
        return [...new Set([of[0], of[below(random, of.length)], of.at(-1)])] as Entry[];
      });
      expect(chosen.length).toBeGreaterThan(0);
      for (const failing of chosen) {
        // It writes first and throws then: what it wrote must be undone.
        const broken = new Map([...view.listens].map(([type, one]): [string, Apply] => [type, (entry, write) => {
          one(entry, write);
          if (entry.position === failing.position) throw new Error('broken on purpose');
        }]));
        const { store, path } = newStore(views.map((other) => (other === view ? { ...view, listens: broken } : other)));
        const size = [1, 7, 10_000][below(random, 3)] as number;
        apply(() => store, () => size);
        expect(store.stopped).toEqual([{ view: view.name, position: failing.position, error: 'broken on purpose' }]);
        expect(store.position).toBe(entries.length);
        const dump = dumpOf(path);
        const what = { view: view.name, position: failing.position, size };
        expect({ ...what, ...only(dump, tablesOf(view)) }).toEqual({ ...what, ...only(upTo[failing.position - 1] as Dump, tablesOf(view)) });
        const others = [...views.filter((other) => other !== view).flatMap(tablesOf), 'touches', 'checkpoint'];
        const { checkpoint: _, ...rows } = only(dump, others);
        const { checkpoint: __, ...expected } = only(upTo[entries.length] as Dump, others);
        expect({ ...what, ...rows }).toEqual({ ...what, ...expected });
        store.close();
        // Opened again, it is stopped still.
        if (cases++ % 10 === 0) {
          const again = new ViewStore(path, views, codec, logId);
          expect(again.stopped).toHaveLength(1);
          again.close();
        }
      }
    }
    expect(cases).toBeGreaterThan(40);
  }, 120_000);

  it('fail two at different entries of one batch, and the third has all', () => {
    const [one, other] = [views[0], views[2]] as [View, View];
    const [first, second] = [one, other].map((view) => entries.filter((entry) => view.listens.has(entry.type))[2] as Entry) as [Entry, Entry];
    const failing = (view: View, at: Entry): View => ({ ...view, listens: new Map([...view.listens].map(([type, apply]): [string, Apply] => [type, (entry, write) => {
      if (entry.position === at.position) throw new Error('broken on purpose');
      apply(entry, write);
    }])) });
    const { store, path } = newStore(views.map((view) => (view === one ? failing(one, first) : view === other ? failing(other, second) : view)));
    store.apply(entries);
    expect(store.stopped.map(({ view, position }) => [view, position])).toEqual([[one.name, first.position], [other.name, second.position]].sort((a, b) => Number(a[1]) - Number(b[1])));
    const dump = dumpOf(path);
    for (const [view, at] of [[one, first], [other, second]] as const) expect(only(dump, tablesOf(view))).toEqual(only(upTo[at.position - 1] as Dump, tablesOf(view)));
    for (const view of views.filter((v) => v !== one && v !== other)) expect(only(dump, tablesOf(view))).toEqual(only(upTo[entries.length] as Dump, tablesOf(view)));
    store.close();
  });

  it('move rows and checkpoint together: where the batch itself fails, nothing moves, and the same batch again does', () => {
    let fails = false;
    class Failing extends Codec {
      override about(entry: Entry): readonly string[] {
        if (fails && entry.position === 30) throw new Error('database or disk is full');
        return super.about(entry);
      }
    }
    const { store, path } = newStore(views, new Failing());
    store.apply(entries.slice(0, 20));
    const before = dumpOf(path);
    fails = true;
    expect(() => store.apply(entries.slice(20, 40))).toThrow('full');
    expect(store.position).toBe(20);
    expect(store.stopped).toEqual([]);
    expect(dumpOf(path)).toEqual(before);
    fails = false;
    store.apply(entries.slice(20, 40));
    expect(dumpOf(path)).toEqual(upTo[40]);
    store.apply(entries.slice(40));
    expect(dumpOf(path)).toEqual(upTo[entries.length]);
    store.close();
  });

  it('are not stopped by a full disk: they wait where they stand, and go on with the same rows when there is room', () => {
    const { store, path } = newStore();
    store.apply(entries.slice(0, 20));
    const before = dumpOf(path);
    const { db } = store as unknown as { db: Database };
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    for (const spare of [0, 1, 2, 4]) {
      db.exec(`PRAGMA max_page_count = ${pages + spare}`);
      expect(() => store.apply(entries.slice(20))).toThrow('full');
      expect([spare, store.position, store.stopped, dumpOf(path)]).toEqual([spare, 20, [], before]);
    }
    db.exec('PRAGMA max_page_count = 4294967294');
    store.apply(entries.slice(20));
    expect(dumpOf(path)).toEqual(upTo[entries.length]);
    store.close();
  });
});
