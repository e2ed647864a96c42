import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from '../config/config.js';
import { makeFolder } from '../config/folder.js';
import { Damaged } from '../event-store/log-check.js';
import { sync } from '../event-store/sqlite.js';
import { LOCK_FILE, WriterLock } from '../event-store/writer-lock.js';
import { checkBackup } from './check-backup.js';
import { type CliCommand, Interrupted, interruptible, logFileOf, percentTold, type Say, Wrong } from './cli-command.js';
import { DRAFT, LOG_FILE, readManifest, SECRET_FILE, secretCheck, type Manifest } from './manifest.js';

const LOCK_FILES = ['', '-wal', '-shm', '-journal'].map((suffix) => LOCK_FILE + suffix);

export const restore: CliCommand = {
  about: 'puts a backup into an empty DATA_DIR',
  help: `npm run cli -- restore <folder>

Into the folder that DATA_DIR names, which must be new or empty: a log is never overwritten. The backup is checked before, and what was
restored after it. With EVENT_STORE it becomes this node's copy of the log: the start compares it with the stream and reads only what came
since. The next start builds the views anew. Ctrl-C leaves DATA_DIR as it was. Ends with 2 where the backup is damaged.`,
  async run(args, config, say) {
    const { positionals } = parseArgs({ args: [...args], options: {}, allowPositionals: true });
    if (positionals.length !== 1 || !positionals[0]) throw new Wrong('Name the folder of one backup, such as: npm run cli -- restore /backups/2026-03-01');
    const folder = resolve(positionals[0]);
    const manifest = readManifest(folder);
    checkSecret(manifest, config);
    const { dataDir } = config;
    const isNew = !existsSync(dataDir);
    const hadLock = !isNew && existsSync(join(dataDir, LOCK_FILE));
    makeFolder(dataDir);
    // A server that runs there is told of before anything else; one that would start meanwhile is refused.
    const lock = WriterLock.take(join(dataDir, LOCK_FILE), `The log in ${dataDir}`);
    const putAway = (): void => {
      lock.release();
      rmSync(join(dataDir, DRAFT), { recursive: true, force: true });
      if (!hadLock) for (const name of LOCK_FILES) rmSync(join(dataDir, name), { force: true });
      if (isNew) rmSync(dataDir, { recursive: true, force: true });
    };
    try {
      checkEmpty(config, folder);
      await interruptible((signal) => bring(folder, manifest, config, say, signal));
    } catch (error) {
      putAway();
      throw asTold(error, folder, config);
    }
    lock.release();
    say(`Restored ${manifest.entries} entries of log ${manifest.logId} to ${dataDir}, as of ${manifest.takenAt}.\nThe views are built anew at the next start: npm start`);
  },
};

async function bring(folder: string, manifest: Manifest, config: Config, say: Say, signal: AbortSignal): Promise<void> {
  const { dataDir } = config;
  await checkBackup(folder, manifest, folder, percentTold('Checking the backup', say), signal);
  const draft = join(dataDir, DRAFT);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const names = manifest.secret.keptIn === SECRET_FILE ? [SECRET_FILE, LOG_FILE] : [LOG_FILE];
  for (const name of names) {
    copyFileSync(join(folder, name), join(draft, name));
    chmodSync(join(draft, name), 0o600);
    sync(join(draft, name));
  }
  await checkBackup(folder, manifest, draft, percentTold('Checking what was restored', say), signal);
  // The log last: where it is, everything is.
  for (const name of names) renameSync(join(draft, name), join(dataDir, name === LOG_FILE ? logFileOf(config) : name));
  rmSync(draft, { recursive: true });
  sync(dataDir);
}

function checkEmpty(config: Config, folder: string): void {
  const { dataDir } = config;
  if (existsSync(join(dataDir, logFileOf(config)))) throw new Wrong(`There is a log in ${dataDir} already, and none is ever overwritten. Name a new folder in DATA_DIR, or move the log away.`);
  const others = readdirSync(dataDir).filter((name) => name !== DRAFT && !LOCK_FILES.includes(name) && !isSameSecret(dataDir, folder, name));
  if (others.length > 0) throw new Wrong(`${dataDir} is not empty: it holds ${others.slice(0, 5).join(', ')}. Name a folder in DATA_DIR that is new or empty.`);
}

/** What an interrupted restore may have put there already. */
const isSameSecret = (dataDir: string, folder: string, name: string): boolean => name === SECRET_FILE && existsSync(join(folder, SECRET_FILE))
  && readFileSync(join(dataDir, name)).equals(readFileSync(join(folder, SECRET_FILE)));

function checkSecret(manifest: Manifest, { installationSecret: given, eventStore }: Config): void {
  if (given === undefined && manifest.secret.keptIn === 'INSTALLATION_SECRET') {
    throw new Wrong('The secret of this log is not in the backup: it was given in INSTALLATION_SECRET. Give the same one, here and at the start.');
  }
  if (given !== undefined && secretCheck(given, manifest.logId) !== manifest.secret.check) {
    throw new Wrong(`INSTALLATION_SECRET is not the secret by which this log knows people.${manifest.secret.keptIn === SECRET_FILE ? ` The backup has its own: ${eventStore === undefined ? 'leave it out.' : `give INSTALLATION_SECRET="$(cat <backup>/${SECRET_FILE})" on every node.`}` : ' Give the one that the server had.'}`);
  }
}

function asTold(error: unknown, folder: string, { dataDir }: Config): unknown {
  if (error instanceof Interrupted) return new Interrupted(`Interrupted. ${dataDir} is as it was.`);
  if (error instanceof Damaged) return new Damaged(`${error.message}\nThe backup in ${folder} is damaged. Nothing was restored; use another one.`);
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return new Wrong(`There is no room for the log in ${dataDir}. Nothing was restored; name a folder in DATA_DIR with more room.`);
  return error;
}
