import { createHash } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey, ProtectedHeaderParameters } from 'jose';
import { Problem } from '../decider/problem.js';
import { personIdOf } from './person-id.js';

/** Who is calling, as far as a token can tell. What the person may do comes from the log. */
export interface Caller {
  readonly personId: string;
  /** The token's `exp` in milliseconds since 1970, without the skew: a subscription ends then. */
  readonly expiresAt: number;
}

/** Signatures that only the issuer can make. An HMAC is none: whoever can check it can forge it. */
export const SIGNATURE_ALGORITHMS = [
  'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519', 'RS256', 'RS384', 'RS512',
] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** Type of an access token (RFC 9068, section 2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt';
/** Of the token alone. Larger ones are refused unread. */
export const LARGEST_TOKEN_BYTES = 8192;
/** By how much the issuer's clock may differ from ours. */
export const CLOCK_SKEW_SECONDS = 30;

/** How long a verified token is believed unread. Checking a signature costs as much as answering a small query, and every request has one. */
export const REMEMBERED_SECONDS = 60;
const MOST_REMEMBERED = 10_000;

const LONGEST_SUBJECT = 255; // OpenID Connect Core 1.0, section 2
const LATEST_TIME_SECONDS = 8.64e12; // the last moment that a Date can hold

/** `reason` of a Problem of kind UNAUTHENTICATED. */
export const TOKEN_REASONS = [
  'AUTHORIZATION_INVALID', 'TOKEN_TOO_LARGE', 'TOKEN_INVALID', 'TOKEN_ALGORITHM', 'TOKEN_CRITICAL_HEADER', 'TOKEN_TYPE', 'TOKEN_KEY',
  'TOKEN_SIGNATURE', 'TOKEN_CLAIM', 'TOKEN_ISSUER', 'TOKEN_AUDIENCE', 'TOKEN_EXPIRED', 'TOKEN_NOT_YET_VALID', 'TOKEN_IS_ID_TOKEN', 'TOKEN_BOUND',
] as const;
export type TokenReason = (typeof TOKEN_REASONS)[number];

export interface TokenVerifierOptions {
  /** Compared character by character with `iss`. */
  readonly issuer: string;
  /** Our name at the issuer: one of the token's audiences. */
  readonly audience: string;
  /** The issuer's keys: `issuerKeys(issuer)`, or the development issuer's `localKeys()`. */
  readonly keys: JWTVerifyGetKey;
  /** What this issuer signs with, and nothing else (RFC 8725, 3.1). */
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Secret of the installation, for `personIdOf`. */
  readonly personSecret: string;
  /**
   * Accepted `typ` headers. Only `at+jwt` unless said otherwise: it alone tells an access token from an ID token for certain. For an issuer
   * that cannot set it (many write `JWT`), name its type here; the claims must then show that it is an access token.
   */
  readonly types?: readonly string[];
  /** The time in milliseconds since 1970. */
  readonly now?: () => number;
}

const unauthenticated = (reason: TokenReason, message: string, facts: Readonly<Record<string, unknown>> = {}): Problem =>
  new Problem('UNAUTHENTICATED', reason, message, facts);

const malformed = (): Problem =>
  unauthenticated('TOKEN_INVALID', 'The access token is not a signed JWT: it must be three parts of base64url with dots between them, as the issuer gave it.');

/** The header's token. RFC 6750 knows one form, and the scheme's name has no case. */
function bearerTokenOf(authorization: string): string {
  const scheme = /^bearer /i;
  if (!scheme.test(authorization)) {
    throw unauthenticated('AUTHORIZATION_INVALID', 'The Authorization header must read "Bearer", one space, and an access token.');
  }
  const token = authorization.slice('bearer '.length);
  const bytes = Buffer.byteLength(token);
  if (bytes > LARGEST_TOKEN_BYTES) {
    throw unauthenticated('TOKEN_TOO_LARGE', `The access token has ${bytes} bytes; at most ${LARGEST_TOKEN_BYTES} are read. Ask the issuer for one with fewer claims.`, { bytes, limit: LARGEST_TOKEN_BYTES });
  }
  if (token === '' || /[\s,]/.test(token)) {
    throw unauthenticated('AUTHORIZATION_INVALID', 'The Authorization header must read "Bearer", one space, and one access token with nothing after it.');
  }
  return token;
}

/** Shape and header, before any key is looked for. */
function headerOf(token: string): ProtectedHeaderParameters {
  const parts = /^[\w-]+\.[\w-]+\.([\w-]+)$/.exec(token);
  // The last character of a signature has bits that no decoder reads: without this, several texts would be one token.
  if (!parts?.[1] || Buffer.from(parts[1], 'base64url').toString('base64url') !== parts[1]) throw malformed();
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw malformed();
  }
}

const mediaType = (type: string): string => type.toLowerCase().replace(/^application\//, '');

/** Claims of an ID token (OpenID Connect Core 1.0, sections 2 and 3.3.2.11) that an access token has no use for. */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash'];

/** `typ` as a claim: Keycloak says `Bearer` there in access tokens, and `ID`, `Refresh`, `Logout` in others. */
const isIdToken = (claims: JWTPayload): boolean =>
  ID_TOKEN_CLAIMS.some((claim) => claim in claims) || (claims.typ !== undefined && claims.typ !== 'Bearer');

/** RFC 9068 demands `client_id`; issuers from before it write at least what the token is good for. */
const showsAccess = (claims: JWTPayload): boolean => ['client_id', 'scope', 'scp'].some((claim) => typeof claims[claim] === 'string' && claims[claim] !== '');

const isTime = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= LATEST_TIME_SECONDS;

interface Remembered { readonly caller: Caller; readonly at: number }

/** A key could not be had: not the caller's fault. Marked, since everything else that jose throws is. */
class KeysUnavailable extends Error {}

/**
 * Checks access tokens of one issuer by RFC 8725 and RFC 9068. Keys come from the configured set alone: `jku`, `x5u`, `jwk` and `x5c` in a
 * token are not even handed on to the lookup.
 *
 * A token that was found good is remembered for a minute, by its SHA-256: so long may a key that the issuer withdrew live on here. Its expiry is
 * looked at every time.
 */
export class TokenVerifier {
  private readonly types: readonly string[];
  private readonly now: () => number;
  /** Oldest first. Only an issuer's own tokens get in, so that nobody else can fill it. */
  private readonly remembered = new Map<string, Remembered>();

  constructor(private readonly options: TokenVerifierOptions) {
    const weak = options.algorithms.filter((algorithm) => !(SIGNATURE_ALGORITHMS as readonly string[]).includes(algorithm));
    if (weak.length > 0 || options.algorithms.length === 0) {
      throw new Error(`Access tokens cannot be checked with the algorithms [${options.algorithms.join(', ')}]: name one or more of ${SIGNATURE_ALGORITHMS.join(', ')}.`);
    }
    if (options.issuer === '' || options.audience === '') throw new Error('Access tokens can be checked only with an issuer and an audience.');
    personIdOf(options.personSecret, '', ''); // a secret that is too short stops the start, not the first caller
    this.types = (options.types ?? [ACCESS_TOKEN_TYPE]).map(mediaType);
    this.now = options.now ?? Date.now;
  }

  /**
   * The caller of a request.
   *
   * @param authorization the whole `Authorization` header; undefined: there is none
   * @returns undefined for a visitor, who shows no token at all
   * @throws Problem UNAUTHENTICATED with a TokenReason for anything but a valid token; UNAVAILABLE, `ISSUER_UNREACHABLE`, if the issuer's
   *   keys cannot be had
   */
  async verify(authorization: string | undefined): Promise<Caller | undefined> {
    if (authorization === undefined) return undefined;
    const token = bearerTokenOf(authorization);
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.recall(digest);
    if (known) return known;
    this.checkHeader(headerOf(token));
    const caller = this.callerOf(await this.claimsOf(token));
    this.remember(digest, caller);
    return caller;
  }

  private recall(digest: string): Caller | undefined {
    const found = this.remembered.get(digest);
    if (!found) return undefined;
    const now = this.now();
    const fresh = now >= found.at && now < found.at + REMEMBERED_SECONDS * 1000 && now < found.caller.expiresAt;
    if (fresh) return found.caller;
    this.remembered.delete(digest);
    return undefined;
  }

  private remember(digest: string, caller: Caller): void {
    this.remembered.delete(digest); // so that it goes to the end
    this.remembered.set(digest, { caller, at: this.now() });
    const oldest = this.remembered.size > MOST_REMEMBERED ? this.remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.remembered.delete(oldest);
  }

  private checkHeader(header: ProtectedHeaderParameters): void {
    const { algorithms } = this.options;
    if (!(algorithms as readonly unknown[]).includes(header.alg)) {
      throw unauthenticated('TOKEN_ALGORITHM', `The access token must be signed with ${algorithms.join(' or ')}.`, { accepted: algorithms });
    }
    // We understand no extension, so every critical one is unknown to us (RFC 7515, 4.1.11).
    if ('crit' in header) throw unauthenticated('TOKEN_CRITICAL_HEADER', 'The access token demands extensions (crit) that are not known here; it must do without.');
    if (typeof header.typ !== 'string' || !this.types.includes(mediaType(header.typ))) {
      throw unauthenticated('TOKEN_TYPE', `The token's type (typ) must be ${this.types.join(' or ')}. Send the access token, not an ID token.`, { accepted: this.types });
    }
    if (header.kid !== undefined && typeof header.kid !== 'string') throw malformed();
  }

  private async claimsOf(token: string): Promise<JWTPayload> {
    const { issuer, audience, algorithms, keys } = this.options;
    const lookUp: JWTVerifyGetKey = async ({ alg, kid }, jws) => {
      try {
        return await keys({ alg, kid }, jws);
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
        throw new KeysUnavailable('The keys of the issuer cannot be had.', { cause: error });
      }
    };
    try {
      const { payload } = await jwtVerify(token, lookUp, {
        issuer,
        audience,
        algorithms: [...algorithms],
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: new Date(this.now()),
      });
      return payload;
    } catch (error) {
      throw this.problemOf(error);
    }
  }

  private callerOf(claims: JWTPayload): Caller {
    const { sub, exp, iat, nbf } = claims;
    if (typeof sub !== 'string' || sub === '' || sub.length > LONGEST_SUBJECT) {
      throw unauthenticated('TOKEN_CLAIM', `The access token must name its subject (sub) with 1 to ${LONGEST_SUBJECT} characters.`, { claim: 'sub' });
    }
    for (const [claim, value] of Object.entries({ exp, iat, ...(nbf === undefined ? {} : { nbf }) })) {
      if (!isTime(value)) throw unauthenticated('TOKEN_CLAIM', `The access token's ${claim} must be a time in seconds since 1970.`, { claim });
    }
    if ((iat as number) * 1000 > this.now() + CLOCK_SKEW_SECONDS * 1000) {
      throw unauthenticated('TOKEN_NOT_YET_VALID', 'The access token was issued in the future (iat): the clocks of the issuer and of this server must agree to 30 seconds.');
    }
    if (isIdToken(claims) || !showsAccess(claims)) {
      throw unauthenticated('TOKEN_IS_ID_TOKEN', 'This is not an access token. Send the access token that the issuer gave together with the ID token.');
    }
    // Bound to a key or certificate of the client (RFC 7800), which a plain Bearer header does not prove: it may be stolen.
    if ('cnf' in claims) throw unauthenticated('TOKEN_BOUND', 'The access token is bound to a key (cnf), which is not checked here; ask the issuer for a plain bearer token.');
    return { personId: personIdOf(this.options.personSecret, this.options.issuer, sub), expiresAt: Math.floor((exp as number) * 1000) };
  }

  private problemOf(error: unknown): Problem {
    if (error instanceof KeysUnavailable) {
      return new Problem('UNAVAILABLE', 'ISSUER_UNREACHABLE', 'The keys of the token issuer cannot be had at the moment. Try again soon.');
    }
    if (error instanceof errors.JWTExpired) {
      const exp = error.payload.exp;
      return unauthenticated('TOKEN_EXPIRED', 'The access token has expired. Get a new one from the issuer.', isTime(exp) ? { expiredAt: new Date(exp * 1000).toISOString() } : {});
    }
    if (error instanceof errors.JWTClaimValidationFailed) return this.claimProblem(error);
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return unauthenticated('TOKEN_SIGNATURE', 'The signature of the access token is wrong: it must be sent unchanged, as the issuer gave it.');
    }
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
      return unauthenticated('TOKEN_KEY', `The access token must be signed with a key of ${this.options.issuer} and name it (kid).`, { issuer: this.options.issuer });
    }
    return malformed();
  }

  private claimProblem({ claim, reason }: { claim: string; reason: string }): Problem {
    const { issuer, audience } = this.options;
    if (claim === 'iss') return unauthenticated('TOKEN_ISSUER', `The access token must come from ${issuer} (iss).`, { issuer });
    if (claim === 'aud') return unauthenticated('TOKEN_AUDIENCE', `The access token must be meant for ${audience} (aud).`, { audience });
    if (claim === 'nbf' && reason === 'check_failed') return unauthenticated('TOKEN_NOT_YET_VALID', 'The access token is not valid yet (nbf). Wait, or set the clocks of the issuer and of this server right.');
    return unauthenticated('TOKEN_CLAIM', `The access token must have a valid ${claim}.`, { claim });
  }
}
