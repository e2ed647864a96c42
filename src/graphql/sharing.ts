import type { Office } from '../events/shared.js';
import { officesOf, type Standing } from '../identity/standing.js';

interface Reader { readonly held: ReadonlySet<Office>; /** Equal for equal rights. */ readonly rights: string; /** Equal for the same person in the same offices. */ readonly self: string }
interface Watch { readonly reader: Standing; /** Whether more was asked of the reader than the offices held. */ isPersonal: boolean }
interface Found<T> { readonly value: T; readonly by: Reader; readonly watch: Watch; /** While it is still looked for: resolves when it is found, or cannot be. */ settling: Promise<void> | undefined }

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

  /** For what is found at once. @param about what is asked, apart from who asks */
  of(about: number, standing: Standing, find: (reader: Standing) => T): T {
    const reader = readerOf(standing);
    const first = this.find(`${about} ${reader.rights}`, reader, standing, find);
    return isFor(first, reader) ? first.value : this.find(`${about} ${reader.self}`, reader, standing, find).value;
  }

  /** For what takes a while: whoever comes meanwhile waits for it, and is then given it or finds their own. */
  async later(about: number, standing: Standing, find: (reader: Standing) => T): Promise<Awaited<T>> {
    const reader = readerOf(standing);
    const first = this.find(`${about} ${reader.rights}`, reader, standing, find);
    if (first.settling && first.by.self !== reader.self) await first.settling;
    return await (isFor(first, reader) ? first : this.find(`${about} ${reader.self}`, reader, standing, find)).value;
  }

  private find(key: string, by: Reader, standing: Standing, find: (reader: Standing) => T): Found<T> {
    let found = this.found.get(key);
    if (!found) {
      if (this.found.size >= this.most) this.found.clear();
      const watch = watched(standing, by);
      this.found.set(key, (found = { value: find(watch.reader), by, watch, settling: undefined }));
      settle(found);
    }
    return found;
  }
}

const isFor = (found: Found<unknown>, reader: Reader): boolean => !found.watch.isPersonal || found.by.self === reader.self;

function settle(found: Found<unknown>): void {
  if (!(found.value instanceof Promise)) return;
  const done = (): void => { found.settling = undefined; };
  // That it failed is told to whom it is for.
  found.settling = found.value.then(done, done);
}

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
