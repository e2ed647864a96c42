import { createRemoteJWKSet } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import { isLoopbackHost } from './loopback.js';

const TIMEOUT_MS = 5_000;
/** After a failure nobody asks the issuer again for so long: a flood of requests here is none there. */
const PAUSE_AFTER_FAILURE_MS = 5_000;
/** An unknown `kid` makes us fetch the keys anew, at most so often. */
const KEYS_COOLDOWN_MS = 30_000;
/** A key that the issuer withdrew is believed no longer than this. */
const KEYS_LONGEST_AGE_MS = 600_000;

/** Keys that travel in the clear could be anybody's; on this machine there is nobody in between. */
function secureUrl(text: unknown, what: string): URL {
  if (typeof text !== 'string' || !URL.canParse(text)) throw new Error(`${what} must be an address.`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname))) throw new Error(`${what} must begin with https://, not ${url.protocol}//.`);
  return url;
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    headers: { accept: 'application/json' }, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`The issuer ${issuer} answers its discovery document with status ${response.status}.`);
  const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  // OpenID Connect Discovery 1.0, 4.3: another name would let one issuer hand out the keys of another.
  if (document.issuer !== issuer) throw new Error(`The discovery document of ${issuer} names another issuer; write the issuer exactly as the document does.`);
  return createRemoteJWKSet(secureUrl(document.jwks_uri, 'jwks_uri'), {
    timeoutDuration: TIMEOUT_MS, cooldownDuration: KEYS_COOLDOWN_MS, cacheMaxAge: KEYS_LONGEST_AGE_MS,
  });
}

/**
 * The keys of a real issuer, found through its discovery document. Nothing is fetched before the first token, so that this server starts
 * while the issuer is down.
 *
 * @param issuer its name, as in `iss`; https, or http on this machine
 */
export function issuerKeys(issuer: string): JWTVerifyGetKey {
  secureUrl(issuer, 'The issuer');
  let keys: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    if (!keys) {
      keys = discover(issuer);
      keys.catch(() => setTimeout(() => { keys = undefined; }, PAUSE_AFTER_FAILURE_MS).unref());
    }
    return (await keys)(header, token);
  };
}
