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

/** In the key of an interval its thing stands before its beginning: an interval that ends is found by its thing, among all that have the value still. */
export const tableSchema = (name: string): string => `
  CREATE TABLE ${name}_things (thing INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;
  CREATE TABLE ${name} (thing INTEGER NOT NULL, at INTEGER NOT NULL, row TEXT NOT NULL, PRIMARY KEY (thing, at)) STRICT, WITHOUT ROWID;
  CREATE TABLE ${name}_when (filter TEXT NOT NULL, value TEXT NOT NULL, until INTEGER NOT NULL, since INTEGER NOT NULL, thing INTEGER NOT NULL,
    PRIMARY KEY (filter, value, until, thing, since)) STRICT, WITHOUT ROWID;
`;
export const partsSchema = (name: string): string => `
  CREATE TABLE ${name} (thing TEXT NOT NULL, part INTEGER NOT NULL, at INTEGER NOT NULL, row TEXT NOT NULL, PRIMARY KEY (thing, part, at)) STRICT, WITHOUT ROWID;
`;

/** `until` of an interval that has not ended. */
const OPEN_END = Number.MAX_SAFE_INTEGER;
const KEPT_ROWS = 5_000;

interface Newest<R> { readonly thing: number; readonly row: R }

export class Table<R extends object> {
  private readonly statements: Record<'newThing' | 'newest' | 'insert' | 'get' | 'endFilter' | 'beginFilter', Statement>;
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
      endFilter: db.prepare(`UPDATE ${t}_when SET until = ? WHERE filter = ? AND value = ? AND until = ${OPEN_END} AND thing = ?`),
      beginFilter: db.prepare(`INSERT INTO ${t}_when (filter, value, until, since, thing) VALUES (?, ?, ${OPEN_END}, ?, ?)`),
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
      for (const value of old) if (!now.includes(value)) this.statements.endFilter.run(position, filter, value, thing);
      for (const value of now) if (!old.includes(value)) this.statements.beginFilter.run(filter, value, position, thing);
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
    const found = this.listStatement(names).all(...names.flatMap((name) => [name, filters[name] as string, at, at]), after, at, at, limit);
    return (found as { thing: number; id: string; row: string }[]).map(({ thing, id, row }) => ({ thing, id, row: JSON.parse(row) as R }));
  }

  /** How many things had each value of a filter at a position. */
  counts(filter: string, at: number): ReadonlyMap<string, number> {
    const statement = this.prepared(`counts`, () => `SELECT value, count(*) AS n FROM ${this.spec.name}_when WHERE filter = ? AND until > ? AND since <= ? GROUP BY value`);
    return new Map((statement.all(filter, at, at) as { value: string; n: number }[]).map(({ value, n }) => [value, n]));
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
    const t = this.spec.name;
    return this.prepared(`list ${filters.length}`, () => {
      const conditions = filters.map(() => `AND t.thing IN (SELECT thing FROM ${t}_when WHERE filter = ? AND value = ? AND until > ? AND since <= ?)`).join(' ');
      // The filters' parameters come first, so their conditions stand first.
      return `SELECT t.thing, t.id, v.row FROM ${t}_things t JOIN ${t} v ON v.thing = t.thing
        WHERE ${conditions.replace(/^AND /, '')} ${conditions ? 'AND' : ''} t.thing > ? AND t.created <= ?
          AND v.at = (SELECT max(at) FROM ${t} WHERE thing = t.thing AND at <= ?)
        ORDER BY t.thing LIMIT ?`;
    });
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

  constructor(db: Database, spec: PartsSpec<R>) {
    this.insert = db.prepare(`INSERT INTO ${spec.name} (thing, part, at, row) VALUES (?, ?, ?, ?)`);
    // Of the columns beside max(), SQLite takes those of the row that has the maximum.
    this.all = db.prepare(`SELECT part, row, max(at) AS at FROM ${spec.name} WHERE thing = ? AND at <= ? GROUP BY part ORDER BY part`);
  }

  put(id: string, part: number, position: number, row: R): void {
    this.insert.run(id, part, position, JSON.stringify(row));
  }

  /** The parts that were there at a position, each as it stood. */
  list(id: string, at: number): readonly { readonly part: number; readonly at: number; readonly row: R }[] {
    return (this.all.all(id, at) as { part: number; at: number; row: string }[]).map(({ part, at: since, row }) => ({ part, at: since, row: JSON.parse(row) as R }));
  }
}
