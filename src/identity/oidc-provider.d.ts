/** What dev-issuer.ts uses of oidc-provider 9, which ships no types; @types/oidc-provider would bring those of Express and Koa with it. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Client { readonly clientId: string }
  interface ResourceServerInfo {
    readonly audience: string;
    readonly scope: string;
    readonly accessTokenFormat: 'jwt';
    readonly accessTokenTTL: number;
    readonly jwt: { readonly sign: { readonly alg: string } };
  }
  interface Context {
    readonly req: IncomingMessage;
    readonly res: ServerResponse;
    readonly method: string;
    readonly path: string;
    status: number;
    type: string;
    body: unknown;
    set(name: string, value: string): void;
  }
  interface OidcContext extends Context {
    readonly oidc: {
      readonly provider: Provider;
      readonly client: Client;
      readonly params: Readonly<Record<string, unknown>>;
      readonly session: { readonly accountId: string };
      readonly result?: { readonly login?: { readonly accountId: string } };
    };
  }
  interface Interaction { readonly uid: string; readonly params: Readonly<Record<string, unknown>> }
  class AccessToken {
    constructor(properties: { accountId: string; client: Client; gty: string });
    resourceServer: ResourceServer;
    readonly expiration: number;
    readonly tokenType: string;
    save(): Promise<string>;
  }
  class Grant {
    constructor(properties: { accountId: string; clientId: string });
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }
  class ResourceServer { constructor(identifier: string, info: ResourceServerInfo) }

  class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    readonly AccessToken: typeof AccessToken;
    readonly Grant: typeof Grant;
    readonly ResourceServer: typeof ResourceServer;
    callback(): (req: IncomingMessage, res: ServerResponse) => Promise<void>;
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): this;
    registerGrantType(name: string, handler: (ctx: OidcContext) => Promise<void>, parameters: readonly string[]): void;
    interactionDetails(req: IncomingMessage, res: ServerResponse): Promise<Interaction>;
    interactionFinished(req: IncomingMessage, res: ServerResponse, result: Readonly<Record<string, unknown>>, options: { mergeWithLastSubmission: boolean }): Promise<void>;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'server_error', listener: (ctx: Context, error: Error) => void): this;
  }

  namespace errors {
    class InvalidRequest extends Error { constructor(description: string) }
    class InvalidTarget extends Error { constructor(description: string) }
  }

  namespace interactionPolicy {
    class Check {
      constructor(reason: string, description: string, error: string, check: (ctx: OidcContext) => boolean);
      static readonly REQUEST_PROMPT: boolean;
      static readonly NO_NEED_TO_PROMPT: boolean;
    }
    interface Prompt { readonly checks: { add(check: Check): void; remove(reason: string): void } }
    function base(): { get(name: string): Prompt | undefined };
  }
}
