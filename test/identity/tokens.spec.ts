import { beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, errors, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { CryptoKey, JWTHeaderParameters, JWTPayload, JWTVerifyGetKey } from 'jose';
import { createHmac } from 'node:crypto';
import { Problem } from '../../src/decider/problem.js';
import { personIdOf } from '../../src/identity/person-id.js';
import { LARGEST_TOKEN_BYTES, REMEMBERED_SECONDS, TOKEN_REASONS, TokenVerifier } from '../../src/identity/tokens.js';
import type { SignatureAlgorithm, TokenReason, TokenVerifierOptions } from '../../src/identity/tokens.js';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'urn:example:committee-api';
const SECRET = 'a secret of the installation that is long enough';
const NOW_S = Date.UTC(2031, 4, 9, 10) / 1000; // far from today: the real clock must not matter
const ALGORITHMS: readonly SignatureAlgorithm[] = ['ES256', 'PS256'];

interface Pair { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey }
let ec: Pair;
let rsa: Pair;
let stranger: Pair;
let rsaPem: string;
let keys: JWTVerifyGetKey;

beforeAll(async () => {
  ec = await generateKeyPair('ES256', { extractable: true });
  rsa = await generateKeyPair('PS256', { extractable: true });
  stranger = await generateKeyPair('ES256', { extractable: true });
  rsaPem = await exportSPKI(rsa.publicKey);
  keys = createLocalJWKSet({
    keys: [
      { ...(await exportJWK(ec.publicKey)), kid: 'ec' },
      { ...(await exportJWK(rsa.publicKey)), kid: 'rsa' }, // no alg: it is our list that must keep RS256 out
    ],
  });
});

const verifier = (options: Partial<TokenVerifierOptions> = {}): TokenVerifier =>
  new TokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys, algorithms: ALGORITHMS, personSecret: SECRET, now: () => NOW_S * 1000, ...options });

const CLAIMS: JWTPayload = { iss: ISSUER, aud: AUDIENCE, sub: 'ada', client_id: 'web', jti: '1', iat: NOW_S - 60, exp: NOW_S + 240 };
const HEADER: JWTHeaderParameters = { alg: 'ES256', kid: 'ec', typ: 'at+jwt' };

const without = (claim: string): JWTPayload => Object.fromEntries(Object.entries(CLAIMS).filter(([name]) => name !== claim));
const b64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token with a true signature: only what is said differs from a good one. */
async function token(claims: JWTPayload = {}, header: Partial<JWTHeaderParameters> = {}, key: CryptoKey = ec.privateKey): Promise<string> {
  return signRaw({ ...CLAIMS, ...claims }, { ...HEADER, ...header }, key);
}
const exactly = (claims: JWTPayload): Promise<string> => signRaw(claims, HEADER, ec.privateKey);

/** Signs whatever it is given, which jose's own SignJWT would refuse. */
async function signRaw(payload: unknown, header: object, key: CryptoKey): Promise<string> {
  const input = `${b64(header)}.${b64(payload)}`;
  const algorithm = key.algorithm.name === 'ECDSA' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: key.algorithm.name, saltLength: 32 };
  const signature = await crypto.subtle.sign(algorithm, key, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

function hmac(header: object, secret: string | Buffer, claims: JWTPayload = CLAIMS): string {
  const input = `${b64(header)}.${b64(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

async function rs256(): Promise<string> {
  const key = await importJWK(await exportJWK(rsa.privateKey), 'RS256');
  return signRaw(CLAIMS, { ...HEADER, alg: 'RS256', kid: 'rsa' }, key as CryptoKey);
}

const bearer = (text: string): string => `Bearer ${text}`;
const send = async (text: Promise<string> | string): Promise<string> => bearer(await text);
const parts = async (): Promise<[string, string, string]> => (await token()).split('.') as [string, string, string];

type Bad = readonly [kind: string, reason: TokenReason, header: () => Promise<string> | string];

const BAD_HEADERS: readonly Bad[] = [
  ['an empty header', 'AUTHORIZATION_INVALID', () => ''],
  ['a space', 'AUTHORIZATION_INVALID', () => ' '],
  ['the scheme alone', 'AUTHORIZATION_INVALID', () => 'Bearer'],
  ['the scheme and a space', 'AUTHORIZATION_INVALID', () => 'Bearer '],
  ['two spaces', 'AUTHORIZATION_INVALID', async () => `Bearer  ${await token()}`],
  ['a tab', 'AUTHORIZATION_INVALID', async () => `Bearer\t${await token()}`],
  ['a space after the token', 'AUTHORIZATION_INVALID', async () => `Bearer ${await token()} `],
  ['a space before the scheme', 'AUTHORIZATION_INVALID', async () => ` Bearer ${await token()}`],
  ['a line break after the token', 'AUTHORIZATION_INVALID', async () => `Bearer ${await token()}\n`],
  ['two tokens', 'AUTHORIZATION_INVALID', async () => `Bearer ${await token()} ${await token()}`],
  ['two headers joined', 'AUTHORIZATION_INVALID', async () => `Bearer ${await token()},Bearer ${await token()}`],
  ['no scheme', 'AUTHORIZATION_INVALID', () => token()],
  ['Basic', 'AUTHORIZATION_INVALID', () => `Basic ${Buffer.from('ada:secret').toString('base64')}`],
  ['DPoP', 'AUTHORIZATION_INVALID', async () => `DPoP ${await token()}`],
  ['a scheme that only begins alike', 'AUTHORIZATION_INVALID', async () => `BearerX ${await token()}`],
];

const BAD_SHAPES: readonly Bad[] = [
  ['one part', 'TOKEN_INVALID', () => bearer('abc')],
  ['two parts', 'TOKEN_INVALID', async () => bearer((await parts()).slice(0, 2).join('.'))],
  ['four parts', 'TOKEN_INVALID', async () => bearer(`${await token()}.abc`)],
  ['five parts, as if encrypted', 'TOKEN_INVALID', () => bearer(`${b64({ alg: 'dir', enc: 'A256GCM' })}..a.b.c`)],
  ['an empty header part', 'TOKEN_INVALID', async () => { const [, p, s] = await parts(); return bearer(`.${p}.${s}`); }],
  ['an empty payload part', 'TOKEN_INVALID', async () => { const [h, , s] = await parts(); return bearer(`${h}..${s}`); }],
  ['no signature', 'TOKEN_INVALID', async () => { const [h, p] = await parts(); return bearer(`${h}.${p}.`); }],
  ['padding', 'TOKEN_INVALID', async () => bearer(`${await token()}=`)],
  ['plain base64 instead of base64url', 'TOKEN_INVALID', async () => { const [h, p] = await parts(); return bearer(`${h}.${p}.ab+/`); }],
  ['characters beyond ASCII', 'TOKEN_INVALID', () => bearer('ä.ö.ü')],
  ['a header that is no JSON', 'TOKEN_INVALID', () => bearer(`${b64('{"alg":')}.${b64(CLAIMS)}.abcd`)],
  ['a header that is no object', 'TOKEN_INVALID', () => bearer(`${b64('"ES256"')}.${b64(CLAIMS)}.abcd`)],
  ['a payload that is no JSON', 'TOKEN_INVALID', () => send(signRaw('not json', HEADER, ec.privateKey))],
  ['a payload that is a list', 'TOKEN_INVALID', () => send(signRaw([CLAIMS], HEADER, ec.privateKey))],
  ['a payload that is null', 'TOKEN_INVALID', () => send(signRaw('null', HEADER, ec.privateKey))],
  ['a token that is one byte too large', 'TOKEN_TOO_LARGE', () => bearer('a'.repeat(LARGEST_TOKEN_BYTES + 1))],
  ['a huge token with a true signature', 'TOKEN_TOO_LARGE', () => send(token({ filler: 'x'.repeat(LARGEST_TOKEN_BYTES) }))],
  ['a megabyte', 'TOKEN_TOO_LARGE', () => bearer('a.'.repeat(500_000))],
];

const BAD_SIGNATURES: readonly Bad[] = [
  ['alg none, unsigned', 'TOKEN_INVALID', () => bearer(`${b64({ ...HEADER, alg: 'none' })}.${b64(CLAIMS)}.`)],
  ['alg none with a signature', 'TOKEN_ALGORITHM', () => send(token({}, { alg: 'none' }))],
  ['alg nOnE', 'TOKEN_ALGORITHM', () => send(token({}, { alg: 'nOnE' }))],
  ['no alg', 'TOKEN_ALGORITHM', () => send(token({}, { alg: undefined }))],
  ['alg as a list', 'TOKEN_ALGORITHM', () => send(signRaw(CLAIMS, { ...HEADER, alg: ['ES256'] }, ec.privateKey))],
  ['alg in small letters', 'TOKEN_ALGORITHM', () => send(token({}, { alg: 'es256' }))],
  ['HS256 with the public RSA key (PEM) as the secret', 'TOKEN_ALGORITHM', () => bearer(hmac({ ...HEADER, alg: 'HS256', kid: 'rsa' }, rsaPem))],
  ['HS256 with the modulus as the secret', 'TOKEN_ALGORITHM', async () => bearer(hmac({ ...HEADER, alg: 'HS256', kid: 'rsa' }, Buffer.from((await exportJWK(rsa.publicKey)).n as string, 'base64url')))],
  ['HS256 with an empty secret', 'TOKEN_ALGORITHM', () => bearer(hmac({ ...HEADER, alg: 'HS256' }, ''))],
  ['an HMAC that calls itself ES256', 'TOKEN_SIGNATURE', () => bearer(hmac(HEADER, rsaPem))],
  ['RS256 with the right key: not this issuer\'s algorithm', 'TOKEN_ALGORITHM', () => send(rs256())],
  ['PS256 that names the elliptic key', 'TOKEN_KEY', () => send(token({}, { alg: 'PS256', kid: 'ec' }, rsa.privateKey))],
  ['ES256 that names the RSA key', 'TOKEN_KEY', () => send(token({}, { kid: 'rsa' }))],
  ['ES256 by RSA', 'TOKEN_SIGNATURE', () => send(token({}, {}, rsa.privateKey))],
  ['another key under the same kid', 'TOKEN_SIGNATURE', () => send(token({}, {}, stranger.privateKey))],
  ['an unknown kid', 'TOKEN_KEY', () => send(token({}, { kid: 'nobody' }))],
  ['a kid that is a path', 'TOKEN_KEY', () => send(token({}, { kid: '../../dev/null' }))],
  ['a kid that is a number', 'TOKEN_INVALID', () => send(signRaw(CLAIMS, { ...HEADER, kid: 1 }, ec.privateKey))],
  ['jku to foreign keys', 'TOKEN_SIGNATURE', () => send(token({}, { jku: 'https://evil.example/keys' }, stranger.privateKey))],
  ['jwk: brings its own key', 'TOKEN_SIGNATURE', async () => send(token({}, { jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey))],
  ['jwk without kid', 'TOKEN_SIGNATURE', async () => send(token({}, { kid: undefined, jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey))],
  ['x5u', 'TOKEN_SIGNATURE', () => send(token({}, { x5u: 'https://evil.example/cert' }, stranger.privateKey))],
  ['x5c', 'TOKEN_SIGNATURE', () => send(token({}, { x5c: ['MIIB'] }, stranger.privateKey))],
  ['an unknown crit', 'TOKEN_CRITICAL_HEADER', () => send(token({}, { crit: ['exp'], exp: 1 } as Partial<JWTHeaderParameters>))],
  ['an empty crit', 'TOKEN_CRITICAL_HEADER', () => send(token({}, { crit: [] }))],
  ['crit b64', 'TOKEN_CRITICAL_HEADER', () => send(token({}, { crit: ['b64'], b64: false }))],
  ['crit null', 'TOKEN_CRITICAL_HEADER', () => send(signRaw(CLAIMS, { ...HEADER, crit: null }, ec.privateKey))],
  ['a truncated signature', 'TOKEN_SIGNATURE', async () => { const [h, p, s] = await parts(); return bearer(`${h}.${p}.${Buffer.from(s, 'base64url').subarray(0, 61).toString('base64url')}`); }],
  ['a token cut off within the payload', 'TOKEN_INVALID', async () => bearer((await token()).slice(0, 200))],
  ['a longer signature', 'TOKEN_SIGNATURE', async () => bearer(`${await token()}AAAA`)],
  ['a signature of zeros', 'TOKEN_SIGNATURE', async () => { const [h, p] = await parts(); return bearer(`${h}.${p}.${'A'.repeat(86)}`); }],
  ['a DER signature', 'TOKEN_SIGNATURE', async () => { const [h, p] = await parts(); return bearer(`${h}.${p}.${b64('0D\u0002 not sixty-four bytes')}`); }],
  ['another subject under the old signature', 'TOKEN_SIGNATURE', async () => { const [h, , s] = await parts(); return bearer(`${h}.${b64({ ...CLAIMS, sub: 'chair' })}.${s}`); }],
  ['the header of another token', 'TOKEN_SIGNATURE', async () => { const [, p, s] = await parts(); return bearer(`${b64({ ...HEADER, extra: 1 })}.${p}.${s}`); }],
  ['the signature of another token', 'TOKEN_SIGNATURE', async () => { const [h, p] = await parts(); return bearer(`${h}.${p}.${(await token({ sub: 'eve' })).split('.')[2]}`); }],
];

const BAD_TYPES: readonly Bad[] = [
  ['no typ', 'TOKEN_TYPE', () => send(token({}, { typ: undefined }))],
  ['typ JWT', 'TOKEN_TYPE', () => send(token({}, { typ: 'JWT' }))],
  ['typ that is no text', 'TOKEN_TYPE', () => send(signRaw(CLAIMS, { ...HEADER, typ: ['at+jwt'] }, ec.privateKey))],
  ['typ of a logout token', 'TOKEN_TYPE', () => send(token({}, { typ: 'logout+jwt' }))],
  ['typ of a DPoP proof', 'TOKEN_TYPE', () => send(token({}, { typ: 'dpop+jwt' }))],
  ['an ID token as issuers write it', 'TOKEN_TYPE', () => send(token({ aud: 'web', nonce: 'n', at_hash: 'h' }, { typ: 'JWT' }))],
  ['an ID token with the type of an access token', 'TOKEN_IS_ID_TOKEN', () => send(token({ nonce: 'n' }))],
  ['an ID token that carries at_hash', 'TOKEN_IS_ID_TOKEN', () => send(token({ at_hash: 'h' }))],
  ['an ID token of Keycloak', 'TOKEN_IS_ID_TOKEN', () => send(token({ typ: 'ID' }))],
  ['a refresh token of Keycloak', 'TOKEN_IS_ID_TOKEN', () => send(token({ typ: 'Refresh' }))],
  ['neither client nor scope', 'TOKEN_IS_ID_TOKEN', () => send(exactly(without('client_id')))],
  ['a token bound to a key', 'TOKEN_BOUND', () => send(token({ cnf: { jkt: 'thumb' } }))],
];

const BAD_CLAIMS: readonly Bad[] = [
  ['no iss', 'TOKEN_ISSUER', () => send(exactly(without('iss')))],
  ['another iss', 'TOKEN_ISSUER', () => send(token({ iss: 'https://evil.example' }))],
  ['iss with a slash more', 'TOKEN_ISSUER', () => send(token({ iss: `${ISSUER}/` }))],
  ['iss in capitals', 'TOKEN_ISSUER', () => send(token({ iss: ISSUER.toUpperCase() }))],
  ['iss that only begins alike', 'TOKEN_ISSUER', () => send(token({ iss: `${ISSUER}.evil.example` }))],
  ['iss as a list', 'TOKEN_ISSUER', () => send(token({ iss: [ISSUER] as unknown as string }))],
  ['no aud', 'TOKEN_AUDIENCE', () => send(exactly(without('aud')))],
  ['another aud', 'TOKEN_AUDIENCE', () => send(token({ aud: 'urn:example:other' }))],
  ['an empty list of aud', 'TOKEN_AUDIENCE', () => send(token({ aud: [] }))],
  ['aud that holds ours as a part', 'TOKEN_AUDIENCE', () => send(token({ aud: `${AUDIENCE}-2` }))],
  ['aud as an object', 'TOKEN_AUDIENCE', () => send(token({ aud: { [AUDIENCE]: true } as unknown as string }))],
  ['no exp', 'TOKEN_CLAIM', () => send(exactly(without('exp')))],
  ['exp as text', 'TOKEN_CLAIM', () => send(token({ exp: String(NOW_S + 240) as unknown as number }))],
  ['exp null', 'TOKEN_CLAIM', () => send(token({ exp: null as unknown as number }))],
  ['exp without end', 'TOKEN_CLAIM', () => send(signRaw(JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e999'), HEADER, ec.privateKey))],
  ['exp after the end of time', 'TOKEN_CLAIM', () => send(token({ exp: 8.64e12 + 1 }))],
  ['expired by the skew exactly', 'TOKEN_EXPIRED', () => send(token({ exp: NOW_S - 30 }))],
  ['expired long ago', 'TOKEN_EXPIRED', () => send(token({ iat: NOW_S - 9000, exp: NOW_S - 5400 }))],
  ['exp before 1970', 'TOKEN_EXPIRED', () => send(token({ exp: -1 }))],
  ['exp in milliseconds of the past', 'TOKEN_CLAIM', () => send(token({ exp: NOW_S * 1e6 }))],
  ['nbf beyond the skew', 'TOKEN_NOT_YET_VALID', () => send(token({ nbf: NOW_S + 31 }))],
  ['nbf as text', 'TOKEN_CLAIM', () => send(token({ nbf: '0' as unknown as number }))],
  ['no iat', 'TOKEN_CLAIM', () => send(exactly(without('iat')))],
  ['iat in the future', 'TOKEN_NOT_YET_VALID', () => send(token({ iat: NOW_S + 31 }))],
  ['iat as text', 'TOKEN_CLAIM', () => send(token({ iat: 'now' as unknown as number }))],
  ['no sub', 'TOKEN_CLAIM', () => send(exactly(without('sub')))],
  ['an empty sub', 'TOKEN_CLAIM', () => send(token({ sub: '' }))],
  ['sub as a number', 'TOKEN_CLAIM', () => send(token({ sub: 7 as unknown as string }))],
  ['a sub of 256 characters', 'TOKEN_CLAIM', () => send(token({ sub: 'x'.repeat(256) }))],
];

async function refusal(authorization: string, by = verifier()): Promise<Problem> {
  const answer: unknown = await by.verify(authorization).catch((error: unknown) => error);
  if (!(answer instanceof Problem)) throw new Error(`Not refused with a Problem but: ${String(answer)} ${JSON.stringify(answer)}`);
  return answer;
}

const SENTENCE = /^[A-Z][^\n]{20,}\.$/;

describe('a good token', () => {
  it('tells who is calling, and until when', async () => {
    await expect(verifier().verify(bearer(await token()))).resolves.toEqual({ personId: personIdOf(SECRET, ISSUER, 'ada'), expiresAt: (NOW_S + 240) * 1000 });
  });

  it('is not asked of a visitor', async () => {
    await expect(verifier().verify(undefined)).resolves.toBeUndefined();
  });

  it.each<[string, () => Promise<string>]>([
    ['scheme in small letters', async () => `bearer ${await token()}`],
    ['scheme in capitals', async () => `BEARER ${await token()}`],
    ['PS256', () => send(token({}, { alg: 'PS256', kid: 'rsa' }, rsa.privateKey))],
    ['no kid where one key fits', () => send(token({}, { kid: undefined }))],
    ['several audiences, ours among them', () => send(token({ aud: ['urn:example:other', AUDIENCE] }))],
    ['the type written in full', () => send(token({}, { typ: 'application/at+jwt' }))],
    ['the type in capitals', () => send(token({}, { typ: 'AT+JWT' }))],
    ['scope instead of client_id', () => send(exactly({ ...without('client_id'), scope: 'committee' }))],
    ['expired within the skew', () => send(token({ exp: NOW_S - 29 }))],
    ['nbf within the skew', () => send(token({ nbf: NOW_S + 30 }))],
    ['iat within the skew', () => send(token({ iat: NOW_S + 30 }))],
    ['a jku, which is not followed', () => send(token({}, { jku: 'https://evil.example/keys' }))],
    ['a sub of 255 characters', () => send(token({ sub: 'x'.repeat(255) }))],
    ['Keycloak\'s claim typ', () => send(token({ typ: 'Bearer' }))],
    ['8192 bytes', async () => {
      const room = LARGEST_TOKEN_BYTES - (await token({ filler: '' })).length;
      const filled = await token({ filler: 'x'.repeat(Math.floor((room * 3) / 4)) });
      expect(LARGEST_TOKEN_BYTES - filled.length).toBeLessThan(3);
      return bearer(filled);
    }],
    ['as jose signs it', async () => bearer(await new SignJWT(CLAIMS).setProtectedHeader(HEADER).sign(ec.privateKey))],
  ])('may have: %s', async (_kind, authorization) => {
    await expect(verifier().verify(await authorization())).resolves.toEqual(expect.objectContaining({ personId: expect.stringMatching(/^[0-9a-f]{64}$/) }));
  });

  it('follows the clock that is given', async () => {
    let now = NOW_S * 1000;
    const by = verifier({ now: () => now });
    const authorization = bearer(await token());
    await expect(by.verify(authorization)).resolves.toBeDefined();
    now = (NOW_S + 240 + 29) * 1000;
    await expect(by.verify(authorization)).resolves.toBeDefined();
    now = (NOW_S + 240 + 30) * 1000;
    await expect(refusal(authorization, by)).resolves.toMatchObject({ reason: 'TOKEN_EXPIRED', facts: { expiredAt: new Date((NOW_S + 240) * 1000).toISOString() } });
    now = (NOW_S - 60 - 31) * 1000;
    await expect(refusal(authorization, by)).resolves.toMatchObject({ reason: 'TOKEN_NOT_YET_VALID' });
  });
});

describe.each<[string, readonly Bad[]]>([
  ['headers', BAD_HEADERS], ['shapes', BAD_SHAPES], ['signatures', BAD_SIGNATURES], ['types', BAD_TYPES], ['claims', BAD_CLAIMS],
])('bad %s', (_group, bad) => {
  it.each(bad)('%s: %s', async (_kind, reason, header) => {
    const problem = await refusal(await header());
    expect(problem).toMatchObject({ code: 'UNAUTHENTICATED', reason });
    expect(problem.message).toMatch(SENTENCE);
  });
});

describe('the table of bad tokens', () => {
  const all = [...BAD_HEADERS, ...BAD_SHAPES, ...BAD_SIGNATURES, ...BAD_TYPES, ...BAD_CLAIMS];
  it('has more than a hundred kinds and meets every reason', () => {
    expect(new Set(all.map(([kind]) => kind)).size).toBeGreaterThan(100);
    expect(new Set(all.map(([, reason]) => reason))).toEqual(new Set(TOKEN_REASONS));
  });

  it('is answered without repeating the token', async () => {
    const text = await token({ sub: 'canary-subject' }, {}, stranger.privateKey);
    const problem = await refusal(bearer(text));
    const said = JSON.stringify({ ...problem, message: problem.message });
    for (const part of [...text.split('.'), 'canary-subject', 'jose', 'ERR_']) expect(said).not.toContain(part);
  });
});

describe('one changed character', () => {
  it('is enough, wherever it is', async () => {
    const good = await token();
    const by = verifier();
    await by.verify(bearer(good)); // so that it is remembered
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const accepted: string[] = [];
    for (let at = 0; at < good.length; at += 1) {
      for (const other of [alphabet[(alphabet.indexOf(good[at] as string) + 1) % 64], '.', '=', ' ']) {
        if (other === good[at]) continue;
        const problem: unknown = await by.verify(bearer(good.slice(0, at) + other + good.slice(at + 1))).catch((error: unknown) => error);
        if (!(problem instanceof Problem && problem.code === 'UNAUTHENTICATED')) accepted.push(`${at}: ${other}`);
      }
    }
    expect(accepted).toEqual([]);
  });

  it('is enough at the end, where decoders do not look', async () => {
    const good = await token();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const last of alphabet) {
      if (last !== good.at(-1)) await expect(refusal(bearer(good.slice(0, -1) + last))).resolves.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});

describe('a token that was found good', () => {
  /** A clock and keys that can be watched. */
  function watched(): { by: TokenVerifier; asked: () => number; at: (seconds: number) => void; withdraw: () => void } {
    let now = NOW_S * 1000;
    let asked = 0;
    let withdrawn = false;
    const by = verifier({
      now: () => now,
      keys: (header, jws) => {
        asked += 1;
        return withdrawn ? Promise.reject(new errors.JWKSNoMatchingKey()) : keys(header, jws);
      },
    });
    return { by, asked: () => asked, at: (seconds) => { now = (NOW_S + seconds) * 1000; }, withdraw: () => { withdrawn = true; } };
  }

  it('is believed unread for a minute, and no longer', async () => {
    const { by, asked, at, withdraw } = watched();
    const authorization = bearer(await token());
    const caller = await by.verify(authorization);
    withdraw();
    at(REMEMBERED_SECONDS - 1);
    await expect(by.verify(authorization)).resolves.toEqual(caller);
    await expect(by.verify(authorization.replace('Bearer', 'bearer'))).resolves.toEqual(caller);
    expect(asked()).toBe(1);
    at(REMEMBERED_SECONDS);
    await expect(refusal(authorization, by)).resolves.toMatchObject({ reason: 'TOKEN_KEY' });
    expect(asked()).toBe(2);
  });

  it('expires all the same', async () => {
    const { by, at } = watched();
    const authorization = bearer(await token({ exp: NOW_S + 5 }));
    await by.verify(authorization);
    at(34);
    await expect(by.verify(authorization)).resolves.toBeDefined();
    at(35);
    await expect(refusal(authorization, by)).resolves.toMatchObject({ reason: 'TOKEN_EXPIRED' });
  });

  it('is read again when the clock was set back', async () => {
    const { by, asked, at } = watched();
    const authorization = bearer(await token({ nbf: NOW_S }));
    await by.verify(authorization);
    at(-31);
    await expect(refusal(authorization, by)).resolves.toMatchObject({ reason: 'TOKEN_NOT_YET_VALID' });
    expect(asked()).toBe(2);
  });

  it('is not taken for another of the same person', async () => {
    const { by, asked } = watched();
    const [a, b] = [await by.verify(bearer(await token({ exp: NOW_S + 100 }))), await by.verify(bearer(await token({ exp: NOW_S + 200 })))];
    expect(asked()).toBe(2);
    expect(b?.expiresAt).toBe((a?.expiresAt ?? 0) + 100_000);
  });

  it('does not help one that was found bad', async () => {
    const { by, asked } = watched();
    const bad = bearer(await token({}, {}, stranger.privateKey));
    await refusal(bad, by);
    await refusal(bad, by);
    expect(asked()).toBe(2);
  });
});

describe('an issuer that does not set the type of access tokens', () => {
  const lenient = (): TokenVerifier => verifier({ types: ['JWT', 'at+jwt'] });

  it('is served when its types are named', async () => {
    await expect(lenient().verify(bearer(await token({}, { typ: 'JWT' })))).resolves.toBeDefined();
    await expect(lenient().verify(bearer(await token()))).resolves.toBeDefined();
  });

  it.each<[string, TokenReason, () => Promise<string>]>([
    ['an ID token for us', 'TOKEN_IS_ID_TOKEN', () => signRaw({ ...without('client_id'), auth_time: NOW_S }, { ...HEADER, typ: 'JWT' }, ec.privateKey)],
    ['an ID token with a nonce', 'TOKEN_IS_ID_TOKEN', () => token({ nonce: 'n' }, { typ: 'JWT' })],
    ['an ID token of Keycloak', 'TOKEN_IS_ID_TOKEN', () => token({ typ: 'ID', azp: 'web' }, { typ: 'JWT' })],
    ['a token with no type', 'TOKEN_TYPE', () => token({}, { typ: undefined })],
    ['a logout token', 'TOKEN_TYPE', () => token({}, { typ: 'logout+jwt' })],
  ])('still refuses %s: %s', async (_kind, reason, make) => {
    await expect(refusal(bearer(await make()), lenient())).resolves.toMatchObject({ code: 'UNAUTHENTICATED', reason });
  });
});

describe('an issuer whose keys cannot be had', () => {
  it.each<[string, Error]>([
    ['does not answer', new TypeError('fetch failed')],
    ['is slow', new errors.JWKSTimeout()],
    ['answers nonsense', new errors.JWKSInvalid('JSON Web Key Set malformed')],
  ])('%s: that is not the caller\'s fault', async (_kind, error) => {
    const problem = await refusal(bearer(await token()), verifier({ keys: () => Promise.reject(error) }));
    expect(problem).toMatchObject({ code: 'UNAVAILABLE', reason: 'ISSUER_UNREACHABLE' });
    expect(problem.message).toMatch(/Try again soon\.$/);
  });

  it('is not even asked about a token that cannot be good', async () => {
    const unasked: JWTVerifyGetKey = () => { throw new Error('asked'); };
    for (const [, , header] of [...BAD_HEADERS, ...BAD_SHAPES.filter(([kind]) => !kind.startsWith('a payload'))]) {
      await expect(refusal(await header(), verifier({ keys: unasked }))).resolves.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('never sees what else a token says about keys', async () => {
    const seen: unknown[] = [];
    await verifier({ keys: (header, jws) => { seen.push(header); return keys(header, jws); } })
      .verify(bearer(await token({}, { jku: 'https://evil.example', x5u: 'https://evil.example', jwk: await exportJWK(stranger.publicKey) })));
    expect(seen).toEqual([{ alg: 'ES256', kid: 'ec' }]);
  });
});

describe('a verifier', () => {
  it.each([[['HS256']], [['none']], [[]], [['ES256', 'HS512']], [['dir']]])('is not made with the algorithms %j', (algorithms) => {
    expect(() => verifier({ algorithms: algorithms as unknown as SignatureAlgorithm[] })).toThrow(/name one or more of ES256/);
  });
  it('is not made without issuer, audience or secret', () => {
    expect(() => verifier({ issuer: '' })).toThrow(/issuer/);
    expect(() => verifier({ audience: '' })).toThrow(/audience/);
    expect(() => verifier({ personSecret: 'short' })).toThrow(/at least 32/);
  });
});
