import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

export interface QueryPageOptions {
  /** Where the page is found; its files lie below `<path>/query-page/`. */
  readonly path: string;
  readonly graphqlPath: string;
  readonly socketPath: string;
  /** The document the page opens with. */
  readonly query: string;
}

/**
 * Whatever the page loads or calls is this server. The nonce is for the one style element that a dialog of GraphiQL
 * adds while it is open, to keep the page behind it from scrolling.
 */
const contentSecurityPolicy = (nonce: string): string => [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' 'nonce-${nonce}'`,
  "font-src data:",
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

const compress = promisify(gzip);
const require = createRequire(import.meta.url);
const inPackage = (name: string, file: string): string => join(dirname(require.resolve(`${name}/package.json`)), file);
/** `web/` lies beside both `src/` and `dist/`. */
const inWeb = (file: string): string => fileURLToPath(new URL(`../../web/${file}`, import.meta.url));

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** GraphiQL as its package ships it, ready for the browser: no build, no content delivery network. */
export function registerQueryPage(fastify: FastifyInstance, options: QueryPageOptions): void {
  const below = `${options.path.replace(/\/$/, '')}/query-page/`;

  /** Serves the file under a name that holds a hash of its content, so that a browser may keep it for good. */
  const serve = (file: string): string => {
    const content = readFileSync(file);
    const extension = extname(file);
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
    const url = `${below}${basename(file, extension)}.${hash}${extension}`;
    let compressed: Promise<Buffer> | undefined;
    fastify.get(url, async (request, reply) => {
      void reply.headers({
        'content-type': CONTENT_TYPES[extension],
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
      });
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return content;
      compressed ??= compress(content);
      void reply.header('content-encoding', 'gzip');
      return compressed;
    });
    return url;
  };

  const graphiqlStyle = serve(inPackage('graphiql', 'graphiql.min.css'));
  const pageStyle = serve(inWeb('query-page.css'));
  const react = serve(inPackage('react', 'umd/react.production.min.js'));
  const reactDom = serve(inPackage('react-dom', 'umd/react-dom.production.min.js'));
  const graphiql = serve(inPackage('graphiql', 'graphiql.min.js'));
  const pageScript = serve(inWeb('query-page.js'));

  const page = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Interregional Committee: query page</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${pageStyle}">
<link rel="stylesheet" href="${graphiqlStyle}">
<script defer src="${react}"></script>
<script defer src="${reactDom}"></script>
<script defer src="${graphiql}"></script>
<script type="module" src="${pageScript}"></script>
</head>
<body>
<header>
<h1>Interregional Committee</h1>
<p>To act as a person, get a token with <code>npm run token -- &lt;person&gt;</code> and paste it under Headers:
<code>{"authorization": "Bearer …"}</code></p>
</header>
<main id="graphiql" data-graphql-path="${escapeHtml(options.graphqlPath)}" data-socket-path="${escapeHtml(options.socketPath)}" data-query="${escapeHtml(options.query)}" data-nonce="${nonce}">
<noscript>This page needs JavaScript.</noscript>
</main>
</body>
</html>
`;

  fastify.get(options.path, async (_request, reply) => {
    const nonce = randomBytes(16).toString('base64');
    void reply.headers({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': contentSecurityPolicy(nonce),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    return page(nonce);
  });
}
