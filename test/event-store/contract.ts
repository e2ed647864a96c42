import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 as newCommandId } from 'uuid';
import { BEFORE_THE_FIRST, type StoredEntry } from '../../src/event-store/entry.js';
import { CommandRecorded, HeadMoved, LogFull, TimeWentBack, type Engine, type WritableLog } from '../../src/event-store/event-store.js';
import { entriesAfter, positionsOf, range, timeOf } from '../support/entries.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { describeWhere } from '../support/where.js';

/** A log that is open, by an engine that has been waited for: what an append has answered can be read in `log`. */
export interface OpenLog {
  readonly engine: Engine;
  readonly log: WritableLog;
  /** What listeners have thrown since it was opened. */
  readonly listenerErrors: readonly unknown[];
  /** Closes it and opens the same log again, as a new process would. */
  reopen(): Promise<OpenLog>;
  /** Closes and removes it. */
  dispose(): Promise<void>;
  /** Leaves room for a little more (some tens of kilobytes), or lifts that again. */
  limitSpace?(limited: boolean): void | Promise<void>;
}

/** What an engine cannot be tested for on this machine. Reported as not run, never as passed. */
export type NotRun = 'full disk';

const ROUNDS = 100;
const RACERS = 8;
const WRITERS = 64;
const APPENDS_OF_A_WRITER = 4;

/**
 * What every engine promises. To enrol one:
 *
 *     import { contract } from './contract.js';
 *     contract('sqlite', openSqliteLog);
 */
export function contract(name: string, open: () => Promise<OpenLog>, notRun: readonly NotRun[] = []): void {
  describe(`The log with the engine ${name} (SEED=${SEED})`, () => {
    let at: OpenLog;
    const random = randomFrom(SEED);
    const head = async (): Promise<number> => (await at.engine.head()).position;
    const all = (after = 0): Promise<readonly StoredEntry[]> => at.engine.read(after, 1_000_000);

    beforeEach(async () => { at = await open(); });
    afterEach(async () => { await at.dispose(); });

    /** Appends on the head until it is the one that wins, as one of many. Answers the entries as they were written. */
    async function insist(count: number, from: number): Promise<StoredEntry[]> {
      for (let expected = from; ;) {
        const entries = entriesAfter(expected, count);
        try {
          await at.engine.append(entries, expected);
          return entries;
        } catch (error) {
          if (!(error instanceof HeadMoved)) throw error;
          // Each conflict is somebody's progress: none can go on for ever.
          expect(error.actual).toBeGreaterThan(expected);
          expected = error.actual;
        }
      }
    }

    /** Many writers at once, each with batches of one to three. */
    async function writeByMany(): Promise<void> {
      await Promise.all(Array.from({ length: WRITERS }, async () => {
        for (let n = 0; n < APPENDS_OF_A_WRITER; n++) {
          await insist(1 + below(random, 3), at.log.head.position);
          if (random() < 0.5) await nextTurn();
        }
      }));
    }

    /** What a follower is given, until it has come to `upTo`: each batch follows the one before it. */
    async function followed(after: number, upTo: number): Promise<StoredEntry[]> {
      const stop = new AbortController();
      const seen: StoredEntry[] = [];
      for await (const batch of at.engine.follow(after, stop.signal)) {
        expect(positionsOf(batch)).toEqual(range(after + seen.length + 1, after + seen.length + Math.max(1, batch.length)));
        seen.push(...batch);
        if ((batch[batch.length - 1] as StoredEntry).position >= upTo) stop.abort();
      }
      return seen;
    }

    /** Nothing of a refused append is anywhere. */
    async function expectUntouched(before: readonly StoredEntry[], refused: readonly StoredEntry[]): Promise<void> {
      expect(await all()).toEqual(before);
      expect(at.log.read(0, 1_000_000)).toEqual(before);
      expect(await head()).toBe(before.length);
      expect(at.log.head.position).toBe(before.length);
      const kept = new Set(before.map((e) => e.id));
      for (const entry of refused) if (!kept.has(entry.id)) expect(at.log.byCommandId(entry.id)).toBeUndefined();
    }

    const problemOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'no problem', (error: unknown) => error);

    describe('exact head', () => {
      it('begins before the first entry', async () => {
        expect(await at.engine.head()).toEqual(BEFORE_THE_FIRST);
        expect(at.log.head).toEqual(BEFORE_THE_FIRST);
        expect(await all()).toEqual([]);
      });

      it('is the last entry, with its time and id, for engine and log alike', async () => {
        const entries = entriesAfter(0, 3);
        await at.engine.append(entries, 0);
        const { position, time, id } = entries[2] as StoredEntry;
        expect(await at.engine.head()).toEqual({ position, time, id });
        expect(at.log.head).toEqual({ position, time, id });
      });

      it(`lets exactly one of ${RACERS} win, ${ROUNDS} times, and tells the others the head`, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const expected = await head();
          const batches = Array.from({ length: RACERS }, (_, racer) => entriesAfter(expected, 1 + (racer % 3)));
          const ends = await Promise.allSettled(batches.map(async (batch) => {
            for (let turns = below(random, 4); turns > 0; turns--) await (random() < 0.5 ? nextTurn() : undefined);
            await at.engine.append(batch, expected);
          }));
          const winners = batches.filter((_, i) => ends[i]?.status === 'fulfilled');
          expect(winners).toHaveLength(1);
          const winner = winners[0] as StoredEntry[];
          for (const end of ends) {
            if (end.status === 'fulfilled') continue;
            expect(end.reason).toBeInstanceOf(HeadMoved);
            expect(end.reason).toMatchObject({ expected, actual: expected + winner.length });
          }
          expect(await all(expected)).toEqual(winner);
        }
      });

      it('also checks a batch without entries', async () => {
        await at.engine.append(entriesAfter(0, 2), 0);
        await at.engine.append([], 2);
        expect(await problemOf(at.engine.append([], 1))).toBeInstanceOf(HeadMoved);
        expect(await head()).toBe(2);
      });
    });

    describe('conflict', () => {
      it.each([['behind', 1], ['before the first', 0], ['ahead', 4]])('names both heads when the expected one is %s', async (_, expected) => {
        const before = entriesAfter(0, 3);
        await at.engine.append(before, 0);
        const refused = entriesAfter(expected, 2);
        const error = await problemOf(at.engine.append(refused, expected));
        expect(error).toBeInstanceOf(HeadMoved);
        expect(error).toMatchObject({ name: 'HeadMoved', expected, actual: 3, message: `The log's head is 3, not ${expected}` });
        await expectUntouched(before, refused);
      });

      it('is over when one appends on the actual head', async () => {
        await at.engine.append(entriesAfter(0, 3), 0);
        await insist(2, 0);
        expect(positionsOf(await all())).toEqual(range(1, 5));
      });
    });

    describe('positions and order', () => {
      it('counts from 1 without a hole, whatever the batches', async () => {
        for (let n = 0; n < 40; n++) await insist(1 + below(random, 9), await head());
        const last = await head();
        const entries = await all();
        expect(positionsOf(entries)).toEqual(range(1, last));
        for (const entry of entries) expect(at.log.at(entry.position)).toEqual(entry);
        expect(at.log.at(0)).toBeUndefined();
        expect(at.log.at(last + 1)).toBeUndefined();
      });

      it(`keeps the order in which ${WRITERS} writers were answered`, async () => {
        const appends: { began: number; answered: number; entries: readonly StoredEntry[] }[] = [];
        let clock = 0;
        await Promise.all(Array.from({ length: WRITERS }, async () => {
          for (let n = 0; n < APPENDS_OF_A_WRITER;) {
            const expected = at.log.head.position;
            const entries = entriesAfter(expected, 1 + below(random, 3));
            if (random() < 0.5) await nextTurn();
            const began = ++clock;
            const problem = await problemOf(at.engine.append(entries, expected));
            if (problem instanceof HeadMoved) {
              expect(problem.actual).toBeGreaterThan(expected);
              continue;
            }
            expect(problem).toBe('no problem');
            appends.push({ began, answered: ++clock, entries });
            n++;
          }
        }));
        const inLogOrder = [...appends].sort((a, b) => (a.entries[0] as StoredEntry).position - (b.entries[0] as StoredEntry).position);
        expect(await all()).toEqual(inLogOrder.flatMap((a) => a.entries));
        // What was answered before another began lies before it: no entry may have been answered before the latest beginning up to here.
        let latestBeginning = 0;
        for (const append of inLogOrder) {
          expect(append.answered).toBeGreaterThan(latestBeginning);
          latestBeginning = Math.max(latestBeginning, append.began);
        }
      });

      it('gives a stream in its order, whatever lies between', async () => {
        const streams = ['committee', 'ballot-1', 'register-2026'];
        const entries = entriesAfter(0, 60, (p) => ({ stream: streams[p % 3] as string, revision: Math.floor((p - 1) / 3) + 1 }));
        await at.engine.append(entries.slice(0, 31), 0);
        await at.engine.append(entries.slice(31), 31);
        for (const stream of streams) expect(at.log.stream(stream)).toEqual(entries.filter((e) => e.stream === stream));
        expect(at.log.stream('ballot')).toEqual([]);
      });

      it('knows the revision of a stream at each position', async () => {
        const streams = ['committee', 'ballot-1', 'register-2026'];
        const revisions = new Map<string, number>();
        const entries = entriesAfter(0, 80, () => {
          const stream = streams[below(random, 3)] as string;
          const revision = (revisions.get(stream) ?? 0) + 1;
          revisions.set(stream, revision);
          return { stream, revision };
        });
        await at.engine.append(entries, 0);
        for (const stream of [...streams, 'never']) {
          for (const position of range(0, 82)) {
            const naive = entries.filter((e) => e.stream === stream && e.position <= position).length;
            expect([stream, position, at.log.revisionAt(stream, position)]).toEqual([stream, position, naive]);
          }
        }
      });

      it('tells who listens after the entries can be read, once an append, and no more when they stop', async () => {
        const heard: { head: number; last: number | undefined }[] = [];
        const stop = at.log.onAppended(() => heard.push({ head: at.log.head.position, last: at.log.read(0, 1_000).at(-1)?.position }));
        await at.engine.append(entriesAfter(0, 3), 0);
        expect(heard).toEqual([{ head: 3, last: 3 }]);
        await problemOf(at.engine.append(entriesAfter(0, 1), 0));
        expect(heard).toHaveLength(1);
        stop();
        await at.engine.append(entriesAfter(3, 1), 3);
        expect(heard).toHaveLength(1);
      });
    });

    describe('a listener that throws', () => {
      const broken = new Error('the listener is broken');

      it('fails no append that is durable: it is answered, the other listeners are told, and the error goes to who opened the log', async () => {
        let told = 0;
        at.log.onAppended(() => told++);
        at.log.onAppended(() => { throw broken; });
        at.log.onAppended(() => told++);
        const entries = entriesAfter(0, 3);
        expect(await problemOf(at.engine.append(entries, 0))).toBe('no problem');
        expect(told).toBe(2);
        expect(at.listenerErrors).toEqual([broken]);
        await insist(1, 3);
        expect(at.listenerErrors).toEqual([broken, broken]);
        expect(await all()).toHaveLength(4);
      });

      it('holds up no follower', async () => {
        at.log.onAppended(() => { throw broken; });
        const seen = followed(0, 4);
        await nextTurn();
        await problemOf(at.engine.append(entriesAfter(0, 4), 0));
        expect(positionsOf(await seen)).toEqual(range(1, 4));
      });
    });

    describe('time', () => {
      it.each<[string, number, number]>([
        ['the head, in the first entry', 3, 1], ['the head, in every entry', 0, 1], ['the entry before it in the batch', 5, 3], ['the first entry, in the last one', 6, 2],
      ])('never goes back: an append that goes back before %s is refused by name', async (_, spoilt, second) => {
        const before = entriesAfter(0, 2);
        await at.engine.append(before, 0);
        const refused = entriesAfter(2, 4, (position) => (position === spoilt || spoilt === 0 ? { time: timeOf(second) } : {}));
        const position = spoilt === 0 ? 3 : spoilt;
        const error = await problemOf(at.engine.append(refused, 2));
        expect(error).toBeInstanceOf(TimeWentBack);
        expect(error).toMatchObject({
          name: 'TimeWentBack', position, time: timeOf(second), before: timeOf(position - 1),
          message: `The entry at position ${position} has the time ${timeOf(second)}, which is before ${timeOf(position - 1)}, that of the entry before it`,
        });
        await expectUntouched(before, refused);
        await at.engine.append(entriesAfter(2, 1), 2);
      });

      it('may stand still, and a head that has moved is told first', async () => {
        await at.engine.append(entriesAfter(0, 3, () => ({ time: timeOf(9) })), 0);
        await at.engine.append(entriesAfter(3, 2, () => ({ time: timeOf(9) })), 3);
        expect(await problemOf(at.engine.append(entriesAfter(3, 1, () => ({ time: timeOf(1) })), 3))).toBeInstanceOf(HeadMoved);
        at = await at.reopen();
        expect(await problemOf(at.engine.append(entriesAfter(5, 1, () => ({ time: timeOf(8) })), 5))).toBeInstanceOf(TimeWentBack);
        expect(await head()).toBe(5);
      });
    });

    describe('followers', () => {
      it('are given what is there and what comes', async () => {
        await at.engine.append(entriesAfter(0, 5), 0);
        const seen = followed(0, 9);
        await nextTurn();
        await insist(2, 5);
        await wait(5);
        await insist(2, 7);
        expect(await seen).toEqual(await all());
      });

      it('are given a long log whole', async () => {
        await at.engine.append(entriesAfter(0, 1_300), 0);
        expect(await followed(0, 1_300)).toEqual(await all());
      });

      it('start in the middle, and at the head', async () => {
        await at.engine.append(entriesAfter(0, 10), 0);
        const fromTheMiddle = followed(4, 12);
        const fromTheHead = followed(10, 12);
        await insist(2, 10);
        expect(positionsOf(await fromTheMiddle)).toEqual(range(5, 12));
        expect(positionsOf(await fromTheHead)).toEqual([11, 12]);
      });

      it(`miss and double nothing: 8 of them from different places, one slow, while ${WRITERS} writers append`, async () => {
        await at.engine.append(entriesAfter(0, 20), 0);
        const least = 20 + WRITERS * APPENDS_OF_A_WRITER;
        const seen = range(0, 7).map((n) => followed(n * 3, least));
        const slow = (async () => {
          const stop = new AbortController();
          const entries: StoredEntry[] = [];
          for await (const batch of at.engine.follow(0, stop.signal)) {
            entries.push(...batch);
            expect((batch[batch.length - 1] as StoredEntry).position).toBe(entries.length);
            await wait(2);
            if (entries.length >= least) stop.abort();
          }
          return entries;
        })();
        await writeByMany();
        const entries = await all();
        expect(positionsOf(entries)).toEqual(range(1, await head()));
        for (const [n, one] of (await Promise.all(seen)).entries()) expect(one).toEqual(entries.slice(n * 3, n * 3 + one.length));
        const bySlow = await slow;
        expect(bySlow).toEqual(entries.slice(0, bySlow.length));
      });

      it('resume where they broke off', async () => {
        const seen: StoredEntry[] = [];
        const writing = writeByMany();
        while (seen.length < WRITERS * APPENDS_OF_A_WRITER) {
          let batches = 1 + below(random, 3);
          for await (const batch of at.engine.follow(seen.length, new AbortController().signal)) {
            seen.push(...batch);
            if (--batches === 0) break;
          }
        }
        await writing;
        expect(seen).toEqual((await all()).slice(0, seen.length));
      });

      it('end when they are aborted: before, while they wait, and with a batch in hand', async () => {
        await at.engine.append(entriesAfter(0, 1_300), 0);
        for await (const batch of at.engine.follow(0, AbortSignal.abort())) throw new Error(`was given ${batch.length} after its end`);

        const waiting = new AbortController();
        const ended = (async () => { for await (const batch of at.engine.follow(1_300, waiting.signal)) throw new Error(`was given ${batch.length}, none came`); })();
        await wait(20);
        waiting.abort();
        await ended;

        const busy = new AbortController();
        let batches = 0;
        for await (const batch of at.engine.follow(0, busy.signal)) {
          batches += Math.sign(batch.length);
          busy.abort();
        }
        expect(batches).toBe(1);
        // Who has gone is not waited for.
        await insist(1, 1_300);
      });
    });

    describe('repeats', () => {
      it('are found by their command id', async () => {
        const entries = entriesAfter(0, 5);
        await at.engine.append(entries, 0);
        for (const entry of entries) expect(at.log.byCommandId(entry.id)).toEqual(entry);
        expect(at.log.byCommandId(newCommandId())).toBeUndefined();
      });

      it('of the very same append store nothing twice', async () => {
        const entries = entriesAfter(0, 3);
        await at.engine.append(entries, 0);
        // An engine may know the repeat and answer as the first time, or say that the head has moved.
        const again = await problemOf(at.engine.append(entries, 0));
        if (again !== 'no problem') expect(again).toBeInstanceOf(HeadMoved);
        await expectUntouched(entries, []);
      });
    });

    describe('a command id that is used again', () => {
      it.each([['first', 3], ['last', 6]])('for another entry (%s of the batch) is refused by name, with the position of the first', async (_, place) => {
        const before = entriesAfter(0, 2);
        await at.engine.append(before, 0);
        const { id } = before[1] as StoredEntry;
        const refused = entriesAfter(2, 4, (position) => (position === place ? { id } : {}));
        const error = await problemOf(at.engine.append(refused, 2));
        expect(error).toBeInstanceOf(CommandRecorded);
        expect(error).toMatchObject({ name: 'CommandRecorded', commandId: id, position: 2, message: `The command ${id} is recorded already, at position 2` });
        await expectUntouched(before, refused);
      });

      it('within one batch is refused by name too, whatever letters it is written in', async () => {
        const [first, second] = entriesAfter(0, 2) as [StoredEntry, StoredEntry];
        const refused = [first, { ...second, id: first.id.toUpperCase() }];
        const error = await problemOf(at.engine.append(refused, 0));
        expect(error).toBeInstanceOf(CommandRecorded);
        expect(error).toMatchObject({ commandId: first.id, position: 1 });
        await expectUntouched([], refused);
      });
    });

    describe('notes', () => {
      it('are kept once: a second value is refused, the first stays', async () => {
        at.log.keepNote('first start', 'a');
        for (const value of ['b', 'a']) expect(() => at.log.keepNote('first start', value)).toThrow('a note is kept once');
        at = await at.reopen();
        expect(() => at.log.keepNote('first start', 'c')).toThrow('a note is kept once');
        expect(at.log.note('first start')).toBe('a');
      });
    });

    describe('all or nothing', () => {
      const known = newCommandId();
      const wrongs: [string, (batch: StoredEntry[], i: number) => StoredEntry][] = [
        ['a command id that is in the log', (batch, i) => ({ ...(batch[i] as StoredEntry), id: known })],
        ['a command id that is in the batch', (batch, i) => ({ ...(batch[i] as StoredEntry), id: (batch[(i + 1) % batch.length] as StoredEntry).id })],
        ['a position too far', (batch, i) => ({ ...(batch[i] as StoredEntry), position: 1_000 })],
        ['a position that is taken', (batch, i) => ({ ...(batch[i] as StoredEntry), position: 1 })],
      ];
      const places: [string, number][] = [['first', 0], ['middle', 2], ['last', 4]];
      it.each(wrongs.flatMap(([what, spoil]) => places.map(([where, i]) => [what, where, spoil, i] as const)))('refuses a batch with %s (%s entry)', async (_, __, spoil, i) => {
        const before = entriesAfter(0, 2, (position) => (position === 2 ? { id: known } : {}));
        await at.engine.append(before, 0);
        let told = 0;
        at.log.onAppended(() => told++);
        const good = entriesAfter(2, 5);
        const bad = good.map((entry, n) => (n === i ? spoil(good, i) : entry));
        await expect(at.engine.append(bad, 2)).rejects.toThrow();
        expect(told).toBe(0);
        await expectUntouched(before, bad);
        await at.engine.append(good, 2);
        expect(await all()).toEqual([...before, ...good]);
      });
    });

    describe('payloads come back to the byte', () => {
      const codePoints = (from: number, to: number): string => {
        let text = '';
        for (let c = from; c <= to; c++) if (c < 0xd800 || c > 0xdfff) text += String.fromCodePoint(c);
        return text;
      };
      const payloads: [string, string[]][] = [
        ['1 MiB', [JSON.stringify({ text: 'é'.repeat(2 ** 19 - 10) })]],
        ['every character of the 17 planes', range(0, 16).map((plane) => JSON.stringify(codePoints(plane * 0x10000, plane * 0x10000 + 0xffff)))],
        ['lone surrogates and control characters, as JSON escapes them', ['\ud800', '\udfff', '\udc00\ud800', 'a\ud83d', '\0', '\x01\x1f\x7f\x80'].map((text) => JSON.stringify({ text }))],
        ['what other programs like to change', ['\u2028\u2029', '\ufeffa', '\u00e9 e\u0301', '\u200b\u202e', '\r\n\n\r', 'a\\u0000b', '\u{1f468}\u200d\u{1f469}', "'; DROP TABLE entries; --"].map((text) => JSON.stringify({ text }))],
        ['empty things', ['{}', '[]', '""', 'null', 'false', '0', '{"a":{},"b":[],"c":"","":0}']],
        ['JSON as it was written, not as it would be written again', ['{ "b" : 1.0,\n\t"a":1e2 }', '[-0,1E400,12345678901234567890,0.1]', '{"a":1,"a":2}', '"\\u00e9\\/"', '{"__proto__":1}']],
        ['a deep one', ['['.repeat(5_000) + ']'.repeat(5_000)]],
      ];
      it.each(payloads)('%s', async (_, texts) => {
        for (const text of texts) {
          const position = at.log.head.position + 1;
          const entry = entriesAfter(position - 1, 1, () => ({ data: text, meta: `{ "commandName":"DoThing","strange":${text.slice(0, 1) === '"' ? text : 1}}` }))[0] as StoredEntry;
          await at.engine.append([entry], position - 1);
          const found = [(await at.engine.read(position - 1, 1))[0], at.log.at(position), at.log.byCommandId(entry.id), at.log.stream(entry.stream).at(-1)];
          // Not toEqual: a megabyte that differs would be printed.
          for (const one of found) expect(one !== undefined && one.data === entry.data && one.meta === entry.meta && one.id === entry.id).toBe(true);
        }
        at = await at.reopen();
        const read = await all();
        expect(read.map((e) => Buffer.byteLength(e.data))).toEqual(texts.map((text) => Buffer.byteLength(text)));
        expect(read.every((e, i) => e.data === texts[i])).toBe(true);
        const seen = await followed(0, texts.length);
        expect(seen.every((e, i) => e.data === texts[i])).toBe(true);
      });

      it('names with any letters', async () => {
        const entries = entriesAfter(0, 3, (p) => ({ stream: ['groupe-santé', 'ομάδα-1', '🜁 %_\'"'][p - 1] as string, revision: 1, type: 'Ereignis—Ä' }));
        await at.engine.append(entries, 0);
        expect(await all()).toEqual(entries);
        for (const entry of entries) expect(at.log.stream(entry.stream)).toEqual([entry]);
      });
    });

    describe('reopening', () => {
      it('finds everything there, and goes on', async () => {
        const entries = entriesAfter(0, 700);
        await at.engine.append(entries.slice(0, 650), 0);
        await at.engine.append(entries.slice(650), 650);
        const { logId } = at.log;
        const before = at.log.head;
        expect(logId).toMatch(/^[0-9a-f-]{36}$/);

        at = await at.reopen();
        expect(at.log.logId).toBe(logId);
        expect(at.log.head).toEqual(before);
        expect(await at.engine.head()).toEqual(before);
        expect(await all()).toEqual(entries);
        expect(at.log.byCommandId((entries[333] as StoredEntry).id)).toEqual(entries[333]);
        expect(at.log.stream('committee')).toEqual(entries);
        expect(at.log.positionAt(timeOf(650))).toBe(650);
        expect(at.log.revisionAt('committee', 650)).toBe(650);

        expect(await problemOf(at.engine.append(entriesAfter(650, 1), 650))).toMatchObject({ name: 'HeadMoved', actual: 700 });
        const seen = followed(699, 702);
        await insist(2, 700);
        expect(positionsOf(await seen)).toEqual([700, 701, 702]);
      });

      it('finds an empty log empty', async () => {
        const { logId } = at.log;
        at = await at.reopen();
        expect(at.log.logId).toBe(logId);
        expect(await at.engine.head()).toEqual(BEFORE_THE_FIRST);
      });

      it('finds the notes', async () => {
        expect(at.log.note('first start')).toBeUndefined();
        at.log.keepNote('first start', '2026-01-01T00:00:00.000Z');
        at.log.keepNote('motto 🜁', 'in varietate "concordia"');
        at = await at.reopen();
        expect(at.log.note('first start')).toBe('2026-01-01T00:00:00.000Z');
        expect(at.log.note('motto 🜁')).toBe('in varietate "concordia"');
        expect(at.log.note('another')).toBeUndefined();
        expect(await head()).toBe(0);
      });

      it('gives another log another id', async () => {
        const other = await open();
        expect(other.log.logId).not.toBe(at.log.logId);
        await other.dispose();
      });
    });

    describe('the position at a time', () => {
      it.each([0, 1, 2, 3, 16, 97])('is the last one recorded by then, in a log of %i', async (count) => {
        const start = Date.UTC(2026, 0, 1);
        let millisecond = start;
        // Many entries share a millisecond, as those of one batch do.
        const entries = entriesAfter(0, count).map((entry) => {
          millisecond += random() < 0.6 ? 0 : 1 + below(random, 4);
          return { ...entry, time: new Date(millisecond).toISOString() };
        });
        await at.engine.append(entries, 0);
        const times = [...range(start - 2, millisecond + 2).map((ms) => new Date(ms).toISOString()), '0000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'];
        for (const time of times) expect([time, at.log.positionAt(time)]).toEqual([time, entries.filter((e) => e.time <= time).length]);
      });
    });

    describe('reading', () => {
      it('keeps to its bounds', async () => {
        const entries = entriesAfter(0, 20);
        await at.engine.append(entries, 0);
        const cases: [after: number, limit: number, from: number, to: number][] = [
          [0, 1, 1, 1], [0, 20, 1, 20], [0, 21, 1, 20], [5, 3, 6, 8], [19, 5, 20, 20], [20, 5, 21, 20], [500, 5, 21, 20], [0, 0, 1, 0], [18, 1, 19, 19],
        ];
        for (const [after, limit, from, to] of cases) {
          expect([after, limit, positionsOf(await at.engine.read(after, limit))]).toEqual([after, limit, range(from, to)]);
          expect([after, limit, positionsOf(at.log.read(after, limit))]).toEqual([after, limit, range(from, to)]);
        }
      });

      it('in pages gives the whole', async () => {
        await at.engine.append(entriesAfter(0, 50), 0);
        for (const page of [1, 7, 50]) {
          const read: StoredEntry[] = [];
          for (let next = await at.engine.read(0, page); next.length > 0; next = await at.engine.read(read.length, page)) read.push(...next);
          expect(read).toEqual(await all());
        }
      });
    });

    describeWhere(notRun.includes('full disk') ? `${name} cannot be given one here` : undefined)('a full disk', () => {
      const large = { data: JSON.stringify('x'.repeat(300_000)) };

      it('refuses, writes nothing, lets reading go on, and writes again when there is room', async () => {
        if (!at.limitSpace) throw new Error(`${name} offers no limitSpace: name 'full disk' among what is not run`);
        const before = entriesAfter(0, 10);
        await at.engine.append(before, 0);
        let told = 0;
        at.log.onAppended(() => told++);
        const follower = followed(0, 14);

        await at.limitSpace(true);
        // Room for the first entries of the batch, not for the third.
        const refused = entriesAfter(10, 4, (position) => (position === 13 ? large : {}));
        for (const _ of range(1, 3)) {
          const error = await problemOf(at.engine.append(refused, 10));
          expect(error).toBeInstanceOf(LogFull);
          expect(error).toMatchObject({ name: 'LogFull', message: 'There is no room for the log on its disk' });
          await expectUntouched(before, refused);
        }
        expect(told).toBe(0);
        expect(at.log.stream('committee')).toEqual(before);
        expect(await problemOf(at.engine.append(refused, 9))).toMatchObject({ name: 'HeadMoved', expected: 9, actual: 10 });

        await at.limitSpace(false);
        await at.engine.append(refused, 10);
        expect(told).toBe(1);
        expect(await all()).toEqual([...before, ...refused]);
        expect(await follower).toEqual([...before, ...refused]);
        at = await at.reopen();
        expect(await all()).toEqual([...before, ...refused]);
      });

      it('takes small appends until there is no room, and loses none of those', async () => {
        if (!at.limitSpace) throw new Error(`${name} offers no limitSpace: name 'full disk' among what is not run`);
        await at.limitSpace(true);
        const kept: StoredEntry[] = [];
        for (;;) {
          const entries = entriesAfter(kept.length, 2, () => ({ data: JSON.stringify('x'.repeat(3_000)) }));
          const problem = await problemOf(at.engine.append(entries, kept.length));
          if (problem instanceof LogFull) break;
          expect(problem).toBe('no problem');
          kept.push(...entries);
          expect(kept.length).toBeLessThan(10_000);
        }
        expect(kept.length).toBeGreaterThan(0);
        await expectUntouched(kept, []);
        await at.limitSpace(false);
        at = await at.reopen();
        expect(await all()).toEqual(kept);
      });
    });
  });
}
