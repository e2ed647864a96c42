import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it } from '@jest/globals';
import type { Statement } from '../../src/event-store/sqlite.js';
import { Table, tableSchema, versioned } from '../../src/projections/versioned.js';

class Noting extends DatabaseSync {
  readonly prepared: string[] = [];

  override prepare(sql: string): Statement {
    this.prepared.push(sql);
    return super.prepare(sql);
  }
}

describe('A table with a history', () => {
  const spec = versioned<{ readonly state: string }>('matter', { state: (row) => [row.state] });
  const ENDS_ONE = 'SEARCH matter_when USING PRIMARY KEY (filter=? AND value=? AND until=? AND thing=?)';

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
    expect(plansOf(tableSchema('matter').replace('until, thing, since)', 'until, since, thing)'))).not.toContain(ENDS_ONE);
  });
});
