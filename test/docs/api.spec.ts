import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestServer, type Json } from '../support/server.js';

interface Operation { readonly line: number; readonly text: string; readonly person: string | undefined; readonly live: boolean; expected?: string; readonly keeps: [string, string][] }

/** The blocks of docs/api.md in their order: an operation, the ids that are kept of its answer, the part of the answer that is shown. */
function operations(): Operation[] {
  const text = readFileSync('docs/api.md', 'utf8');
  const found: Operation[] = [];
  for (const match of text.matchAll(/```(graphql|json)([^\n]*)\n([\s\S]*?)```|<!-- ([A-Z0-9_]+): (\S+) -->/g)) {
    const [, language, info, body, name, path] = match;
    const last = found.at(-1);
    if (language === 'graphql') {
      found.push({
        line: text.slice(0, match.index).split('\n').length, text: body as string, person: /as=(\S+)/.exec(info ?? '')?.[1], live: / live/.test(info ?? ''), keeps: [],
      });
    } else if (language === 'json' && last) last.expected = body as string;
    else if (name && path) last?.keeps.push([name, path]);
  }
  return found;
}

describe('docs/api.md', () => {
  let server: TestServer;
  const kept = new Map<string, string>();
  beforeAll(async () => { server = await TestServer.start(); });
  afterAll(() => server.stop());

  const filled = (text: string): string => text.replace(/<([A-Z0-9_]+)>/g, (_, name: string) => {
    const value = kept.get(name);
    if (value === undefined) throw new Error(`Nothing was kept as ${name}`);
    return value;
  });
  const answerTo = async ({ text, person, live }: Operation): Promise<Json> => {
    if (!live) {
      const { data, errors } = await server.ask(filled(text), person);
      return { data, errors };
    }
    const { client } = server.socket(person && await server.token(person));
    const message = await new Promise<Json>((resolve) => client.subscribe({ query: filled(text) }, { next: resolve, error: (errors) => resolve({ errors }), complete: () => undefined }));
    await client.dispose();
    return message;
  };

  it('has a story to tell', () => expect(operations().length).toBeGreaterThan(25));

  for (const operation of operations()) {
    it(`line ${operation.line}: ${operation.text.trim().split('\n')[0]} …`, async () => {
      const answer = await answerTo(operation);
      if (operation.expected === undefined) expect(answer.errors).toBeUndefined();
      else expect(answer).toMatchObject(JSON.parse(filled(operation.expected)) as object);
      for (const [name, path] of operation.keeps) kept.set(name, String(path.split('.').reduce<Json>((value, key) => value?.[key], answer.data)));
    });
  }
});
