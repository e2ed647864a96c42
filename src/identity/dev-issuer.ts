import type { IncomingMessage, ServerResponse } from 'node:http';
import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose';
import type { Context, OidcContext, Provider, ResourceServerInfo } from 'oidc-provider';
import { Problem } from '../decider/problem.js';
import { readForm, escaped, showPage, showSignIn } from './dev-issuer.pages.js';
import { ALGORITHM, loadSecrets, type Secrets } from './dev-issuer.secrets.js';
import { isLoopbackAddress, isLoopbackHost } from './loopback.js';
import type { SignatureAlgorithm } from './tokens.js';

/**
 * `iss` of the tokens. It holds no port although the addresses in the discovery document do: a PersonId is derived from it, and another
 * port must strip nobody of an office. A client that insists on finding the issuer's name in its address has to be given the metadata.
 */
export const DEV_ISSUER = 'http://localhost/dev-issuer';
/** Where the server answers for it. */
export const DEV_ISSUER_PATH = '/dev-issuer';
/** The client of web pages: authorization code with PKCE, no secret. */
export const DEV_WEB_CLIENT = 'web';

/** Offered on the sign-in page. Any other name that fits PERSON is as good. */
export const DEV_PERSONS = ['secretariat', 'chair', 'auditor', 'operator', 'lombardy-representative', 'lombardy-alternate', 'lombardy-contact'] as const;
const PERSON = /^[a-z0-9-]{1,64}$/;
const PERSON_RULE = 'a person is named with 1 to 64 small letters, digits and hyphens, such as "secretariat"';

const DEV_GRANT = 'urn:interregional-committee:grant:development';
const CLI_CLIENT = 'cli';
/** Asked for by no one, needed by oidc-provider: an authorization without any scope is refused there. */
const SCOPE = 'committee';
const EIGHT_HOURS = 8 * 3600;
const SIGN_IN_SECONDS = 3600;

export interface DevIssuerOptions {
  /** The address that the server listens on. Anything but a loopback address is refused. */
  readonly host: string;
  /** Directory for the keys, which outlive a restart. */
  readonly dataDir: string;
  /** The API's name in `aud`, an absolute URI. */
  readonly audience: string;
  /** Seconds; 8 hours unless said otherwise: nobody wants to fetch a token in the middle of trying things out. */
  readonly tokenLifetime?: number;
  readonly persons?: readonly string[];
  /** Where web pages come back to after signing in; loopback addresses, of which the port does not count. */
  readonly redirectUris?: readonly string[];
  /** One line for each error that is ours and not the caller's. */
  readonly onError?: (message: string) => void;
}

export interface DevIssuer {
  /** For the verifier, as `issuer` and `algorithms`. */
  readonly issuer: string;
  readonly algorithms: readonly SignatureAlgorithm[];
  /**
   * Answers raw requests under DEV_ISSUER_PATH. The body must not have been read. With Fastify:
   *
   * ```ts
   * const answer = devIssuer.callback();
   * fastify.addHook('onRequest', (request, reply, done) => {
   *   if (!isForDevIssuer(request.raw)) return done();
   *   reply.hijack();
   *   answer(request.raw, reply.raw);
   * });
   * ```
   */
  callback(): (req: IncomingMessage, res: ServerResponse) => void;
  /** Public keys, so that the server need not fetch from itself. */
  localKeys(): JWTVerifyGetKey;
}

const pathOf = (req: IncomingMessage): string => (req.url ?? '').split('?', 1)[0] ?? '';
export const isForDevIssuer = (req: IncomingMessage): boolean => pathOf(req) === DEV_ISSUER_PATH || pathOf(req).startsWith(`${DEV_ISSUER_PATH}/`);

// --- the library ------------------------------------------------------------------------------------------------------------------

/** Said on Node 20, where it works all the same, and about keeping sessions in memory, which is meant. */
const KNOWN_NOTICES = ['Unsupported runtime', 'in-memory adapter'];

/** Leaves out those of the library's notices that we have read, until the answer is called. Everything else is still said. */
function hush(): () => void {
  const warn = console.warn;
  console.warn = (...what: unknown[]): void => {
    const text = String(what[0]);
    if (!(text.includes('oidc-provider WARNING') && KNOWN_NOTICES.some((notice) => text.includes(notice)))) warn.apply(console, what);
  };
  return () => { console.warn = warn; };
}

type Library = typeof import('oidc-provider');
let library: Promise<Library> | undefined;

/** Loaded only where it is used, a server with a real issuer does without; and once, so that no two hush each other for ever. */
function loadLibrary(): Promise<Library> {
  library ??= (async () => {
    const speakAgain = hush();
    try {
      return await import('oidc-provider');
    } finally {
      speakAgain();
    }
  })();
  return library;
}

// --- the issuer -------------------------------------------------------------------------------------------------------------------

/** Left by proxies. What comes through one may come from anywhere. */
const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** From this machine, to this machine by name (a page that had its name point to 127.0.0.1 is refused), through nothing. */
function isLocal(req: IncomingMessage): boolean {
  const { host } = req.headers;
  return isLoopbackAddress(req.socket.remoteAddress ?? '')
    && host !== undefined && URL.canParse(`http://${host}`) && isLoopbackHost(new URL(`http://${host}`).hostname)
    && FORWARDING_HEADERS.every((name) => req.headers[name] === undefined);
}

function answerForbidden(res: ServerResponse): void {
  res.writeHead(403, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify({ error: 'access_denied', error_description: 'The development issuer serves only this machine, directly and under the name localhost. For anything else use an issuer of your own.' }));
}

/** One's name is asked every time, since one wants to be another person; consent is not asked, since the only pages are our own. */
function signInPolicy({ interactionPolicy: { base, Check } }: Library): unknown {
  const policy = base();
  policy.get('login')?.checks.add(new Check('person_not_chosen', 'a person must be chosen', 'login_required', (ctx) =>
    (ctx.oidc.result?.login ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT)));
  policy.get('consent')?.checks.remove('native_client_prompt');
  return policy;
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];
const DEFAULT_REDIRECT_URIS = LOOPBACK_NAMES.flatMap((name) => [`http://${name}/`, `http://${name}/signed-in`]);

/** What is not needed is off. PKCE stays as it is, demanded of clients without a secret, and both clients are such. */
function configurationOf(lib: Library, secrets: Secrets, api: ResourceServerInfo, redirectUris: readonly string[]): Readonly<Record<string, unknown>> {
  const lifetime = api.accessTokenTTL;
  return {
    jwks: { keys: secrets.keys },
    cookies: { keys: secrets.cookieKeys },
    clientDefaults: { id_token_signed_response_alg: ALGORITHM },
    clients: [
      { client_id: CLI_CLIENT, token_endpoint_auth_method: 'none', grant_types: [DEV_GRANT], response_types: [], redirect_uris: [] },
      // "native", since only for those the port of a loopback address does not count (RFC 8252, 7.3)
      { client_id: DEV_WEB_CLIENT, application_type: 'native', token_endpoint_auth_method: 'none', grant_types: ['authorization_code'], response_types: ['code'], redirect_uris: redirectUris },
    ],
    scopes: ['openid'],
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api.audience,
        getResourceServerInfo: (_ctx: OidcContext, resource: string) => {
          if (resource === api.audience) return api;
          throw new lib.errors.InvalidTarget(`there is one resource here: ${api.audience}`);
        },
      },
    },
    ttl: { AccessToken: lifetime, AuthorizationCode: 60, IdToken: lifetime, Interaction: SIGN_IN_SECONDS, Session: lifetime, Grant: lifetime },
    // Pages of this machine may redeem codes. Nobody's page may use the grant of the command line: it would be anybody at once.
    clientBasedCORS: (_ctx: OidcContext, origin: string, client: { clientId: string }) =>
      client.clientId === DEV_WEB_CLIENT && URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname),
    interactions: { policy: signInPolicy(lib), url: (_ctx: OidcContext, { uid }: { uid: string }) => `${DEV_ISSUER_PATH}/interaction/${uid}` },
    findAccount: (_ctx: OidcContext, accountId: string) => (PERSON.test(accountId) ? { accountId, claims: () => ({ sub: accountId }) } : undefined),
    loadExistingGrant: async ({ oidc: { provider, session, client } }: OidcContext) => {
      const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope('openid');
      grant.addResourceScope(api.audience, SCOPE);
      await grant.save();
      return grant;
    },
    renderError: (ctx: Context, out: Readonly<Record<string, unknown>>) => {
      const said = [out.error, out.error_description].filter((text) => text !== undefined).map(String).join(': ');
      showPage(ctx, 'Signing in did not work', `<p>${escaped(said)}</p>`);
    },
  };
}

/** `npm run token -- <person>`: a token for whoever is named. */
function addDevelopmentGrant(provider: Provider, { errors }: Library, api: ResourceServerInfo): void {
  provider.registerGrantType(DEV_GRANT, async (ctx) => {
    const { person } = ctx.oidc.params;
    if (typeof person !== 'string' || !PERSON.test(person)) throw new errors.InvalidRequest(PERSON_RULE);
    const token = new provider.AccessToken({ accountId: person, client: ctx.oidc.client, gty: DEV_GRANT });
    token.resourceServer = new provider.ResourceServer(api.audience, api);
    ctx.body = { access_token: await token.save(), token_type: token.tokenType, expires_in: token.expiration };
  }, ['person']);
}

function addSignInPage(provider: Provider, persons: readonly string[]): void {
  provider.use(async (ctx, next) => {
    const ours = /^\/interaction\/[\w-]+$/.test(ctx.path) && (ctx.method === 'GET' || ctx.method === 'POST');
    if (!ours) return next();
    try {
      await provider.interactionDetails(ctx.req, ctx.res);
    } catch {
      ctx.status = 400;
      return showPage(ctx, 'Signing in did not work', '<p>This sign-in has run out or was begun in another browser. Go back to the page you came from and begin again.</p>');
    }
    if (ctx.method === 'GET') return showSignIn(ctx, persons);
    const person = (await readForm(ctx.req))?.get('person')?.trim() ?? '';
    if (!PERSON.test(person)) {
      ctx.status = 422;
      return showSignIn(ctx, persons, `Not possible: ${PERSON_RULE}.`);
    }
    return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: person } }, { mergeWithLastSubmission: false });
  });
}

function newProvider(lib: Library, configuration: Readonly<Record<string, unknown>>): Provider {
  const speakAgain = hush();
  try {
    return new lib.Provider(DEV_ISSUER, configuration);
  } finally {
    speakAgain();
  }
}

function checkOptions({ host, audience, tokenLifetime = 1, persons = [] }: DevIssuerOptions): void {
  if (!isLoopbackHost(host)) {
    throw new Error(`The development issuer knows no passwords and runs only where nobody else can reach it: on 127.0.0.1, ::1 or localhost, not on ${host}. Listen there, or name an issuer of your own.`);
  }
  if (!URL.canParse(audience)) throw new Error(`The audience must be an absolute URI for the development issuer (RFC 8707), not "${audience}".`);
  if (!Number.isInteger(tokenLifetime) || tokenLifetime < 1) throw new Error('The lifetime of tokens must be a whole number of seconds, at least 1.');
  for (const person of persons) if (!PERSON.test(person)) throw new Error(`"${person}" cannot be offered for signing in: ${PERSON_RULE}.`);
}

/**
 * A development issuer for a first start without an issuer: OpenID Connect with discovery, keys, authorization code with PKCE for web pages,
 * and a grant of its own that gives `npm run token -- <person>` an access token (RFC 9068) for whoever it names. It knows no passwords, so
 * it answers to this machine alone.
 *
 * @throws Error if `host` is not a loopback address, or the file of keys is damaged
 */
export async function startDevIssuer(options: DevIssuerOptions): Promise<DevIssuer> {
  checkOptions(options);
  const { audience, tokenLifetime = EIGHT_HOURS, persons = DEV_PERSONS, redirectUris = DEFAULT_REDIRECT_URIS } = options;
  const onError = options.onError ?? ((message: string): void => { console.error(`Development issuer: ${message}`); });
  const api: ResourceServerInfo = { audience, scope: SCOPE, accessTokenFormat: 'jwt', accessTokenTTL: tokenLifetime, jwt: { sign: { alg: ALGORITHM } } };

  const secrets = await loadSecrets(options.dataDir);
  const open = async (): Promise<ReturnType<Provider['callback']>> => {
    const lib = await loadLibrary();
    const provider = newProvider(lib, configurationOf(lib, secrets, api, redirectUris));
    addDevelopmentGrant(provider, lib, api);
    addSignInPage(provider, persons);
    // The message only: a stack belongs neither in an answer nor in the log of a mistyped address.
    provider.on('error', (error) => onError(error.message));
    provider.on('server_error', (_ctx, error) => onError(error.message));
    return provider.callback();
  };
  // It takes half a second to load, for which a start need not wait: whoever asks first does.
  let opened: ReturnType<typeof open> | undefined;
  return {
    issuer: DEV_ISSUER,
    algorithms: [ALGORITHM],
    callback: () => (req, res) => {
      if (!isLocal(req)) return answerForbidden(res);
      if (isForDevIssuer(req)) {
        // oidc-provider finds out from the two where it is mounted, and writes its addresses accordingly.
        Object.assign(req, { originalUrl: req.url });
        req.url = (req.url ?? '').slice(DEV_ISSUER_PATH.length).replace(/^(?!\/)/, '/');
      }
      (opened ??= open()).then((answer) => answer(req, res)).catch((error: unknown) => {
        onError(String(error));
        res.writeHead(500).end();
      });
    },
    localKeys: () => createLocalJWKSet({ keys: secrets.keys.map(({ d: _private, ...key }) => key) }),
  };
}

// --- for the command line ---------------------------------------------------------------------------------------------------------

/**
 * An access token of the development issuer.
 *
 * @param baseUrl of the running server, such as `http://localhost:3000`
 * @param person 1 to 64 of a-z, 0-9 and hyphens
 * @throws Problem that says what to do: the server does not run, it uses a real issuer, or the name is not one
 */
export async function requestDevToken(baseUrl: string, person: string): Promise<string> {
  if (!PERSON.test(person)) throw new Problem('INVALID', 'PERSON_NAME', `"${person}" is no name here: ${PERSON_RULE}.`);
  let response: Response;
  try {
    response = await fetch(`${baseUrl.replace(/\/$/, '')}${DEV_ISSUER_PATH}/token`, {
      method: 'POST', redirect: 'error', signal: AbortSignal.timeout(10_000),
      body: new URLSearchParams({ grant_type: DEV_GRANT, client_id: CLI_CLIENT, person }),
    });
  } catch {
    throw new Problem('UNAVAILABLE', 'SERVER_NOT_RUNNING', `No server answers at ${baseUrl}. Start it first, in another window: npm start`);
  }
  const answer = (await response.json().catch(() => ({}))) as { access_token?: unknown; error_description?: unknown };
  if (response.ok && typeof answer.access_token === 'string') return answer.access_token;
  if (typeof answer.error_description === 'string') throw new Problem('REFUSED', 'NO_DEVELOPMENT_TOKEN', `The development issuer at ${baseUrl} gives no token: ${answer.error_description}`);
  throw new Problem('REFUSED', 'NO_DEVELOPMENT_ISSUER', `The server at ${baseUrl} has no development issuer: it uses a real one. Get an access token from that issuer.`);
}
