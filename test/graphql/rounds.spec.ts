import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Rounds } from '../../src/graphql/rounds.js';

let advanced: () => void;
let rounds: Rounds;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  rounds = new Rounds({ onAdvanced: (listener) => { advanced = listener; return () => undefined; } });
});
afterEach(() => { jest.useRealTimers(); });
/** Until all has been done that follows. */
const done = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

it('A round begins at once after a rest; what comes within a tenth of a second of it is in the next one', async () => {
  let told = 0;
  rounds.join({ goOn: () => { told++; } });
  advanced();
  expect(told).toBe(1);
  await done();
  for (let i = 0; i < 5; i++) advanced();
  jest.advanceTimersByTime(99);
  expect(told).toBe(1);
  jest.advanceTimersByTime(1);
  expect(told).toBe(2);
  await done();
  // Nothing came: no round.
  jest.advanceTimersByTime(1_000);
  expect(told).toBe(2);
  advanced();
  expect(told).toBe(3);
  await done();
});

it('A round tells all who wait, one who joins in it the next time, and nobody who has left', async () => {
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
  await done();
  advanced();
  jest.advanceTimersByTime(100);
  expect([told.slice(2), rounds.size]).toEqual([['second', 'late'], 2]);
});
