// npm run bench [-- --quick]: figures beside their references in one run, interleaved, as medians and ratios. It never decides a test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { v7 as newId } from 'uuid';
import { Codec } from '../dist/event-store/codec.js';
import { SqliteEngine } from '../dist/event-store/engines/sqlite.engine.js';
import { inTransaction, openSqlite } from '../dist/event-store/sqlite.js';
import { requestDevToken } from '../dist/identity/dev-issuer.js';
import { views } from '../dist/contexts.js';
import { buildViews } from '../dist/projections/view-runner.js';
import { Table, tableSchema, versioned } from '../dist/projections/versioned.js';
import { ViewStore } from '../dist/projections/view-store.js';
import { ballot, committee, folder, interleaved, median, openKernel, rate } from './support.mjs';

const QUICK = process.argv.includes('--quick');
const ROUNDS = QUICK ? 3 : 7;
const MS = QUICK ? 400 : 1_500;
const CALLERS = 64;
const folders = [];
const temp = () => { const dir = folder(); folders.push(dir); return dir; };

const rows = [];
const report = (what, figures, target, better = 'at least') => {
  const reached = better === 'at least' ? figures.ratio >= target : figures.ratio <= target;
  rows.push({ what, ours: figures.ours.toFixed(figures.ours < 100 ? 2 : 0), reference: figures.reference.toFixed(figures.reference < 100 ? 2 : 0), ratio: figures.ratio.toFixed(2), target: `${better} ${target}`, reached: reached ? 'yes' : 'NO' });
  console.error(`${what}: ${figures.ratio.toFixed(2)}`);
};

/** Collects what waits and writes it as one, as Decisions does; `write` gets the items. */
function grouped(write) {
  let waiting = [];
  let running = false;
  const run = async () => {
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const group = waiting.splice(0, 256);
      await write(group.map((w) => w.item));
      for (const w of group) w.done();
    }
    running = false;
  };
  return (item) => new Promise((done) => {
    waiting.push({ item, done });
    if (!running) { running = true; void run(); }
  });
}

const DATA = JSON.stringify({ ballotId: newId(), regionId: newId(), expressed: 'IN_FAVOUR', replaces: 123456, filler: 'x'.repeat(150) });
const META = JSON.stringify({ commandName: 'CastPosition', payloadDigest: 'a'.repeat(64), actor: { office: 'REPRESENTATIVE', personId: 'b'.repeat(64), regionId: newId() }, correlationId: newId() });
const TIME = new Date().toISOString();

function rawTable(path) {
  const db = openSqlite(path, { synchronous: 'FULL' });
  db.exec('CREATE TABLE entries (position INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, stream TEXT NOT NULL, revision INTEGER NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL, meta TEXT NOT NULL, time TEXT NOT NULL, UNIQUE (stream, revision)) STRICT');
  const insert = db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  let position = 0;
  return { db, write: (items) => inTransaction(db, () => { for (const i of items) insert.run(++position, Buffer.from(i.id.replaceAll('-', ''), 'hex'), i.stream, i.revision, 'PositionCast', 1, i.data, i.meta, TIME); }) };
}

async function appends() {
  const engine = SqliteEngine.open(temp(), (error) => { throw error; });
  const raw = rawTable(join(temp(), 'raw.db'));
  const revisions = new Map();
  const next = (store, caller) => {
    const stream = `ballot-${store}-${caller}`;
    revisions.set(stream, (revisions.get(stream) ?? 0) + 1);
    return { id: newId(), stream, revision: revisions.get(stream), data: DATA, meta: META };
  };
  const ours = grouped(async (items) => {
    const { position } = engine.log.head;
    await engine.append(items.map((item, i) => ({ ...item, position: position + 1 + i, type: 'PositionCast', version: 1, time: TIME })), position);
  });
  const reference = grouped(async (items) => raw.write(items));
  report('durable appends/s through the store port, 64 callers ÷ raw group commit', await interleaved(ROUNDS, () => rate(CALLERS, MS, (c) => ours(next('a', c))), () => rate(CALLERS, MS, (c) => reference(next('b', c)))), 0.7);
  await engine.close();
  raw.db.close();
}

/** A ceiling, not a product: group commit, a queue, one cached state, JSON. No rights, no ids that are looked up, no digests. */
function ceiling(path) {
  const raw = rawTable(path);
  const state = { positions: new Array(CALLERS).fill(null), revision: 0 };
  const submit = grouped(async (commands) => raw.write(commands.map((command) => {
    if (state.positions[command.seat] === command.expressed) throw new Error('nothing to change');
    state.positions[command.seat] = command.expressed;
    const data = JSON.stringify({ ballotId: command.ballot, regionId: command.region, expressed: command.expressed, replaces: state.revision });
    return { id: command.id, stream: 'ballot', revision: ++state.revision, data, meta: META };
  })));
  return { submit, close: () => raw.db.close() };
}

async function hotBallot() {
  const kernel = await openKernel(temp());
  const regions = await committee(kernel, CALLERS);
  const { id } = await ballot(kernel, regions);
  const last = new Array(CALLERS);
  const turn = new Array(CALLERS).fill(0);
  const vote = async (c) => {
    const { position } = await kernel.send('CastPosition', { ballot: id, expressed: turn[c]++ % 2 ? 'AGAINST' : 'IN_FAVOUR', ...(last[c] !== undefined && { replaces: last[c] }) }, `member-${c}`);
    last[c] = position;
  };
  const reference = ceiling(join(temp(), 'ceiling.db'));
  let flip = 0;
  const refVote = (c) => reference.submit({ id: newId(), ballot: id, region: regions[c], seat: c, expressed: `${flip++}` });
  report('CastPosition/s on one hot ballot, whole command way ÷ reference', await interleaved(ROUNDS, () => rate(CALLERS, MS, vote), () => rate(CALLERS, MS, refVote)), 0.4);
  reference.close();
  await kernel.system.close();
}

async function startProcess(script, args, dataDir) {
  const child = spawn(process.execPath, [new URL(script, import.meta.url).pathname, ...args], { env: { ...process.env, PORT: '0', DATA_DIR: dataDir, SAMPLE: 'none', LOG_LEVEL: 'error' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  return { url, stop: async () => { child.kill('SIGTERM'); await once(child, 'exit'); } };
}

async function overGraphql() {
  const dataDir = temp();
  const kernel = await openKernel(dataDir);
  const regions = await committee(kernel, CALLERS);
  const { id } = await ballot(kernel, regions);
  await kernel.system.close();
  const ours = await startProcess('null-server.mjs', [], dataDir);
  const nothing = await startProcess('null-server.mjs', ['--nothing'], temp());
  const tokens = (url) => Promise.all(regions.map((_, i) => requestDevToken(url, `member-${i}`)));
  const client = (url, token) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: CALLERS });
    const last = new Array(CALLERS);
    const turn = new Array(CALLERS).fill(0);
    return (c) => new Promise((resolve, reject) => {
      const body = JSON.stringify({ query: 'mutation Vote($input: CastPositionInput!) { castPosition(input: $input) { position } }', variables: { input: { ballot: id, expressed: turn[c]++ % 2 ? 'AGAINST' : 'IN_FAVOUR', replaces: last[c] } } });
      const request = http.request(`${url}/graphql`, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization: `Bearer ${token[c]}` } }, (response) => {
        let text = '';
        response.on('data', (chunk) => { text += chunk; }).on('end', () => {
          const { data, errors } = JSON.parse(text);
          if (errors) return reject(new Error(text));
          last[c] = data.castPosition.position;
          resolve();
        });
      });
      request.on('error', reject).end(body);
    });
  };
  const [a, b] = [client(ours.url, await tokens(ours.url)), client(nothing.url, await tokens(nothing.url))];
  await rate(CALLERS, MS, a);
  await rate(CALLERS, MS, b);
  report('durable castPosition/s over GraphQL, 64 connections ÷ same stack with nothing behind it', await interleaved(ROUNDS, () => rate(CALLERS, MS, a), () => rate(CALLERS, MS, b)), 0.9);
  await ours.stop();
  await nothing.stop();
}

async function past() {
  const [THINGS, VERSIONS] = [1_000, QUICK ? 20 : 100];
  const spec = versioned('thing', { state: (row) => [row.state] });
  const db = openSqlite(join(temp(), 'past.db'), { synchronous: 'NORMAL' });
  db.exec(tableSchema('thing'));
  db.exec('CREATE TABLE plain (thing INTEGER PRIMARY KEY, id TEXT UNIQUE, row TEXT) STRICT');
  const table = new Table(db, spec);
  const row = (i, v) => ({ title: `Thing ${i} version ${v}`, state: 'OPEN', text: 'x'.repeat(200) });
  const upsert = db.prepare('INSERT INTO plain (thing, id, row) VALUES (?, ?, ?) ON CONFLICT (thing) DO UPDATE SET row = excluded.row');
  let position = 0;
  for (let v = 0; v < VERSIONS; v++) inTransaction(db, () => { for (let i = 0; i < THINGS; i++) { table.put(`t${i}`, ++position, row(i, v)); upsert.run(i + 1, `t${i}`, JSON.stringify(row(i, v))); } });
  const list = db.prepare('SELECT thing, id, row FROM plain WHERE thing > ? ORDER BY thing LIMIT ?');
  const perSecond = (one) => { const end = performance.now() + MS / 3; let n = 0; const started = performance.now(); while (performance.now() < end) { one(n); n++; } return (n * 1000) / (performance.now() - started); };
  const plain = () => perSecond((n) => list.all((n * 50) % (THINGS - 50), 50).map((r) => JSON.parse(r.row)));
  const slower = ({ ours, reference, ratio }) => ({ ours: 1000 / ours, reference: 1000 / reference, ratio: 1 / ratio });
  const at = Math.floor(position / 2);
  report(`ms a list of 50 as of the past, ${VERSIONS} versions a thing ÷ plain table's current list`, slower(await interleaved(ROUNDS, () => perSecond((n) => table.list(at, { after: (n * 50) % (THINGS - 50), limit: 50 })), plain)), 2.5, 'at most');

  // Open ballots among 5,000: each is open for a while, 3 % at any time.
  db.exec(tableSchema('ballot'));
  const ballots = new Table(db, versioned('ballot', { state: (r) => [r.state] }));
  let p = 0;
  inTransaction(db, () => { for (let i = 0; i < 5_000; i++) { ballots.put(`b${i}`, ++p, row(i, 0)); if (i >= 150) ballots.put(`b${i - 150}`, ++p, { ...row(i, 1), state: 'CLOSED' }); } });
  for (const [name, when] of [['now', p], ['in the past', Math.floor(p / 2)], ['long ago', Math.floor(p / 20)]]) {
    report(`ms the first 50 open ballots among 5,000, ${name} ÷ plain table's current list`, slower(await interleaved(ROUNDS, () => perSecond(() => ballots.list(when, { limit: 50, filters: { state: 'OPEN' } })), plain)), 2.5, 'at most');
  }
  db.close();
}

async function rebuild() {
  const dataDir = temp();
  const kernel = await openKernel(dataDir);
  const regions = await committee(kernel, CALLERS);
  const wanted = QUICK ? 5_000 : 50_000;
  while (kernel.system.engine.log.head.position < wanted) {
    const { id } = await ballot(kernel, regions);
    const first = await Promise.all(regions.map((_, c) => kernel.send('CastPosition', { ballot: id, expressed: 'IN_FAVOUR' }, `member-${c}`)));
    await Promise.all(regions.map((_, c) => kernel.send('CastPosition', { ballot: id, expressed: 'AGAINST', replaces: first[c].position }, `member-${c}`)));
    await kernel.send('CloseBallot', { ballot: id }, 'chair');
  }
  const { log } = kernel.system.engine;
  const codec = new Codec();
  let n = 0;
  const build = async () => {
    const store = new ViewStore(join(dataDir, `rebuild-${n++}.db`), views, codec, log.logId);
    const started = performance.now();
    await buildViews(store, log, codec, new AbortController().signal, () => undefined);
    const seconds = (performance.now() - started) / 1000;
    store.close();
    return seconds;
  };
  await build();
  // The same rows, as they stand in the views' file, inserted raw into the same tables.
  const source = openSqlite(join(dataDir, 'rebuild-0.db'), { synchronous: 'NORMAL' });
  const tables = source.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('checkpoint', 'stopped')").all().map(({ name, sql }) => ({ sql, name, rows: source.prepare(`SELECT * FROM ${name}`).all().map((r) => Object.values(r)) }));
  source.close();
  const count = tables.reduce((sum, t) => sum + t.rows.length, 0);
  const insertRaw = async () => {
    const db = openSqlite(join(dataDir, `raw-${n++}.db`), { synchronous: 'NORMAL' });
    for (const { sql } of tables) db.exec(sql);
    const started = performance.now();
    for (const { name, rows: all } of tables) {
      if (all.length === 0) continue;
      const insert = db.prepare(`INSERT INTO ${name} VALUES (${all[0].map(() => '?').join(', ')})`);
      for (let i = 0; i < all.length; i += 10_000) inTransaction(db, () => { for (const r of all.slice(i, i + 10_000)) insert.run(...r); });
    }
    const seconds = (performance.now() - started) / 1000;
    db.close();
    return seconds;
  };
  const entries = log.head.position;
  const figures = await interleaved(QUICK ? 2 : 3, async () => count / await build(), async () => count / await insertRaw());
  report(`rows/s, rebuild of all views from ${entries} entries (${count} rows) ÷ raw insert of the same rows`, figures, 0.4);
  await kernel.system.close();
}

async function ready() {
  const dataDir = temp();
  const start = async () => {
    const started = performance.now();
    const child = spawn(process.execPath, [new URL('../dist/main.js', import.meta.url).pathname], { env: { ...process.env, PORT: '0', DATA_DIR: dataDir, SAMPLE: 'founding', LOG_LEVEL: 'error' }, stdio: ['ignore', 'pipe', 'inherit'] });
    let url;
    for await (const line of createInterface({ input: child.stdout })) { url = /GraphQL\s+(http:\S+)\/graphql/.exec(line)?.[1]; if (url) break; }
    while ((await fetch(`${url}/health/ready`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 5));
    const seconds = (performance.now() - started) / 1000;
    child.kill('SIGTERM');
    await once(child, 'exit');
    return seconds;
  };
  const first = await start();
  const later = [];
  for (let i = 0; i < 3; i++) later.push(await start());
  report('seconds from process start to ready, sample at hand (reference: the first start, that tells it)', { ours: median(later), reference: first, ratio: median(later) }, 3, 'at most');
}

try {
  for (const measure of [appends, hotBallot, overGraphql, past, rebuild, ready]) await measure();
} finally {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
}
console.table(rows);
console.log('Not run: @event-driven-io/emmett-sqlite beside it (its driver sqlite3 needs a compiler to install).');
