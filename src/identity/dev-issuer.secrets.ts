import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { SignatureAlgorithm } from './tokens.js';

/** In the data directory. */
export const DEV_ISSUER_FILE = 'dev-issuer.json';

export const ALGORITHM = 'ES256' satisfies SignatureAlgorithm;

export interface Secrets { readonly keys: readonly JWK[]; readonly cookieKeys: readonly string[] }

async function makeSecrets(): Promise<Secrets> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return {
    keys: [{ ...(await exportJWK(privateKey)), kid: randomUUID(), alg: ALGORITHM, use: 'sig' }],
    cookieKeys: [randomBytes(32).toString('base64url')],
  };
}

function parseSecrets(text: string, file: string): Secrets {
  try {
    const { keys, cookieKeys } = JSON.parse(text) as Secrets;
    const whole = keys.length > 0 && keys.every((key) => key.kty === 'EC' && typeof key.d === 'string' && typeof key.kid === 'string')
      && cookieKeys.length > 0 && cookieKeys.every((key) => typeof key === 'string' && key.length >= 32);
    if (whole) return { keys, cookieKeys };
  } catch {
    // said below
  }
  throw new Error(`${file} does not hold the keys of the development issuer. Delete it and start again: new keys are made, nobody loses an office, and everybody fetches a new token.`);
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

/** The first start makes them. Whoever can read the file can be anybody: only its owner may. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const file = join(dataDir, DEV_ISSUER_FILE);
  const read = async (): Promise<Secrets> => {
    const secrets = parseSecrets(await readFile(file, 'utf8'), file);
    await chmod(file, 0o600);
    return secrets;
  };
  try {
    return await read();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  await mkdir(dataDir, { recursive: true });
  // A whole file or none, and the first of two processes wins: written aside, then linked, which never replaces.
  const aside = `${file}.${randomUUID()}`;
  try {
    const handle = await open(aside, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(await makeSecrets(), undefined, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(aside, file).catch((error: unknown) => { if (codeOf(error) !== 'EEXIST') throw error; });
  } finally {
    await rm(aside, { force: true });
  }
  return read();
}
