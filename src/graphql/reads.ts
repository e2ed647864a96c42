import { LRUCache } from 'lru-cache';
import type { Codec } from '../event-store/codec.js';
import type { Entry } from '../event-store/entry.js';
import type { LocalLog } from '../event-store/event-store.js';
import { Problem } from '../decider/problem.js';
import type { ListOptions, Listed, PartsSpec, TableSpec } from '../projections/versioned.js';
import type { ViewRows } from '../projections/view-rows.js';

/** Of rows, lists' rows and revisions each. */
const ROWS_KEPT = 2_000;
/** Of entries, in characters of their data: a draft has a few hundred thousand of them, and is asked for as often as its history is. */
const ENTRIES_KEPT = 8 * 1024 * 1024;
/** What an entry counts as besides its data. */
const ENTRY_LENGTH = 500;

type Found<R> = Pick<Listed<R>, 'id' | 'row'>;

/** Reading at a position: rows of the views, entries of the log. Everything a resolver needs, and nothing that writes. */
export class Reads {
  /** Rows as they stood: what was recorded up to a position never changes, so they are the same for ever. */
  private readonly kept = new LRUCache<string, { readonly row: object | undefined }>({ max: ROWS_KEPT });
  private readonly lists = new LRUCache<string, readonly Listed<object>[]>({ maxSize: ROWS_KEPT, sizeCalculation: (list) => list.length + 1 });
  /** Lists are kept when they are asked for again: of a past that is asked for once they would only have to be collected later, at twice the cost. */
  private readonly asked = new LRUCache<string, true>({ max: ROWS_KEPT });
  private readonly revisions = new LRUCache<string, number>({ max: ROWS_KEPT });
  private readonly entries = new LRUCache<number, Entry>({ maxSize: ENTRIES_KEPT });

  constructor(private readonly rows: ViewRows, readonly log: LocalLog, readonly codec: Codec) {}

  /** The last position that can be asked. */
  get position(): number { return this.rows.stand.position; }

  get<R extends object>(spec: TableSpec<R>, id: string, at: number): R | undefined {
    const table = this.ask(spec.name, at).table(spec);
    if (at > this.position) return table.get(id, at);
    const key = `${at} ${spec.name} ${id}`;
    let found = this.kept.get(key);
    if (!found) this.kept.set(key, (found = { row: table.get(id, at) }));
    return found.row as R | undefined;
  }

  list<R extends object>(spec: TableSpec<R>, at: number, options: ListOptions): readonly Listed<R>[] {
    const table = this.ask(spec.name, at).table(spec);
    if (at > this.position) return table.list(at, options);
    const key = `${at} ${spec.name} ${JSON.stringify(options)}`;
    const kept = this.lists.get(key) as readonly Listed<R>[] | undefined;
    if (kept) return kept;
    const list = table.list(at, options);
    if (this.asked.has(key)) this.lists.set(key, list);
    else this.asked.set(key, true);
    return list;
  }

  /** @param among of these things alone, at no cost for the others that there are */
  all<R extends object>(spec: TableSpec<R>, at: number, filters: Readonly<Record<string, string>> = {}, among?: readonly string[]): readonly Found<R>[] {
    if (!among) return this.list(spec, at, { limit: Number.MAX_SAFE_INTEGER, filters });
    return among.flatMap((id): readonly Found<R>[] => {
      const row = this.get(spec, id, at);
      return row && Object.entries(filters).every(([name, value]) => spec.filters[name]?.(row).includes(value)) ? [{ id, row }] : [];
    });
  }

  counts<R extends object>(spec: TableSpec<R>, filter: string, at: number): ReadonlyMap<string, number> {
    return this.ask(spec.name, at).table(spec).counts(filter, at);
  }

  parts<R extends object>(spec: PartsSpec<R>, id: string, at: number): readonly { readonly part: number; readonly at: number; readonly row: R }[] {
    return this.ask(spec.name, at).parts(spec).list(id, at);
  }

  /** One of them, which costs nothing for the others: the texts of a document are as many as its versions. */
  part<R extends object>(spec: PartsSpec<R>, id: string, number: number, at: number): R | undefined {
    return this.ask(spec.name, at).parts(spec).get(id, number, at);
  }

  touches(thing: string, after: number, upTo: number, limit: number): readonly number[] {
    return this.rows.touches(thing, after, upTo, limit);
  }

  /** The revision of a stream at a position. */
  revisionAt(stream: string, at: number): number {
    if (at > this.position) return this.log.revisionAt(stream, at);
    const key = `${at} ${stream}`;
    let kept = this.revisions.get(key);
    if (kept === undefined) this.revisions.set(key, (kept = this.log.revisionAt(stream, at)));
    return kept;
  }

  entry(position: number): Entry | undefined {
    const kept = this.entries.get(position);
    if (kept) return kept;
    const stored = this.log.at(position);
    if (!stored) return undefined;
    const entry = this.codec.decode(stored);
    this.entries.set(position, entry, { size: stored.data.length + ENTRY_LENGTH });
    return entry;
  }

  timeOf(position: number): string | undefined {
    return this.log.at(position)?.time;
  }

  private ask(table: string, at: number): ViewRows {
    const stopped = this.rows.stoppedAt(table, at);
    if (stopped) {
      throw new Problem('UNAVAILABLE', 'VIEW_STOPPED', `The view ${stopped.view} stopped before position ${stopped.position}. Ask for an earlier position; the operator is told.`, {
        view: stopped.view, position: String(stopped.position),
      });
    }
    return this.rows;
  }
}
