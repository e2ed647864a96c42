import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { views } from '../../src/contexts.js';
import { Codec } from '../../src/event-store/codec.js';
import { LOG_FILE, LogFile } from '../../src/event-store/log-file.js';
import { buildViews } from '../../src/projections/view-runner.js';
import { VIEWS_FILE, ViewStore } from '../../src/projections/view-store.js';
import { compiledSrc, type Defect } from '../support/compiled.js';
import { rebuiltDigest } from '../support/log-truth.js';
import { many, theProgram } from '../support/program.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { prepared, RealServer, threadsInTurn } from '../support/real-server.js';
import { straceMissing } from '../support/strace.js';
import { newDir } from '../support/temp.js';
import { longControl, progress, scale, tell } from '../support/torture.js';
import { Voter } from '../support/voters.js';
import { describeWhere } from '../support/where.js';

const CLIENTS = 4;
const NEXT = `next-${VIEWS_FILE}`;
const CHECKPOINT_BEFORE_THE_ROWS: Defect = {
  file: 'projections/view-store.ts', text: '    try {\n      attempt((view, entry) => this.applyOne(view, entry));',
  instead: '    this.statements.move.run(last.position, last.id);\n    try {\n      attempt((view, entry) => this.applyOne(view, entry));',
};
const IN_PLACE: Defect = { file: 'cli.ts', text: 'const [path, next] = [join(config.dataDir, VIEWS_FILE), join(config.dataDir, `next-${VIEWS_FILE}`)];', instead: 'const [path, next] = [join(config.dataDir, VIEWS_FILE), join(config.dataDir, VIEWS_FILE)];' };

describeWhere(straceMissing)(`Views under fire (SEED=${SEED})`, () => {
  const random = randomFrom(SEED);
  const killAt = (paths: readonly string[], nth: number): string[] => ['-f', '-qq', '-o', '/dev/null', ...paths.flatMap((path) => ['-P', path]), '-e', 'trace=pwrite64', '-e', `inject=pwrite64:signal=KILL:when=${nth}`];

  /** Goes on with what is there, as the next start does. @returns whether the rows are those that the log gives from nothing */
  async function areRight(dataDir: string): Promise<boolean> {
    const log = LogFile.open(join(dataDir, LOG_FILE), { readOnly: true });
    const store = new ViewStore(join(dataDir, VIEWS_FILE), views, new Codec(), log.logId);
    try {
      expect(store.fits(log.logId, (position) => log.at(position)?.id ?? null)).toBe(true);
      await buildViews(store, log, new Codec(), new AbortController().signal, () => undefined);
      return store.stopped.length === 0 && store.digest() === await rebuiltDigest(dataDir);
    } finally {
      store.close();
      log.close();
    }
  }

  /** One folder that goes on through all kills, so that what one leaves is what the next begins with. */
  async function killedWhileLive(kills: number, defects: readonly Defect[]): Promise<{ kills: number; wrong: number; votes: number }> {
    const at = await prepared(CLIENTS);
    const dist = await compiledSrc(defects);
    const voters = Voter.of(at, CLIENTS);
    let wrong = 0;
    for (let kill = 1; kill <= kills; kill++) {
      const server = await RealServer.start(dist, at.dataDir, { env: threadsInTurn(kill), strace: killAt([join(at.dataDir, `${VIEWS_FILE}-wal`)], 1 + below(random, 200)) });
      let over = false;
      const ended = server.ended.finally(() => { over = true; });
      await Promise.all(voters.map((voter) => voter.until(server, () => over, (refused) => { throw refused; })));
      expect(await ended).toBe('SIGKILL');
      if (!(await areRight(at.dataDir))) {
        wrong++;
        break;
      }
      if (kill % 10 === 0) progress('R9', `${kill} of ${kills} kills in the views' file, ${wrong} with other rows`);
    }
    return { kills, wrong, votes: voters.reduce((n, { acknowledged }) => n + acknowledged.size, 0) };
  }

  it('R9 killed in the middle of a step of the running server have the rows of a rebuild when they have gone on', async () => {
    const { kills, wrong, votes } = await killedWhileLive(scale(2, 100), []);
    expect(wrong).toBe(0);
    tell('R9', `${kills} kills inside a step of the views, ${votes} votes between them: rows equal a rebuild each time. Each view at each entry: test/projections/views-each-step.spec.ts`);
  }, scale(120_000, 1_800_000));

  longControl('R9 the checkpoint moves before the rows', async () => {
    const { kills, wrong } = await killedWhileLive(8, [CHECKPOINT_BEFORE_THE_ROWS]);
    tell('R9', `control, the checkpoint moves before the rows: other rows within ${kills} kills`);
    expect(wrong).toBe(1);
  }, 180_000);

  describe('R10 built anew', () => {
    let original: string;
    let digest: string;
    beforeAll(async () => {
      original = newDir();
      expect((await (await theProgram()).cli(['establish', '--name', 'Long', '--secretariat', 'secretariat'], { DATA_DIR: original })).code).toBe(0);
      // More than one batch of a rebuild.
      await many(original, scale(20_000, 60_000));
      expect(await areRight(original)).toBe(true);
      digest = digestOf(original);
    }, 180_000);

    function digestOf(dataDir: string): string {
      const log = LogFile.open(join(dataDir, LOG_FILE), { readOnly: true });
      const store = new ViewStore(join(dataDir, VIEWS_FILE), views, new Codec(), log.logId);
      try {
        return store.digest();
      } finally {
        store.close();
        log.close();
      }
    }

    /** @returns whether the old views were what they had been after each kill, and the new ones after all */
    async function killedRebuilds(kills: number, defects: readonly Defect[]): Promise<{ kept: number; equal: boolean }> {
      const dir = newDir();
      cpSync(original, dir, { recursive: true });
      const program = await theProgram(defects);
      let kept = 0;
      for (let kill = 1; kill <= kills; kill++) {
        const ended = await program.under(killAt([NEXT, `${NEXT}-wal`, VIEWS_FILE, `${VIEWS_FILE}-wal`].map((name) => join(dir, name)), 1 + below(random, 3_000)), 'cli.js', ['rebuild'], { DATA_DIR: dir });
        expect(ended.code).not.toBe(0);
        if (existsSync(join(dir, VIEWS_FILE)) && digestOf(dir) === digest) kept++;
        if (kill % 5 === 0) progress('R10', `${kill} of ${kills} rebuilds killed`);
      }
      const last = await program.cli(['rebuild'], { DATA_DIR: dir });
      return { kept, equal: last.code === 0 && last.out.includes(digest) && digestOf(dir) === digest && !existsSync(join(dir, NEXT)) };
    }

    it('and killed meanwhile, leave the old ones as they were; complete, they are the same to the byte', async () => {
      const kills = scale(1, 20);
      expect(await killedRebuilds(kills, [])).toEqual({ kept: kills, equal: true });
      tell('R10', `${kills} rebuilds of ${scale(20_000, 60_000)} entries killed: the old views whole each time, the complete rebuild equal to the live ones. Other batch sizes: test/projections/views-each-step.spec.ts, views.spec.ts`);
    }, scale(120_000, 1_200_000));

    longControl('in place of the old ones', async () => {
      const { kept } = await killedRebuilds(1, [IN_PLACE]);
      tell('R10', `control, built in place of the old ones: ${kept} of 1 kill left them whole`);
      expect(kept).toBe(0);
    }, 120_000);
  });
});
