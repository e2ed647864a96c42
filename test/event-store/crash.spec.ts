import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { LOG_FILE, SqliteEngine } from '../../src/event-store/engines/sqlite.engine.js';
import { startChild } from '../support/child.js';
import { compiledSrc } from '../support/compiled.js';
import { positionsOf, range } from '../support/entries.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { removeDir, tempDir } from '../support/temp.js';

/** More in the nightly run: CRASHES=200. */
const CRASHES = Number(process.env['CRASHES'] ?? 10);

/**
 * A process that is killed at any moment loses nothing that it acknowledged. This says nothing about a power cut: the
 * system keeps what a killed process has written, synced or not.
 */
describe(`A writer that is killed (SEED=${SEED}, CRASHES=${CRASHES})`, () => {
  const dir = tempDir();
  const random = randomFrom(SEED);
  let compiled: string;

  beforeAll(async () => { compiled = await compiledSrc(); });
  afterAll(() => removeDir(dir));

  it('loses nothing that it acknowledged, doubles nothing, leaves no hole and no half batch', async () => {
    const acknowledged = new Map<string, StoredEntry>();
    let before: readonly StoredEntry[] = [];
    let storedUnacknowledged = 0;
    let retried = 0;

    for (let crash = 1; crash <= CRASHES; crash++) {
      const writer = startChild('log-child.mjs', [compiled, 'append', dir]);
      await writer.line('try');
      await wait(below(random, 200));
      writer.kill('SIGKILL');
      expect(await writer.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });

      const tries: StoredEntry[][] = [];
      const unacknowledged: StoredEntry[][] = [];
      for (const line of writer.lines) {
        if (line.startsWith('try ')) {
          // The last line may be cut by the kill: what was not tried was not written.
          if (line.endsWith(']')) tries.push(JSON.parse(line.slice(4)) as StoredEntry[]);
        } else {
          const batch = tries.pop() as StoredEntry[];
          expect(line).toBe(`ack ${(batch[batch.length - 1] as StoredEntry).position}`);
          for (const entry of batch) acknowledged.set(entry.id, entry);
        }
      }
      unacknowledged.push(...tries);
      expect(unacknowledged.length).toBeLessThanOrEqual(1);

      const engine = SqliteEngine.open(dir, (error) => { throw error; });
      const after = engine.log.read(0, 10_000_000);
      expect(positionsOf(after)).toEqual(range(1, engine.log.head.position));
      expect(after.slice(0, before.length)).toEqual(before);
      const byId = new Map(after.map((entry) => [entry.id, entry]));
      expect(byId.size).toBe(after.length);
      for (const [id, entry] of acknowledged) if (before.length === 0 || entry.position > before.length) expect(byId.get(id)).toEqual(entry);
      expect([...acknowledged.keys()].filter((id) => !byId.has(id))).toEqual([]);

      // The newest entries are at most the one batch that was under way, whole.
      const known = new Set([...acknowledged.keys(), ...before.map((e) => e.id)]);
      const surplus = after.filter((entry) => !known.has(entry.id));
      expect(surplus).toEqual(surplus.length === 0 ? [] : unacknowledged[0]);
      storedUnacknowledged += surplus.length === 0 ? 0 : 1;

      // Asked again, as its sender would: it has one effect.
      for (const batch of unacknowledged) {
        if (!engine.log.byCommandId((batch[0] as StoredEntry).id)) {
          await engine.append(batch, engine.log.head.position);
          retried++;
        }
        for (const entry of batch) {
          expect(engine.log.byCommandId(entry.id)).toEqual(entry);
          acknowledged.set(entry.id, entry);
        }
      }
      before = engine.log.read(0, 10_000_000);
      expect(before).toHaveLength(acknowledged.size);
      await engine.close();
    }

    const db = new DatabaseSync(join(dir, LOG_FILE));
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    db.close();
    expect(before.length).toBeGreaterThan(CRASHES);
    console.info(`SEED=${SEED}: ${CRASHES} kills, ${acknowledged.size} entries acknowledged, 0 lost, 0 double; of the batches under way ${storedUnacknowledged} were stored, ${retried} asked again`);
  }, 30_000 + CRASHES * 5_000);
});
