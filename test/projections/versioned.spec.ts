import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Statement } from '../../src/event-store/sqlite.js';
import { Parts, parts, partsSchema, Table, tableSchema, versioned } from '../../src/projections/versioned.js';

class Noting extends DatabaseSync {
  readonly prepared: string[] = [];

  override prepare(sql: string): Statement {
    this.prepared.push(sql);
    return super.prepare(sql);
  }
}

interface Row { readonly state: string; readonly areas: readonly string[] }
const STATES = ['DRAFT', 'OPEN', 'CLOSED'];
const AREAS = ['KA1', 'KA2'];

describe('Parts of a thing', () => {
  it('are, all together and each by itself, at each position what a plain replay up to there has', () => {
    const change = fc.record({ id: fc.constantFrom('a', 'b'), part: fc.nat(3), text: fc.nat(9) });
    fc.assert(fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const db = new DatabaseSync(':memory:');
      db.exec(partsSchema('seat'));
      const table = new Parts(db, parts<{ readonly text: number }>('seat'));
      changes.forEach(({ id, part, text }, i) => table.put(id, part, i + 1, { text }));
      for (let at = 0; at <= changes.length; at++) {
        for (const id of ['a', 'b']) {
          const newest = new Map(changes.slice(0, at).flatMap((put, i) => (put.id === id ? [[put.part, { part: put.part, at: i + 1, row: { text: put.text } }]] : [])));
          expect(table.list(id, at)).toEqual([...newest.values()].sort((x, y) => x.part - y.part));
          for (let part = 0; part <= 3; part++) expect(table.get(id, part, at)).toEqual(newest.get(part)?.row);
        }
      }
      db.close();
    }), { numRuns: 60 });
  });
});

describe('A table with a history', () => {
  const spec = versioned<Row>('matter', { state: ({ state }) => [state], area: ({ areas }) => areas });

  it('lists and counts at each position what a plain replay up to there has, by no filter, one or two', () => {
    const change = fc.record({ thing: fc.nat(5), gap: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(5), fc.nat(300)), row: fc.record({ state: fc.constantFrom(...STATES), areas: fc.subarray(AREAS) }) });
    fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), fc.nat(6), (changes, limit) => {
      const db = new DatabaseSync(':memory:');
      db.exec(tableSchema('matter'));
      const table = new Table(db, spec);
      const puts: { readonly position: number; readonly id: string; readonly row: Row }[] = [];
      let position = 1;
      for (const { thing, gap, row } of changes) {
        // Some twice in one entry.
        position += gap;
        table.put(`matter ${thing}`, position, row);
        puts.push({ position, id: `matter ${thing}`, row });
      }
      for (const at of new Set(puts.flatMap((put) => [put.position - 1, put.position, put.position + 1]))) {
        // A map keeps the order in which its keys came.
        const rows = [...new Map(puts.filter((put) => put.position <= at).map(({ id, row }) => [id, row]))].map(([id, row]) => ({ id, row }));
        for (const filters of [{}, ...STATES.map((state) => ({ state })), ...AREAS.flatMap((area) => [{ area }, { state: 'OPEN', area }])] as { state?: string; area?: string }[]) {
          const expected = rows.filter(({ row }) => (filters.state === undefined || row.state === filters.state) && (filters.area === undefined || row.areas.includes(filters.area)));
          const listed = table.list(at, { limit, filters: filters as Record<string, string> });
          expect(listed.map(({ id, row }) => ({ id, row }))).toEqual(expected.slice(0, limit));
          const [first] = listed;
          if (first) expect(table.list(at, { limit, filters: filters as Record<string, string>, after: first.thing }).map(({ id }) => id)).toEqual(expected.slice(1, limit + 1).map(({ id }) => id));
        }
        const counted = STATES.map((state) => [state, rows.filter(({ row }) => row.state === state).length] as const).filter(([, n]) => n > 0);
        expect(table.counts('state', at)).toEqual(new Map(counted));
      }
      db.close();
    }), { numRuns: 60 });
  });

  const ENDS_ONE = 'SEARCH matter_is USING PRIMARY KEY (filter=? AND value=? AND thing=?)';

  /** How SQLite goes about each statement that a table writes with. */
  function plansOf(schema: string): readonly string[] {
    const db = new Noting(':memory:');
    try {
      db.exec(schema);
      new Table(db, spec);
      return [...db.prepared].flatMap((sql) => (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail));
    } finally {
      db.close();
    }
  }

  it('finds the one interval that ends, however many things have the same value still', () => {
    const plans = plansOf(tableSchema('matter'));
    expect(plans).toContain(ENDS_ONE);
    expect(plans.filter((plan) => plan.startsWith('SCAN'))).toEqual([]);
    // With the beginning before the thing, all that have the value would be gone through: each entry would cost more, the longer the log.
    expect(plansOf(tableSchema('matter').replace('PRIMARY KEY (filter, value, thing)', 'PRIMARY KEY (filter, value, since, thing)'))).not.toContain(ENDS_ONE);
  });
});
