import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { issuerKeys } from '../../src/identity/issuer-keys.js';
import { TokenVerifier } from '../../src/identity/tokens.js';

const AUDIENCE = 'urn:example:committee-api';

let server: Server;
let issuer: string;
let asked: string[];
let answers: Record<string, () => { status?: number; body: unknown; headers?: Record<string, string> }>;
let authorization: string;

beforeEach(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  asked = [];
  server = createServer((req, res) => {
    asked.push(req.url ?? '');
    const { status = 200, body, headers = {} } = answers[req.url ?? '']?.() ?? { status: 404, body: {} };
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => { server.listen(0, '127.0.0.1', listening); });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realm`;
  const jwk = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' };
  answers = {
    '/realm/.well-known/openid-configuration': () => ({ body: { issuer, jwks_uri: `${issuer}/keys` } }),
    '/realm/keys': () => ({ body: { keys: [jwk] } }),
  };
  authorization = `Bearer ${await new SignJWT({ client_id: 'web' }).setProtectedHeader({ alg: 'ES256', kid: '1', typ: 'at+jwt' })
    .setIssuer(issuer).setAudience(AUDIENCE).setSubject('ada').setIssuedAt().setExpirationTime('5 minutes').sign(privateKey)}`;
});
afterEach(async () => { await new Promise((closed) => { server.close(closed); server.closeAllConnections(); }); });

const verifier = (): TokenVerifier => new TokenVerifier({ issuer, audience: AUDIENCE, keys: issuerKeys(issuer), algorithms: ['ES256'], personSecret: 's'.repeat(32) });
const unreachable = { code: 'UNAVAILABLE', reason: 'ISSUER_UNREACHABLE' };

describe('the keys of a real issuer', () => {
  it('are found through its discovery document, once, and not before the first token', async () => {
    const by = verifier();
    expect(asked).toEqual([]);
    await Promise.all([by.verify(authorization), by.verify(authorization), by.verify(authorization)]);
    await expect(by.verify(authorization)).resolves.toMatchObject({ personId: expect.any(String) });
    expect(asked).toEqual(['/realm/.well-known/openid-configuration', '/realm/keys']);
  });

  it('are not believed under another issuer\'s name', async () => {
    answers['/realm/.well-known/openid-configuration'] = () => ({ body: { issuer: 'https://evil.example', jwks_uri: `${issuer}/keys` } });
    await expect(verifier().verify(authorization)).rejects.toMatchObject(unreachable);
    expect(asked).not.toContain('/realm/keys');
  });

  it.each([['http://192.0.2.1/keys'], ['file:///etc/passwd'], ['keys'], [7], [undefined]])('are not fetched from %j', async (uri) => {
    answers['/realm/.well-known/openid-configuration'] = () => ({ body: { issuer, jwks_uri: uri } });
    await expect(verifier().verify(authorization)).rejects.toMatchObject(unreachable);
    expect(asked).toHaveLength(1);
  });

  it('are not fetched where a redirect leads', async () => {
    answers['/realm/.well-known/openid-configuration'] = () => ({ status: 302, body: {}, headers: { location: '/elsewhere' } });
    await expect(verifier().verify(authorization)).rejects.toMatchObject(unreachable);
    expect(asked).not.toContain('/elsewhere');
  });

  it('are not asked for again at once when the issuer fails', async () => {
    answers['/realm/.well-known/openid-configuration'] = () => ({ status: 500, body: {} });
    const by = verifier();
    for (let i = 0; i < 5; i += 1) await expect(by.verify(authorization)).rejects.toMatchObject(unreachable);
    expect(asked).toHaveLength(1);
  });

  it('are not fetched anew for every unknown kid', async () => {
    const by = verifier();
    await by.verify(authorization);
    const foreign = authorization.replace(/ [\w-]+\./, ` ${Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'x', typ: 'at+jwt' })).toString('base64url')}.`);
    for (let i = 0; i < 5; i += 1) await expect(by.verify(foreign)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', reason: 'TOKEN_KEY' });
    expect(asked).toHaveLength(2);
  });

  it.each([['http://issuer.example'], ['ftp://issuer.example'], ['issuer.example'], ['']])('are not sought at %j', (name) => {
    expect(() => issuerKeys(name)).toThrow(/^The issuer must/);
  });
});
