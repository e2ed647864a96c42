// b. CastPosition on one hot ballot through the whole command way, against the reference and against emmett-sqlite.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import 'reflect-metadata';
import { memberOf, found, newId, openBallot, openCommittee } from '../lib/committee.mjs';
import { inTurns, notRun, perSecond, quick, report, times } from '../lib/measure.mjs';
import { folder, load } from '../lib/project.mjs';
import { Reference } from '../lib/reference.mjs';
import { votersOf } from '../lib/voters.mjs';

const CALLERS = 64;
const MS = quick ? 700 : 2_000;
const ROUNDS = quick ? 5 : 9;

const dir = folder('hot-ballot');

/** The project: from plain input over the bus of Nest to a receipt. Views follow in the second one, as they do in a server. */
async function project(name, withViews) {
  const [{ NestFactory }, { AppModule }, { Dispatch }] = await Promise.all([import('@nestjs/core'), load('app.module.js'), load('decider/dispatch.js')]);
  const committee = await openCommittee(join(dir, name), { withViews });
  await found(committee, CALLERS);
  const { ballot } = await openBallot(committee);
  const app = await NestFactory.createApplicationContext(AppModule.of(committee.system, async () => undefined), { logger: ['error', 'fatal'] });
  const dispatch = app.get(Dispatch);
  const senders = Array.from({ length: CALLERS }, (_, i) => ({ personId: committee.person(memberOf(i)) }));
  const correlationId = newId();
  return votersOf(CALLERS, async (caller, expressed, replaces) => {
    const { position } = await dispatch.send('CastPosition', { ballot, expressed, replaces }, { sender: senders[caller], correlationId });
    return position;
  });
}

function reference() {
  const kernel = new Reference(join(dir, 'reference.db'), {
    initial: () => ({ cast: Array.from({ length: CALLERS }, () => null) }),
    evolve: (state, { position, data }) => ({ ...state, cast: state.cast.with(data.seat, { position, expressed: data.expressed }) }),
  });
  return votersOf(CALLERS, (caller, expressed, replaces) => kernel.execute('ballot-1', (state) => {
    const before = state.cast[caller];
    if (before && before.position !== replaces) throw new Error('cast already');
    return {
      type: 'PositionCast', data: { ballotId: 'ballot-1', regionId: `region-${caller}`, seat: caller, expressed, replaces },
      meta: { id: newId(), by: memberOf(caller), time: new Date().toISOString() },
    };
  }));
}

/**
 * emmett-sqlite, made to work. As it comes it does not survive 64 callers: each call opens a connection, BEGIN fails where another one writes, the
 * ROLLBACK after that fails too, and an append that lost its race commits what it did to the stream's version, so that nobody can append
 * to the stream again. Here it has one connection that stays open, one transaction at a time, and a lost append is rolled back. Reading,
 * appending and its own CommandHandler with its own retries are as they are.
 */
async function emmett() {
  const [{ getSQLiteEventStore, sqliteConnection }, { CommandHandler }] = await Promise.all([import('@event-driven-io/emmett-sqlite'), import('@event-driven-io/emmett')]);
  const fileName = join(dir, 'emmett.db');
  const open = sqliteConnection({ fileName });
  await open.command('PRAGMA synchronous = FULL');
  const [{ synchronous }] = await open.query('PRAGMA synchronous');
  const [{ journal_mode: mode }] = await open.query('PRAGMA journal_mode');
  if (synchronous !== 2 || mode !== 'wal') throw new Error(`synchronous is ${synchronous}, journal_mode is ${mode}`);
  let last = Promise.resolve();
  const oneAtATime = (work) => {
    const result = last.then(async () => {
      await open.command('BEGIN IMMEDIATE');
      const appended = await work();
      await open.command(appended?.success === false ? 'ROLLBACK' : 'COMMIT');
      return appended;
    });
    last = result.catch(() => undefined);
    return result;
  };
  let connection = open;
  const store = getSQLiteEventStore({ fileName, pool: { connection: async () => connection, withConnection: (use) => use(connection), close: async () => open.close() } });
  await store.schema.migrate();
  connection = { ...open, withTransaction: oneAtATime };

  const handle = CommandHandler({
    initialState: () => ({ cast: Array.from({ length: CALLERS }, () => null), count: 0 }),
    evolve: (state, { type, data }) => ({
      cast: type === 'PositionCast' ? state.cast.with(data.seat, { position: state.count + 1, expressed: data.expressed }) : state.cast, count: state.count + 1,
    }),
    retry: { onVersionConflict: true },
  });
  let stream = 0;
  return {
    /** A new stream for each round: each try reads and folds the whole of it. Its first append is made here, since that one is not checked. */
    begin: () => store.appendToStream(`ballot-${++stream}`, [{ type: 'BallotOpened', data: {} }]),
    run: (ms) => {
      let accepted = 0;
      const vote = votersOf(CALLERS, async (caller, expressed, replaces) => {
        try {
          const { newState } = await handle(store, `ballot-${stream}`, (state) => {
            const before = state.cast[caller];
            if (before && before.position !== replaces) throw new Error('cast already');
            return { type: 'PositionCast', data: { ballotId: `ballot-${stream}`, regionId: `region-${caller}`, seat: caller, expressed, replaces }, metadata: { by: memberOf(caller), time: new Date().toISOString() } };
          });
          accepted++;
          return newState.cast[caller].position;
        } catch (error) {
          if (error.errorCode !== 412) throw error;
          throw new Lost();
        }
      });
      return perSecond(CALLERS, ms, (caller) => vote(caller).catch((error) => { if (!(error instanceof Lost)) throw error; }))
        .then(({ value, ops }) => ({ value: (value * accepted) / ops, ops: Math.max(accepted, 1) }));
    },
  };
}
class Lost extends Error {}

const [ours, oursWithViews, theirs] = [await project('ours', false), await project('with-views', true), reference()];
// By number, so that the compiler has seen all of it also on a slow machine.
for (const call of [ours, oursWithViews, theirs]) await times(CALLERS, 15_000, call);
const measured = await inTurns(ROUNDS, {
  ours: () => perSecond(CALLERS, MS, ours),
  oursWithViews: () => perSecond(CALLERS, MS, oursWithViews),
  reference: () => perSecond(CALLERS, MS, theirs),
});
report({ what: 'CastPosition on one hot ballot, 64 callers', unit: '/s', ours: measured.ours, reference: measured.reference, against: 'reference (80 lines)', target: { atLeast: 0.4 } });
report({ what: '  the same, views following beside it', unit: '/s', ours: measured.oursWithViews, reference: measured.reference, against: 'reference (80 lines)' });

const whatPeer = '  against emmett-sqlite, one stream';
try {
  createRequire(import.meta.url)('sqlite3');
  const peer = await emmett();
  const beside = await inTurns(quick ? 3 : 5, {
    ours: () => perSecond(CALLERS, MS, ours),
    peer: async () => {
      await peer.begin();
      return peer.run(quick ? 1_500 : 4_000);
    },
  }, { warmUp: false });
  report({ what: whatPeer, unit: '/s', ours: beside.ours, reference: beside.peer, against: 'emmett-sqlite 0.42.4, WAL, FULL', target: { atLeast: 80 } });
} catch (error) {
  notRun(whatPeer, `sqlite3, the driver of emmett-sqlite, could not be loaded: ${String(error.message).split('\n')[0]}`);
}
process.exit(0);
