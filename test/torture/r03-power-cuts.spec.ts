import 'reflect-metadata';
import { cpSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { Clock } from '../../src/config/clock.js';
import { readConfig } from '../../src/config/config.js';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { LOG_FILE } from '../../src/event-store/log-file.js';
import { openSystem } from '../../src/system.js';
import { compiledSrc, type Defect } from '../support/compiled.js';
import { entriesOf, integrityOf, rebuiltDigest } from '../support/log-truth.js';
import { Disk } from '../support/power.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { prepared, RealServer } from '../support/real-server.js';
import { readTrace, straceMissing, toldIn, TRACE_OPTIONS, type Traced } from '../support/strace.js';
import { newDir } from '../support/temp.js';
import { control, progress, scale, tell } from '../support/torture.js';
import { Voter } from '../support/voters.js';
import { describeWhere } from '../support/where.js';
import { NOT_SYNCED } from './defects.js';

const IMAGES = scale(80, 1_500);
const STARTS = scale(1, 25);
const VOTES = scale(60, 900);
const CLIENTS = 4;

/** A real run: how the folder was before it, what happened to its files and sockets in that order, and what the log was at its end. */
interface Recorded { readonly before: string; readonly dataDir: string; readonly ops: readonly Traced[]; readonly whole: readonly StoredEntry[] }

describeWhere(straceMissing)(`R3 the power goes while ${CLIENTS} clients vote (SEED=${SEED})`, () => {
  async function recorded(votes: number, defects: readonly Defect[]): Promise<Recorded> {
    const at = await prepared(CLIENTS);
    const before = newDir();
    cpSync(at.dataDir, before, { recursive: true });
    const trace = join(newDir(), 'trace');
    const server = await RealServer.start(await compiledSrc(defects), at.dataDir, { env: { THREADS: '2' }, strace: [...TRACE_OPTIONS, '-o', trace] });
    const voters = Voter.of(at, CLIENTS);
    const done = (): boolean => voters.reduce((n, { acknowledged }) => n + acknowledged.size, 0) >= votes;
    await Promise.all(voters.map((voter) => voter.until(server, done, (refused) => { throw refused; })));
    // A clean end, which moves the whole WAL into the file and cuts it to nothing.
    expect(await server.kill('SIGINT')).toBe(0);
    return { before, dataDir: at.dataDir, ops: readTrace(trace), whole: entriesOf(at.dataDir) };
  }

  interface Seen { images: number; lost: number; corrupt: number; noPrefix: number; unsynced: number; starts: number; viewsDiffer: number }

  async function cutThePower({ before, dataDir, ops, whole }: Recorded, images: number, starts: number): Promise<Seen> {
    const random = randomFrom(SEED);
    const seen: Seen = { images: 0, lost: 0, corrupt: 0, noPrefix: 0, unsynced: 0, starts: 0, viewsDiffer: 0 };
    const acknowledgements = ops.flatMap((op, i) => (op.call === 'send' && toldIn(op.bytes) > 0 ? [i] : []));
    expect(acknowledgements.length).toBeGreaterThan(5);
    const writes = ops.flatMap((op, i) => (op.call === 'write' && basename(op.path).startsWith(LOG_FILE) ? [i] : []));
    // A third of the cuts comes right after an acknowledgement, where there is something to lose; a third before a write of the log is synced, where
    // there is something to tear; the others anywhere.
    const oneOf = (places: readonly number[]): number => places[below(random, places.length)] as number;
    const cuts = Array.from({ length: images }, (_, i) => [() => oneOf(acknowledgements), () => oneOf(writes), () => below(random, ops.length)][i % 3]?.() as number).sort((a, b) => a - b);
    const startAt = new Set(Array.from({ length: starts }, (_, i) => Math.floor(((i + 0.5) * images) / starts)));
    const disk = new Disk(before);
    const image = newDir();
    let [done, told] = [0, 0];
    for (const [i, cut] of cuts.entries()) {
      for (; done <= cut; done++) {
        const op = ops[done] as Traced;
        if (op.call === 'send') told = Math.max(told, toldIn(op.bytes));
        // The folder has the name that it had while it was recorded.
        else disk.apply({ ...op, path: op.path.replace(dataDir, before) });
      }
      rmSync(image, { recursive: true, force: true });
      const wholeFolder = startAt.has(i);
      seen.unsynced += disk.writeImage(image, (name) => wholeFolder || name.startsWith(LOG_FILE), random) > 0 ? 1 : 0;
      seen.images++;
      if (wholeFolder) {
        seen.starts++;
        const system = await openSystem(readConfig({ DATA_DIR: image, LOG_LEVEL: 'silent' }), new Clock(), pino({ level: 'silent' }), (error) => { throw error; });
        const digest = system.runner.store.digest();
        await system.close();
        if (digest !== await rebuiltDigest(image)) seen.viewsDiffer++;
      }
      try {
        const found = entriesOf(image);
        if (found.length < told) seen.lost++;
        if (!isPrefix(found, whole)) seen.noPrefix++;
        if (integrityOf(join(image, LOG_FILE)) !== 'ok') seen.corrupt++;
      } catch {
        seen.corrupt++;
      }
      if (seen.images % 100 === 0) progress('R3', `${seen.images} of ${images} images, ${seen.lost} with loss, ${seen.corrupt} corrupt`);
    }
    return seen;
  }

  const isPrefix = (found: readonly StoredEntry[], whole: readonly StoredEntry[]): boolean => found.every((entry, i) => {
    const right = whole[i];
    return right !== undefined && entry.id === right.id && entry.data === right.data && entry.meta === right.meta && entry.position === i + 1;
  });

  it(`${IMAGES} times, at any moment of a recorded run: nothing that was acknowledged is lost, what opens is a prefix, and views are right after the start`, async () => {
    const run = await recorded(VOTES, []);
    const count = (call: Traced['call']): number => run.ops.filter((op) => op.call === call).length;
    const seen = await cutThePower(run, IMAGES, STARTS);
    progress('R3', JSON.stringify(seen));
    expect(seen).toMatchObject({ images: IMAGES, lost: 0, corrupt: 0, noPrefix: 0, starts: STARTS, viewsDiffer: 0 });
    // Else nothing was put to the test.
    expect(seen.unsynced).toBeGreaterThan(IMAGES / 5);
    tell('R3', `${seen.images} images of a run of ${count('write')} writes, ${count('sync')} syncs and ${VOTES} acknowledgements, ${seen.unsynced} with unsynced changes: 0 with loss, 0 corrupt, 0 that are no prefix; ${seen.starts} whole folders started, views right in each`);
  }, scale(120_000, 1_800_000));

  control('synchronous=NORMAL', async () => {
    const images = scale(60, 1_500);
    const seen = await cutThePower(await recorded(scale(40, 400), [NOT_SYNCED]), images, 0);
    tell('R3', `control, synchronous=NORMAL: ${seen.lost} of ${images} images with loss, ${seen.corrupt} corrupt`);
    expect(seen.lost).toBeGreaterThan(images / 4);
  }, scale(120_000, 1_800_000));
});
