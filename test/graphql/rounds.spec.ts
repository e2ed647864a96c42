import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Rounds } from '../../src/graphql/rounds.js';

let advanced: () => void;
let rounds: Rounds;
beforeEach(() => {
  jest.useFakeTimers();
  rounds = new Rounds({ onAdvanced: (listener) => { advanced = listener; return () => undefined; } });
});
afterEach(() => { jest.useRealTimers(); });

it('A round begins at once after a rest; what comes within a tenth of a second of it is in the next one', () => {
  let told = 0;
  rounds.join({ goOn: () => { told++; } });
  advanced();
  expect(told).toBe(1);
  for (let i = 0; i < 5; i++) advanced();
  jest.advanceTimersByTime(99);
  expect(told).toBe(1);
  jest.advanceTimersByTime(1);
  expect(told).toBe(2);
  // Nothing came: no round.
  jest.advanceTimersByTime(1_000);
  expect(told).toBe(2);
  advanced();
  expect(told).toBe(3);
});

it('A round tells all who wait, one who joins in it the next time, and nobody who has left', () => {
  const told: string[] = [];
  const first = {
    goOn: () => {
      told.push('first');
      rounds.join({ goOn: () => { told.push('late'); } });
      rounds.leave(first);
    },
  };
  rounds.join(first);
  rounds.join({ goOn: () => { told.push('second'); } });
  advanced();
  expect(told).toEqual(['first', 'second']);
  advanced();
  jest.advanceTimersByTime(100);
  expect([told.slice(2), rounds.size]).toEqual([['second', 'late'], 2]);
});

describe('A turn', () => {
  let now = 0;
  beforeEach(() => { jest.spyOn(performance, 'now').mockImplementation(() => now); });
  afterEach(() => { jest.restoreAllMocks(); });

  /** Has so much to do, and takes 4 ms for each; the time that a turn has is over after three. */
  const busy = (name: string, toDo: number, done: string[]) => {
    const one = {
      goOn: () => {
        for (; toDo > 0; toDo--) {
          if (rounds.isTurnOver) {
            rounds.later(one);
            return;
          }
          now += 4;
          done.push(name);
        }
      },
    };
    return one;
  };
  const nextTurn = (): void => { jest.advanceTimersToNextTimer(); };

  it('ends when its time is over; who has more to do goes on in the next, after all who were due before', () => {
    const done: string[] = [];
    rounds.join(busy('a', 5, done));
    rounds.join(busy('b', 1, done));
    rounds.join(busy('c', 2, done));
    advanced();
    expect(done).toEqual(['a', 'a', 'a']);
    nextTurn();
    expect(done.slice(3)).toEqual(['b', 'c', 'c']);
    nextTurn();
    expect(done.slice(6)).toEqual(['a', 'a']);
    nextTurn();
    expect(done).toHaveLength(8);
  });

  it('begins with those who have come since, each of them once', () => {
    const done: string[] = [];
    const [one, other] = [busy('one', 2, done), busy('other', 1, done)];
    for (const each of [one, other, one]) rounds.later(each);
    expect(done).toEqual([]);
    nextTurn();
    expect(done).toEqual(['one', 'one', 'other']);
  });

  it('that another round comes into calls nobody twice for the same', () => {
    const done: string[] = [];
    rounds.join(busy('a', 4, done));
    rounds.join(busy('b', 4, done));
    advanced();
    now += 100;
    advanced();
    for (let i = 0; i < 4 && done.length < 8; i++) nextTurn();
    expect(done.toSorted()).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']);
  });
});
