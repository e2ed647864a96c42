import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Codec } from '../event-store/codec.js';
import { checkLog, Damaged, type CheckOptions } from '../event-store/log-check.js';
import { Interrupted } from './cli-command.js';
import { checkFile, LOG_FILE, MANIFEST_FILE, readLeaves, SECRET_FILE, secretCheck, type Manifest } from './manifest.js';

/**
 * A log against the manifest and the leaves of a backup of it. The entries first, since they name a position; then the bytes of the files.
 * @param where the folder that holds the log: the backup itself, or what was restored from it
 * @throws Damaged, Interrupted
 */
export async function checkBackup(folder: string, manifest: Manifest, where: string, onProgress: CheckOptions['onProgress'], signal: AbortSignal): Promise<void> {
  const leafAt = await readLeaves(folder, manifest);
  const log = join(where, LOG_FILE);
  if (!existsSync(log)) throw new Damaged(`${log} is missing.`);
  const checked = await checkLog(log, { codec: new Codec(), signal, onProgress, leafAt });
  if (!checked) throw new Interrupted('Interrupted.');
  const { head, logId, digest } = checked;
  if (head.position < manifest.entries) throw new Damaged(`Entry ${head.position + 1} is missing: ${log} ends before it, ${MANIFEST_FILE} tells of ${manifest.entries} entries.`);
  if (head.position > manifest.entries) throw new Damaged(`Entry ${manifest.entries + 1} is in ${log}, where ${MANIFEST_FILE} tells of ${manifest.entries} entries: it is of another backup.`);
  if (logId !== manifest.logId || digest !== manifest.digest || head.id !== manifest.head.id || head.time !== manifest.head.time) {
    throw new Damaged(`${log} and ${MANIFEST_FILE} do not belong together: one of them is of another backup.`);
  }
  await checkFile(where, LOG_FILE, manifest);
  if (manifest.secret.keptIn !== SECRET_FILE) return;
  await checkFile(where, SECRET_FILE, manifest);
  if (secretCheck(readFileSync(join(where, SECRET_FILE), 'utf8').trim(), manifest.logId) !== manifest.secret.check) {
    throw new Damaged(`${join(where, SECRET_FILE)} is not the secret by which this log knows people.`);
  }
}
