import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { views } from '../../src/contexts.js';
import { BallotOpened } from '../../src/events/ballots.events.js';
import { Codec } from '../../src/event-store/codec.js';
import type { Entry } from '../../src/event-store/entry.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { ballotTable } from '../../src/projections/ballots.view.js';
import { committeeTable } from '../../src/projections/committee.view.js';
import { Reads } from '../../src/graphql/reads.js';
import { ViewRunner } from '../../src/projections/view-runner.js';
import { ViewStore } from '../../src/projections/view-store.js';
import { TestServer } from '../support/server.js';
import { removeDir, tempDir } from '../support/temp.js';

describe('Views', () => {
  let server: TestServer;
  let entries: readonly Entry[];
  const dir = tempDir();
  const codec = new Codec();
  let files = 0;
  const newStore = (of = views): ViewStore => new ViewStore(join(dir, `views-${files++}.db`), of, codec, server.running.system.engine.log.logId);

  beforeAll(async () => {
    server = await TestServer.start();
    entries = server.running.system.engine.log.read(0, 10_000).map((stored) => codec.decode(stored));
  });
  afterAll(async () => {
    await server.stop();
    removeDir(dir);
  });

  it('are the same rows live and built anew, whatever the batches', () => {
    const live = server.running.system.runner.store.digest();
    for (const batch of [1, 7, 100, 10_000]) {
      const store = newStore();
      for (let i = 0; i < entries.length; i += batch) store.apply(entries.slice(i, i + batch));
      expect([batch, store.digest()]).toEqual([batch, live]);
      store.close();
    }
  });

  it('that throw are stopped there, and the others go on; nothing is skipped', () => {
    for (const batch of [1, 10_000]) {
      const broken = views.map((view) => (view.name === 'ballots' ? { ...view, listens: new Map([...view.listens, [BallotOpened.type, () => { throw new Error('broken'); }] as const]) } : view));
      const store = newStore(broken);
      for (let i = 0; i < entries.length; i += batch) store.apply(entries.slice(i, i + batch));
      const opened = entries.find((entry) => entry.type === 'BallotOpened')?.position as number;
      expect(store.stopped).toEqual([{ view: 'ballots', position: opened, error: 'broken' }]);
      expect(store.position).toBe(entries.length);
      const reads = new Reads(store, server.running.system.engine.log, codec);
      expect(reads.get(committeeTable, 'committee', entries.length)?.name).toBe('Interregional Committee');
      expect(() => reads.list(ballotTable, opened, { limit: 1 })).toThrow('stopped before position');
      expect(reads.list(ballotTable, opened - 1, { limit: 1 })).toEqual([]);
      store.close();
    }
  });

  it('fit their log, their shape and no other', () => {
    const { log } = server.running.system.engine;
    const idAt = (position: number): string | null => log.at(position)?.id ?? null;
    const store = newStore();
    store.apply(entries);
    expect(store.fits(log.logId, idAt)).toBe(true);
    expect(store.fits('another log', idAt)).toBe(false);
    expect(store.fits(log.logId, (position) => (position === entries.length ? null : idAt(position)))).toBe(false);
    store.close();
  });

  it('refuse entries out of their order', () => {
    const store = newStore();
    expect(() => store.apply(entries.slice(1, 3))).toThrow('The views stand at 0');
    store.close();
  });

  it('stop all at an entry that this program cannot read, and say where', async () => {
    const log = LogFile.open(join(dir, 'foreign.db'));
    const stored = server.running.system.engine.log.read(0, 5);
    log.append(stored.map((entry) => (entry.position === 4 ? { ...entry, type: 'WrittenByANewerProgram' } : entry)), 0);
    const store = new ViewStore(join(dir, 'foreign-views.db'), views, codec, log.logId);
    const failures: unknown[] = [];
    const runner = new ViewRunner(store, log, codec, (error) => failures.push(error));
    await runner.start();
    expect([store.position, runner.unreadableAt, failures.length]).toEqual([3, 4, 1]);
    expect(await runner.reaches(5, 50)).toBe(false);
    await runner.stop();
    store.close();
    log.close();
  });
});
