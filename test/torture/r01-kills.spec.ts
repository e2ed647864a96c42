import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { views } from '../../src/contexts.js';
import { Codec } from '../../src/event-store/codec.js';
import { LOG_FILE, LogFile } from '../../src/event-store/log-file.js';
import { buildViews } from '../../src/projections/view-runner.js';
import { VIEWS_FILE, ViewStore } from '../../src/projections/view-store.js';
import { compiledSrc, type Defect } from '../support/compiled.js';
import { entriesOf, integrityOf, rebuiltDigest, truthOf, type Truth } from '../support/log-truth.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { prepared, RealServer, threadsInTurn, type Prepared } from '../support/real-server.js';
import { control, LONG, progress, scale, tell } from '../support/torture.js';
import { Voter } from '../support/voters.js';
import { ACKNOWLEDGED_BEFORE_DURABLE } from './defects.js';

const KILLS = scale(8, 200);
const CLIENTS = 8;

interface Outcome extends Truth {
  readonly at: Prepared;
  readonly acknowledged: number;
  /** Asked again after a kill: had been written, though nobody was told. */
  readonly writtenUntold: number;
  readonly otherAnswers: number;
  readonly refusals: readonly string[];
  readonly voters: readonly Voter[];
  readonly dist: string;
}

describe(`R1 a server that is killed with kill -9 while ${CLIENTS} clients vote (SEED=${SEED})`, () => {
  async function underFire(kills: number, defects: readonly Defect[]): Promise<Outcome> {
    const random = randomFrom(SEED);
    const dist = await compiledSrc(defects);
    const at = await prepared(CLIENTS);
    const voters = Voter.of(at, CLIENTS);
    const sum = { lost: 0, surplus: 0, holes: 0 };
    const refusals: string[] = [];
    let [writtenUntold, otherAnswers] = [0, 0];
    const acknowledged = (): number => voters.reduce((n, voter) => n + voter.acknowledged.size, 0);
    for (let kill = 1; kill <= kills; kill++) {
      const server = await RealServer.start(dist, at.dataDir, { env: threadsInTurn(kill) });
      let over = false;
      // What was under way, and the newest that was acknowledged: sent again, one effect and the first receipt.
      for (const voter of voters) {
        const { pending } = voter;
        if (pending) {
          await voter.vote(server).catch((error: Error) => refusals.push(error.message));
          writtenUntold += voter.acknowledged.get(pending.commandId)?.repeated ? 1 : 0;
        }
        const again = await voter.again(server);
        if (again && JSON.stringify(again.now) !== JSON.stringify({ ...again.first, repeated: true })) otherAnswers++;
      }
      const voting = voters.map((voter) => voter.until(server, () => over, ({ message }) => { if (!over) refusals.push(message); }));
      await delay(20 + below(random, scale(250, 700)));
      await server.kill();
      over = true;
      await Promise.all(voting);
      const pending = new Set(voters.flatMap((voter) => (voter.pending ? [voter.pending.commandId] : [])));
      const truth = truthOf(entriesOf(at.dataDir), voters.flatMap((voter) => [...voter.acknowledged.values()]), ({ type }) => type === 'PositionCast', pending);
      sum.lost += truth.lost;
      sum.surplus += truth.surplus;
      sum.holes += truth.holes;
      if (kill % 20 === 0) progress('R1', `${kill} of ${kills} kills, ${acknowledged()} acknowledged, ${sum.lost} lost`);
    }
    return { ...sum, at, dist, voters, refusals, writtenUntold, otherAnswers, acknowledged: acknowledged() };
  }

  it(`${KILLS} times has every acknowledged command once, gives every other one, sent again, one effect, and its views equal a rebuild`, async () => {
    const { at, dist, voters, ...outcome } = await underFire(KILLS, []);
    expect(outcome).toMatchObject({ lost: 0, surplus: 0, holes: 0, otherAnswers: 0, refusals: [] });
    const { dataDir, ballot, recommendation } = at;

    const server = await RealServer.start(dist, dataDir);
    for (const voter of voters) if (voter.pending) await voter.vote(server);
    // Killed right after the ballot is closed: what follows from it is done once, after the next start.
    const closed = await server.mutate(at.token('chair'), 'closeBallot', { ballot });
    await server.kill();
    const last = await RealServer.start(dist, dataDir);
    const isConcluded = async (): Promise<boolean> => (await last.ask(`{ committee { recommendation(id: "${recommendation}") { state } } }`, at.token('chair'))).data.committee.recommendation.state !== 'IN_BALLOT';
    for (let i = 0; i < 400 && !(await isConcluded()); i++) await delay(25);
    await last.kill();

    const entries = entriesOf(dataDir);
    const receipts = voters.flatMap((voter) => [...voter.acknowledged.values()]);
    expect(truthOf(entries, receipts, ({ type }) => type === 'PositionCast', new Set())).toEqual({ lost: 0, surplus: 0, holes: 0 });
    expect(entries.filter(({ type }) => type === 'PositionCast')).toHaveLength(receipts.length);
    expect(entries.filter(({ type }) => /^Recommendation(Adopted|Rejected|LeftWithoutOpinion)$/.test(type))).toHaveLength(1);
    expect(closed.data.closeBallot.position).toBe(String(entries.find(({ type }) => type === 'BallotClosed')?.position));
    expect(integrityOf(join(dataDir, LOG_FILE))).toBe('ok');

    const log = LogFile.open(join(dataDir, LOG_FILE), { readOnly: true });
    const live = new ViewStore(join(dataDir, VIEWS_FILE), views, new Codec(), log.logId);
    await buildViews(live, log, new Codec(), new AbortController().signal, () => undefined);
    expect(live.digest()).toBe(await rebuiltDigest(dataDir));
    live.close();
    log.close();
    tell('R1', `${KILLS} kills, ${receipts.length} acknowledged, 0 lost, 0 double; sent again after a kill: ${outcome.writtenUntold} had been written, each has one effect; views equal a rebuild`);
    expect(receipts.length).toBeGreaterThan(LONG ? 5_000 : KILLS * 5);
  }, scale(180_000, 14_400_000));

  control('acknowledged before it is durable', async () => {
    const { lost, acknowledged } = await underFire(2, [ACKNOWLEDGED_BEFORE_DURABLE]);
    tell('R1', `control, acknowledged before it is durable: ${lost} of ${acknowledged} acknowledged lost in 2 kills`);
    expect(lost).toBeGreaterThan(0);
  }, 120_000);
});
