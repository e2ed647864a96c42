import type { IncomingMessage } from 'node:http';
import type { Context } from 'oidc-provider';

const LARGEST_FORM_BYTES = 4096;

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export function showPage(ctx: Context, title: string, body: string): void {
  ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'");
  ctx.set('Cache-Control', 'no-store');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.type = 'html';
  ctx.body = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}button,input{font:inherit;padding:.5rem 1rem;margin:.25rem 0}li{list-style:none}ul{padding:0}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${body}
</body>
</html>
`;
}

export function showSignIn(ctx: Context, persons: readonly string[], mistake?: string): void {
  const buttons = persons.map((person) => `<li><button name="person" value="${escaped(person)}">${escaped(person)}</button></li>`).join('\n');
  showPage(ctx, 'Who are you?', `<p>Development issuer of this machine: no password, nothing secret behind it.</p>
${mistake === undefined ? '' : `<p role="alert">${escaped(mistake)}</p>\n`}<form method="post"><ul>
${buttons}
</ul></form>
<form method="post"><label>Another person <input name="person" required maxlength="64" pattern="[a-z0-9\\-]+" autocomplete="off"></label> <button>Sign in</button></form>`);
}

export async function readForm(req: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = '';
  req.setEncoding('utf8');
  for await (const chunk of req as AsyncIterable<string>) {
    text += chunk;
    if (text.length > LARGEST_FORM_BYTES) return undefined;
  }
  return new URLSearchParams(text);
}
