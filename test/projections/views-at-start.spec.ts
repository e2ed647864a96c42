import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { Clock } from '../../src/config/clock.js';
import { readConfig } from '../../src/config/config.js';
import { LogUnusable } from '../../src/event-store/event-store.js';
import { COPY_FILE, LogFile } from '../../src/event-store/log-file.js';
import { VIEWS_FILE } from '../../src/projections/view-store.js';
import { openSystem, type WholeSystem } from '../../src/system.js';
import { TestServer } from '../support/server.js';
import { removeDir, tempDir } from '../support/temp.js';

/** The views are derived: whatever the file holds at the start, it is what the log says, or it is thrown away. */
describe('The file of the views, at a start', () => {
  let original: string;
  let digest: string;
  let head: number;
  const dirs: string[] = [];
  const open: WholeSystem[] = [];

  beforeAll(async () => {
    const server = await TestServer.start();
    original = server.dataDir;
    head = server.head;
    await server.running.system.views.reaches(head, 5_000);
    digest = server.running.system.runner.store.digest();
    await server.stop({ keep: true });
    // All into the one file, so that what is done to it is not mended from its WAL.
    sql('PRAGMA wal_checkpoint(TRUNCATE)')(join(original, VIEWS_FILE));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((system) => system.close()));
    dirs.splice(0).forEach(removeDir);
  });
  afterAll(() => removeDir(original));

  async function started(tamper: (path: string, dir: string) => void): Promise<WholeSystem> {
    const dir = tempDir();
    dirs.push(dir);
    cpSync(original, dir, { recursive: true });
    tamper(join(dir, VIEWS_FILE), dir);
    const system = await openSystem(readConfig({ DATA_DIR: dir, LOG_LEVEL: 'silent' }), new Clock(), pino({ level: 'silent' }), (error) => { throw error; });
    open.push(system);
    return system;
  }
  const sql = (statement: string) => (path: string): void => {
    const db = new DatabaseSync(path);
    db.exec(statement);
    db.close();
  };

  /** What a node of an EventStoreDB leaves. */
  const copyOf = (logId: string, dir: string): void => LogFile.open(join(dir, COPY_FILE), { logId }).close();

  // A row that no log gives, to see whether a file was kept or built anew.
  const MARK = "INSERT INTO touches VALUES ('mark', 1);";
  const kept = (system: WholeSystem): boolean => system.runner.store.touches('mark', 0, 10, 10).length > 0;

  it('is kept where it fits, and goes on from where it stands', async () => {
    const system = await started(sql(MARK));
    expect(kept(system)).toBe(true);
    expect(system.runner.store.position).toBe(head);
  });

  const others: readonly (readonly [string, (path: string, dir: string) => void])[] = [
    ['of the log that a node of an EventStoreDB had here, whose copy lies beside it,', (path, dir) => {
      sql(`${MARK} UPDATE checkpoint SET log_id = 'of the server'`)(path);
      copyOf('of the server', dir);
    }],
    ['of another log, of which it has seen nothing', sql(`${MARK} UPDATE checkpoint SET log_id = 'another', position = 0, entry_id = NULL`)],
    ['of another shape', sql(`${MARK} UPDATE checkpoint SET shape = 'another'`)],
    ['ahead of the log', sql(`${MARK} UPDATE checkpoint SET position = position + 1`)],
    ['of another entry at its position', sql(`${MARK} UPDATE checkpoint SET entry_id = '00000000-0000-4000-8000-000000000000'`)],
    ['of another shape, without a table of today', sql(`${MARK} UPDATE checkpoint SET shape = 'another'; DROP TABLE touches; DROP TABLE ballot; DROP TABLE stopped`)],
    ['of another program', (path) => { rmSync(path); sql('CREATE TABLE something (else_ TEXT)')(path); }],
    ['without a checkpoint', sql(`${MARK} DELETE FROM checkpoint`)],
    ['that is no database', (path) => writeFileSync(path, 'This is not a database. '.repeat(1_000))],
    ['cut in half', (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2 / 4096) * 4096)],
    ['that is empty', (path) => writeFileSync(path, '')],
    ['that is missing', (path) => rmSync(path)],
    ['with a stale WAL of another file beside it', (path) => {
      const db = new DatabaseSync(path);
      db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE other (x)');
      cpSync(`${path}-wal`, `${path}-copy`);
      db.close();
      rmSync(path);
      cpSync(`${path}-copy`, `${path}-wal`);
    }],
  ];
  for (const [name, tamper] of others) {
    it(`${name} is built anew`, async () => {
      const system = await started(tamper);
      expect(kept(system)).toBe(false);
      expect(system.runner.store.position).toBe(head);
      expect(system.runner.store.digest()).toBe(digest);
    });
  }

  it('of another log is kept, and the start refused: one of the two was put here', async () => {
    const opening = started(sql(`${MARK} UPDATE checkpoint SET log_id = 'another'`));
    await expect(opening).rejects.toThrow(LogUnusable);
    await expect(opening).rejects.toThrow(/views\.db has seen \d+ entries of log another, and the log in .* is another one, .*move views\.db away\.$/);
    const db = new DatabaseSync(join(dirs.at(-1) as string, VIEWS_FILE), { readOnly: true });
    expect(db.prepare("SELECT count(*) AS n FROM touches WHERE thing = 'mark'").get()).toEqual({ n: 1 });
    db.close();
    // Nor does the copy of a third log tell where it is from.
    await expect(started((path, dir) => {
      sql("UPDATE checkpoint SET log_id = 'another'")(path);
      copyOf('of the server', dir);
    })).rejects.toThrow(LogUnusable);
    // Lost, and begun anew: no other is told in its place.
    await expect(started((_path, dir) => rmSync(join(dir, 'log.db')))).rejects.toThrow(LogUnusable);
  });

  it('does not stop a start where the log holds an entry that this program cannot read: all before it is served', async () => {
    const dir = tempDir();
    dirs.push(dir);
    cpSync(original, dir, { recursive: true });
    const log = LogFile.open(join(dir, 'log.db'));
    const last = log.at(head);
    if (!last) throw new Error('The log has no head');
    const newer = { ...last, stream: 'newer-thing', revision: 1, type: 'WrittenByANewerProgram', position: head + 1, id: '0190a000-0000-7000-8000-000000000002' };
    log.append([newer], head);
    log.close();
    for (const withViews of [true, false]) {
      if (!withViews) rmSync(join(dir, VIEWS_FILE));
      const server = await TestServer.start({ dataDir: dir });
      try {
        const ready = await fetch(`${server.url}/health/ready`);
        expect([ready.status, await ready.json()]).toEqual([503, {
          status: 'not ready', position: head, behind: withViews ? 1 : 2, problems: [`the entry at position ${head + 1} cannot be read by this program`],
        }]);
        expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
        expect((await server.ask(`{ committee(at: "${head}") { position name } }`)).data).toEqual({ committee: { position: String(head), name: 'Interregional Committee' } });
        const { errors } = await server.ask(`{ committee(at: "${head + 1}") { position } }`);
        expect((errors?.[0] as { extensions: object }).extensions).toMatchObject({ code: 'UNAVAILABLE', reason: 'VIEW_BEHIND', facts: { position: String(head) } });
        // What does not rest on it is decided.
        expect(await server.send('renameKeyArea', { code: 'KA1', title: `Without the views ${withViews}` }, 'secretariat')).toMatchObject({ repeated: false });
      } finally {
        await server.stop({ keep: true });
      }
    }
  }, 60_000);
});
