import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { v7 as newId } from 'uuid';
import { Damaged } from '../../src/event-store/log-check.js';
import { LOG_SCHEMA } from '../../src/event-store/log-file.js';
import { views } from '../../src/contexts.js';
import { backup as backupCommand } from '../../src/operating/backup.js';
import { restore } from '../../src/operating/restore.js';
import { verify as verifyOf } from '../../src/operating/verify.js';
import { checkBackup } from '../../src/operating/check-backup.js';
import { readManifest } from '../../src/operating/manifest.js';
import { called, isTold, theProgram, type TheProgram } from '../support/program.js';
import { straceMissing } from '../support/strace.js';
import { newDir } from '../support/temp.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { TestServer } from '../support/server.js';
import { itWhere } from '../support/where.js';

const FLIPS = Number(process.env['FLIPS'] ?? 150);

const verify = verifyOf(async () => views);
let program: TheProgram;
/** The sample, stopped; backups of it, one of an entry later, and one of another Committee. */
let dataDir: string;
let backup: string;
let later: string;
let foreign: string;
let head: number;

beforeAll(async () => {
  program = await theProgram();
  dataDir = newDir();
  [backup, later, foreign] = [newDir(), newDir(), newDir()];
  const server = await TestServer.start({ dataDir });
  ({ head } = server);
  expect((await called(backupCommand, [backup], { DATA_DIR: dataDir })).code).toBe(0);
  await server.send('renameKeyArea', { code: 'KA1', title: 'Later' }, 'secretariat');
  expect((await called(backupCommand, [later], { DATA_DIR: dataDir })).code).toBe(0);
  await server.stop({ keep: true });
  const other = newDir();
  expect((await program.cli(['establish', '--name', 'Other', '--secretariat', 'x'], { DATA_DIR: other })).code).toBe(0);
  expect((await called(backupCommand, [foreign], { DATA_DIR: other })).code).toBe(0);
});

const copyOf = (folder: string): string => {
  const copy = newDir();
  cpSync(folder, copy, { recursive: true });
  return copy;
};

/** Changes a log as somebody would who has the file: without its triggers, which are put back. */
function change(folder: string, ...statements: readonly string[]): void {
  const db = new DatabaseSync(join(folder, 'log.db'));
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as { name: string; sql: string }[];
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  for (const statement of statements) db.exec(statement);
  for (const { sql } of triggers) db.exec(sql);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
  db.close();
}

/** The same, with tables that hold nobody to anything. */
function withoutConstraints(folder: string, ...statements: readonly string[]): void {
  change(folder, 'ALTER TABLE entries RENAME TO kept', LOG_SCHEMA.slice(LOG_SCHEMA.indexOf('CREATE TABLE entries'), LOG_SCHEMA.indexOf('CREATE TABLE notes')).replace(/UNIQUE \(stream, revision\)|UNIQUE|STRICT|CHECK \(length\(id\) = 16\)/g, '').replace(/,\s*\)/, ')'),
    'INSERT INTO entries SELECT * FROM kept', 'DROP TABLE kept', ...statements);
}

/** Turns one letter of a text of entry `position` in the file, which no checksum of SQLite's tells of. */
function flip(folder: string, position: number): void {
  const db = new DatabaseSync(join(folder, 'log.db'));
  const { data } = db.prepare('SELECT data FROM entries WHERE position = ?').get(position) as { data: string };
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  const path = join(folder, 'log.db');
  const bytes = readFileSync(path);
  // The last letter of a text: still JSON, and still of the right shape. Pages that were split may hold an old copy, which nobody reads.
  const letter = Buffer.byteLength(data.slice(0, data.search(/[a-z]"[,}\]]/)));
  const copies: number[] = [];
  for (let at = bytes.indexOf(data); at >= 0; at = bytes.indexOf(data, at + 1)) copies.push(at);
  expect(copies.length).toBeGreaterThan(0);
  for (const at of copies) bytes[at + letter] = (bytes[at + letter] as number) ^ 1;
  writeFileSync(path, bytes);
}

describe('A backup that was damaged', () => {
  it.each<readonly [string, (folder: string) => void, RegExp]>([
    ['a flipped byte', (folder) => flip(folder, 5), /^Entry 5 is not what it was when the backup was taken\./],
    ['a missing entry', (folder) => change(folder, 'DELETE FROM entries WHERE position = 23'), /^Entry 23 is missing\./],
    ['a missing end', (folder) => change(folder, 'DELETE FROM entries WHERE position >= 40'), /^Entry 40 is missing: .*log\.db ends before it/],
    ['an entry that was put in', (folder) => change(folder, "UPDATE entries SET meta = replace(meta, 'SECRETARIAT', 'CHAIR') WHERE position = 3"), /^Entry 3 is not what it was/],
    ['the log of an older backup', (folder) => cpSync(join(backup, 'log.db'), join(folder, 'log.db')), /^Entry \d+ is missing: .*log\.db ends before it/],
    ['the log of another Committee', (folder) => cpSync(join(foreign, 'log.db'), join(folder, 'log.db')), /^Entry 1 is not what it was/],
    ['the manifest of an older backup', (folder) => cpSync(join(backup, 'manifest.json'), join(folder, 'manifest.json')), /entries\.sha256 is not the file that was backed up/],
    ['manifest and digests of an older backup', (folder) => ['manifest.json', 'entries.sha256'].forEach((name) => cpSync(join(backup, name), join(folder, name))), /^Entry \d+ is in .*log\.db, where manifest\.json tells of \d+ entries/],
    ['the digests of another backup', (folder) => cpSync(join(foreign, 'entries.sha256'), join(folder, 'entries.sha256')), /entries\.sha256 is not the file that was backed up/],
    ['the secret of another Committee', (folder) => cpSync(join(foreign, 'installation-secret'), join(folder, 'installation-secret')), /installation-secret is not the file that was backed up/],
    ['no log', (folder) => rmSync(join(folder, 'log.db')), /log\.db is missing/],
    ['no digests', (folder) => rmSync(join(folder, 'entries.sha256')), /entries\.sha256 is missing/],
    ['no secret', (folder) => rmSync(join(folder, 'installation-secret')), /installation-secret is missing/],
    ['half a log', (folder) => writeFileSync(join(folder, 'log.db'), readFileSync(join(folder, 'log.db')).subarray(0, 40_000)), /log\.db is damaged|^Entry \d+/],
    ['no SQLite file', (folder) => writeFileSync(join(folder, 'log.db'), 'Lorem ipsum'.repeat(1000)), /log\.db is damaged, or no SQLite file/],
    ['a manifest that is no JSON', (folder) => writeFileSync(join(folder, 'manifest.json'), '{'), /manifest\.json is damaged: it is no JSON/],
    ['a manifest of another shape', (folder) => writeFileSync(join(folder, 'manifest.json'), '{"format":1}'), /manifest\.json is damaged: .* has another shape/],
    ['a byte in a page that nobody reads', (folder) => {
      const path = join(folder, 'log.db');
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(4096)]));
    }, /log\.db is not the file that was backed up/],
  ])('%s: named by position or file, and not restored', async (_what, damage, says) => {
    const folder = copyOf(later);
    damage(folder);
    const there = join(newDir(), 'var');
    const [verified, restored] = await Promise.all([called(verify, [folder]), called(restore, [folder], { DATA_DIR: there })]);
    isTold(verified, 2, says);
    isTold(restored, 2, says);
    if (!says.source.includes('manifest\\.json is damaged')) expect(restored.err).toMatch(/The backup in .* is damaged\. Nothing was restored/);
    expect(() => statSync(there)).toThrow(/ENOENT/);
  }, 60_000);

  it(`by one bit, ${FLIPS} times anywhere in its files, is found each time (SEED=${SEED})`, async () => {
    const random = randomFrom(SEED);
    const folder = copyOf(later);
    const names = ['log.db', 'log.db', 'log.db', 'entries.sha256', 'installation-secret'];
    const unseen: string[] = [];
    let byPosition = 0;
    for (let i = 0; i < FLIPS; i++) {
      const name = names[below(random, names.length)] as string;
      const path = join(folder, name);
      const sound = readFileSync(path);
      const bytes = Buffer.from(sound);
      const at = below(random, bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << below(random, 8));
      writeFileSync(path, bytes);
      const found: unknown = await checkBackup(folder, readManifest(folder), folder, () => undefined, new AbortController().signal).then(() => undefined, (error: unknown) => error);
      if (!(found instanceof Error) || !/Entry \d+|log\.db|entries\.sha256|installation-secret/.test(found.message)) unseen.push(`${name} ${at}: ${String(found)}`);
      if (found instanceof Damaged && /^Entry \d+/.test(found.message)) byPosition++;
      writeFileSync(path, sound);
    }
    expect(unseen).toEqual([]);
    expect(byPosition).toBeGreaterThan(FLIPS / 10);
    await checkBackup(folder, readManifest(folder), folder, () => undefined, new AbortController().signal);
    console.info(`SEED=${SEED}: ${FLIPS} bits flipped, all found, ${byPosition} by the position of the entry`);
  }, 120_000);
});

describe('A log in use that was damaged', () => {
  const BLOB = `x'${newId().replaceAll('-', '')}'`;

  it.each<readonly [string, (folder: string) => void, RegExp]>([
    ['a missing entry', (folder) => change(folder, 'DELETE FROM entries WHERE position = 23'), /^Entry 23 is missing\./],
    ['a missing beginning', (folder) => change(folder, 'DELETE FROM entries WHERE position < 4'), /^Entry 1 is missing\./],
    ['a revision left out', (folder) => change(folder, "UPDATE entries SET revision = revision + 1000 WHERE position = (SELECT max(position) FROM entries WHERE stream = 'committee')"), /^Entry \d+ is revision 10\d\d of committee; it must be \d+\./],
    ['an id that is there twice', (folder) => withoutConstraints(folder, 'UPDATE entries SET id = (SELECT id FROM entries WHERE position = 7) WHERE position = 9'), /^Entry 9 has the id [0-9a-f-]{36}, which entry 7 has already\./],
    ['an id that is none', (folder) => withoutConstraints(folder, 'UPDATE entries SET id = 1 WHERE position = 9'), /^Entry 9 has no id of 16 bytes\./],
    ['a time that goes back', (folder) => change(folder, "UPDATE entries SET time = '2001-01-01T00:00:00.000Z' WHERE position = 6"), /^Entry 6 is of 2001-01-01T00:00:00\.000Z, before /],
    ['a time that is none', (folder) => change(folder, "UPDATE entries SET time = 'yesterday' WHERE position = 6"), /^Entry 6 has no time such as /],
    ['a type that is not known', (folder) => change(folder, "UPDATE entries SET type = 'KingCrowned' WHERE position = 8"), /^Entry 8 \(KingCrowned\) cannot be read: its type is not known here\./],
    ['a shape that is not its own', (folder) => change(folder, "UPDATE entries SET data = '{}' WHERE position = 8"), /^Entry 8 \(\w+\) cannot be read: its data has another shape than declared\./],
    ['no JSON', (folder) => change(folder, "UPDATE entries SET data = '{' WHERE position = 8"), /^Entry 8 \(\w+\) cannot be read: /],
    ['nobody who did it', (folder) => change(folder, "UPDATE entries SET meta = '{}' WHERE position = 8"), /^Entry 8 \(OfficerAppointed\) cannot be read: its meta has another shape than declared\./],
    ['a guard taken away', (folder) => {
      const db = new DatabaseSync(join(folder, 'log.db'));
      db.exec('DROP TRIGGER entries_are_not_removed');
      db.close();
    }, /log\.db lacks entries_are_not_removed: somebody else has changed the file\./],
    ['an index that says other things than the table', (folder) => {
      const db = new DatabaseSync(join(folder, 'log.db'));
      // An entry's id in the table and in the index of ids: only the index is turned.
      const { rootpage } = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_entries_1'").get() as { rootpage: number };
      const { page_size: size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
      const { id } = db.prepare('SELECT id FROM entries WHERE position = 2').get() as { id: Uint8Array };
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      db.close();
      const path = join(folder, 'log.db');
      const bytes = readFileSync(path);
      const at = bytes.indexOf(Buffer.from(id), (rootpage - 1) * size);
      expect(at).toBeLessThan(rootpage * size);
      bytes[at + 15] = (bytes[at + 15] as number) ^ 1;
      writeFileSync(path, bytes);
    }, /log\.db is damaged, though its entries can be read: /],
    ['views that say other things', (folder) => {
      const db = new DatabaseSync(join(folder, 'views.db'));
      db.exec('DELETE FROM touches WHERE position = 3');
      db.close();
    }, /views\.db is not what the log gives up to position \d+: the table touches differs\. .*First compare the log with a backup.*If that is well: .*npm run cli -- rebuild/],
    ['views of another log', (folder) => {
      const db = new DatabaseSync(join(folder, 'views.db'));
      db.exec(`UPDATE checkpoint SET log_id = '${newId()}'`);
      db.close();
    }, /views\.db was made from log .*find out which log is the right one/],
    ['views that have seen an entry more', (folder) => {
      const db = new DatabaseSync(join(folder, 'views.db'));
      db.exec('UPDATE checkpoint SET position = position + 1');
      db.close();
    }, /^The views have seen entry \d+, which is not in the log any more: its end was lost or replaced\. Stop, keep this folder/],
    ['views that are no file of views', (folder) => {
      rmSync(join(folder, 'views.db-wal'), { force: true });
      writeFileSync(join(folder, 'views.db'), 'Lorem ipsum'.repeat(1000));
    }, /views\.db cannot be read: .*The log is well/],
    ['a text changed in place, from which the views tell', (folder) => flip(folder, 5), /views\.db is not what the log gives.*verify --against <backup>/],
  ])('%s: named', async (_what, damage, says) => {
    const folder = copyOf(dataDir);
    damage(folder);
    isTold(await called(verify, [], { DATA_DIR: folder }), 2, says);
    expect(BLOB).toHaveLength(35);
  }, 60_000);

  it('is told by a backup which entry it is: changed in place, or its end lost; a log that has grown since is well', async () => {
    const [flipped, shorter] = [copyOf(dataDir), copyOf(dataDir)];
    flip(flipped, 5);
    change(shorter, `DELETE FROM entries WHERE position > ${head}`);
    const against = (folder: string, of: string) => called(verify, ['--against', of], { DATA_DIR: folder });
    const [changed, lost, grown, other] = await Promise.all([against(flipped, backup), against(shorter, later), against(dataDir, backup), against(dataDir, foreign)]);
    isTold(changed, 2, /^Entry 5 is not what it was when the backup was taken\./);
    isTold(lost, 2, new RegExp(`^Entry ${head + 1} is missing: the log ends before it, and the backup has ${head + 1} entries\\.`));
    expect([grown.code, grown.err]).toEqual([0, '']);
    isTold(other, 2, /^Entry 1 is not what it was/);
  }, 60_000);

  it('is not backed up: the backups that there are, are kept', async () => {
    const folder = copyOf(dataDir);
    change(folder, 'DELETE FROM entries WHERE position = 23');
    const target = join(newDir(), 'backup');
    isTold(await called(backupCommand, [target], { DATA_DIR: folder }), 2, /^Entry 23 is missing\.\nThe log in .* is damaged\. No backup was written; keep those that you have\./);
    expect(() => statSync(target)).toThrow(/ENOENT/);
  }, 60_000);
});

describe('verify', () => {
  it('changes nothing and says all is well, of a folder of views as of one without', async () => {
    const [whole, bare] = [copyOf(dataDir), copyOf(dataDir)];
    for (const name of ['views.db', 'views.db-wal', 'views.db-shm']) rmSync(join(bare, name), { force: true });
    const before = readFileSync(join(whole, 'log.db'));
    const [one, two] = await Promise.all([called(verify, [], { DATA_DIR: whole }), called(verify, [], { DATA_DIR: bare })]);
    expect(one).toMatchObject({ code: 0, err: '', out: expect.stringMatching(new RegExp(`All is well: ${head + 1} entries of log \\S+\\.\\n  digest   [0-9a-f]{64}\\n  views    equal to a rebuild at position ${head + 1}`)) });
    expect(two).toMatchObject({ code: 0, err: '', out: expect.stringContaining('views    none yet; the next start builds them') });
    expect(readFileSync(join(whole, 'log.db')).equals(before)).toBe(true);
  }, 60_000);

  it('says what is missing', async () => {
    const [none, noFolder, both, two, noBackup] = await Promise.all([
      called(verify, [], { DATA_DIR: newDir() }), called(verify, ['/nowhere']), called(verify, [backup, '--against', later]), called(verify, [backup, later]), called(verify, [dataDir]),
    ]);
    isTold(none, 1, /^There is no log in .*DATA_DIR/);
    isTold(noFolder, 1, /^There is no folder \/nowhere/);
    isTold(both, 1, /not both/);
    isTold(two, 1, /^Name one backup, or none/);
    isTold(noBackup, 1, /is no backup, or one that was not finished/);
  }, 60_000);

  it('names TMPDIR where nothing can be built there, and not the folder of the log', async () => {
    const missing = join(newDir(), 'missing');
    isTold(await program.cli(['verify', backup], { TMPDIR: missing }), 1, new RegExp(`^TMPDIR is "${missing}"; it must be a folder that this program may write to \\(ENOENT\\)\\.\\n$`));
  }, 60_000);

  /** No room is made by strace: a backup is read without a write, so that every write and every folder is one of the views that are built. */
  for (const [what, call] of [['for the folder', 'mkdir'], ['for the views', 'pwrite64']] as const) {
    itWhere(straceMissing)(`says that there is no room in TMPDIR, ${what}, and leaves nothing there`, async () => {
      const temporary = newDir();
      const strace = ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:error=ENOSPC`];
      isTold(await program.under(strace, 'cli.js', ['verify', backup], { TMPDIR: temporary, DATA_DIR: dataDir }), 1, new RegExp(`^There is no room in ${temporary} to build the views\\. Name a folder with as much room as views\\.db takes in TMPDIR\\.\\n$`));
      expect(readdirSync(temporary)).toEqual([]);
    }, 60_000);
  }
});
