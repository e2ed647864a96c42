import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LOG_FILE } from '../../src/event-store/log-file.js';
import { VIEWS_FILE } from '../../src/projections/view-store.js';
import { compiledSrc, type Defect } from '../support/compiled.js';
import { entriesOf } from '../support/log-truth.js';
import { theProgram } from '../support/program.js';
import { SEED } from '../support/random.js';
import { prepared, RealServer } from '../support/real-server.js';
import { until, type Json } from '../support/server.js';
import { newDir } from '../support/temp.js';
import { longControl, progress, scale, tell } from '../support/torture.js';
import { Voter } from '../support/voters.js';

const CLIENTS = 8;
const BACKUPS = scale(1, 20);
const VERIFIED_WITHIN_MS = 60_000;
/** As an operator might with `cp`. */
const FILE_COPIED: Defect = {
  file: 'event-store/sqlite.ts', text: 'await backup(db, target, { rate: 2_000, progress: ({ totalPages, remainingPages }) => onProgress(totalPages - remainingPages, totalPages) });',
  instead: "void backup; void onProgress; (await import('node:fs')).copyFileSync(path, target);",
};
/** Which views fit is not asked. */
const ANY_VIEWS_FIT: Defect = { file: 'writing.ts', text: 'if (store.fits(log.logId, entryIdAt)) return store;', instead: 'return store;' };

interface Taken { readonly missing: number; readonly isPrefix: boolean; readonly verified: boolean; readonly verifiedMs: number; readonly entries: number }

describe(`R17 backups while ${CLIENTS} members vote (SEED=${SEED})`, () => {
  /** Backups of a running server, each restored and verified; and, of the first, the restored log beside the newest views. */
  async function taken(backups: number, defects: readonly Defect[], pauseMs = 50): Promise<{ taken: Taken[]; older: { position: number; beyond: string; entries: number; seen: number } | undefined }> {
    const at = await prepared(CLIENTS);
    const program = await theProgram(defects);
    const dist = await compiledSrc(defects);
    const server = await RealServer.start(dist, at.dataDir);
    const voters = Voter.of(at, CLIENTS);
    const votes = (): Json[] => voters.flatMap((voter) => [...voter.acknowledged.values()]);
    let over = false;
    const voting = Promise.all(voters.map((voter) => voter.until(server, () => over, (refused) => { throw refused; }, pauseMs)));
    const restored: { dir: string; before: Json[]; code: number | null; verifiedMs: number }[] = [];
    for (let i = 0; i < backups; i++) {
      await until(() => votes().length >= 40 * (i + 1), 60_000);
      const before = votes();
      const [folder, dir] = [join(newDir(), 'backup'), join(newDir(), 'var')];
      await program.cli(['backup', folder], { DATA_DIR: at.dataDir });
      await program.cli(['restore', folder], { DATA_DIR: dir });
      const begun = performance.now();
      const { code } = await program.cli(['verify', folder]);
      restored.push({ dir, before, code, verifiedMs: performance.now() - begun });
      if ((i + 1) % 5 === 0) progress('R17', `${i + 1} of ${backups} backups, ${votes().length} votes`);
    }
    over = true;
    await voting;
    await server.kill();
    const whole = entriesOf(at.dataDir);
    const results = restored.map(({ dir, before, code, verifiedMs }): Taken => {
      const entries = existsSync(join(dir, LOG_FILE)) ? entriesOf(dir) : [];
      const positions = new Map(entries.map(({ id, position }) => [id, position]));
      return {
        missing: before.filter(({ commandId, position }) => positions.get(commandId) !== Number(position)).length,
        isPrefix: JSON.stringify(entries) === JSON.stringify(whole.slice(0, entries.length)), verified: code === 0, verifiedMs, entries: entries.length,
      };
    });
    const [first] = restored;
    if (!first || !existsSync(join(first.dir, LOG_FILE))) return { taken: results, older: undefined };
    for (const name of [VIEWS_FILE, `${VIEWS_FILE}-wal`, 'dev-issuer.json']) if (existsSync(join(at.dataDir, name))) cpSync(join(at.dataDir, name), join(first.dir, name));
    const again = await RealServer.start(dist, first.dir);
    const entries = results[0]?.entries ?? 0;
    const { body } = await again.ready();
    const { data, errors } = await again.ask(`{ committee(at: "${whole.length}") { position } }`, at.token('member-0'));
    await again.kill();
    return { taken: results, older: { position: body.position, entries, seen: whole.length, beyond: data?.committee ? 'answered' : errors?.[0]?.extensions.code } };
  }

  it(`${BACKUPS} of them hold every acknowledgement that is older than their start, are a prefix, and are verified; an older log never serves newer views`, async () => {
    const { taken: all, older } = await taken(BACKUPS, []);
    expect(all.filter(({ missing, isPrefix, verified, verifiedMs }) => missing > 0 || !isPrefix || !verified || verifiedMs > VERIFIED_WITHIN_MS)).toEqual([]);
    expect(older?.seen).toBeGreaterThan(older?.entries as number);
    expect(older).toMatchObject({ position: older?.entries, beyond: expect.stringMatching(/^(INVALID|NOT_FOUND|UNAVAILABLE)$/) });
    tell('R17', `${all.length} backups under load, of ${all[0]?.entries} to ${all.at(-1)?.entries} entries: 0 acknowledgements missing, each a prefix, each verified within ${(Math.max(...all.map(({ verifiedMs }) => verifiedMs)) / 1_000).toFixed(1)} s; the oldest (${older?.entries}) beside views of ${older?.seen} serves ${older?.position}`);
  }, scale(240_000, 1_800_000));

  longControl('the file is copied while it is written', async () => {
    // So few votes that SQLite does not move the WAL into the file by itself, which would hide what is missing.
    const { taken: [first] } = await taken(1, [FILE_COPIED], 1_500);
    tell('R17', `control, the file is copied while it is written: ${first?.missing} acknowledgements missing, ${first?.verified ? 'and verified' : 'which verify finds'}`);
    expect(first?.missing).toBeGreaterThan(0);
  }, 240_000);

  longControl('which views fit is not asked', async () => {
    const { older } = await taken(1, [ANY_VIEWS_FIT]);
    tell('R17', `control, which views fit is not asked: a log of ${older?.entries} serves views of ${older?.position}`);
    expect(older?.position).toBeGreaterThan(older?.entries as number);
  }, 240_000);
});
