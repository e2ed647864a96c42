import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestServer, type Json } from '../support/server.js';

interface Operation { readonly line: number; readonly text: string; readonly person: string | undefined; readonly live: boolean; expected?: string | undefined; readonly keeps: [string, string][] }

/** The blocks of a page in their order: an operation, the ids that are kept of its answer, the part of the answer that is shown. */
function operationsOf(text: string): Operation[] {
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

/** Kept values are put in place of their names. */
function filled(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(/<([A-Z0-9_]+)>/g, (_, name: string) => {
    const value = kept.get(name);
    if (value === undefined) throw new Error(`Nothing was kept as ${name}`);
    return value;
  });
}

/** Whether an answer is what the page shows, and what is kept of it. */
function check({ expected, keeps }: Operation, answer: Json, kept: Map<string, string>): void {
  if (expected === undefined) expect(answer.errors).toBeUndefined();
  else expect(answer).toMatchObject(JSON.parse(filled(expected, kept)) as object);
  for (const [name, path] of keeps) {
    const value = path.split('.').reduce<Json>((inner, key) => inner?.[key], answer.data);
    if (typeof value !== 'string') throw new Error(`The answer has no ${path} to keep as ${name}`);
    kept.set(name, value);
  }
}

describe('docs/api.md', () => {
  const page = readFileSync('docs/api.md', 'utf8');
  const operations = operationsOf(page);
  const kept = new Map<string, string>();
  let server: TestServer;
  beforeAll(async () => { server = await TestServer.start(); });
  afterAll(() => server.stop());

  const answerTo = async ({ text, person, live }: Operation): Promise<Json> => {
    const query = filled(text, kept);
    if (!live) {
      const { data, errors } = await server.ask(query, person);
      return { data, errors };
    }
    const { client } = server.socket(person && await server.token(person));
    const message = await new Promise<Json>((resolve) => {
      client.subscribe({ query }, { next: resolve, error: (errors) => resolve({ errors }), complete: () => undefined });
    });
    await client.dispose();
    return message;
  };

  it('has a story to tell, of which no block is left out', () => {
    expect(operations.length).toBeGreaterThan(40);
    expect(operations).toHaveLength(page.match(/^```graphql/gm)?.length ?? 0);
    expect(operations.filter(({ expected }) => expected !== undefined)).toHaveLength(page.match(/^```json/gm)?.length ?? 0);
    expect(operations.flatMap(({ keeps }) => keeps)).toHaveLength(page.match(/^<!-- /gm)?.length ?? 0);
  });

  for (const operation of operations) {
    it(`line ${operation.line}: ${operation.text.trim().split('\n')[0]} …`, async () => check(operation, await answerTo(operation), kept));
  }

  it('control: another answer, an answer that was not asked for and a value that is not there are seen', () => {
    const [shown, plain] = operationsOf('```graphql as=chair\n{ a }\n```\n<!-- A: a.b -->\n```json\n{ "data": { "a": { "b": "<B>" } } }\n```\n```graphql live\n{ c }\n```') as [Operation, Operation];
    expect([shown.person, shown.live, plain.person, plain.live]).toEqual(['chair', false, undefined, true]);
    const b = new Map([['B', 'right']]);
    check(shown, { data: { a: { b: 'right', more: 1 } } }, b);
    expect(b.get('A')).toBe('right');
    expect(() => check(shown, { data: { a: { b: 'wrong' } } }, b)).toThrow();
    expect(() => check(shown, { data: { a: { b: 'right' } } }, new Map())).toThrow('Nothing was kept as B');
    expect(() => check({ ...shown, expected: undefined }, { data: { a: {} } }, b)).toThrow('no a.b to keep as A');
    expect(() => check(plain, { errors: [{ message: 'no' }] }, b)).toThrow();
  });
});
