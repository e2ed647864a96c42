// a. Durable appends through the store port, against raw group commit of the same rows.
import { join } from 'node:path';
import { newId } from '../lib/committee.mjs';
import { Group } from '../lib/group.mjs';
import { inTurns, perSecond, quick, report } from '../lib/measure.mjs';
import { folder, load } from '../lib/project.mjs';

const [{ SqliteEngine }, { openSqlite, inTransaction }] = await Promise.all([load('event-store/engines/sqlite.engine.js'), load('event-store/sqlite.js')]);

const CALLERS = 64;
const MS = quick ? 700 : 2_000;
const ROUNDS = quick ? 5 : 9;

const dataOf = (n) => JSON.stringify({ ballotId: '0199c0de-0000-7000-8000-000000000001', regionId: `0199c0de-0000-7000-8000-${String(n).padStart(12, '0')}`, expressed: 'IN_FAVOUR', replaces: 4711 });
const META = JSON.stringify({
  commandName: 'CastPosition', payloadDigest: 'a'.repeat(64), actor: { office: 'REPRESENTATIVE', personId: 'b'.repeat(64), regionId: '0199c0de-0000-7000-8000-000000000002' },
  correlationId: '0199c0de-0000-7000-8000-000000000003',
});
const TIME = '2026-03-01T12:00:00.000Z';

/** Gives what a group writes its positions and revisions, one caller a stream. */
function numbered() {
  let head = 0;
  const revisions = new Map();
  return {
    get head() { return head; },
    next: (callers) => callers.map((caller) => {
      const stream = `ballot-${caller}`;
      const revision = (revisions.get(stream) ?? 0) + 1;
      revisions.set(stream, revision);
      return { position: ++head, id: newId(), stream, revision, type: 'PositionCast', version: 1, data: dataOf(caller), meta: META, time: TIME };
    }),
  };
}

const dir = folder('appends');
const engine = SqliteEngine.open(dir, (error) => { throw error; });
const toEngine = numbered();
const throughPort = new Group(async (callers) => {
  const { head } = toEngine;
  await engine.append(toEngine.next(callers), head);
});

/** The same rows in a plain table: an id as raw bytes, keys as given, no triggers, no checks. */
function raw(name, keys) {
  const db = openSqlite(join(dir, `${name}.db`), { synchronous: 'FULL' });
  db.exec(`CREATE TABLE entries (position INTEGER PRIMARY KEY, id BLOB, stream TEXT, revision INTEGER, type TEXT, version INTEGER, data TEXT, meta TEXT, time TEXT${keys})`);
  const insert = db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const numbers = numbered();
  return new Group(async (callers) => inTransaction(db, () => {
    for (const e of numbers.next(callers)) insert.run(e.position, Buffer.from(e.id.replaceAll('-', ''), 'hex'), e.stream, e.revision, e.type, e.version, e.data, e.meta, e.time);
  }));
}
const plain = raw('plain', ', UNIQUE (id), UNIQUE (stream, revision)');
const bare = raw('bare', '');

const measured = await inTurns(ROUNDS, {
  port: () => perSecond(CALLERS, MS, (caller) => throughPort.add(caller)),
  plain: () => perSecond(CALLERS, MS, (caller) => plain.add(caller)),
  bare: () => perSecond(CALLERS, MS, (caller) => bare.add(caller)),
});
await engine.close();

report({ what: 'durable appends, 64 callers, own streams', unit: '/s', ours: measured.port, reference: measured.plain, against: 'raw group commit, same keys', target: { atLeast: 0.7 } });
report({ what: '  the same', unit: '/s', ours: measured.port, reference: measured.bare, against: 'raw group commit, no key but the position' });
