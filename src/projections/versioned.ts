import type { Database, Statement } from '../event-store/sqlite.js';

/**
 * Rows with a history. A version of a row is valid from the position that wrote it until the next version of the same thing, and is
 * never changed. Lists walk the things in the order of their creation, which never changes either; what is filtered by and changes
 * has its intervals beside it. So the present and any moment of the past are read by the same query at nearly the same speed.
 */
export interface TableSpec<R extends object> {
  readonly name: string;
  /** What lists can be filtered by: the values that a row has now, most often one. */
  readonly filters: Readonly<Record<string, (row: R) => readonly string[]>>;
  /** Carries the type of a row; never there at run time. */
  readonly row?: R;
}

export function versioned<R extends object>(name: string, filters: TableSpec<R>['filters'] = {}): TableSpec<R> {
  return { name, filters };
}

/** Numbered parts of a thing that change one by one, such as the seats of a ballot. */
export interface PartsSpec<R extends object> { readonly name: string; readonly row?: R }
export const parts = <R extends object>(name: string): PartsSpec<R> => ({ name });

export interface Listed<R> { readonly thing: number; readonly id: string; readonly row: R }
export interface ListOptions {
  /** Ordinal of the thing after which the list goes on. */
  readonly after?: number;
  readonly limit: number;
  readonly filters?: Readonly<Record<string, string>>;
}

/**
 * Versions have a rowid: SQLite keeps long rows badly in an index. What a filter asks by are intervals: `is`, those that go on, each found by its thing when it
 * ends; `was`, those that have ended, by how long they were: of each span, those of a moment began not longer before it than that.
 */
export const tableSchema = (name: string): string => `
  CREATE TABLE ${name}_things (thing INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;
  CREATE TABLE ${name} (thing INTEGER NOT NULL, at INTEGER NOT NULL, row TEXT NOT NULL, PRIMARY KEY (thing, at)) STRICT;
  CREATE TABLE ${name}_is (filter TEXT NOT NULL, value TEXT NOT NULL, thing INTEGER NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (filter, value, thing)) STRICT, WITHOUT ROWID;
  CREATE TABLE ${name}_was (filter TEXT NOT NULL, value TEXT NOT NULL, span INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, thing INTEGER NOT NULL,
    PRIMARY KEY (filter, value, span, since, until, thing)) STRICT, WITHOUT ROWID;
`;
export const partsSchema = (name: string): string => `
  CREATE TABLE ${name} (thing TEXT NOT NULL, part INTEGER NOT NULL, at INTEGER NOT NULL, row TEXT NOT NULL, PRIMARY KEY (thing, part, at)) STRICT, WITHOUT ROWID;
`;

/** In positions. An interval that has ended is under the least that is longer; no log has as many positions as the last. */
const SPANS = Array.from({ length: 16 }, (_, i) => 4 ** (i + 1));
const spanOf = (length: number): number => SPANS.find((span) => length < span) as number;

const KEPT_ROWS = 5_000;

interface Newest<R> { readonly thing: number; readonly row: R }

export class Table<R extends object> {
  private readonly statements: Record<'newThing' | 'newest' | 'insert' | 'get' | 'begin' | 'end' | 'ended', Statement>;
  private readonly lists = new Map<string, Statement>();
  /** The newest rows that the writer needs again. Emptied when a batch is undone. */
  private newest = new Map<string, Newest<R>>();

  constructor(private readonly db: Database, private readonly spec: TableSpec<R>) {
    const t = spec.name;
    this.statements = {
      newThing: db.prepare(`INSERT INTO ${t}_things (id, created) VALUES (?, ?) RETURNING thing`),
      newest: db.prepare(`SELECT t.thing, v.row FROM ${t}_things t JOIN ${t} v ON v.thing = t.thing WHERE t.id = ? ORDER BY v.at DESC LIMIT 1`),
      insert: db.prepare(`INSERT INTO ${t} (thing, at, row) VALUES (?, ?, ?) ON CONFLICT (thing, at) DO UPDATE SET row = excluded.row`),
      get: db.prepare(`SELECT t.thing, v.row FROM ${t}_things t JOIN ${t} v ON v.thing = t.thing WHERE t.id = ? AND v.at <= ? ORDER BY v.at DESC LIMIT 1`),
      begin: db.prepare(`INSERT INTO ${t}_is (filter, value, thing, since) VALUES (?, ?, ?, ?)`),
      end: db.prepare(`DELETE FROM ${t}_is WHERE filter = ? AND value = ? AND thing = ? RETURNING since`),
      ended: db.prepare(`INSERT INTO ${t}_was (filter, value, span, since, until, thing) VALUES (?, ?, ?, ?, ?, ?)`),
    };
  }

  /** The row as it stands after the newest entry applied: for views, while they apply. */
  current(id: string): R | undefined {
    return this.newestOf(id)?.row;
  }

  /** A new version of the row, valid from `position`. Written twice in one entry, the second stands. */
  put(id: string, position: number, row: R): void {
    const before = this.newestOf(id);
    const thing = before?.thing ?? (this.statements.newThing.get(id, position) as { thing: number }).thing;
    this.statements.insert.run(thing, position, JSON.stringify(row));
    for (const [filter, valuesOf] of Object.entries(this.spec.filters)) {
      const old = before ? valuesOf(before.row) : [];
      const now = valuesOf(row);
      for (const value of old) if (!now.includes(value)) this.end(filter, value, thing, position);
      for (const value of now) if (!old.includes(value)) this.statements.begin.run(filter, value, thing, position);
    }
    if (this.newest.size >= KEPT_ROWS) this.newest.clear();
    this.newest.set(id, { thing, row });
  }

  /** Changes the newest row, which has to be there. */
  change(id: string, position: number, change: (row: R) => R): void {
    const row = this.current(id);
    if (!row) throw new Error(`${this.spec.name} has no row for ${id}`);
    this.put(id, position, change(row));
  }

  /** The row as it stood at a position. */
  get(id: string, at: number): R | undefined {
    const found = this.statements.get.get(id, at) as { row: string } | undefined;
    return found && (JSON.parse(found.row) as R);
  }

  /** The things that were there at a position, in the order of their creation. */
  list(at: number, { after = 0, limit, filters = {} }: ListOptions): readonly Listed<R>[] {
    const names = Object.keys(filters);
    const found = this.listStatement(names).all({ at, after, limit, ...Object.fromEntries(names.flatMap((name, i) => [[`filter${i}`, name], [`value${i}`, filters[name] as string]])) });
    return (found as { thing: number; id: string; row: string }[]).map(({ thing, id, row }) => ({ thing, id, row: JSON.parse(row) as R }));
  }

  /** How many things had each value of a filter at a position. */
  counts(filter: string, at: number): ReadonlyMap<string, number> {
    const t = this.spec.name;
    const statement = this.prepared('counts', () => `SELECT value, count(*) AS n FROM (
      SELECT value FROM ${t}_is WHERE filter = $filter AND since <= $at UNION ALL SELECT value FROM ${t}_was WHERE filter = $filter AND since <= $at AND until > $at) GROUP BY value`);
    return new Map((statement.all({ filter, at }) as { value: string; n: number }[]).map(({ value, n }) => [value, n]));
  }

  forgetNewest(): void {
    this.newest = new Map();
  }

  private newestOf(id: string): Newest<R> | undefined {
    const kept = this.newest.get(id);
    if (kept) return kept;
    const found = this.statements.newest.get(id) as { thing: number; row: string } | undefined;
    if (!found) return undefined;
    const newest = { thing: found.thing, row: JSON.parse(found.row) as R };
    this.newest.set(id, newest);
    return newest;
  }

  private listStatement(filters: readonly string[]): Statement {
    return this.prepared(`list ${filters.length}`, () => {
      const t = this.spec.name;
      const others = filters.slice(1).map((_, i) => `AND thing IN (${this.matching(i + 1, '')})`).join(' ');
      // Things that are filtered were there. Those of both kinds of intervals come in their order, so that a page ends before it has seen them all.
      const page = filters.length === 0 ? `SELECT thing, id FROM ${t}_things WHERE thing > $after AND created <= $at ORDER BY thing LIMIT $limit`
        : `SELECT thing, (SELECT id FROM ${t}_things t WHERE t.thing = m.thing) AS id FROM (${this.matching(0, `AND thing > $after ${others}`)} ORDER BY thing LIMIT $limit) m`;
      return `SELECT thing, id, (SELECT row FROM ${t} v WHERE v.thing = p.thing AND v.at <= $at ORDER BY v.at DESC LIMIT 1) AS row FROM (${page}) p`;
    });
  }

  /** The things that had a value at a position: those that have it still, and of each span those that began not longer ago than it lasts. */
  private matching(i: number, and: string): string {
    const t = this.spec.name;
    const has = `filter = $filter${i} AND value = $value${i}`;
    return `SELECT thing FROM ${t}_is WHERE ${has} AND since <= $at ${and} UNION ALL
      SELECT thing FROM (VALUES ${SPANS.map((span) => `(${span})`).join()}) s CROSS JOIN ${t}_was WHERE ${has} AND span = s.column1 AND since > $at - s.column1 AND since <= $at AND until > $at ${and}`;
  }

  /** One that ends where it began holds no position, and a second one like it may follow in the same entry. */
  private end(filter: string, value: string, thing: number, position: number): void {
    const { since } = this.statements.end.get(filter, value, thing) as { since: number };
    if (since < position) this.statements.ended.run(filter, value, spanOf(position - since), since, position, thing);
  }

  private prepared(key: string, sql: () => string): Statement {
    let statement = this.lists.get(key);
    if (!statement) this.lists.set(key, (statement = this.db.prepare(sql())));
    return statement;
  }
}

export class Parts<R extends object> {
  private readonly insert: Statement;
  private readonly all: Statement;
  private readonly one: Statement;

  constructor(db: Database, spec: PartsSpec<R>) {
    this.insert = db.prepare(`INSERT INTO ${spec.name} (thing, part, at, row) VALUES (?, ?, ?, ?)`);
    // Of the columns beside max(), SQLite takes those of the row that has the maximum.
    this.all = db.prepare(`SELECT part, row, max(at) AS at FROM ${spec.name} WHERE thing = ? AND at <= ? GROUP BY part ORDER BY part`);
    this.one = db.prepare(`SELECT row FROM ${spec.name} WHERE thing = ? AND part = ? AND at <= ? ORDER BY at DESC LIMIT 1`);
  }

  put(id: string, part: number, position: number, row: R): void {
    this.insert.run(id, part, position, JSON.stringify(row));
  }

  /** One part as it stood at a position. */
  get(id: string, part: number, at: number): R | undefined {
    const found = this.one.get(id, part, at) as { row: string } | undefined;
    return found && (JSON.parse(found.row) as R);
  }

  /** The parts that were there at a position, each as it stood. */
  list(id: string, at: number): readonly { readonly part: number; readonly at: number; readonly row: R }[] {
    return (this.all.all(id, at) as { part: number; at: number; row: string }[]).map(({ part, at: since, row }) => ({ part, at: since, row: JSON.parse(row) as R }));
  }
}
