import type { Codec } from '../event-store/codec.js';
import type { Entry } from '../event-store/entry.js';
import type { LocalLog } from '../event-store/event-store.js';
import { Problem } from '../decider/problem.js';
import type { ListOptions, Listed, PartsSpec, TableSpec } from '../projections/versioned.js';
import type { ViewStore } from '../projections/view-store.js';

/** Reading at a position: rows of the views, entries of the log. Everything a resolver needs, and nothing that writes. */
export class Reads {
  constructor(private readonly store: ViewStore, readonly log: LocalLog, readonly codec: Codec) {}

  /** The last position that can be asked. */
  get position(): number { return this.store.position; }

  get<R extends object>(spec: TableSpec<R>, id: string, at: number): R | undefined {
    return this.ask(spec.name, at).table(spec).get(id, at);
  }

  list<R extends object>(spec: TableSpec<R>, at: number, options: ListOptions): readonly Listed<R>[] {
    return this.ask(spec.name, at).table(spec).list(at, options);
  }

  all<R extends object>(spec: TableSpec<R>, at: number, filters: ListOptions['filters'] = {}): readonly Listed<R>[] {
    return this.list(spec, at, { limit: Number.MAX_SAFE_INTEGER, filters });
  }

  counts<R extends object>(spec: TableSpec<R>, filter: string, at: number): ReadonlyMap<string, number> {
    return this.ask(spec.name, at).table(spec).counts(filter, at);
  }

  parts<R extends object>(spec: PartsSpec<R>, id: string, at: number): readonly { readonly part: number; readonly at: number; readonly row: R }[] {
    return this.ask(spec.name, at).parts(spec).list(id, at);
  }

  touches(thing: string, after: number, upTo: number, limit: number): readonly number[] {
    return this.store.touches(thing, after, upTo, limit);
  }

  entry(position: number): Entry | undefined {
    const stored = this.log.at(position);
    return stored && this.codec.decode(stored);
  }

  timeOf(position: number): string | undefined {
    return this.log.at(position)?.time;
  }

  private ask(table: string, at: number): ViewStore {
    const stopped = this.store.stoppedAt(table, at);
    if (stopped) {
      throw new Problem('UNAVAILABLE', 'VIEW_STOPPED', `The view ${stopped.view} stopped before position ${stopped.position}. Ask for an earlier position; the operator is told.`, {
        view: stopped.view, position: String(stopped.position),
      });
    }
    return this.store;
  }
}
