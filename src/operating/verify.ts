import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isNoRoom, type Config } from '../config/config.js';
import { Codec } from '../event-store/codec.js';
import { checkLog, Damaged } from '../event-store/log-check.js';
import { LogFile } from '../event-store/log-file.js';
import { faultOf } from '../event-store/sqlite.js';
import { buildViews } from '../projections/view-runner.js';
import { shapeOf, VIEWS_FILE, ViewStore } from '../projections/view-store.js';
import type { View } from '../projections/view.js';
import { readViews, type RowsDigest, type ViewsAt } from '../projections/views-digest.js';
import { checkBackup } from './check-backup.js';
import { type CliCommand, Interrupted, interruptible, logFileOf, percentTold, type Say, Wrong } from './cli-command.js';
import { LOG_FILE, readLeaves, readManifest, type Manifest } from './manifest.js';

export const verify = (views: () => Promise<readonly View[]>): CliCommand => ({
  about: 'checks the log and the views of DATA_DIR, also while the server runs, or a backup',
  help: `npm run cli -- verify [--against <backup>]
npm run cli -- verify <backup>

Reads every entry: positions without a hole, revisions, ids, times, shapes; the file's structure; and that the views are what the log
gives, for which it builds them in the folder for temporary files (TMPDIR). A file does not tell that a text in it was changed in place;
--against compares with what the entries were when a backup was taken, as checking a backup does. Changes nothing.
Ends with 0 when all is well, with 2 and the first wrong position or file when not, with 1 when it could not be checked.`,
  async run(args, config, say) {
    const { values, positionals } = parseArgs({ args: [...args], options: { against: { type: 'string' } }, allowPositionals: true });
    if (positionals.length > 1) throw new Wrong('Name one backup, or none for what DATA_DIR holds.');
    if (positionals[0] !== undefined && values.against !== undefined) throw new Wrong('Name a backup to check it, or --against a backup to check what DATA_DIR holds; not both.');
    await interruptible(async (signal) => (positionals[0] === undefined
      ? verifyData(config, await views(), values.against === undefined ? undefined : resolve(values.against), say, signal)
      : verifyBackup(resolve(positionals[0]), await views(), say, signal)));
  },
});

async function verifyBackup(folder: string, views: readonly View[], say: Say, signal: AbortSignal): Promise<void> {
  if (!existsSync(folder)) throw new Wrong(`There is no folder ${folder}. Name the folder that a backup was written to.`);
  const manifest = readManifest(folder);
  await checkBackup(folder, manifest, folder, percentTold('Reading the log', say), signal);
  await built(join(folder, LOG_FILE), views, manifest.entries, say, signal);
  say(`All is well: ${manifest.entries} entries of log ${manifest.logId}, taken ${manifest.takenAt}.\n  digest   ${manifest.digest}`);
}

async function verifyData(config: Config, views: readonly View[], against: string | undefined, say: Say, signal: AbortSignal): Promise<void> {
  const { dataDir } = config;
  const path = join(dataDir, logFileOf(config));
  if (!existsSync(path)) throw new Wrong(`There is no log in ${dataDir}. Name the folder of the log in DATA_DIR, or the folder of a backup.`);
  const backup = against === undefined ? undefined : readManifest(against);
  const leafAt = against === undefined || !backup ? undefined : await readLeaves(against, backup);
  const checked = await checkLog(path, { codec: new Codec(), signal, onProgress: percentTold('Reading the log', say), ...(leafAt && { leafAt }) });
  if (!checked) throw stopped();
  if (backup) isOnward(path, checked, backup);
  // Where it was compared with a backup, the log is what it was.
  const advice = backup ? REBUILD : `First compare the log with a backup: npm run cli -- verify --against <backup>. If that is well: ${REBUILD}`;
  const said = await compareViews(dataDir, path, views, advice, say, signal);
  say(`All is well: ${checked.head.position} entries of log ${checked.logId}.\n  digest   ${checked.digest}\n  views    ${said}`);
}

/** The log goes on from the backup: it is the same one, and has not lost its end. */
function isOnward(path: string, { logId, head }: { logId: string; head: { position: number } }, backup: Manifest): void {
  if (logId !== backup.logId) throw new Damaged(`${path} is log ${logId}, and the backup is of log ${backup.logId}: they are not the same log.`);
  if (head.position < backup.entries) throw new Damaged(`Entry ${head.position + 1} is missing: the log ends before it, and the backup has ${backup.entries} entries.`);
}

async function compareViews(dataDir: string, path: string, views: readonly View[], advice: string, say: Say, signal: AbortSignal): Promise<string> {
  const file = join(dataDir, VIEWS_FILE);
  if (!existsSync(file)) return 'none yet; the next start builds them';
  let found: ViewsAt;
  try {
    found = readViews(file);
  } catch (error) {
    if (faultOf(error) === 'BUSY') throw error;
    throw new Damaged(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}. The log is well. ${REBUILD}`);
  }
  if (found.shape !== shapeOf(views)) return 'of another version of this program; the next start builds them anew';
  const { logId, entryId } = logAt(path, found.position);
  if (found.logId !== logId) throw new Damaged(`${file} was made from log ${found.logId}, and the log is ${logId}: one of the two was put here. Keep this folder, and find out which log is the right one before anything is decided.`);
  if (found.entryId !== entryId) throw new Damaged(`The views have seen entry ${found.position}, which is not in the log any more: its end was lost or replaced. Stop, keep this folder, and compare the log with a backup: npm run cli -- verify --against <backup>.`);
  const right = await built(path, views, found.position, say, signal);
  const table = [...right.tables.keys(), ...found.tables.keys()].find((name) => right.tables.get(name) !== found.tables.get(name));
  if (table !== undefined) throw new Damaged(`${file} is not what the log gives up to position ${found.position}: the table ${table} differs. The views were changed, or the log was, in place. ${advice}`);
  return `equal to a rebuild at position ${found.position}, SHA-256 of all rows: ${found.all}`;
}

const REBUILD = 'Stop the server and build the views anew: npm run cli -- rebuild.';

function logAt(path: string, position: number): { logId: string; entryId: string | null } {
  const log = LogFile.open(path, { readOnly: true });
  try {
    return { logId: log.logId, entryId: log.at(position)?.id ?? null };
  } finally {
    log.close();
  }
}

/** The rows that a log gives up to a position. @throws Damaged where a view cannot take an entry */
async function built(path: string, views: readonly View[], upTo: number, say: Say, signal: AbortSignal): Promise<RowsDigest> {
  const log = LogFile.open(path, { readOnly: true });
  try {
    return await builtFrom(log, views, upTo, say, signal);
  } finally {
    log.close();
  }
}

/** In a folder that is made when the log is open, and goes whatever happens. */
async function builtFrom(log: LogFile, views: readonly View[], upTo: number, say: Say, signal: AbortSignal): Promise<RowsDigest> {
  const folder = temporaryFolder();
  const codec = new Codec();
  try {
    const store = new ViewStore(join(folder, VIEWS_FILE), views, codec, log.logId);
    try {
      if (!(await buildViews(store, log, codec, signal, percentTold('Building the views', say), upTo))) throw stopped();
      const [first] = store.stopped;
      if (first) throw new Damaged(`Entry ${first.position} cannot be taken by the view ${first.view}: ${first.error}.`);
      return store.digests();
    } finally {
      store.close();
    }
  } catch (error) {
    throw isNoRoom(error) ? noRoom() : error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'committee-verify-'));
  } catch (error) {
    if (isNoRoom(error)) throw noRoom();
    throw new Wrong(`TMPDIR is ${JSON.stringify(tmpdir())}; it must be a folder that this program may write to (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
  }
}

const noRoom = (): Wrong => new Wrong(`There is no room in ${tmpdir()} to build the views. Name a folder with as much room as ${VIEWS_FILE} takes in TMPDIR.`);

const stopped = (): Interrupted => new Interrupted('Interrupted. Nothing was changed; what was read so far was well.');
