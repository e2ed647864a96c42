import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { LOG_FILE } from '../../src/event-store/log-file.js';
import { compiledSrc, type Defect } from '../support/compiled.js';
import { entriesOf, integrityOf, truthOf } from '../support/log-truth.js';
import { Disk } from '../support/power.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { prepared, RealServer } from '../support/real-server.js';
import { readTrace, straceMissing, toldIn, TRACE_OPTIONS, type Traced } from '../support/strace.js';
import { newDir } from '../support/temp.js';
import { control, longControl, progress, scale, tell } from '../support/torture.js';
import { Refused, Voter } from '../support/voters.js';
import { describeWhere } from '../support/where.js';
import { GOES_ON_AFTER_AN_IO_ERROR } from './defects.js';

const CLIENTS = 4;
/** More syncs than are made to fail, also where several votes share one. */
const VOTES_AT_MOST = 400;
const FULL_IS_NO_REFUSAL: Defect = { file: 'event-store/engines/sqlite.engine.ts', text: "if (fault === 'FULL') throw new LogFull();", instead: '' };

describeWhere(straceMissing)(`R5 the disk gives errors while ${CLIENTS} clients vote (SEED=${SEED})`, () => {
  const random = randomFrom(SEED);
  interface Failed { readonly file: string; readonly acknowledgedAfter: number; readonly acknowledged: number; readonly ended: number | string | null; readonly lost: number; readonly madeGood: boolean }

  /** Answers after the failed sync for what was not durable then. One that decides goes on while another thread still sends what the sync before has made so. */
  function acknowledgedAfter(ops: readonly Traced[], failed: number, dataDir: string, before: string): number {
    const told = ops.slice(failed + 1).flatMap((op) => (op.call === 'send' && toldIn(op.bytes) > 0 ? [toldIn(op.bytes)] : []));
    if (told.length === 0) return 0;
    const disk = new Disk(before);
    // The folder has the name that it had while it was recorded.
    for (const op of ops.slice(0, failed + 1)) disk.apply(op.call === 'send' ? op : { ...op, path: op.path.replace(dataDir, before) });
    const image = newDir();
    // Nothing of what was not synced.
    disk.writeImage(image, (name) => name.startsWith(LOG_FILE), () => 0);
    const durable = entriesOf(image).length;
    return told.filter((position) => position > durable).length;
  }

  /** The n-th sync gives EIO, once: a second try would be told that all is well. */
  async function syncFails(nth: number, threads: number, defects: readonly Defect[]): Promise<Failed> {
    const at = await prepared(CLIENTS);
    const [trace, before] = [join(newDir(), 'trace'), newDir()];
    cpSync(at.dataDir, before, { recursive: true });
    const server = RealServer.begin(await compiledSrc(defects), at.dataDir, { env: { THREADS: String(threads) }, strace: [...TRACE_OPTIONS, '-o', trace, '-e', `inject=fsync:error=EIO:when=${nth}`] });
    const voters = Voter.of(at, CLIENTS);
    const acknowledged = (): number => voters.reduce((n, voter) => n + voter.acknowledged.size, 0);
    let over = false;
    const ended = server.ended.finally(() => { over = true; });
    if (await server.listening.then(() => true, () => false)) {
      await Promise.all(voters.map(async (voter) => {
        // Whom an error of the disk refused asks again, as a client would.
        while (!over && acknowledged() < VOTES_AT_MOST) await voter.until(server, () => over || acknowledged() >= VOTES_AT_MOST, () => undefined);
      }));
    }
    if (!over) await Promise.race([ended, delay(500)]);
    const code = over ? await ended : 'alive';
    if (!over) await server.kill();
    const ops = readTrace(trace);
    const failed = ops.findIndex((op) => op.call === 'sync' && op.failed);
    const at_ = ops[failed];
    return {
      file: at_?.call === 'sync' ? at_.path.slice(at.dataDir.length + 1) || 'the folder' : 'none', ended: code, acknowledged: acknowledged(),
      acknowledgedAfter: acknowledgedAfter(ops, failed, at.dataDir, before),
      madeGood: ops.some((op) => op.call === 'sync' && !op.failed && at_?.call === 'sync' && op.path === at_.path),
      lost: truthOf(entriesOf(at.dataDir), voters.flatMap((voter) => [...voter.acknowledged.values()]), () => false, new Set()).lost,
    };
  }

  it('at its n-th sync: nothing is acknowledged after it, and the process ends with a code that is not 0', async () => {
    const points = scale([[16 + below(random, 20), 1 + below(random, 2)] as const], Array.from({ length: 80 }, (_, i) => [1 + (i >> 1), 1 + (i % 2)] as const));
    const outcomes: Failed[] = [];
    for (const [nth, threads] of points) {
      outcomes.push(await syncFails(nth, threads, []));
      if (outcomes.length % 5 === 0) progress('R5', `${outcomes.length} of ${points.length} syncs failed, the last of ${outcomes.at(-1)?.file}`);
    }
    expect(outcomes.filter(({ lost, file }) => lost > 0 || file === 'none')).toEqual([]);
    // The log and its lock. Views are derived: their runner tries again, and what is acknowledged rests on the log alone.
    const ours = outcomes.filter(({ file }) => file.startsWith('log'));
    // That the folder could not be synced SQLite tells nobody; the log does it too, once its files are there.
    const ofFolder = outcomes.filter(({ file }) => file === 'the folder');
    expect(ofFolder.filter(({ madeGood, ended }) => !madeGood && (typeof ended !== 'number' || ended === 0))).toEqual([]);
    expect(ours.filter(({ acknowledgedAfter, ended }) => acknowledgedAfter > 0 || typeof ended !== 'number' || ended === 0)).toEqual([]);
    const during = ours.filter(({ ended }) => ended === 70);
    expect(during.length).toBeGreaterThan(0);
    tell('R5', `EIO at ${outcomes.length} syncs (${[...new Set(outcomes.map(({ file }) => file))].join(', ')}): 0 acknowledged after it, 0 lost; ${during.length} ended with 70, ${ours.length - during.length} did not start, ${ofFolder.length} of the folder, which the log has synced too or did not start; ${outcomes.length - ours.length - ofFolder.length} of the views, which are derived`);
  }, scale(120_000, 1_800_000));

  control('the process goes on after an I/O error', async () => {
    const { acknowledgedAfter, ended } = await syncFails(30, 2, [GOES_ON_AFTER_AN_IO_ERROR]);
    tell('R5', `control, the process goes on after an I/O error: ${acknowledgedAfter} acknowledged after it, the process ${String(ended)}`);
    expect([acknowledgedAfter > 0, ended]).toEqual([true, 'alive']);
  }, 60_000);

  interface Full { readonly refusals: readonly string[]; readonly readsBesides: number; readonly acceptedAfter: number; readonly lost: number; readonly integrity: string }

  /** So many writes of the log's WAL in a row find no room. */
  async function diskIsFull(from: number, writes: number, defects: readonly Defect[]): Promise<Full> {
    const at = await prepared(1);
    const server = await RealServer.start(await compiledSrc(defects), at.dataDir, {
      strace: ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-P', join(at.dataDir, `${LOG_FILE}-wal`), '-e', 'trace=pwrite64', '-e', `inject=pwrite64:error=ENOSPC:when=${from}..${from + writes - 1}`],
    });
    const [voter] = Voter.of(at, 1) as readonly [Voter];
    const refusals: string[] = [];
    let [readsBesides, acceptedAfter] = [0, 0];
    for (let i = 0; i < 1_000 && acceptedAfter < 20; i++) {
      try {
        await voter.vote(server);
        if (refusals.length > 0) acceptedAfter++;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        refusals.push(`${error.problem.extensions.code} ${error.reason}`);
        const { data } = await server.ask(`{ committee { position ballot(id: "${at.ballot}") { state } } }`, at.token('member-0'));
        if (data?.committee?.ballot?.state === 'OPEN') readsBesides++;
      }
    }
    await server.kill();
    return {
      refusals, readsBesides, acceptedAfter, integrity: integrityOf(join(at.dataDir, LOG_FILE)),
      lost: truthOf(entriesOf(at.dataDir), voter.acknowledged.values(), () => false, new Set()).lost,
    };
  }

  it('that is full refuses with a code, reading goes on, and writing resumes when there is room', async () => {
    const seen: Full[] = [];
    for (let i = 0; i < scale(1, 10); i++) seen.push(await diskIsFull(30 + below(random, 100), 5 + below(random, 30), []));
    for (const { refusals, ...others } of seen) {
      expect(new Set(refusals)).toEqual(new Set(['UNAVAILABLE DISK_FULL']));
      expect(others).toEqual({ readsBesides: refusals.length, acceptedAfter: 20, lost: 0, integrity: 'ok' });
    }
    tell('R5', `full disk ${seen.length} times (ENOSPC): ${seen.reduce((n, { refusals }) => n + refusals.length, 0)} refusals, all UNAVAILABLE DISK_FULL, a read answered beside each; writing resumed each time, 0 lost`);
  }, scale(60_000, 600_000));

  longControl('a full disk is no refusal of its own', async () => {
    const { refusals } = await diskIsFull(60, 5, [FULL_IS_NO_REFUSAL]);
    tell('R5', `control, a full disk is no refusal of its own: ${[...new Set(refusals)].join(', ')}`);
    expect(refusals).not.toContain('UNAVAILABLE DISK_FULL');
    expect(refusals.length).toBeGreaterThan(0);
  }, 60_000);
});
