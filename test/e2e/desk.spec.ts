import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TaskKindEnum } from '../../src/graphql/desk.js';
import { TestServer } from '../support/server.js';

const SENDERS = (JSON.parse(readFileSync('data/sample.json', 'utf8')) as { lines: { by: string }[] }).lines.map(({ by }) => by).filter((by) => by !== 'SYSTEM');

describe('A desk', () => {
  let server: TestServer;
  beforeAll(async () => { server = await TestServer.start(); });
  afterAll(() => server.stop());

  it('asked about some things has a task on them exactly where the whole desk has one, for each person of the sample at each position', () => {
    const { desk, reads, decisions, codec } = server.running.system;
    const kinds = new Set<string>();
    let without = 0;
    for (const person of [...new Set(SENDERS), 'lombardy-alternate']) {
      const reader = decisions.standings.of(server.personId(person));
      const ever = new Set(Array.from({ length: server.head + 1 }, (_, at) => desk.tasks(reader, at)).flat().map(({ thingId }) => thingId));
      for (let at = 0; at <= server.head; at++) {
        const tasks = desk.tasks(reader, at);
        const touched = [at, at + 1].flatMap((position) => { const entry = reads.entry(position); return entry ? codec.about(entry) : []; });
        for (const thing of new Set([...ever, ...touched])) {
          const has = tasks.some(({ thingId }) => thingId === thing);
          expect([person, at, thing, desk.hasTaskOn([thing, 'nothing'], reader, at)]).toEqual([person, at, thing, has]);
          if (!has) without++;
        }
        tasks.forEach(({ kind }) => kinds.add(kind));
      }
    }
    expect(without).toBeGreaterThan(1_000);
    // In the sample nothing that followed was refused; those tasks are found without asking which things.
    expect(kinds).toEqual(new Set(Object.keys(TaskKindEnum).filter((kind) => kind !== 'SETTLE_CONSEQUENCE')));
  });
});
