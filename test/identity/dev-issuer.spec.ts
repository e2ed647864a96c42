import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEV_ISSUER, DEV_ISSUER_PATH, DEV_PERSONS, isForDevIssuer, requestDevToken, startDevIssuer } from '../../src/identity/dev-issuer.js';
import { DEV_ISSUER_FILE } from '../../src/identity/dev-issuer.secrets.js';
import type { DevIssuer, DevIssuerOptions } from '../../src/identity/dev-issuer.js';
import { personIdOf } from '../../src/identity/person-id.js';
import { TokenVerifier } from '../../src/identity/tokens.js';

const AUDIENCE = 'urn:example:committee-api';
const SECRET = 'a secret of the installation that is long enough';

let root: string;
let dataDir: string;
let servers: FastifyInstance[];
let said: unknown[][];
let troubles: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dev-issuer-'));
  dataDir = join(root, 'data');
  mkdirSync(dataDir);
  servers = [];
  said = [];
  troubles = [];
  for (const method of ['log', 'info', 'warn', 'error'] as const) jest.spyOn(console, method).mockImplementation((...what) => { said.push(what); });
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(root, { recursive: true, force: true });
  jest.restoreAllMocks();
});

const start = (options: Partial<DevIssuerOptions> = {}): Promise<DevIssuer> =>
  startDevIssuer({ host: '127.0.0.1', dataDir, audience: AUDIENCE, onError: (message) => { troubles.push(message); }, ...options });

/** As the application mounts it: beside routes of its own, whose bodies are parsed. */
async function serve(issuer: DevIssuer): Promise<string> {
  const server = Fastify({ forceCloseConnections: true });
  servers.push(server);
  const answer = issuer.callback();
  server.addHook('onRequest', (req, reply, done) => {
    if (!isForDevIssuer(req.raw)) { done(); return; }
    reply.hijack();
    answer(req.raw, reply.raw);
  });
  server.post('/graphql', async () => ({ data: {} }));
  await server.listen({ port: 0, host: '127.0.0.1' });
  return `http://localhost:${(server.server.address() as AddressInfo).port}`;
}

const verifierOf = (issuer: DevIssuer, options: { now?: () => number } = {}): TokenVerifier =>
  new TokenVerifier({ issuer: issuer.issuer, audience: AUDIENCE, keys: issuer.localKeys(), algorithms: issuer.algorithms, personSecret: SECRET, ...options });

interface Answer { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }

/** fetch() sets Host itself. */
function ask(url: string, { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url.replace('localhost', '127.0.0.1'), { method, headers: { host: new URL(url).host, ...headers } }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => { resolve({ status: res.statusCode ?? 0, headers: res.headers, text }); });
    });
    call.on('error', reject).end(body);
  });
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const tokenForm = (changes: Record<string, string> = {}): string =>
  new URLSearchParams({ grant_type: 'urn:interregional-committee:grant:development', client_id: 'cli', person: 'secretariat', ...changes }).toString();
const STACK = /\bat [^\n]*[(/][^\n]*:\d+|node_modules|oidc-provider|koa/;

describe('a development token', () => {
  it('is an access token for the person, verified like any other', async () => {
    const issuer = await start();
    const token = await requestDevToken(await serve(issuer), 'secretariat');
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ iss: DEV_ISSUER, aud: AUDIENCE, sub: 'secretariat', client_id: 'cli', jti: expect.any(String) });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(8 * 3600);
    await expect(verifierOf(issuer).verify(`Bearer ${token}`)).resolves.toEqual({ personId: personIdOf(SECRET, DEV_ISSUER, 'secretariat'), expiresAt: (claims.exp ?? 0) * 1000 });
    expect(said).toEqual([]);
    expect(troubles).toEqual([]);
  });

  it('is to be had for everybody on the list and for any other name of the same kind', async () => {
    const issuer = await start();
    const url = await serve(issuer);
    const ids = await Promise.all([...DEV_PERSONS, 'x', '7-of-9', 'z'.repeat(64)].map(async (person) => (await verifierOf(issuer).verify(`Bearer ${await requestDevToken(url, person)}`))?.personId));
    expect(new Set(ids).size).toBe(DEV_PERSONS.length + 3);
  });

  it.each([[''], ['Secretariat'], ['a b'], ['z'.repeat(65)], ['../chair'], ['ada@example.org'], ['é'], ['a\n']])('is not given to %j, neither by the command nor by the issuer', async (person) => {
    const url = await serve(await start());
    await expect(requestDevToken(url, person)).rejects.toMatchObject({ code: 'INVALID', message: expect.stringMatching(/small letters, digits and hyphens/) });
    const answer = await ask(`${url}${DEV_ISSUER_PATH}/token`, { method: 'POST', headers: FORM, body: tokenForm({ person }) });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: 'invalid_request', error_description: expect.stringMatching(/small letters/) });
  });

  it('lasts as long as it is told to', async () => {
    const issuer = await start({ tokenLifetime: 60 });
    const token = await requestDevToken(await serve(issuer), 'chair');
    const { iat = 0, exp = 0 } = decodeJwt(token);
    expect(exp - iat).toBe(60);
    await expect(verifierOf(issuer, { now: () => (exp + 31) * 1000 }).verify(`Bearer ${token}`)).rejects.toMatchObject({ reason: 'TOKEN_EXPIRED' });
  });

  it('is not valid for another audience or at another installation\'s keys', async () => {
    const issuer = await start();
    const token = await requestDevToken(await serve(issuer), 'chair');
    const elsewhere = new TokenVerifier({ issuer: DEV_ISSUER, audience: 'urn:example:other', keys: issuer.localKeys(), algorithms: ['ES256'], personSecret: SECRET });
    await expect(elsewhere.verify(`Bearer ${token}`)).rejects.toMatchObject({ reason: 'TOKEN_AUDIENCE' });
    const other = await start({ dataDir: join(root, 'another') });
    await expect(verifierOf(other).verify(`Bearer ${token}`)).rejects.toMatchObject({ reason: 'TOKEN_KEY' });
  });
});

describe('asking for a token', () => {
  it('says to start the server when none answers', async () => {
    const url = await serve(await start());
    await servers[0]?.close();
    await expect(requestDevToken(url, 'chair')).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'SERVER_NOT_RUNNING', message: expect.stringContaining('npm start') });
  });

  it('says that the server uses a real issuer when it does', async () => {
    const server = Fastify();
    servers.push(server);
    await server.listen({ port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
    await expect(requestDevToken(url, 'chair')).rejects.toMatchObject({ reason: 'NO_DEVELOPMENT_ISSUER', message: expect.stringContaining('real one') });
  });

  it('says what the issuer says', async () => {
    const issuer = await start();
    const proxied: DevIssuer = { ...issuer, callback: () => (req, res) => { req.headers['x-forwarded-for'] = '192.0.2.1'; issuer.callback()(req, res); } };
    await expect(requestDevToken(await serve(proxied), 'chair')).rejects.toMatchObject({ reason: 'NO_DEVELOPMENT_TOKEN', message: expect.stringContaining('serves only this machine') });
  });
});

describe('where it runs', () => {
  it.each([['0.0.0.0'], ['::'], ['192.168.1.5'], ['example.org'], ['localhost.example.org'], ['127.0.0.1.example.org'], [''], ['128.0.0.1'], ['::ffff:192.0.2.1'], ['2130706433']])('not on %j', async (host) => {
    await expect(start({ host })).rejects.toThrow(/not on .*\. Listen there, or name an issuer of your own\.$/);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it.each([['127.0.0.1'], ['127.8.8.8'], ['::1'], ['[::1]'], ['localhost'], ['LOCALHOST'], ['::ffff:127.0.0.1']])('on %j', async (host) => {
    await expect(start({ host })).resolves.toMatchObject({ issuer: DEV_ISSUER });
  });

  it.each<[string, Record<string, string>]>([
    ['a page whose name was pointed at this machine', { host: 'evil.example:3000' }],
    ['a host that only begins alike', { host: 'localhost.evil.example' }],
    ['a host that is none', { host: 'a b' }],
    ['a proxy', { 'x-forwarded-for': '192.0.2.1' }],
    ['a proxy that keeps to the standard', { forwarded: 'for=192.0.2.1' }],
    ['a gateway', { via: '1.1 gateway' }],
  ])('refuses what comes by way of %s', async (_kind, headers) => {
    const url = await serve(await start());
    for (const path of ['/token', '/jwks', '/.well-known/openid-configuration', '/auth']) {
      const answer = await ask(`${url}${DEV_ISSUER_PATH}${path}`, { method: path === '/token' ? 'POST' : 'GET', headers: { ...FORM, ...headers }, ...(path === '/token' ? { body: tokenForm() } : {}) });
      expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('serves only this machine') });
    }
  });

  it('refuses a peer that is not this machine', async () => {
    const issuer = await start();
    const foreign: DevIssuer = { ...issuer, callback: () => (req, res) => { Object.defineProperty(req.socket, 'remoteAddress', { value: '192.0.2.1' }); issuer.callback()(req, res); } };
    const url = await serve(foreign);
    expect(await ask(`${url}${DEV_ISSUER_PATH}/jwks`)).toMatchObject({ status: 403 });
  });

  it('gives a page of another origin nothing that it could read', async () => {
    const url = await serve(await start());
    for (const origin of ['https://evil.example', 'null', url]) {
      const answer = await ask(`${url}${DEV_ISSUER_PATH}/token`, { method: 'POST', headers: { ...FORM, origin }, body: tokenForm() });
      expect(answer.status).toBe(400);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(answer.text).not.toContain('access_token');
    }
  });

  it.each<[string, Partial<DevIssuerOptions>]>([['an audience that is no URI', { audience: 'api' }], ['no lifetime', { tokenLifetime: 0 }], ['half a second', { tokenLifetime: 0.5 }], ['a person that cannot be', { persons: ['Ada L'] }]])('not with %s', async (_kind, options) => {
    await expect(start(options)).rejects.toThrow(/must be|cannot be/);
  });
});

describe('its keys', () => {
  const file = (): string => join(dataDir, DEV_ISSUER_FILE);

  it('outlive a restart on another port, and so does everybody\'s PersonId', async () => {
    const first = await start();
    const url = await serve(first);
    const token = await requestDevToken(url, 'lombardy-representative');
    const before = await verifierOf(first).verify(`Bearer ${token}`);
    const jwks = (await ask(`${url}${DEV_ISSUER_PATH}/jwks`)).text;

    const second = await start();
    const otherUrl = await serve(second); // the first still holds its port
    expect(otherUrl).not.toBe(url);
    expect((await ask(`${otherUrl}${DEV_ISSUER_PATH}/jwks`)).text).toBe(jwks);
    await expect(verifierOf(second).verify(`Bearer ${token}`)).resolves.toEqual(before);
    const anew = await verifierOf(second).verify(`Bearer ${await requestDevToken(otherUrl, 'lombardy-representative')}`);
    expect(anew?.personId).toBe(before?.personId);
  });

  it('are one\'s own to read only', async () => {
    await start();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    chmodSync(file(), 0o644);
    await start();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDir)).toEqual([DEV_ISSUER_FILE]);
  });

  it('are the same for two processes that start at once, in a directory that is not there yet', async () => {
    dataDir = join(dataDir, 'not', 'yet');
    const issuers = await Promise.all([start(), start(), start(), start()]);
    const jwks = await Promise.all(issuers.map(async (issuer) => (await ask(`${await serve(issuer)}${DEV_ISSUER_PATH}/jwks`)).text));
    expect(new Set(jwks).size).toBe(1);
    expect(readdirSync(dataDir)).toEqual([DEV_ISSUER_FILE]);
  });

  it.each([[''], ['{'], ['{}'], ['{"keys":[],"cookieKeys":["x"]}'], ['{"keys":[{"kty":"EC"}],"cookieKeys":["' + 'x'.repeat(32) + '"]}'], ['null']])('are not replaced when the file holds %j', async (content) => {
    writeFileSync(file(), content);
    await expect(start()).rejects.toThrow(/Delete it and start again/);
    expect(readFileSync(file(), 'utf8')).toBe(content);
  });

  it('are published without their private part', async () => {
    const issuer = await start();
    const { text } = await ask(`${await serve(issuer)}${DEV_ISSUER_PATH}/jwks`);
    const stored = JSON.parse(readFileSync(file(), 'utf8')) as { keys: { d: string; kid: string }[] };
    expect(text).toContain(stored.keys[0]?.kid);
    expect(text).not.toContain(stored.keys[0]?.d);
    expect(text).not.toContain('"d"');
  });
});

describe('its pages for programs', () => {
  it('offers discovery with addresses at the right port, and the keys where they say', async () => {
    const issuer = await start();
    const url = await serve(issuer);
    const found = JSON.parse((await ask(`${url}${DEV_ISSUER_PATH}/.well-known/openid-configuration`)).text) as Record<string, unknown>;
    expect(found).toMatchObject({
      issuer: DEV_ISSUER,
      authorization_endpoint: `${url}${DEV_ISSUER_PATH}/auth`,
      token_endpoint: `${url}${DEV_ISSUER_PATH}/token`,
      jwks_uri: `${url}${DEV_ISSUER_PATH}/jwks`,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      id_token_signing_alg_values_supported: ['ES256'],
    });
    expect(new URL(DEV_ISSUER).port).toBe('');
    const token = await requestDevToken(url, 'auditor');
    await expect(jwtVerify(token, createRemoteJWKSet(new URL(found.jwks_uri as string)), { issuer: DEV_ISSUER, audience: AUDIENCE, typ: 'at+jwt' })).resolves.toMatchObject({ payload: { sub: 'auditor' } });
  });

  it('leaves the application\'s own routes alone', async () => {
    const url = await serve(await start());
    expect(await ask(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{a}"}' })).toMatchObject({ status: 200, text: '{"data":{}}' });
    expect(await ask(`${url}${DEV_ISSUER_PATH}-else/jwks`)).toMatchObject({ status: 404 });
  });

  it.each<[string, string, string, string | undefined]>([
    ['an unknown page', 'GET', '/nothing', undefined],
    ['the bare path', 'GET', '', undefined],
    ['a token without a client', 'POST', '/token', 'grant_type=x'],
    ['an unknown grant', 'POST', '/token', 'grant_type=password&client_id=cli&username=a&password=b'],
    ['the grant of the command line for web pages', 'POST', '/token', tokenForm({ client_id: 'web' })],
    ['an unknown client', 'POST', '/token', tokenForm({ client_id: 'evil' })],
    ['a person twice', 'POST', '/token', `${tokenForm()}&person=chair`],
    ['a body that is too large', 'POST', '/token', `${tokenForm()}&x=${'x'.repeat(100_000)}`],
    ['a body that is broken', 'POST', '/token', '%%%=%&&&'],
    ['an authorization without anything', 'GET', '/auth', undefined],
    ['an authorization for nobody', 'GET', '/auth?client_id=evil&response_type=code', undefined],
    ['an authorization back to elsewhere', 'GET', '/auth?client_id=web&response_type=code&scope=openid&redirect_uri=https://evil.example/', undefined],
    ['an authorization to resume that never was', 'GET', '/auth/abc', undefined],
    ['a sign-in that never was', 'GET', '/interaction/abc', undefined],
    ['a sign-in sent that never was', 'POST', '/interaction/abc', 'person=chair'],
    ['a path that is no path', 'GET', '/%E0%A4%A', undefined],
    ['registration', 'POST', '/reg', '{}'],
    ['a script in the address', 'GET', '/auth?client_id=<script>alert(1)</script>', undefined],
  ])('answers %s with an error and no stack', async (_kind, method, path, body) => {
    const url = await serve(await start());
    for (const accept of ['application/json', 'text/html']) {
      const answer = await ask(`${url}${DEV_ISSUER_PATH}${path}`, { method, headers: { ...FORM, accept }, ...(body === undefined ? {} : { body }) });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.text).not.toMatch(STACK);
      expect(answer.text).not.toContain('<script>');
    }
    expect(said).toEqual([]);
  });

  it('shows what a caller said as text, never as a page', async () => {
    const url = await serve(await start());
    const { status, text } = await ask(`${url}${DEV_ISSUER_PATH}/token`, { method: 'POST', headers: { ...FORM, accept: 'text/html', origin: '<b>"\'&' }, body: tokenForm() });
    expect(status).toBe(400);
    expect(text).toContain('&#60;b&#62;&#34;&#39;&#38;');
    expect(text).not.toContain('<b>');
  });

  it.each([['/token', 'POST'], ['/jwks', 'GET']])('answers an error of its own at %s with 500 and no detail, and says one line in the log', async (path, method) => {
    const issuer = await start();
    const failing: DevIssuer = {
      ...issuer,
      callback: () => (req, res) => {
        const setHeader = res.setHeader.bind(res);
        let failed = false;
        res.setHeader = (name, value) => {
          if (failed) return setHeader(name, value);
          failed = true;
          throw new Error('canary /var/lib/committee');
        };
        issuer.callback()(req, res);
      },
    };
    const answer = await ask(`${await serve(failing)}${DEV_ISSUER_PATH}${path}`, { method, headers: FORM, ...(method === 'POST' ? { body: tokenForm() } : {}) });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(STACK);
    expect(answer.text).not.toContain('canary');
    expect(troubles).toEqual(['canary /var/lib/committee']);
    expect(said).toEqual([]);
  });
});

/** A browser as far as it matters here: cookies with their paths, redirects one by one. */
class Browser {
  private readonly cookies = new Map<string, { value: string; path: string }>();
  constructor(private readonly url: string) {}

  async visit(address: string, form?: Record<string, string>): Promise<Answer & { location: string }> {
    const target = new URL(address, this.url);
    const cookie = [...this.cookies].filter(([, c]) => target.pathname.startsWith(c.path)).map(([key, c]) => `${key.split(' ')[0]}=${c.value}`).join('; ');
    const answer = await ask(target.href, {
      headers: { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...(form ? FORM : {}) },
      ...(form ? { method: 'POST', body: new URLSearchParams(form).toString() } : {}),
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const path = /; ?path=([^;]+)/i.exec(line)?.[1] ?? '/';
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(`${name} ${path}`);
      else this.cookies.set(`${name} ${path}`, { value, path });
      expect(line).toMatch(/httponly/i);
    }
    return { ...answer, location: answer.headers.location ?? '' };
  }
}

describe('signing in for web pages', () => {
  const VERIFIER = 'a-verifier-that-is-at-least-forty-three-characters-long';
  const challenge = createHash('sha256').update(VERIFIER).digest('base64url');
  const authorization = (redirectUri: string, changes: Record<string, string> = {}): string => `${DEV_ISSUER_PATH}/auth?${new URLSearchParams({
    client_id: 'web', response_type: 'code', scope: 'openid', redirect_uri: redirectUri, code_challenge: challenge, code_challenge_method: 'S256', state: 's', nonce: 'n', ...changes,
  }).toString()}`;

  async function signIn(browser: Browser, redirectUri: string, person: string): Promise<URL> {
    const begun = await browser.visit(authorization(redirectUri));
    expect(begun).toMatchObject({ status: 303, location: expect.stringMatching(/^\/dev-issuer\/interaction\/[\w-]+$/) });
    const page = await browser.visit(begun.location);
    expect(page.status).toBe(200);
    let answer = await browser.visit(begun.location, { person });
    for (let i = 0; i < 5 && !answer.location.startsWith(redirectUri); i += 1) {
      if (answer.status === 303 || answer.status === 302) { answer = await browser.visit(answer.location); continue; }
      // The library's way from one person to another: a form that sends itself.
      const fields = Object.fromEntries([...answer.text.matchAll(/name="(\w+)" value="([^"]*)"/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
      answer = await browser.visit(/action="([^"]+)"/.exec(answer.text)?.[1] ?? 'nowhere', fields);
    }
    return new URL(answer.location);
  }
  const redeem = async (url: string, code: string, redirectUri: string, changes: Record<string, string> = {}): Promise<Answer> => ask(`${url}${DEV_ISSUER_PATH}/token`, {
    method: 'POST', headers: { ...FORM, origin: 'http://localhost:5173' },
    body: new URLSearchParams({ grant_type: 'authorization_code', client_id: 'web', code, redirect_uri: redirectUri, code_verifier: VERIFIER, ...changes }).toString(),
  });

  it('reaches a page that offers the persons and runs no script', async () => {
    const browser = new Browser(await serve(await start()));
    const { location } = await browser.visit(authorization('http://localhost:5173/signed-in'));
    const page = await browser.visit(location);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toMatch(/text\/html/);
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(page.headers['cache-control']).toBe('no-store');
    for (const person of DEV_PERSONS) expect(page.text).toContain(`value="${person}"`);
    expect(page.text).not.toContain('<script');
  });

  it('gives a code, and for it an access token that is verified, and an ID token that is not', async () => {
    const issuer = await start();
    const url = await serve(issuer);
    const redirectUri = 'http://localhost:5173/signed-in'; // of any port
    const back = await signIn(new Browser(url), redirectUri, 'chair');
    expect(back.searchParams.get('state')).toBe('s');
    expect(back.searchParams.get('iss')).toBe(DEV_ISSUER);
    const answer = await redeem(url, back.searchParams.get('code') ?? '', redirectUri);
    expect(answer.headers['access-control-allow-origin']).toBe('http://localhost:5173');
    const { access_token: access, id_token: id } = JSON.parse(answer.text) as { access_token: string; id_token: string };
    await expect(verifierOf(issuer).verify(`Bearer ${access}`)).resolves.toMatchObject({ personId: personIdOf(SECRET, DEV_ISSUER, 'chair') });
    expect(decodeJwt(id)).toMatchObject({ iss: DEV_ISSUER, aud: 'web', sub: 'chair', nonce: 'n' });
    await expect(verifierOf(issuer).verify(`Bearer ${id}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', reason: 'TOKEN_TYPE' });
    expect(said).toEqual([]);
    expect(troubles).toEqual([]);
  });

  it('gives the same person by page and by command', async () => {
    const issuer = await start();
    const url = await serve(issuer);
    const back = await signIn(new Browser(url), 'http://127.0.0.1:4000/', 'operator');
    const { access_token: access } = JSON.parse((await redeem(url, back.searchParams.get('code') ?? '', 'http://127.0.0.1:4000/')).text) as { access_token: string };
    const byPage = await verifierOf(issuer).verify(`Bearer ${access}`);
    const byCommand = await verifierOf(issuer).verify(`Bearer ${await requestDevToken(url, 'operator')}`);
    expect(byPage?.personId).toBe(byCommand?.personId);
  });

  it('asks again who one is, and lets one be somebody else', async () => {
    const issuer = await start();
    const url = await serve(issuer);
    const browser = new Browser(url);
    const redirectUri = 'http://localhost:5173/';
    for (const person of ['chair', 'auditor', 'auditor', 'chair']) {
      const back = await signIn(browser, redirectUri, person);
      const { access_token: access } = JSON.parse((await redeem(url, back.searchParams.get('code') ?? '', redirectUri)).text) as { access_token: string };
      expect(decodeJwt(access).sub).toBe(person);
    }
  });

  it('takes any name of the right kind and asks again for another', async () => {
    const url = await serve(await start());
    const browser = new Browser(url);
    const { location } = await browser.visit(authorization('http://localhost:5173/'));
    for (const form of [{ person: '' }, {}, { person: 'Ada Lovelace' }, { person: '<b>' }, { person: 'z'.repeat(65) }, { person: 'ada', ballast: 'z'.repeat(9000) }]) {
      const page = await browser.visit(location, form as Record<string, string>);
      expect(page.status).toBe(422);
      expect(page.text).toContain('small letters, digits and hyphens');
      expect(page.text).not.toContain('<b>');
    }
    expect(await browser.visit(location, { person: 'ada' })).toMatchObject({ status: 303 });
  });

  it.each<[string, Record<string, string>]>([
    ['no challenge', { code_challenge: '' }],
    ['the plain method', { code_challenge_method: 'plain' }],
    ['a token at once', { response_type: 'id_token' }],
    ['another resource', { resource: 'urn:example:other' }],
    ['silence', { prompt: 'none' }],
  ])('goes back with an error for %s', async (_kind, changes) => {
    const { status, location } = await new Browser(await serve(await start())).visit(authorization('http://localhost:5173/', changes));
    expect(status).toBe(303);
    const back = new URL(location);
    expect(back.origin).toBe('http://localhost:5173');
    expect(`${back.search}${back.hash}`).toMatch(/error=/);
  });

  it('gives nothing for a code without its verifier, or twice', async () => {
    const url = await serve(await start());
    const redirectUri = 'http://localhost:5173/';
    const first = (await signIn(new Browser(url), redirectUri, 'chair')).searchParams.get('code') ?? '';
    expect(await redeem(url, first, redirectUri, { code_verifier: 'x'.repeat(43) })).toMatchObject({ status: 400 });
    const second = (await signIn(new Browser(url), redirectUri, 'chair')).searchParams.get('code') ?? '';
    expect(await redeem(url, second, redirectUri)).toMatchObject({ status: 200 });
    expect(await redeem(url, second, redirectUri)).toMatchObject({ status: 400 });
  });
});
