import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { SECRET_FILE } from '../config/secret.js';
import { payloadDigest } from '../decider/digest.js';
import { LEAF_BYTES } from '../event-store/leaf.js';
import { Damaged } from '../event-store/log-check.js';
import { LOG_FILE } from '../event-store/log-file.js';
import { sync } from '../event-store/sqlite.js';
import { Wrong } from './cli-command.js';

export const MANIFEST_FILE = 'manifest.json';
/** The SHA-256 of every entry, 32 bytes each, in order: what names the position of one that was changed. */
export const LEAVES_FILE = 'entries.sha256';
export { LOG_FILE, SECRET_FILE };

/** Where what is restored lies in DATA_DIR until it is whole. One that was cut off is put away by the next. */
export const DRAFT = 'restoring';

const MANIFEST_FORMAT = 1;
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const FileOf = Type.Object({ bytes: Type.Integer({ minimum: 0 }), sha256: Digest });

/** What a backup says of itself. Written last: a folder without it is no backup, or one that was not finished. */
const Manifest = Type.Object({
  format: Type.Integer({ minimum: 1 }),
  program: Type.String(),
  takenAt: Type.String(),
  logId: Type.String(),
  logFormat: Type.Integer(),
  entries: Type.Integer({ minimum: 0 }),
  head: Type.Object({ position: Type.Integer({ minimum: 0 }), id: Type.Union([Type.String(), Type.Null()]), time: Type.String() }),
  digest: Digest,
  /** Where the secret of the installation is, which nobody may see, and what tells it from another one. */
  secret: Type.Object({ keptIn: Type.Union([Type.Literal(SECRET_FILE), Type.Literal('INSTALLATION_SECRET')]), check: Digest }),
  files: Type.Record(Type.String(), FileOf),
});
export type Manifest = Static<typeof Manifest>;

export const MANIFEST_NOW = { format: MANIFEST_FORMAT } as const;

/** The note of a log that tells its secret from another one. */
export const SECRET_CHECK = 'secret check';

/** Tells one secret from another without telling it. */
export const secretCheck = (secret: string, logId: string): string => payloadDigest(secret, 'backup', { logId });

/** @throws Wrong where the folder is no backup, Damaged where its manifest is */
export function readManifest(folder: string): Manifest {
  const path = join(folder, MANIFEST_FILE);
  if (!existsSync(path)) throw new Wrong(`${folder} is no backup, or one that was not finished: it has no ${MANIFEST_FILE}. Name the folder that a backup was written to.`);
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new Damaged(`${path} is damaged: it is no JSON.`);
  }
  const { format } = (manifest ?? {}) as { format?: unknown };
  if (typeof format === 'number' && format > MANIFEST_FORMAT) throw new Wrong(`${folder} is a backup of format ${format}; this program reads formats up to ${MANIFEST_FORMAT}. Use the newer version that wrote it.`);
  if (!Value.Check(Manifest, manifest)) throw new Damaged(`${path} is damaged: ${Value.Errors(Manifest, manifest).First()?.path ?? ''} has another shape than a manifest's.`);
  return manifest;
}

export function writeManifest(folder: string, manifest: Manifest): void {
  const draft = join(folder, `${MANIFEST_FILE}.draft`);
  writeFileSync(draft, `${JSON.stringify(manifest, undefined, 2)}\n`);
  sync(draft);
  renameSync(draft, join(folder, MANIFEST_FILE));
  sync(folder);
}

/** The leaves of a backup, checked against its manifest. @throws Damaged */
export async function readLeaves(folder: string, manifest: Manifest): Promise<(position: number) => Buffer | undefined> {
  await checkFile(folder, LEAVES_FILE, manifest);
  const leaves = readFileSync(join(folder, LEAVES_FILE));
  if (leaves.length !== manifest.entries * LEAF_BYTES || createHash('sha256').update(leaves).digest('hex') !== manifest.digest) {
    throw new Damaged(`${join(folder, MANIFEST_FILE)} does not belong to ${LEAVES_FILE}: one of them is of another backup.`);
  }
  return (position) => (position > manifest.entries ? undefined : leaves.subarray((position - 1) * LEAF_BYTES, position * LEAF_BYTES));
}

/** @throws Damaged where a file is not the one that the manifest tells of */
export async function checkFile(folder: string, name: string, manifest: Manifest): Promise<void> {
  const path = join(folder, name);
  const told = manifest.files[name];
  if (!told) throw new Damaged(`${join(folder, MANIFEST_FILE)} is damaged: it does not tell of ${name}.`);
  if (!existsSync(path)) throw new Damaged(`${path} is missing.`);
  const { bytes, sha256 } = await fileDigest(path);
  if (bytes !== told.bytes || sha256 !== told.sha256) throw new Damaged(`${path} is not the file that was backed up: its bytes are others.`);
}

export async function fileDigest(path: string): Promise<Static<typeof FileOf>> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return { bytes: statSync(path).size, sha256: hash.digest('hex') };
}
