import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_LENGTH, WrongSetting } from './config.js';
import { makeFolder } from './folder.js';

export const SECRET_FILE = 'installation-secret';

/** The given secret, or the one kept in the data folder. @throws WrongSetting where there is none: one that is made anew would know nobody */
export function installationSecret(dataDir: string, given: string | undefined): string {
  if (given !== undefined) return given;
  const path = join(dataDir, SECRET_FILE);
  if (!existsSync(path)) throw new WrongSetting([`${path} is missing, by which the log knows people. Put it back from a backup, give in INSTALLATION_SECRET what it held, or name another folder in DATA_DIR.`]);
  const secret = readFileSync(path, 'utf8').trim();
  if (secret.length < SECRET_LENGTH) throw new WrongSetting([`${path} holds ${secret.length} characters; it must be at least ${SECRET_LENGTH}. Put it back from a backup, or remove it where no log has begun.`]);
  return secret;
}

/**
 * Made once, before there is anybody to be known, and readable by its owner only. It is on the disk before the first entry of the log is.
 * @param syncFolderOf puts the name of a file on the disk, as the log does
 */
export function firstSecret(dataDir: string, given: string | undefined, syncFolderOf: (path: string) => void): string {
  const path = join(dataDir, SECRET_FILE);
  if (given === undefined && !existsSync(path)) {
    makeFolder(dataDir);
    writeFileSync(`${path}.draft`, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true });
    renameSync(`${path}.draft`, path);
    syncFolderOf(path);
  }
  return installationSecret(dataDir, given);
}
