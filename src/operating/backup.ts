import { copyFileSync, chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { version as program } from './program.js';
import type { Config } from '../config/config.js';
import { makeFolder } from '../config/folder.js';
import { installationSecret } from '../config/secret.js';
import { Codec } from '../event-store/codec.js';
import { checkLog, Damaged } from '../event-store/log-check.js';
import { LogUnusable } from '../event-store/event-store.js';
import { LOG_FORMAT, LogFile } from '../event-store/log-file.js';
import { copySqlite, faultOf, sync } from '../event-store/sqlite.js';
import { type CliCommand, Interrupted, interruptible, logFileOf, percentTold, type Say, Wrong } from './cli-command.js';
import { fileDigest, LEAVES_FILE, LOG_FILE, MANIFEST_FILE, MANIFEST_NOW, SECRET_CHECK, SECRET_FILE, secretCheck, writeManifest, type Manifest } from './manifest.js';

const OURS = [LOG_FILE, `${LOG_FILE}-wal`, `${LOG_FILE}-shm`, `${LOG_FILE}-journal`, LEAVES_FILE, SECRET_FILE, `${MANIFEST_FILE}.draft`, MANIFEST_FILE];

export const backup: CliCommand = {
  about: 'copies the log and the secret to a folder, also while the server runs',
  help: `npm run cli -- backup <folder>

Takes everything that was acknowledged before it began, reads the copy as a whole, and writes ${MANIFEST_FILE} last: what has none is no
backup. The folder must be new or empty. Ctrl-C leaves nothing behind. What is written is as confidential as DATA_DIR, and ${SECRET_FILE}
in it is a secret. With EVENT_STORE it is this node's copy of the log that is taken, up to where the node has read. Ends with 2 where the log is damaged; nothing is written then.`,
  async run(args, config, say) {
    const { positionals } = parseArgs({ args: [...args], options: {}, allowPositionals: true });
    if (positionals.length !== 1 || !positionals[0]) throw new Wrong('Name one folder, such as: npm run cli -- backup /backups/2026-03-01');
    const folder = resolve(positionals[0]);
    const source = join(config.dataDir, logFileOf(config));
    if (!existsSync(source)) throw new Wrong(`There is no log in ${config.dataDir}. Name the folder of the log in DATA_DIR.`);
    const secret = installationSecret(config.dataDir, config.installationSecret);
    const isNew = takeFolder(folder);
    let manifest: Manifest;
    try {
      manifest = await interruptible((signal) => write(source, folder, secret, config, say, signal));
    } catch (error) {
      for (const name of OURS) rmSync(join(folder, name), { force: true });
      if (isNew) rmSync(folder, { recursive: true, force: true });
      throw asTold(error, folder, config);
    }
    const { head, logId, digest } = manifest;
    say(`Backed up ${head.position} entries of log ${logId} to ${folder}
  head     position ${head.position}, ${head.id ?? 'no entry'}, ${head.time}
  digest   ${digest}
  secret   ${manifest.secret.keptIn === SECRET_FILE ? `${SECRET_FILE}, in the backup: let nobody read it` : 'INSTALLATION_SECRET, a setting: not in the backup, so keep it too'}`);
  },
};

async function write(source: string, folder: string, secret: string, config: Config, say: Say, signal: AbortSignal): Promise<Manifest> {
  const stop = (): void => { if (signal.aborted) throw new Interrupted(); };
  const takenAt = new Date().toISOString();
  const log = join(folder, LOG_FILE);
  const copied = percentTold('Copying the log', say);
  await copySqlite(source, log, (done, of) => {
    stop();
    copied(done, of);
  });
  const leaves: Buffer[] = [];
  const checked = await checkLog(log, { codec: new Codec(), signal, onProgress: percentTold('Reading the copy', say), onLeaf: (leaf) => leaves.push(leaf) });
  if (!checked) throw new Interrupted();
  const copy = LogFile.open(log, { readOnly: true });
  const known = copy.note(SECRET_CHECK);
  copy.close();
  if (known !== undefined && known !== secretCheck(secret, checked.logId)) {
    throw new Wrong(`${config.installationSecret === undefined ? join(config.dataDir, SECRET_FILE) : 'INSTALLATION_SECRET'} is not the secret by which this log knows people, so that the backup could not be used. Give the one that the server has.`);
  }
  writeFileSync(join(folder, LEAVES_FILE), Buffer.concat(leaves), { mode: 0o600 });
  const names = [LOG_FILE, LEAVES_FILE];
  if (config.installationSecret === undefined) {
    copyFileSync(join(config.dataDir, SECRET_FILE), join(folder, SECRET_FILE));
    names.push(SECRET_FILE);
  }
  const files: Manifest['files'] = {};
  for (const name of names) {
    chmodSync(join(folder, name), 0o600);
    files[name] = await fileDigest(join(folder, name));
    sync(join(folder, name));
    stop();
  }
  const manifest: Manifest = {
    ...MANIFEST_NOW, program, takenAt, logId: checked.logId, logFormat: LOG_FORMAT, entries: checked.head.position, head: checked.head, digest: checked.digest,
    secret: { keptIn: config.installationSecret === undefined ? SECRET_FILE : 'INSTALLATION_SECRET', check: secretCheck(secret, checked.logId) }, files,
  };
  writeManifest(folder, manifest);
  return manifest;
}

/** @returns whether the folder was made here */
function takeFolder(folder: string): boolean {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new Wrong(`${folder} is a file. Name a folder that is new or empty.`);
    if (readdirSync(folder).length > 0) throw new Wrong(`${folder} is not empty. Name a folder that is new or empty: a backup overwrites nothing.`);
    return false;
  }
  try {
    makeFolder(folder);
  } catch (error) {
    throw new Wrong(`${folder} cannot be made (${(error as NodeJS.ErrnoException).code ?? String(error)}). Name a folder that this program may write to.`);
  }
  return true;
}

function asTold(error: unknown, folder: string, config: Config): unknown {
  const { dataDir } = config;
  if (error instanceof Interrupted) return new Interrupted(`Interrupted. Nothing was left in ${folder}.`);
  const log = join(dataDir, logFileOf(config));
  // It is the log that was found so, not its copy, which is gone.
  const ofTheLog = (message: string): string => message.replaceAll(join(folder, LOG_FILE), log);
  const isCorrupt = faultOf(error) === 'CORRUPT';
  if (error instanceof Damaged || isCorrupt) {
    return new Damaged(`${isCorrupt ? `${log} is damaged: ${(error as Error).message}.` : ofTheLog((error as Error).message)}\nThe log in ${dataDir} is damaged. No backup was written; keep those that you have.`);
  }
  if (error instanceof LogUnusable) return new LogUnusable(ofTheLog(error.message));
  const { code, path } = error as NodeJS.ErrnoException;
  if (faultOf(error) === 'FULL' || code === 'ENOSPC') return new Wrong(`There is no room for the backup in ${folder}. Nothing was left there; name a folder with as much room as ${log} takes.`);
  if (code !== undefined && path?.startsWith(folder)) return new Wrong(`${folder} cannot be written to (${code}). Name a folder that this program may write to.`);
  return error;
}
