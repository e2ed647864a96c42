// d. Lists as of the past, against the current list of a plain table.
import { join } from 'node:path';
import { inTurns, microseconds, progress, quick, report } from '../lib/measure.mjs';
import { folder, load } from '../lib/project.mjs';

const [{ Codec }, { openSqlite, inTransaction }, { ViewStore }, { versioned }, { defineView }, { Reads }, { ballotsView, ballotTable }] = await Promise.all([
  load('event-store/codec.js'), load('event-store/sqlite.js'), load('projections/view-store.js'), load('projections/versioned.js'), load('projections/view.js'),
  load('graphql/reads.js'), load('projections/ballots.view.js'),
]);

const MS = quick ? 50 : 200;
const ROUNDS = quick ? 5 : 11;
const PAGE = 50;
const dir = folder('past-lists');

/** The same numbers each run. */
let seed = 1;
const below = (bound) => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % bound;
};

const uuid = (n) => `0199c0de-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Fills views with made entries, in batches as a rebuild has them. */
function storeOf(name, view, count, entryAt) {
  const store = new ViewStore(join(dir, `${name}.db`), [view], new Codec(), 'bench');
  for (let position = 1; position <= count;) {
    const batch = [];
    while (batch.length < 10_000 && position <= count) batch.push({ position, id: uuid(position), time: '2026-01-01T00:00:00.000Z', meta: { actor: {} }, ...entryAt(position++) });
    store.apply(batch);
  }
  return store;
}

/** What an application without history has: one row a thing, changed in place, with an index on what it is filtered by. */
function plainTable(name, rows) {
  const db = openSqlite(join(dir, `${name}.db`), { synchronous: 'NORMAL' });
  db.exec('CREATE TABLE things (thing INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, row TEXT NOT NULL) STRICT; CREATE INDEX by_state ON things (state, thing)');
  const insert = db.prepare('INSERT INTO things (thing, id, state, row) VALUES (?, ?, ?, ?)');
  inTransaction(db, () => { for (const { thing, id, row } of rows) insert.run(thing, id, row.state, JSON.stringify(row)); });
  const all = db.prepare('SELECT thing, id, row FROM things WHERE thing > ? ORDER BY thing LIMIT ?');
  const inState = db.prepare('SELECT thing, id, row FROM things WHERE state = ? AND thing > ? ORDER BY thing LIMIT ?');
  const parsed = (found) => found.map(({ thing, id, row }) => ({ thing, id, row: JSON.parse(row) }));
  return { list: (after) => parsed(all.all(after, PAGE)), listIn: (state, after) => parsed(inState.all(state, after, PAGE)) };
}

const check = (list, least) => {
  if (list.length < least) throw new Error(`A list has ${list.length} things instead of ${least} or more`);
};

// Things with many versions each, all changed again and again; each is OPEN for 3 % of its life, DRAFT before, CLOSED after.
const table = versioned('thing', { state: (row) => [row.state] });
const thingsView = defineView('things', {
  version: 1, tables: [table],
  listens: [['Changed', ({ data, position }, write) => write.table(table).put(data.id, position, data.row)]],
});
function things(name, count, versions) {
  const stateAt = (thing, version) => {
    const open = (thing * 37) % versions;
    const length = Math.max(1, Math.round(versions * 0.03));
    return version < open ? 'DRAFT' : version < open + length ? 'OPEN' : 'CLOSED';
  };
  const rowAt = (thing, version) => ({
    state: stateAt(thing, version), title: `Recommendation ${thing} on personalised medicine`, keyAreas: ['KA1', 'KA3'], addressees: ['European Commission', 'Member States'],
    initiatedBy: uuid(thing % 60), draft: version, textHash: 'a'.repeat(64),
  });
  const total = count * versions;
  const store = storeOf(name, thingsView, total, (position) => {
    const [thing, version] = [(position - 1) % count, Math.floor((position - 1) / count)];
    return { type: 'Changed', data: { id: uuid(thing), row: rowAt(thing, version) } };
  });
  const current = Array.from({ length: count }, (_, thing) => ({ thing: thing + 1, id: uuid(thing), row: rowAt(thing, versions - 1) }));
  const opened = current.map((one) => ({ ...one, row: { ...one.row, state: (one.thing * 7) % 100 < 3 ? 'OPEN' : 'CLOSED' } }));
  return { count, total, reads: new Reads(store, {}, new Codec()), plain: plainTable(`plain-${name}`, opened), past: () => count + below(total - count) };
}

{
  const { count, total, reads, plain, past } = things('changed', quick ? 1_000 : 5_000, 100);
  progress(`past-lists: ${total.toLocaleString('en')} versions written`);
  const after = () => below(count - PAGE);
  const measured = await inTurns(ROUNDS, {
    past: () => microseconds(MS, () => check(reads.list(table, past(), { after: after(), limit: PAGE }), PAGE)),
    head: () => microseconds(MS, () => check(reads.list(table, total, { after: after(), limit: PAGE }), PAGE)),
    plain: () => microseconds(MS, () => check(plain.list(after()), PAGE)),
  });
  report({ what: 'list of 50 as of the past, 100 versions a thing', unit: 'µs', ours: measured.past, reference: measured.plain, against: "plain table's current list of 50", target: { atMost: 2.5 } });
  report({ what: '  the same, now', unit: 'µs', ours: measured.head, reference: measured.plain, against: "plain table's current list of 50" });
}
{
  const versions = quick ? 20 : 100;
  const { total, reads, plain, past } = things('opened', 5_000, versions);
  progress(`past-lists: ${total.toLocaleString('en')} versions written`);
  // At the very end most things are closed for good; a while before, 3 % are open as they are at any time.
  const late = () => total - Math.floor(total * 0.05) - below(1_000);
  const open = { state: 'OPEN' };
  const measured = await inTurns(ROUNDS, {
    past: () => microseconds(MS, () => check(reads.list(table, past(), { limit: PAGE, filters: open }), PAGE)),
    late: () => microseconds(MS, () => check(reads.list(table, late(), { limit: PAGE, filters: open }), PAGE)),
    plain: () => microseconds(MS, () => check(plain.listIn('OPEN', 0), PAGE)),
    closedPast: () => microseconds(MS, () => check(reads.list(table, past(), { limit: PAGE, after: below(500), filters: { state: 'CLOSED' } }), 0)),
    plainClosed: () => microseconds(MS, () => check(plain.listIn('CLOSED', below(4_000)), PAGE)),
  });
  const what = `open things among 5,000 (3 %), ${versions} versions a thing`;
  report({ what: `${what}, past`, unit: 'µs', ours: measured.past, reference: measured.plain, against: "plain table's open ones, 50", target: { atMost: 2.5 } });
  report({ what: '  the same, a while ago', unit: 'µs', ours: measured.late, reference: measured.plain, against: "plain table's open ones, 50", target: { atMost: 2.5 } });
  report({ what: '  the closed ones, past', unit: 'µs', ours: measured.closedPast, reference: measured.plainClosed, against: "plain table's closed ones, 50" });
}
{
  // Ballots as they are: opened one after another, 150 open at any time, an electorate of 40, read as a resolver reads them.
  const BALLOTS = 5_000;
  const OPEN = 150;
  const opened = (n) => ({
    ballotId: uuid(n), subjectId: uuid(100_000 + n), matter: 'RECOMMENDATION', subjectHash: 'a'.repeat(64), procedure: 'WRITTEN',
    rule: { name: 'DOUBLE_MAJORITY', regions: { numerator: 55, denominator: 100, strict: false, base: 'ELECTORATE' }, tie: 'REJECTED' }, rulesVersion: 1, populationYear: 2025,
    deadline: '2026-02-01T00:00:00.000Z', silence: 'NOT_VOTED', electorate: Array.from({ length: 40 }, (_, i) => ({ regionId: uuid(200_000 + i), population: 1_000_000 + i })), recusals: [],
  });
  const closed = (n) => ({
    ballotId: uuid(n), subjectId: uuid(100_000 + n), matter: 'RECOMMENDATION', outcome: 'ADOPTED', tally: { electorate: 40, inFavour: 40, tacit: 0, against: 0, abstention: 0, notVoted: 0 },
    proof: { outcome: 'ADOPTED', tests: [], populationCouldMatter: false, recusalsCouldMatter: false, sentence: 'Adopted.' },
  });
  // Position 2n - 1 opens ballot n; position 2n closes ballot n - OPEN, or opens nothing new where there is none yet.
  const total = 2 * BALLOTS;
  const store = storeOf('ballots', ballotsView, total, (position) => {
    const n = Math.ceil(position / 2);
    if (position % 2 === 1) return { type: 'BallotOpened', data: opened(n) };
    return n > OPEN ? { type: 'BallotClosed', data: closed(n - OPEN) } : { type: 'Nothing', data: {} };
  });
  const reads = new Reads(store, {}, new Codec());
  const current = Array.from({ length: BALLOTS }, (_, i) => ({ thing: i + 1, id: uuid(i + 1), row: { ...opened(i + 1), state: i < BALLOTS - OPEN ? 'CLOSED' : 'OPEN', openedAt: '2026-01-01T00:00:00.000Z', opened: i } }));
  const plain = plainTable('plain-ballots', current);
  const open = { state: 'OPEN' };
  const measured = await inTurns(ROUNDS, {
    past: () => microseconds(MS, () => check(reads.list(ballotTable, 2 * OPEN + below(total - 2 * OPEN), { limit: PAGE, filters: open }), PAGE)),
    head: () => microseconds(MS, () => check(reads.list(ballotTable, total, { limit: PAGE, filters: open }), PAGE)),
    plain: () => microseconds(MS, () => check(plain.listIn('OPEN', 0), PAGE)),
  });
  report({ what: 'open ballots among 5,000, electorates of 40, past', unit: 'µs', ours: measured.past, reference: measured.plain, against: "plain table's open ones, 50", target: { atMost: 2.5 } });
  report({ what: '  the same, now', unit: 'µs', ours: measured.head, reference: measured.plain, against: "plain table's open ones, 50", target: { atMost: 2.5 } });
}
