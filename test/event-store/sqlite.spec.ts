import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { HeadMoved, LogUnusable } from '../../src/event-store/event-store.js';
import { LOG_FILE, SqliteEngine } from '../../src/event-store/engines/sqlite.engine.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { copySqlite, openSqlite } from '../../src/event-store/sqlite.js';
import { startChild, type Child } from '../support/child.js';
import { compiledSrc } from '../support/compiled.js';
import { entriesAfter, positionsOf, range, timeOf } from '../support/entries.js';
import { removeDir, tempDir } from '../support/temp.js';
import { contract, type OpenLog } from './contract.js';

const unexpected = (error: unknown): never => { throw new Error('onFatal was called', { cause: error }); };

function openIn(dir: string): OpenLog {
  const listenerErrors: unknown[] = [];
  const engine = SqliteEngine.open(dir, unexpected, (error) => listenerErrors.push(error));
  return {
    engine, log: engine.log, listenerErrors,
    async reopen() {
      await engine.close();
      return openIn(dir);
    },
    async dispose() {
      await engine.close();
      removeDir(dir);
    },
    limitSpace: (limited) => engine.log.limitPages(limited ? 16 : undefined),
  };
}

contract('sqlite', async () => openIn(tempDir()));

describe('The log as a SQLite file', () => {
  let dir: string;
  let file: string;
  let compiled: string;
  const children: Child[] = [];
  const open: { close(): unknown }[] = [];

  beforeAll(async () => { compiled = await compiledSrc(); });
  beforeEach(() => {
    dir = tempDir();
    file = join(dir, LOG_FILE);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      await child.ended;
    }
    for (const one of open.splice(0)) await one.close();
    removeDir(dir);
  });

  function engineHere(onFatal: (error: unknown) => void = unexpected): SqliteEngine {
    const engine = SqliteEngine.open(dir, onFatal);
    open.push(engine);
    return engine;
  }
  function child(what: string, ...rest: string[]): Child {
    const started = startChild('log-child.mjs', [compiled, what, dir, ...rest]);
    children.push(started);
    return started;
  }
  /** As any program would open it: without our settings. */
  function raw(path = file): InstanceType<typeof DatabaseSync> {
    const db = new DatabaseSync(path);
    open.push({ close: () => db.isOpen && db.close() });
    return db;
  }
  function begun(count: number): readonly StoredEntry[] {
    const log = LogFile.open(file);
    const entries = entriesAfter(0, count);
    log.append(entries, 0);
    log.close();
    return entries;
  }
  const messageOf = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      // Not by instanceof Error: the driver's errors are born outside the realm that jest runs tests in.
      return `${error instanceof LogUnusable ? 'LogUnusable: ' : ''}${(error as Error).message}`;
    }
    return 'no problem';
  };
  const integrity = (): unknown => raw().prepare('PRAGMA integrity_check').all();

  describe('one writing process', () => {
    const inUse = (): string => `LogUnusable: The log in ${dir} is in use by another process. Stop that one first, or name another folder in DATA_DIR.`;

    it('refuses a second engine in this process, until the first is closed', async () => {
      const first = engineHere();
      expect(messageOf(() => engineHere())).toBe(inUse());
      await first.append(entriesAfter(0, 1), 0);
      await first.close();
      expect(engineHere().log.head.position).toBe(1);
    });

    it('refuses another process', async () => {
      engineHere();
      expect(await child('hold').line('refused')).toBe(`refused ${inUse()}`);
    });

    it('is refused while another process writes, may read then, and takes over when that one was killed', async () => {
      begun(3);
      const holder = child('hold');
      await holder.line('holding');
      expect(messageOf(() => engineHere())).toBe(inUse());
      const reader = LogFile.open(file, { readOnly: true });
      expect(positionsOf(reader.read(0, 10))).toEqual([1, 2, 3]);
      reader.close();

      holder.kill('SIGKILL');
      expect(await holder.ended).toMatchObject({ signal: 'SIGKILL' });
      const engine = engineHere();
      await engine.append(entriesAfter(3, 1), 3);
      expect(engine.log.head.position).toBe(4);
    });

    it('is one of four that start at once on a new folder', async () => {
      const started = range(1, 4).map(() => child('hold'));
      const said = await Promise.all(started.map((one) => Promise.any([one.line('holding'), one.line('refused')])));
      expect([...said].sort()).toEqual(['holding', ...range(1, 3).map(() => `refused ${inUse()}`)]);
    });

    it('rests on the head check where the lock is not asked: 4 processes, one winner a position, no other error', async () => {
      LogFile.open(file).close();
      const racers = range(1, 4).map(() => child('race', '25'));
      for (const racer of racers) expect(await racer.ended).toMatchObject({ code: 0, stderr: '' });
      const wins = racers.flatMap((racer) => racer.lines.filter((line) => line.startsWith('won')).map((line) => line.split(' ').slice(1)));
      const losses = racers.flatMap((racer) => racer.lines.filter((line) => line.startsWith('lost')).map((line) => line.split(' ').slice(1).map(Number)));
      expect(wins).toHaveLength(100);
      for (const [expected, actual] of losses as [number, number][]) expect(actual).toBeGreaterThan(expected);
      const log = LogFile.open(file);
      open.push(log);
      expect(positionsOf(log.read(0, 1_000))).toEqual(range(1, 200));
      for (const [head, first, second] of wins as [string, string, string][]) {
        expect([log.at(Number(head) + 1)?.id, log.at(Number(head) + 2)?.id]).toEqual([first, second]);
      }
    });
  });

  describe('what is recorded stays', () => {
    const CHANGED = 'entries are never changed';
    const REMOVED = 'entries are never removed';
    const FOLLOWS = 'a position follows the one before it';
    const REVISION = 'a revision follows the one before it';
    const ONCE = 'a command is recorded once';
    const OTHER = "x'000102030405060708090a0b0c0d0e0f'";
    const values = (position: number | 'NULL', id: string, revision: number): string => `VALUES (${position}, ${id}, 'committee', ${revision}, 'F', 1, '', '', '')`;
    const idOf3 = '(SELECT id FROM entries WHERE position = 3)';

    const attempts: [string, string][] = [
      ["UPDATE entries SET data = '{}' WHERE position = 3", CHANGED],
      ["UPDATE entries SET data = '{}'", CHANGED],
      ['UPDATE OR IGNORE entries SET position = 9 WHERE position = 5', CHANGED],
      ['UPDATE OR REPLACE entries SET position = 2 WHERE position = 3', CHANGED],
      ['DELETE FROM entries WHERE position = 5', REMOVED],
      ['DELETE FROM entries', REMOVED],
      [`INSERT OR REPLACE INTO entries ${values(3, OTHER, 9)}`, FOLLOWS],
      [`INSERT OR REPLACE INTO entries ${values(3, idOf3, 3)}`, FOLLOWS],
      [`REPLACE INTO entries ${values(5, OTHER, 5)}`, FOLLOWS],
      // The position is right; the entry that it would replace is another one.
      [`INSERT OR REPLACE INTO entries ${values(6, idOf3, 6)}`, ONCE],
      [`INSERT OR REPLACE INTO entries ${values(6, OTHER, 3)}`, REVISION],
      [`INSERT INTO entries ${values(6, idOf3, 6)}`, ONCE],
      [`INSERT INTO entries ${values(6, OTHER, 3)}`, REVISION],
      [`INSERT INTO entries ${values(6, OTHER, 7)}`, REVISION],
      [`INSERT OR IGNORE INTO entries ${values(3, OTHER, 9)}`, FOLLOWS],
      [`INSERT INTO entries ${values(3, OTHER, 9)} ON CONFLICT DO UPDATE SET data = '{}'`, FOLLOWS],
      [`INSERT INTO entries ${values(7, OTHER, 7)}`, FOLLOWS],
      [`INSERT INTO entries ${values(0, OTHER, 7)}`, FOLLOWS],
      [`INSERT INTO entries ${values(-1, OTHER, 7)}`, FOLLOWS],
      [`INSERT INTO entries ${values('NULL', OTHER, 7)}`, FOLLOWS],
    ];
    it.each(attempts.flatMap(([sql, message]) => (['OFF', 'ON'] as const).map((recursive) => [sql, recursive, message] as const)))('%s (recursive triggers %s)', (sql, recursive, message) => {
      const entries = begun(5);
      const db = raw();
      db.exec(`PRAGMA recursive_triggers = ${recursive}`);
      expect(messageOf(() => db.exec(sql))).toBe(message);
      expect(db.isTransaction).toBe(false);
      const log = LogFile.open(file);
      open.push(log);
      expect(log.read(0, 100)).toEqual(entries);
    });

    it.each([['is taken', 2], ['leaves a hole', 5], ['is before the first', 0]])('refuses a revision that %s', async (_, revision) => {
      const engine = engineHere();
      await engine.append(entriesAfter(0, 2), 0);
      await expect(engine.append(entriesAfter(2, 2, (p) => (p === 4 ? { revision } : {})), 2)).rejects.toThrow(REVISION);
      await expect(engine.append(entriesAfter(2, 1, () => ({ stream: 'roll', revision: 2 })), 2)).rejects.toThrow(REVISION);
      expect(engine.log.head.position).toBe(2);
    });

    it.each(['', 'ballot-1', '0193f1a0-0000-7000-8000-00000000000', '0193f1a0-0000-7000-8000-000000000000aa'])('refuses the command id "%s", which is no UUID', async (id) => {
      const engine = engineHere();
      await expect(engine.append(entriesAfter(0, 1, () => ({ id })), 0)).rejects.toThrow('CHECK constraint failed: length(id) = 16');
      expect(engine.log.head.position).toBe(0);
      expect(engine.log.byCommandId(id)).toBeUndefined();
    });

    it.each([['OFF'], ['ON']])('an entry whose time goes back is refused whoever writes it (recursive triggers %s)', (recursive) => {
      begun(3);
      const db = raw();
      db.exec(`PRAGMA recursive_triggers = ${recursive}`);
      const at = (time: string): string => `INSERT INTO entries VALUES (4, ${OTHER}, 'committee', 4, 'F', 1, '', '', '${time}')`;
      for (const time of ['', timeOf(2), '0000-01-01T00:00:00.000Z']) expect(messageOf(() => db.exec(at(time)))).toBe('time never goes back');
      db.exec(at(timeOf(3)));
    });

    const NOTE = 'a note is kept once';
    const KEPT = 'notes are never changed';
    const LEFT = 'notes are never removed';
    it.each([
      ["UPDATE notes SET value = 'b' WHERE name = 'log id'", KEPT], ["UPDATE OR REPLACE notes SET name = 'log id' WHERE name = 'motto'", KEPT], ['DELETE FROM notes', LEFT],
      ["INSERT INTO notes VALUES ('log id', 'b')", NOTE], ["INSERT OR REPLACE INTO notes VALUES ('log id', 'b')", NOTE], ["INSERT OR IGNORE INTO notes VALUES ('log id', 'b')", NOTE],
      ["INSERT INTO notes VALUES ('log id', 'b') ON CONFLICT DO UPDATE SET value = 'b'", NOTE],
    ].flatMap(([sql, message]) => ['OFF', 'ON'].map((recursive) => [sql as string, recursive, message as string] as const)))('%s (recursive triggers %s)', (sql, recursive, message) => {
      const log = LogFile.open(file);
      log.keepNote('motto', 'in varietate concordia');
      const { logId } = log;
      log.close();
      const db = raw();
      db.exec(`PRAGMA recursive_triggers = ${recursive}`);
      expect(messageOf(() => db.exec(sql))).toBe(message);
      const again = LogFile.open(file);
      open.push(again);
      expect([again.logId, again.note('motto')]).toEqual([logId, 'in varietate concordia']);
    });
  });

  describe('a file that cannot be used', () => {
    it('of a newer format is refused by name, and stays as it is', () => {
      begun(2);
      const db = raw();
      db.exec('PRAGMA user_version = 3');
      db.close();
      const before = readFileSync(file);
      for (const readOnly of [false, true]) {
        expect(messageOf(() => LogFile.open(file, { readOnly }))).toBe(`LogUnusable: ${file} is of format 3; this program reads formats 1 to 2. Start it with the newer version that wrote it.`);
      }
      expect(messageOf(() => engineHere())).toMatch(/^LogUnusable: .* is of format 3;/);
      expect(readFileSync(file).equals(before)).toBe(true);
      // The refusal has let the lock go.
      raw().exec('PRAGMA user_version = 2');
      expect(engineHere().log.head.position).toBe(2);
    });

    it.each([0, -1])('of a format that never was (%i) is refused by name, and stays as it is', (format) => {
      begun(2);
      const db = raw();
      db.exec(`PRAGMA user_version = ${format}`);
      db.close();
      const before = readFileSync(file);
      for (const readOnly of [false, true]) {
        expect(messageOf(() => LogFile.open(file, { readOnly }))).toBe(`LogUnusable: ${file} is of format ${format}; this program reads formats 1 to 2. Restore it from a backup.`);
      }
      expect(readFileSync(file).equals(before)).toBe(true);
    });

    it('of another program is refused, and stays as it is', () => {
      const db = raw();
      db.exec("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')");
      db.close();
      const before = readFileSync(file);
      for (const readOnly of [false, true]) {
        expect(messageOf(() => LogFile.open(file, { readOnly }))).toBe(`LogUnusable: ${file} is not a log of the Committee. Name another folder in DATA_DIR.`);
      }
      expect(readFileSync(file).equals(before)).toBe(true);
    });

    it.each([['is no SQLite file', () => Buffer.from('Dear Secretariat, '.repeat(1_000))], ['is damaged', (good: Buffer) => Buffer.concat([good.subarray(0, 4096), Buffer.alloc(good.length - 4096, 0xa5)])]])('that %s is refused', (_, spoil) => {
      begun(50);
      const spoilt = spoil(readFileSync(file));
      writeFileSync(file, spoilt);
      expect(messageOf(() => LogFile.open(file))).toBe(`LogUnusable: ${file} is damaged, or no SQLite file. Restore it from a backup, or name another folder in DATA_DIR.`);
      expect(readFileSync(file).equals(spoilt)).toBe(true);
    });

    it('is not begun for who only reads', () => {
      writeFileSync(file, '');
      expect(messageOf(() => LogFile.open(file, { readOnly: true }))).toMatch(/^LogUnusable: /);
      // Left by a process that was killed before it began: a new log.
      expect(engineHere().log.head.position).toBe(0);
    });

    it('is not written by who only reads', () => {
      begun(2);
      const log = LogFile.open(file, { readOnly: true });
      open.push(log);
      expect(log.head.position).toBe(2);
      expect(() => log.append(entriesAfter(2, 1), 2)).toThrow('attempt to write a readonly database');
      expect(log.head.position).toBe(2);
    });
  });

  describe('a file of format 1', () => {
    /** As version 0.1.0 left it, with `entries` in it. */
    function ofFormat1(entries: readonly StoredEntry[]): void {
      const db = raw();
      db.exec(readFileSync('test/event-store/log-format-1.sql', 'utf8'));
      for (const e of entries) {
        db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
          .run(e.position, Buffer.from(e.id.replaceAll('-', ''), 'hex'), e.stream, e.revision, e.type, e.version, e.data, e.meta, e.time);
      }
      db.close();
    }
    const schemaOf = (path: string): unknown => raw(path).prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
    const formatOf = (): unknown => raw().prepare('PRAGMA user_version').get();

    it('becomes, at the first opening to write, what a new file is: same entries, same notes, same protection', () => {
      const entries = entriesAfter(0, 20);
      ofFormat1(entries);
      const log = LogFile.open(file);
      expect(log.logId).toBe('0193f1a0-0000-7000-8000-00000000feed');
      expect(log.read(0, 100)).toEqual(entries);
      log.append(entriesAfter(20, 2), 20);
      expect(messageOf(() => log.keepNote('first start', 'b'))).toBe('a note is kept once');
      log.close();

      const fresh = join(dir, 'fresh.db');
      LogFile.open(fresh).close();
      expect(schemaOf(file)).toEqual(schemaOf(fresh));
      expect(formatOf()).toEqual({ user_version: 2 });
      expect(integrity()).toEqual([{ integrity_check: 'ok' }]);
      expect(messageOf(() => raw().exec('DELETE FROM notes'))).toBe('notes are never removed');
    });

    it('is kept here as it was, and so is every format that has been left behind', () => {
      LogFile.open(file).close();
      const { user_version: today } = formatOf() as { user_version: number };
      expect(range(1, today - 1).filter((format) => !existsSync(`test/event-store/log-format-${format}.sql`))).toEqual([]);
    });

    it('is read as it is by who only reads, and stays of format 1', () => {
      const entries = entriesAfter(0, 5);
      ofFormat1(entries);
      const log = LogFile.open(file, { readOnly: true });
      expect(log.read(0, 100)).toEqual(entries);
      log.close();
      expect(formatOf()).toEqual({ user_version: 1 });
    });

    it('is upgraded once, by one of four that start at once', async () => {
      ofFormat1(entriesAfter(0, 5));
      const started = range(1, 4).map(() => child('hold'));
      const said = await Promise.all(started.map((one) => Promise.any([one.line('holding'), one.line('refused')])));
      expect(said.filter((line) => line.startsWith('holding'))).toHaveLength(1);
      expect(formatOf()).toEqual({ user_version: 2 });
    });
  });

  describe('durability', () => {
    it('rests on WAL and synchronous=FULL, on the very connection that writes', () => {
      const db = engineHere().log['db'];
      expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
      expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
      expect(db.prepare('PRAGMA recursive_triggers').get()).toEqual({ recursive_triggers: 1 });
    });

    it('is not promised where it cannot be set', () => {
      // A database in memory has no WAL.
      expect(messageOf(() => openSqlite(':memory:', { synchronous: 'FULL' }))).toBe(':memory:: synchronous=FULL or WAL could not be set');
    });

    it('comes before anybody is told: another connection reads the entries by then', async () => {
      const engine = engineHere();
      const other = raw();
      const counts: unknown[] = [];
      engine.log.onAppended(() => counts.push(other.prepare('SELECT count(*) AS n FROM entries').get()));
      await engine.append(entriesAfter(0, 3), 0);
      await engine.append(entriesAfter(3, 2), 3);
      expect(counts).toEqual([{ n: 3 }, { n: 5 }]);
    });

    it('is of one file after a clean stop: nothing is left in the WAL', async () => {
      const engine = engineHere();
      const entries = entriesAfter(0, 20);
      await engine.append(entries, 0);
      expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
      await engine.close();
      const copy = join(dir, 'copy.db');
      copyFileSync(file, copy);
      const log = LogFile.open(copy, { readOnly: true });
      open.push(log);
      expect(log.read(0, 100)).toEqual(entries);
    });

    it('leaves a sound file', async () => {
      const engine = engineHere();
      for (let n = 0; n < 40; n++) await engine.append(entriesAfter(engine.log.head.position, 25, () => ({ data: JSON.stringify('x'.repeat(n * 100)) })), engine.log.head.position);
      expect(integrity()).toEqual([{ integrity_check: 'ok' }]);
      await engine.close();
      expect(integrity()).toEqual([{ integrity_check: 'ok' }]);
    });
  });

  describe('an error of the disk', () => {
    it('is fatal: the system refuses a write of a real process, and all that was acknowledged is there', async () => {
      // 512 KiB for each file: the WAL meets the limit, SQLite reports SQLITE_IOERR_WRITE (778).
      const writer = startChild('log-child.mjs', [compiled, 'fill', dir], { fileSizeKiB: 512 });
      children.push(writer);
      expect(await writer.line('rejected')).toBe('rejected Error disk I/O error');
      expect(await writer.ended).toMatchObject({ code: 70 });
      expect(writer.lines.slice(-2)).toEqual(['fatal 778', 'rejected Error disk I/O error']);
      const acknowledged = writer.lines.filter((line) => line.startsWith('ack')).length * 3;
      expect(acknowledged).toBeGreaterThan(30);

      expect(positionsOf(engineHere().log.read(0, 10_000))).toEqual(range(1, acknowledged));
      expect(integrity()).toEqual([{ integrity_check: 'ok' }]);
    });

    it('is fatal also as damage that an append meets', async () => {
      begun(5);
      const { rootpage } = raw().prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_entries_1'").get() as { rootpage: number };
      open.splice(0).forEach((one) => one.close());
      const bytes = readFileSync(file);
      bytes.fill(0xa5, (rootpage - 1) * 4096, rootpage * 4096);
      writeFileSync(file, bytes);

      const fatal: unknown[] = [];
      const engine = engineHere((error) => fatal.push(error));
      await expect(engine.append(entriesAfter(5, 1), 5)).rejects.toThrow('database disk image is malformed');
      expect(fatal).toMatchObject([{ errcode: 11 }]);
      expect(engine.log.head.position).toBe(5);
    });

    it('is nothing of a conflict, a full disk or a wrong entry', async () => {
      const engine = engineHere();
      await engine.append(entriesAfter(0, 1), 0);
      await expect(engine.append(entriesAfter(0, 1), 0)).rejects.toBeInstanceOf(HeadMoved);
      await expect(engine.append(entriesAfter(5, 1), 1)).rejects.toThrow('a position follows the one before it');
      engine.log.limitPages(0);
      await expect(engine.append(entriesAfter(1, 1, () => ({ data: JSON.stringify('x'.repeat(100_000)) })), 1)).rejects.toThrow('There is no room');
    });
  });
});

it('A copy of a database that is ended from outside ends with what it was told, and the one that is copied goes on', async () => {
  const dir = tempDir();
  const db = openSqlite(join(dir, 'large.db'), { synchronous: 'NORMAL' });
  // More than is copied in one step.
  db.exec('CREATE TABLE large (x); INSERT INTO large VALUES (zeroblob(40000000))');
  const interrupted = new Error('interrupted');
  await expect(copySqlite(join(dir, 'large.db'), join(dir, 'copy.db'), () => { throw interrupted; })).rejects.toBe(interrupted);
  db.exec('DELETE FROM large');
  db.close();
  removeDir(dir);
});
