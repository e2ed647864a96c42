import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { LOG_FILE, SqliteEngine } from '../../src/event-store/engines/sqlite.engine.js';
import { startChild } from '../support/child.js';
import { compiledSrc } from '../support/compiled.js';
import { integrityOf } from '../support/log-truth.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { straceMissing } from '../support/strace.js';
import { newDir, removeDir, tempDir } from '../support/temp.js';
import { control, progress, scale, tell } from '../support/torture.js';
import { describeWhere } from '../support/where.js';
import { ACKNOWLEDGED_BEFORE_DURABLE } from './defects.js';

/** Enough for the WAL to be moved into the file once, by itself. */
const WRITES_OF_A_RUN = 4_000;
type Call = 'pwrite64' | 'fsync' | 'ftruncate' | 'unlink';
interface Point { readonly call: Call; readonly nth: number }
interface Outcome { readonly acknowledged: number; readonly lost: number; readonly halfBatches: number; readonly corrupt: number; readonly storedUntold: number }

describeWhere(straceMissing)(`R2 the engine, killed where it is about to change a file (SEED=${SEED})`, () => {
  const random = randomFrom(SEED);
  /** A writer in a new folder that is killed as it begins its n-th call of a kind; then what it left, and whether the log goes on. */
  async function killedAt({ call, nth }: Point, dist: string, traceTo = '/dev/null'): Promise<Outcome> {
    const dir = tempDir();
    // Not with --seccomp-bpf, which delivers no signal (strace 6.1).
    const writer = startChild('log-child.mjs', [dist, 'append', dir], { strace: ['-f', '-qq', '-y', '-s', '0', '-o', traceTo, '-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${nth}`] });
    expect(await writer.ended).toMatchObject({ signal: 'SIGKILL' });
    const acknowledged: StoredEntry[] = [];
    let pending: StoredEntry[] = [];
    for (const line of writer.lines) {
      if (line.startsWith('ack ')) {
        acknowledged.push(...pending);
        pending = [];
      // The last line may be cut: what was not tried was not written.
      } else if (line.endsWith(']')) pending = JSON.parse(line.slice(4)) as StoredEntry[];
    }
    try {
      const engine = SqliteEngine.open(dir, (error) => { throw error; });
      const found = engine.log.read(0, 1_000_000);
      const byId = new Map(found.map((entry) => [entry.id, JSON.stringify(entry)]));
      const lost = acknowledged.filter((entry) => byId.get(entry.id) !== JSON.stringify(entry)).length;
      const surplus = found.slice(acknowledged.length);
      const halfBatches = lost > 0 || surplus.length === 0 || JSON.stringify(surplus) === JSON.stringify(pending) ? 0 : 1;
      // It goes on where it is: with the batch that nobody was told of, if it is not there.
      if (lost === 0 && surplus.length === 0 && pending.length > 0) await engine.append(pending, found.length);
      await engine.close();
      return { acknowledged: acknowledged.length, lost, halfBatches, corrupt: integrityOf(join(dir, LOG_FILE)) === 'ok' ? 0 : 1, storedUntold: surplus.length };
    } finally {
      removeDir(dir);
    }
  }

  async function killedAtEach(points: readonly Point[], dist: string): Promise<Outcome> {
    const sum = { acknowledged: 0, lost: 0, halfBatches: 0, corrupt: 0, storedUntold: 0 };
    for (const [i, point] of points.entries()) {
      const one = await killedAt(point, dist);
      for (const name of Object.keys(sum) as (keyof Outcome)[]) sum[name] += one[name];
      if ((i + 1) % 20 === 0) progress('R2', `${i + 1} of ${points.length} points, ${sum.acknowledged} acknowledged, ${sum.lost} lost`);
    }
    return sum;
  }

  /** Which writes of a run go into the file itself: where the WAL is moved there, after the file was begun. */
  async function writesOfACheckpoint(dist: string): Promise<readonly number[]> {
    const dir = newDir();
    const trace = join(dir, 'trace');
    await killedAt({ call: 'pwrite64', nth: WRITES_OF_A_RUN }, dist, trace);
    expect(existsSync(trace)).toBe(true);
    const lines = readFileSync(trace, 'latin1').split('\n').filter((line) => line.includes(' pwrite64('));
    const main = lines[0]?.split(' ')[0] as string;
    const own = lines.filter((line) => line.startsWith(`${main} `));
    return own.flatMap((line, i) => (line.includes(`/${LOG_FILE}>`) && i > 200 ? [i + 1] : []));
  }

  it('has lost nothing that it acknowledged, left no half batch and no damage, and goes on', async () => {
    const dist = await compiledSrc();
    const some = (count: number, from: number, to: number): number[] => Array.from({ length: count }, () => from + below(random, to - from));
    const checkpoint = scale([], await writesOfACheckpoint(dist));
    const nths = scale([3, 20, 40, ...some(3, 45, 400)], [
      ...Array.from({ length: 100 }, (_, i) => i + 1), ...some(50, 101, WRITES_OF_A_RUN - 1),
      ...some(40, 0, checkpoint.length).map((i) => checkpoint[i] as number),
    ]);
    const points: Point[] = [
      ...nths.map((nth): Point => ({ call: 'pwrite64', nth })),
      ...scale([8, 12], Array.from({ length: 25 }, (_, i) => i + 1)).map((nth): Point => ({ call: 'fsync', nth })),
      ...scale([], [1, 2]).flatMap((nth): Point[] => [{ call: 'ftruncate', nth }, { call: 'unlink', nth }]),
    ];
    const outcome = await killedAtEach(points, dist);
    expect(outcome).toMatchObject({ lost: 0, halfBatches: 0, corrupt: 0 });
    expect(outcome.acknowledged).toBeGreaterThan(points.length);
    tell('R2', `${points.length} points (writes, of which ${scale(0, 40)} in a checkpoint; syncs, truncates, unlinks): ${outcome.acknowledged} entries acknowledged, 0 lost, 0 half batches, 0 corrupt; ${outcome.storedUntold} stored that nobody was told of`);
  }, scale(120_000, 1_800_000));

  control('acknowledged before it is durable', async () => {
    const points = [120, 260, 400].map((nth): Point => ({ call: 'pwrite64', nth }));
    const { lost, acknowledged } = await killedAtEach(points, await compiledSrc([ACKNOWLEDGED_BEFORE_DURABLE]));
    tell('R2', `control, acknowledged before it is durable: ${lost} of ${acknowledged} acknowledged lost at ${points.length} points`);
    expect(lost).toBeGreaterThan(0);
  }, 60_000);
});
