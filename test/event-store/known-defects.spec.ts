import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent, NO_STREAM, START, type AppendResult } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSqlite } from '../../src/event-store/sqlite.js';
import { startChild } from '../support/child.js';
import { compiledSrc } from '../support/compiled.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { removeDir, tempDir } from '../support/temp.js';

/** Where a real server is given, the same is asked of it. */
const REAL = process.env['EVENTSTOREDB_URL'];

/** What the parts that we stand on do, and what stands against it here. The table is in docs/reliability.md. */
describe('A SQLite before 3.51.3, which could lose what two connections had in the WAL', () => {
  it('is not opened: the program says so and ends', async () => {
    const dir = tempDir();
    // No older one can be had beside the newer, so the bound is moved above the one that is here.
    const compiled = await compiledSrc([{ file: 'event-store/sqlite.ts', text: 'const OLDEST_SQLITE = [3, 51, 3];', instead: 'const OLDEST_SQLITE = [3, 999, 0];' }]);
    const child = startChild('log-child.mjs', [compiled, 'hold', dir]);
    expect(await child.line('refused')).toMatch(/^refused Error: SQLite 3\.\d+\.\d+ is too old: at least 3\.999\.0 is needed$/);
    await child.ended;
    removeDir(dir);
  });

  it('is not the one that comes with the driver', () => {
    const dir = tempDir();
    const db = openSqlite(`${dir}/any.db`, { synchronous: 'FULL' });
    const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    db.close();
    removeDir(dir);
    const [, minor = 0, patch = 0] = version.split('.').map(Number);
    expect(minor * 1_000 + patch).toBeGreaterThanOrEqual(51_003);
  });
});

describe(`The server, given the same event ids again (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  let double: EventStoreDbDouble;
  let client: EventStoreDBClient;
  const stream = `repeats-${randomUUID()}`;
  const events = [0, 1].map((number) => jsonEvent({ id: randomUUID(), type: 'Happened', data: { number } }));
  const append = (expectedRevision: bigint | typeof NO_STREAM): Promise<AppendResult> => client.appendToStream(stream, events, { expectedRevision });
  const ids = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { event } of client.readStream(stream, { fromRevision: START, maxCount: 100 })) found.push(event?.id ?? '');
    return found;
  };
  const [a, b] = events.map(({ id }) => id) as [string, string];

  beforeAll(async () => {
    double = await EventStoreDbDouble.start();
    client = EventStoreDBClient.connectionString(REAL ?? double.connection);
  });
  afterAll(async () => {
    await client.dispose();
    await double.stop();
  });

  it('takes them for a repetition with the revision that was first expected, and for new ones with a later one: so what is asked again is asked with the first', async () => {
    expect((await append(NO_STREAM)).nextExpectedRevision).toBe(1n);
    expect((await append(NO_STREAM)).nextExpectedRevision).toBe(1n);
    expect(await ids()).toEqual([a, b]);
    expect((await append(1n)).nextExpectedRevision).toBe(3n);
    expect(await ids()).toEqual([a, b, a, b]);
  });
});
