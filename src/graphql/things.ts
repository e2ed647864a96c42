import type { Standing } from '../identity/standing.js';
import type { Listed, TableSpec } from '../projections/versioned.js';
import { connection, type Connection, type PageArgs } from './paging.js';
import type { Reads } from './reads.js';
import type { Visibility } from './visibility.js';

interface Found { readonly typename: string; readonly id: string; readonly at: number }

/** How things of one kind are read by id and in lists, so that both show a reader the same. */
export class ThingsOf<R extends object, T extends Found> {
  /** What was made of a row that is kept (graphql/reads.ts): at one position it is always the same. */
  private readonly made = new WeakMap<R, T>();

  constructor(
    private readonly reads: Reads, private readonly visibility: Visibility, private readonly table: TableSpec<R>,
    private readonly find: (reads: Reads, id: string, at: number, row?: R) => T | undefined,
  ) {}

  /** Undefined where there is none, and where this reader may not see it: both answer alike. */
  one(reader: Standing, id: string, at: number): T | undefined {
    return this.seen(reader, this.find(this.reads, id, at));
  }

  /** In the order of creation. A filter that is null or left out does not filter. */
  page(reader: Standing, at: number, args: PageArgs, filters: Readonly<Record<string, string | null | undefined>> = {}): Promise<Connection<T>> {
    const given = Object.fromEntries(Object.entries(filters).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    return connection<Listed<R>, T>(
      args, (after, limit) => this.reads.list(this.table, at, { after, limit, filters: given }), (item) => item.thing,
      (item) => this.seen(reader, this.of(item, at)),
    );
  }

  private of({ id, row }: Listed<R>, at: number): T | undefined {
    const made = this.made.get(row);
    if (made?.at === at) return made;
    const thing = this.find(this.reads, id, at, row);
    if (thing) this.made.set(row, thing);
    return thing;
  }

  private seen(reader: Standing, thing: T | undefined): T | undefined {
    return thing && this.visibility.sees(reader, thing) ? thing : undefined;
  }
}
