import type { Office } from '../events/shared.js';
import { officesOf, type Standing } from '../identity/standing.js';

interface Reader { readonly held: ReadonlySet<Office>; /** Equal for equal rights. */ readonly rights: string; /** Equal for the same person in the same offices. */ readonly self: string }
interface Watch { readonly reader: Standing; /** Whether more was asked of the reader than the offices held. */ isPersonal: boolean }
interface Found<T> { readonly value: T; readonly by: Reader; readonly watch: Watch }

/**
 * What was found for one reader, for all who hold the same offices. Whether it is theirs too is not declared but seen: where the finding looked at
 * anything but the names of the offices, at the person, the seat, the regions, it is kept for that reader alone.
 */
export class Sharing<T> {
  private readonly found = new Map<string, Found<T>>();

  constructor(private readonly most: number) {}

  clear(): void {
    this.found.clear();
  }

  /** @param about what is asked, apart from who asks */
  of(about: number, standing: Standing, find: (reader: Standing) => T): T {
    const reader = readerOf(standing);
    const first = this.find(`${about} ${reader.rights}`, reader, standing, find);
    return isFor(first, reader) ? first.value : this.find(`${about} ${reader.self}`, reader, standing, find).value;
  }

  protected find(key: string, by: Reader, standing: Standing, find: (reader: Standing) => T): Found<T> {
    let found = this.found.get(key);
    if (!found) {
      if (this.found.size >= this.most) this.found.clear();
      const watch = watched(standing, by);
      this.found.set(key, (found = { value: find(watch.reader), by, watch }));
    }
    return found;
  }
}

/** How looking for it ended. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Something that takes a while, and who waits for it. Called back rather than promised: a thousand may wait for one. */
export class Search<T> {
  outcome: Outcome<T> | undefined;
  private waiting: ((outcome: Outcome<T>) => void)[] = [];

  constructor(search: Promise<T>) {
    search.then((value) => this.end({ value }), (error: unknown) => this.end({ error }));
  }

  /** At once where it is over. */
  whenOver(tell: (outcome: Outcome<T>) => void): void {
    if (this.outcome) tell(this.outcome);
    else this.waiting.push(tell);
  }

  private end(outcome: Outcome<T>): void {
    this.outcome = outcome;
    const { waiting } = this;
    this.waiting = [];
    for (const tell of waiting) tell(outcome);
  }
}

/** The same for what takes a while: whoever comes meanwhile waits for it, and is then given it or has their own looked for. */
export class SharedSearches<T> extends Sharing<Search<T>> {
  /** @param tell called once, at once where it has been found */
  ask(about: number, standing: Standing, find: (reader: Standing) => Promise<T>, tell: (outcome: Outcome<T>) => void): void {
    const search = (watchedReader: Standing): Search<T> => new Search(find(watchedReader));
    const reader = readerOf(standing);
    const first = this.find(`${about} ${reader.rights}`, reader, standing, search);
    first.value.whenOver((outcome) => {
      if (isFor(first, reader)) tell(outcome);
      else this.find(`${about} ${reader.self}`, reader, standing, search).value.whenOver(tell);
    });
  }
}

const isFor = (found: Found<unknown>, reader: Reader): boolean => !found.watch.isPersonal || found.by.self === reader.self;

/** Whether two are the same person in the same offices. */
export const areEqual = (one: Standing, other: Standing): boolean => one === other || readerOf(one).self === readerOf(other).self;

const readers = new WeakMap<Standing, Reader>();
function readerOf(standing: Standing): Reader {
  let reader = readers.get(standing);
  if (!reader) {
    const held = officesOf(standing);
    reader = { held, rights: `${standing.readsEverything === true} ${[...held].sort().join()}`, self: JSON.stringify(standing) };
    readers.set(standing, reader);
  }
  return reader;
}

/** The reader, telling the names of the offices held freely and noticing every look at the rest. */
function watched(standing: Standing, { held }: Reader): Watch {
  const look = <K extends keyof Standing>(key: K): Standing[K] => {
    watch.isPersonal = true;
    return standing[key];
  };
  const watch: Watch = {
    isPersonal: false,
    reader: {
      held, readsEverything: standing.readsEverything,
      get personId() { return look('personId'); }, get offices() { return look('offices'); }, get seat() { return look('seat'); }, get contactPersonOf() { return look('contactPersonOf'); },
    },
  };
  return watch;
}
