import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Turns, turns } from '../../src/graphql/turns.js';
import { resolvers } from '../../src/resolvers.js';

let now = 0;
beforeEach(() => { jest.spyOn(performance, 'now').mockImplementation(() => now); });
afterEach(() => { jest.restoreAllMocks(); });

/** What is done in the immediates of one round of the loop, and in all that follows from it. */
const nextTurn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('A turn', () => {
  let ofThis: Turns;
  let done: string[];
  beforeEach(() => {
    ofThis = new Turns();
    done = [];
  });

  /** A subscriber who has so much to do, and takes 4 ms for each; the time that a turn has is over after three. */
  const subscriber = (name: string, toDo: number) => {
    const one = {
      calls: 0,
      goOn: () => {
        one.calls++;
        for (; toDo > 0; toDo--) {
          if (!ofThis.hasTime()) return ofThis.later(one);
          now += 4;
          done.push(name);
        }
      },
    };
    return one;
  };
  /** A field that comes to its work, of 4 ms, some microtasks after it has been called, and has something to complete some microtasks after that. */
  const field = async (name: string): Promise<void> => {
    await ofThis.pause();
    for (let hops = 0; hops < 3; hops++) await undefined;
    now += 4;
    done.push(name);
    for (let hops = 0; hops < 5; hops++) await undefined;
  };
  /** A question has come, with so many fields; the first turn is over by what it had to do before them. */
  const question = (name: string, fields: number, isGone?: () => boolean): Promise<unknown> => {
    ofThis.begin(isGone);
    now += 10;
    return Promise.all(Array.from({ length: fields }, () => field(name)));
  };
  /** What is done in each of the next turns, until there are so many that nothing is done in. */
  const turnsToCome = async (idle = 2): Promise<string[]> => {
    const found: string[] = [];
    for (let silent = 0; silent < idle;) {
      const before = done.length;
      await nextTurn();
      silent = done.length === before ? silent + 1 : 0;
      if (done.length > before) found.push(done.slice(before).join(''));
    }
    return found;
  };

  it('ends when its time is over; who has more to do goes on in the next, after all who were due before', async () => {
    ofThis.now([subscriber('a', 5), subscriber('b', 1), subscriber('c', 2)]);
    expect(done).toEqual(['a', 'a', 'a']);
    expect(await turnsToCome()).toEqual(['bcc', 'aa']);
  });

  it('begins with those who have come since, each of them once', async () => {
    const [one, other] = [subscriber('a', 2), subscriber('b', 1)];
    for (const each of [one, other, one]) ofThis.later(each);
    expect(done).toEqual([]);
    expect(await turnsToCome()).toEqual(['aab']);
    expect([one.calls, other.calls]).toEqual([1, 1]);
  });

  it('that another round comes into calls nobody who is due twice', async () => {
    const both = [subscriber('a', 4), subscriber('b', 4)];
    ofThis.now(both);
    const calls = both.map((one) => one.calls);
    ofThis.now([...both, ...both]);
    expect(await turnsToCome()).not.toEqual([]);
    expect(done.toSorted().join('')).toBe('aaaabbbb');
    // As often as they had something to do, or were told that their time was over.
    both.forEach((one, i) => expect(one.calls - (calls[i] as number)).toBeLessThanOrEqual(3));
  });

  it('of a question ends when the work of its fields has taken its time, and not some fields later', async () => {
    const asked = question('q', 7);
    await Promise.resolve();
    expect(await turnsToCome()).toEqual(['qqq', 'qqq', 'q']);
    await asked;
  });

  it('is had by each question after the other, however many fields one has, and by subscribers who come meanwhile', async () => {
    const asked = [question('a', 6)];
    await nextTurn();
    asked.push(question('b', 4), question('c', 1));
    ofThis.later(subscriber('s', 1));
    expect(await turnsToCome()).toEqual(['aaa', 'bbb', 'csb']);
    await Promise.all(asked);
    expect(done).toHaveLength(12);
  });

  it('is had by all who have not had the thread for long, and by four at a time of those who have', async () => {
    // Five turns of 12 ms make a long one of each but g.
    const asked = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => question(name, name === 'g' ? 3 : 21));
    const told = await turnsToCome();
    await Promise.all(asked);
    expect(told.slice(0, 7)).toEqual(['aaa', 'bbb', 'ccc', 'ddd', 'eee', 'fff', 'ggg']);
    const then = told.slice(7);
    // Five turns each, then the first four to their end, then the others.
    expect(then.slice(0, 24).join('')).toBe('aaabbbcccdddeeefff'.repeat(4));
    expect(then.slice(24, 32).join('')).toBe('aaabbbcccddd'.repeat(2));
    expect(then.slice(32).join('')).toBe('eeefff'.repeat(2));
  });

  it('goes on as part of the question that waited for something else', async () => {
    let isGone = false;
    let arrive: (() => void) | undefined;
    const waited = new Promise<void>((resolve) => { arrive = resolve; });
    ofThis.begin(() => isGone);
    const { place } = ofThis;
    const asked = (async () => {
      await waited;
      await ofThis.goBackTo(place);
      expect(ofThis.place).toBe(place);
      for (let i = 0; i < 99; i++) await field('q');
    })();
    await nextTurn();
    expect(ofThis.place).toBeUndefined();
    // What was waited for comes in the turn of the subscribers.
    ofThis.now([{ goOn: () => { arrive?.(); } }]);
    for (let i = 0; i < 4; i++) await nextTurn();
    expect(done.length).toBeGreaterThan(6);
    expect(done.length).toBeLessThan(20);
    // It is dropped when nobody waits for it, as if it had not waited itself.
    isGone = true;
    expect(await turnsToCome()).toEqual([]);
    void asked;
  });

  it('is not had by a question that nobody waits for any more', async () => {
    let isGone = false;
    void question('a', 9, () => isGone);
    const other = question('b', 4);
    await nextTurn();
    expect(done.join('')).toBe('aaa');
    isGone = true;
    expect((await turnsToCome()).join('')).toBe('bbbb');
    await other;
  });

  it('is not waited for behind long questions that nobody waits for any more', async () => {
    const isGone = new Set<string>();
    const names = ['a', 'b', 'c', 'd', 'x', 'y', 'z', 'e'];
    const asked = names.map((name) => question(name, 18 + (name === 'a' ? 3 : 12), () => isGone.has(name)));
    const rounds = async (n: number): Promise<string> => {
      const from = done.length;
      for (let i = 0; i < n; i++) await nextTurn();
      return done.slice(from).join('');
    };
    // All have become long ones: a to d have turns, the others stand in line.
    await rounds(8 * 5 + 4);
    ['x', 'y', 'z'].forEach((name) => isGone.add(name));
    const then = (await turnsToCome()).join('');
    // The first that ends makes room for the only one that is left, and not for those before it.
    expect(then).toBe(`aaabbbcccdddeee${'bbbcccdddeee'.repeat(3)}eee`);
    await Promise.all([0, 1, 2, 3, 7].map((i) => asked[i]));
  });

  it('goes on for the others where one throws, which whoever called is told', async () => {
    const broken = { goOn: () => { throw new Error('broken on purpose'); } };
    expect(() => { ofThis.now([subscriber('a', 1), broken, subscriber('b', 1)]); }).toThrow('broken on purpose');
    expect(await turnsToCome()).toEqual(['b']);
    ofThis.now([subscriber('c', 1)]);
    expect(done.join('')).toBe('abc');
  });

  it('is short for those who come in the same round of the loop as others who have had its time', async () => {
    ofThis.begin();
    now += 9;
    expect(ofThis.hasTime()).toBe(true);
    now += 1;
    expect(ofThis.hasTime()).toBe(false);
    ofThis.begin();
    now += 1;
    expect(ofThis.hasTime()).toBe(true);
    now += 1;
    expect(ofThis.hasTime()).toBe(false);
    await nextTurn();
    ofThis.begin();
    now += 9;
    expect(ofThis.hasTime()).toBe(true);
  });

  it('begins for whoever comes outside of any, as when something was waited for', async () => {
    ofThis.begin();
    now += 100;
    expect(ofThis.hasTime()).toBe(false);
    await nextTurn();
    expect(ofThis.hasTime()).toBe(true);
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
