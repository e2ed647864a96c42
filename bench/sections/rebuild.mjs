// e. Rebuild of all views from a log as years of work leave it, against the raw insert of the same rows.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildViews, Codec, found, openCommittee, SECRET, tellYears, ViewStore, views } from '../lib/committee.mjs';
import { inTurns, milliseconds, progress, quick, report } from '../lib/measure.mjs';
import { folder, load } from '../lib/project.mjs';
import { timeToReady } from '../lib/start.mjs';

const [{ openSqlite, inTransaction }, { SqliteEngine }] = await Promise.all([load('event-store/sqlite.js'), load('event-store/engines/sqlite.engine.js')]);

const ENTRIES = quick ? 50_000 : 100_000;
const MEMBERS = 40;
const dir = folder('rebuild');
const dataDir = join(dir, 'data');

const committee = await openCommittee(dataDir, { withViews: false });
committee.clock.standAt('2019-06-01T09:00:00.000Z');
await found(committee, MEMBERS);
await tellYears(committee, ENTRIES, MEMBERS);
await committee.close();
const engine = SqliteEngine.open(dataDir, (error) => { throw error; });
const { log } = engine;
const codec = new Codec();

let round = 0;
async function rebuild() {
  const path = join(dir, `views-${round++}.db`);
  const store = new ViewStore(path, views, codec, log.logId);
  const result = await milliseconds(() => buildViews(store, log, codec, new AbortController().signal, () => undefined));
  store.close();
  return { path, result };
}
const remove = (path) => { for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true }); };

/** All rows of the views in the order in which they were written, each with the number of its table. */
function rowsOf(path) {
  const db = openSqlite(path, { synchronous: 'NORMAL', readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('checkpoint', 'stopped') AND name NOT LIKE 'sqlite_%' ORDER BY name").all().map(({ name }) => {
    const columns = db.prepare(`SELECT name, type, pk FROM pragma_table_info('${name}')`).all();
    const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk).map((column) => column.name);
    return { name, columns, key, written: ['position', 'since', 'at', 'created'].find((one) => columns.some((column) => column.name === one)) };
  });
  const rows = tables.flatMap(({ name, columns, written }, table) => db.prepare(`SELECT * FROM ${name}`).all()
    .map((row) => ({ table, position: row[written], values: columns.map((column) => row[column.name]) })));
  db.close();
  return { tables, rows: rows.sort((a, b) => a.position - b.position) };
}

const { path } = await rebuild();
const { tables, rows } = rowsOf(path);
remove(path);
progress(`rebuild: ${log.head.position.toLocaleString('en')} entries give ${rows.length.toLocaleString('en')} rows in ${tables.length} tables`);

/** The same columns and primary keys, nothing else: no index, no lookup, no history to keep. */
function rawInsert() {
  const rawPath = join(dir, `raw-${round++}.db`);
  const db = openSqlite(rawPath, { synchronous: 'NORMAL' });
  const inserts = tables.map(({ name, columns, key }) => {
    const single = key.length === 1 && columns.find((column) => column.name === key[0])?.type === 'INTEGER';
    db.exec(`CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${column.type} NOT NULL`).join(', ')}, PRIMARY KEY (${key.join(', ')})) STRICT${single ? '' : ', WITHOUT ROWID'}`);
    return db.prepare(`INSERT INTO ${name} VALUES (${columns.map(() => '?').join(', ')})`);
  });
  const result = milliseconds(() => {
    for (let i = 0; i < rows.length; i += 10_000) inTransaction(db, () => { for (const { table, values } of rows.slice(i, i + 10_000)) inserts[table].run(...values); });
  });
  db.close();
  remove(rawPath);
  return result;
}

const rate = ({ value }, count) => ({ value: (count * 1_000) / value, ops: count });
const measured = await inTurns(quick ? 2 : 5, {
  views: async () => {
    const { path: built, result } = await rebuild();
    remove(built);
    return rate(result, rows.length);
  },
  raw: async () => rate(await rawInsert(), rows.length),
}, { warmUp: !quick });
await engine.close();
const perEntry = rows.length / log.head.position;
report({
  what: `rebuild of all views, ${Math.floor(log.head.position / 1_000)}k entries`, unit: 'rows/s', ours: measured.views, reference: measured.raw, against: 'raw insert of the same rows', target: { atLeast: 0.4 },
  note: `${perEntry.toFixed(1)} rows an entry`,
});

// With the views at hand a start does not read the log again.
const env = { SAMPLE: 'none', INSTALLATION_SECRET: SECRET };
await timeToReady(dataDir, env);
const starts = [];
for (let i = 0; i < (quick ? 2 : 5); i++) starts.push(await timeToReady(dataDir, env));
report({ what: `process start to ready, ${Math.floor(log.head.position / 1_000)}k entries, views at hand`, unit: 'ms', ours: { values: starts }, target: { atMost: 3_000 } });
