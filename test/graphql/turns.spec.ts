import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Turns, turns } from '../../src/graphql/turns.js';
import { resolvers } from '../../src/resolvers.js';

let now = 0;
beforeEach(() => { jest.spyOn(performance, 'now').mockImplementation(() => now); });
afterEach(() => { jest.restoreAllMocks(); });

const nextTurn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('A turn', () => {
  let ofThis: Turns;
  let done: string[];
  beforeEach(() => {
    ofThis = new Turns();
    done = [];
  });

  /** Has so much to do, and takes 4 ms for each; the time that a turn has is over after three. */
  const busy = (name: string, toDo: number) => {
    const one = {
      goOn: () => {
        for (; toDo > 0; toDo--) {
          if (ofThis.isOver) return ofThis.later(one);
          now += 4;
          done.push(name);
        }
      },
    };
    return one;
  };
  /** The same as a question that comes to its work some microtasks after it has been called. */
  const question = async (name: string, toDo: number): Promise<void> => {
    for (; toDo > 0; toDo--) {
      await ofThis.pause();
      await undefined;
      now += 4;
      done.push(name);
    }
  };

  it('ends when its time is over; who has more to do goes on in the next, after all who were due before', async () => {
    ofThis.now([busy('a', 5), busy('b', 1), busy('c', 2)]);
    expect(done).toEqual(['a', 'a', 'a']);
    await nextTurn();
    expect(done.slice(3)).toEqual(['b', 'c', 'c']);
    await nextTurn();
    expect(done.slice(6)).toEqual(['a', 'a']);
    await nextTurn();
    expect(done).toHaveLength(8);
  });

  it('begins with those who have come since, each of them once', async () => {
    const [one, other] = [busy('one', 2), busy('other', 1)];
    for (const each of [one, other, one]) ofThis.later(each);
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual(['one', 'one', 'other']);
  });

  it('that others come into calls nobody twice for the same', async () => {
    const both = [busy('a', 4), busy('b', 4)];
    ofThis.now(both);
    ofThis.now(both);
    for (let i = 0; i < 4 && done.length < 8; i++) await nextTurn();
    expect(done.toSorted()).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']);
  });

  it('goes from question to question as far as there is time, and others have theirs in between', async () => {
    ofThis.begin();
    expect(ofThis.pause()).toBeUndefined();
    now += 10;
    const asked = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => question(name, 1));
    const seen: number[] = [];
    for (let i = 0; done.length < 8; i++) {
      if (i > 8) throw new Error(`Nobody went on: ${done.join()}`);
      await nextTurn();
      seen.push(done.length);
    }
    await Promise.all(asked);
    expect(done.join('')).toBe('abcdefgh');
    // Three take the time of a turn; who was called before the third was seen to take it is done in it too.
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(seen[0]).toBeLessThanOrEqual(5);
  });
});

it('Every method that finds a field is called in turns', () => {
  jest.spyOn(turns, 'pause').mockImplementation(() => new Promise(() => undefined));
  let methods = 0;
  for (const { name, prototype } of resolvers.filter((resolver) => resolver.name !== 'MutationsResolver')) {
    for (const [method, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype as Record<string, (...args: unknown[]) => unknown>))) {
      if (Reflect.getOwnMetadata('graphql:resolve_property', value as object) !== true) continue;
      methods++;
      // Without a parent or arguments it could not answer.
      expect([name, method, value?.call(undefined)]).toEqual([name, method, expect.any(Promise)]);
    }
  }
  expect(methods).toBeGreaterThanOrEqual(50);
  expect(turns.pause).toHaveBeenCalledTimes(methods);
});
