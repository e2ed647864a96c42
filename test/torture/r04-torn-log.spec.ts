import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { LOG_FILE, LogFile } from '../../src/event-store/log-file.js';
import { compiledSrc, type Defect } from '../support/compiled.js';
import { entriesOf } from '../support/log-truth.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { prepared, RealServer } from '../support/real-server.js';
import { newDir } from '../support/temp.js';
import { control, progress, scale, tell } from '../support/torture.js';
import { Voter } from '../support/voters.js';

const STEP = scale(24, 1) * 1024;
const STARTS = scale(1, 12);
const CLIENTS = 4;
const WAL = `${LOG_FILE}-wal`;
const NOT_REPORTED: Defect = { file: 'writing.ts', text: 'if (seen !== undefined) onLost(seen);', instead: '' };

/** What came of one cut: a log that opens, whose entries are the first of the whole one; a file that is refused; or something else. */
type Outcome = { readonly prefix: number } | 'refused' | 'wrong';

describe(`R4 a log whose file was cut (SEED=${SEED})`, () => {
  let killed: string;
  let closed: string;
  let whole: readonly StoredEntry[];
  const random = randomFrom(SEED);

  /** Of a process that was killed, so that most of it is in the WAL; and the same moved into the file. */
  beforeAll(async () => {
    const at = await prepared(CLIENTS);
    killed = at.dataDir;
    closed = newDir();
    const server = await RealServer.start(await compiledSrc(), killed);
    const voters = Voter.of(at, CLIENTS);
    const votes = scale(120, 400);
    await Promise.all(voters.map((voter) => voter.until(server, () => voters.reduce((n, { acknowledged }) => n + acknowledged.size, 0) >= votes, (refused) => { throw refused; })));
    await server.ready();
    await server.kill();
    cpSync(killed, closed, { recursive: true });
    const log = LogFile.open(join(closed, LOG_FILE));
    whole = log.read(0, 1_000_000);
    log.close();
  }, 120_000);
  function opened(dir: string): Outcome {
    let found: readonly StoredEntry[];
    try {
      found = entriesOf(dir);
    } catch {
      return 'refused';
    }
    return JSON.stringify(found) === JSON.stringify(whole.slice(0, found.length)) ? { prefix: found.length } : 'wrong';
  }

  /** Each cut, from the whole file down, in a folder of its own. */
  function cutEach(from: string, name: string): Outcome[] {
    const outcomes: Outcome[] = [];
    const dir = newDir();
    const whole = readFileSync(join(from, name));
    const others = [LOG_FILE, WAL].filter((one) => one !== name);
    for (let size = whole.length; size >= 0; size -= STEP) {
      rmSync(dir, { recursive: true, force: true });
      for (const other of others) cpSync(join(from, other), join(dir, other));
      writeFileSync(join(dir, name), whole.subarray(0, size));
      outcomes.push(opened(dir));
      if (outcomes.length % 500 === 0) progress('R4', `${outcomes.length} cuts of ${name}`);
    }
    return outcomes;
  }

  const prefixes = (outcomes: readonly Outcome[]): number[] => outcomes.flatMap((one) => (typeof one === 'object' ? [one.prefix] : []));

  it('at every place of its WAL opens as a prefix of what it was', () => {
    const outcomes = cutEach(killed, WAL);
    expect(outcomes.filter((one) => typeof one !== 'object')).toEqual([]);
    const lengths = prefixes(outcomes);
    expect([lengths[0], lengths.at(-1)]).toEqual([whole.length, expect.any(Number)]);
    expect(lengths.at(-1)).toBeLessThan(whole.length);
    // The more is cut, the less is there.
    expect(lengths.toSorted((a, b) => b - a)).toEqual(lengths);
    tell('R4', `${outcomes.length} cuts of the WAL, one each ${STEP / 1024} kB: each opens as a prefix (${new Set(lengths).size} lengths from ${lengths.at(-1)} to ${whole.length} entries)`);
  }, scale(60_000, 1_200_000));

  it('at every place of the file itself is refused, or read as a prefix', () => {
    writeFileSync(join(closed, WAL), '');
    const outcomes = cutEach(closed, LOG_FILE);
    expect(outcomes.filter((one) => one === 'wrong')).toEqual([]);
    expect(outcomes[0]).toEqual({ prefix: whole.length });
    // A cut of the tail that is read as the whole would be a shortening that nobody sees; pages that hold nothing are no loss.
    expect(outcomes.filter((one) => one === 'refused').length).toBeGreaterThan(outcomes.length / 2);
    tell('R4', `${outcomes.length} cuts of the file: ${outcomes.filter((one) => one === 'refused').length} refused as damaged, ${prefixes(outcomes).length} read as a prefix, 0 otherwise`);
  }, scale(60_000, 1_200_000));

  /** Starts the program on a log that lost its end while its views are what they were. @returns how often it told so */
  async function startsThatTell(times: number, defects: readonly Defect[]): Promise<number> {
    const size = readFileSync(join(killed, WAL)).length;
    let told = 0;
    for (let i = 0; i < times; i++) {
      const dir = newDir();
      cpSync(killed, dir, { recursive: true });
      truncateSync(join(dir, WAL), Math.floor(size * (0.1 + 0.6 * (below(random, 1_000) / 1_000))));
      const left = entriesOf(dir).length;
      expect(left).toBeLessThan(whole.length);
      const server = await RealServer.start(await compiledSrc(defects), dir);
      const { status, body } = await server.ready();
      await server.kill();
      // It serves what is there, never what older views had seen.
      expect([status, body.position]).toEqual([200, left]);
      const lines = server.stderr.split('\n').filter((line) => line.includes('its end was lost or replaced')).map((line) => JSON.parse(line) as { level: number; seen: number; head: number });
      expect(lines.every(({ head, seen }) => head === left && seen > left && seen <= whole.length)).toBe(true);
      told += lines.length;
    }
    return told;
  }

  it('is reported at the start by what the views have seen of it', async () => {
    expect(await startsThatTell(STARTS, [])).toBe(STARTS);
    tell('R4', `${STARTS} starts on a log that lost its end beside views that had seen it: reported each time, and only what is there is served`);
  }, scale(60_000, 300_000));

  control('the views are not asked what they have seen', async () => {
    expect(await startsThatTell(1, [NOT_REPORTED])).toBe(0);
    tell('R4', 'control, the views are not asked: the shortening is not reported');
  }, 60_000);

  control('a byte of an entry in the middle was changed, or one was left out', async () => {
    const dir = newDir();
    const log = LogFile.open(join(dir, LOG_FILE));
    log.append(whole.slice(0, 9).map((entry) => (entry.position === 5 ? { ...entry, data: entry.data.replace('{', '{ ') } : entry)), 0);
    log.close();
    expect(opened(dir)).toBe('wrong');
  }, 10_000);
});
