import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Dispatch, Origin } from '../../src/decider/dispatch.js';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { loadSample } from '../../src/sample/sample.js';
import { compiledSrc } from '../support/compiled.js';
import { Kernel } from '../support/kernel.js';
import { below, randomFrom, SEED } from '../support/random.js';
import { TestServer } from '../support/server.js';
import { removeDir, tempDir } from '../support/temp.js';

const LOG = 'log.db';
/** Whole kills of the real program while it tells the sample. More with SAMPLE_CRASHES. */
const KILLS = Number(process.env['SAMPLE_CRASHES'] ?? 4);

interface Note { readonly name: string; readonly value: string }
interface Written { readonly entries: readonly StoredEntry[]; readonly notes: readonly Note[] }

function read(dir: string): Written {
  const log = LogFile.open(join(dir, LOG), { readOnly: true });
  const entries = log.read(0, 100_000);
  log.close();
  const db = new DatabaseSync(join(dir, LOG), { readOnly: true });
  const notes = db.prepare('SELECT name, value FROM notes ORDER BY name').all() as unknown as Note[];
  db.close();
  return { entries, notes };
}

/** A log that ends after `count` entries, as a crash there leaves it. */
function cut({ entries, notes }: Written, count: number): string {
  const dir = tempDir();
  const log = LogFile.open(join(dir, LOG));
  log.append(entries.slice(0, count), 0);
  log.close();
  const db = new DatabaseSync(join(dir, LOG));
  // The log gets the id of the whole one, which the file does not let happen: its protection steps aside for a moment.
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'notes'").all() as { name: string; sql: string }[];
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  for (const { name, value } of notes.filter((note) => note.name !== 'sample loaded')) db.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)').run(name, value);
  for (const { sql } of triggers) db.exec(sql);
  db.close();
  return dir;
}

/** By the kernel that the server has, without its HTTP: a whole load takes a moment. */
async function tell(dir: string, now = new Date().toISOString()): Promise<Written> {
  const kernel = new Kernel({ dir });
  try {
    kernel.clock.standAt(now);
    const processes = await kernel.processes();
    const dispatch = {
      send: (name: string, input: Readonly<Record<string, unknown>>, { sender }: Origin) => kernel.send(name, input, sender === 'SYSTEM' ? 'SYSTEM' : sender.personId as string),
    } as unknown as Dispatch;
    await loadSample({ log: kernel.engine.log, keepNote: async (name, value) => kernel.engine.log.keepNote(name, value), clock: kernel.clock, dispatch, processes: processes.runner, personIdOf: (person) => createHash('sha256').update(person).digest('hex'), onProgress: () => undefined });
    expect(kernel.internalErrors).toEqual([]);
  } finally {
    await kernel.stop();
  }
  return read(dir);
}

/** All of an entry but the correlation id, which is of one run. */
const stable = ({ meta, ...entry }: StoredEntry): object => {
  const { correlationId: _, ...rest } = JSON.parse(meta) as Record<string, unknown>;
  return { ...entry, meta: rest };
};

describe(`The sample, when its telling is cut off (SEED=${SEED})`, () => {
  const dirs: string[] = [];
  const random = randomFrom(SEED);
  let whole: Written;
  const keep = (dir: string): string => { dirs.push(dir); return dir; };

  beforeAll(async () => { whole = await tell(keep(tempDir())); });
  afterAll(() => dirs.forEach(removeDir));

  it('after any entry is resumed to the same log, to the byte: ids, dates and consequences, also on another day', async () => {
    const { length } = whole.entries;
    expect(length).toBeGreaterThan(60);
    // Around every consequence, at the ends, and some in between.
    const around = whole.entries.filter(({ meta }) => (JSON.parse(meta) as { cause?: number }).cause !== undefined).flatMap(({ position }) => [position - 2, position - 1, position]);
    expect(around.length).toBeGreaterThan(9);
    const counts = new Set([0, 1, length - 1, length, ...around, ...Array.from({ length: 10 }, () => below(random, length))]);
    for (const [i, count] of [...counts].entries()) {
      const resumed = await tell(keep(cut(whole, count)), i % 2 === 0 ? undefined : new Date(Date.now() + 70 * 86_400_000).toISOString());
      expect([count, resumed.entries.map(stable)]).toEqual([count, whole.entries.map(stable)]);
      const notes = ({ notes: all }: Written) => all.filter(({ name }) => name !== 'sample loaded');
      expect(notes(resumed)).toEqual(notes(whole));
      expect(resumed.notes.some(({ name }) => name === 'sample loaded')).toBe(true);
    }
  }, 120_000);

  it('twice in one telling, at any two entries, is the same still', async () => {
    for (let round = 0; round < 5; round++) {
      const first = below(random, whole.entries.length - 1);
      const second = first + 1 + below(random, whole.entries.length - first - 1);
      const once = await tell(keep(cut(whole, first)));
      const again = await tell(keep(cut(once, second)));
      expect([first, second, again.entries.map(stable)]).toEqual([first, second, whole.entries.map(stable)]);
    }
  }, 60_000);

  it('told whole is not told again: a second start writes nothing', async () => {
    const dir = keep(tempDir());
    const once = await tell(dir);
    expect((await tell(dir)).entries).toEqual(once.entries);
  });

  it('between the close of a ballot and what follows from it: the server does that at its next start, once', async () => {
    const closed = whole.entries.filter((entry) => entry.type === 'BallotClosed').map((entry) => entry.position);
    expect(closed.length).toBe(3);
    for (const position of closed) {
      const dir = keep(cut(whole, position));
      writeFileSync(join(dir, 'installation-secret'), 's'.repeat(40));
      for (let start = 0; start < 2; start++) {
        const server = await TestServer.start({ sample: 'none', dataDir: dir });
        for (let i = 0; i < 100 && server.head < position + 1; i++) await wait(20);
        await wait(100);
        await server.stop({ keep: true });
        const { entries } = read(dir);
        const ballot = (JSON.parse(entries[position - 1]?.data ?? '{}') as { ballotId: string }).ballotId;
        const followed = entries.slice(position).filter((entry) => /^(Recommendation|Investment)(Adopted|Endorsed|Rejected|LeftWithoutOpinion)$/.test(entry.type));
        expect(followed.map(({ type, id, data, meta }) => [type, id, (JSON.parse(data) as { ballotId: string }).ballotId, (JSON.parse(meta) as { cause: number }).cause]))
          .toEqual([[whole.entries[position]?.type, whole.entries[position]?.id, ballot, position]]);
      }
    }
  }, 60_000);

  describe('by kill -9 of the program itself', () => {
    let main: string;
    beforeAll(async () => { main = join(await compiledSrc(), 'main.js'); });

    async function start(dir: string): Promise<{ child: ChildProcess; listening: Promise<void>; ended: Promise<void> }> {
      const child = spawn(process.execPath, [main], {
        env: { ...process.env, NODE_OPTIONS: '', PORT: '0', DATA_DIR: dir, SAMPLE: 'founding', LOG_LEVEL: 'error' }, stdio: ['ignore', 'pipe', 'pipe'],
      });
      let told = '';
      let wrong = '';
      child.stderr.on('data', (chunk: Buffer) => { wrong += chunk.toString(); });
      const ended = new Promise<void>((resolve) => { child.on('exit', () => resolve()); });
      const listening = new Promise<void>((resolve, reject) => {
        child.stdout.on('data', (chunk: Buffer) => {
          told += chunk.toString();
          if (told.includes('is running')) resolve();
        });
        void ended.then(() => reject(new Error(`It ended before it listened: ${wrong}`)));
      });
      listening.catch(() => undefined);
      return { child, listening, ended };
    }
    const headOf = (dir: string): number => {
      if (!existsSync(join(dir, LOG))) return 0;
      try {
        const log = LogFile.open(join(dir, LOG), { readOnly: true });
        const { position } = log.head;
        log.close();
        return position;
      } catch {
        return 0; // it is being made
      }
    };

    /** Ids, persons and what is hashed over them by the order in which they come, and the dates of the first start by their distance to it. */
    function meant({ entries, notes }: Written): object[] {
      const start = Date.parse(notes.find(({ name }) => name === 'first start')?.value ?? '');
      const names = new Map<string, string>();
      const nameOf = (id: string): string => {
        if (!names.has(id)) names.set(id, `#${names.size + 1}`);
        return names.get(id) as string;
      };
      const meaning = (text: string): string => text
        .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}/g, nameOf)
        .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (time) => (Math.abs(Date.parse(time) - start) < 800 * 86_400_000 ? `start ${Date.parse(time) - start}` : time));
      return entries.map(({ position, type, version, revision, data, time, meta }) => {
        const { cause, actor, commandName } = JSON.parse(meta) as { cause?: number; actor: { office: string }; commandName: string };
        return { position, type, version, revision, data: meaning(data), time: meaning(time), cause, office: actor.office, commandName };
      });
    }

    it(`${KILLS} times while it tells is the same story as the uninterrupted one`, async () => {
      const dir = keep(tempDir());
      const heads: number[] = [];
      const { length } = whole.entries;
      for (let kill = 0; kill < KILLS; kill++) {
        const { child, ended } = await start(dir);
        // Somewhere in what is still to be told.
        const before = headOf(dir);
        const goal = before + 1 + below(random, Math.max(1, Math.floor((length - before) / (KILLS - kill)) - 1));
        while (headOf(dir) < Math.min(goal, length - 1) && child.exitCode === null) await wait(10);
        child.kill('SIGKILL');
        await ended;
        heads.push(headOf(dir));
      }
      const { child, listening, ended } = await start(dir);
      await listening;
      child.kill('SIGTERM');
      await ended;
      expect(meant(read(dir))).toEqual(meant(whole));
      const inBetween = heads.filter((head) => head > 0 && head < length);
      console.info(`SEED=${SEED}: killed at the heads ${heads.join(', ')} of ${length}`);
      expect(inBetween.length).toBeGreaterThanOrEqual(Math.ceil(KILLS / 2));
    }, 120_000);
  });
});
