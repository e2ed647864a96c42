import { describe, expect, it } from '@jest/globals';
import { ConsequencesResolver, FailedConsequences } from '../../src/graphql/consequences.resolver.js';
import { connection, PAGE_AT_MOST } from '../../src/graphql/paging.js';
import type { Reads } from '../../src/graphql/reads.js';
import type { ConsequenceRow } from '../../src/projections/consequences.view.js';
import type { ListOptions } from '../../src/projections/versioned.js';
import { below, randomFrom, SEED } from '../support/random.js';

/** All pages of a list, one after the other. */
async function pagesOf<T>(page: (after: string | undefined) => ReturnType<typeof connection<number, T>>): Promise<T[][]> {
  const pages: T[][] = [];
  for (let after: string | undefined, isLast = false; !isLast;) {
    const { edges, pageInfo } = await page(after);
    pages.push(edges.map(({ node }) => node));
    expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor);
    after = pageInfo.endCursor;
    isLast = !pageInfo.hasNextPage;
  }
  return pages;
}

describe('A page', () => {
  it(`has what may be seen, in order, full where there is more, whatever is left out (seed ${SEED})`, async () => {
    const random = randomFrom(SEED);
    for (let i = 0; i < 500; i++) {
      const items = Array.from({ length: below(random, 400) }, (_, n) => n + 1);
      const [first, among] = [1 + below(random, 100), 1 + below(random, 30)];
      const seen = new Set(items.filter(() => below(random, among) === 0));
      const pages = await pagesOf((after) => connection(
        { first, after }, (last, limit) => items.filter((item) => item > last).slice(0, limit), (item) => item, (item) => (seen.has(item) ? item : undefined),
      ));
      expect([i, pages.flat()]).toEqual([i, [...seen]]);
      expect([i, pages.slice(0, -1).every((page) => page.length === first)]).toEqual([i, true]);
    }
  });

  it('of a list that is left out nearly whole is found in long strides', async () => {
    let asked = 0;
    const { edges } = await connection({ first: 1 }, (last, limit) => {
      asked++;
      return Array.from({ length: Math.min(limit, 10_000 - last) }, (_, i) => last + i + 1);
    }, (item) => item, (item) => (item === 10_000 ? item : undefined));
    expect(edges).toEqual([{ cursor: '10000', node: 10_000 }]);
    expect(asked).toBeLessThanOrEqual(10_000 / PAGE_AT_MOST + 8);
  });
});

it('What follows is listed in order, with what waits and what was refused, and nothing that is done is read', async () => {
  const rows = Array.from({ length: 900 }, (_, i): ConsequenceRow => {
    const state = i % 30 === 7 ? 'WAITING' : i % 50 === 9 ? 'REFUSED' : 'DONE';
    return { process: 'p', command: 'CloseBallot', input: {}, thingId: `t${i}`, cause: i, causeId: `c${i}`, commandId: `id${i}`, state };
  });
  let read = 0;
  const reads = {
    list: (_spec: unknown, _at: number, { after = 0, limit, filters }: ListOptions) => {
      const found = rows.map((row, i) => ({ thing: i + 1, id: row.commandId, row })).filter(({ thing, row }) => thing > after && (filters?.['state'] === undefined || row.state === filters['state'])).slice(0, limit);
      read += found.length;
      return found;
    },
  } as unknown as Reads;
  const resolver = new ConsequencesResolver(reads, new FailedConsequences((id) => id === 'id37'));
  const all = async (state?: string) => (await pagesOf((after) => resolver.consequences({ position: 900 }, { first: 7, after, ...(state !== undefined && { filter: { state } }) }))).flat().map(({ cause, state: told }) => [cause, told]);
  const expected = rows.filter(({ state }) => state !== 'DONE').map(({ cause, state }) => [cause, cause === 37 ? 'FAILED' : state]);
  expect(expected.length).toBeGreaterThan(40);
  expect(await all()).toEqual(expected);
  expect(read).toBeLessThan(3 * expected.length);
  for (const state of ['WAITING', 'REFUSED', 'FAILED']) expect([state, await all(state)]).toEqual([state, expected.filter(([, told]) => told === state)]);
});
