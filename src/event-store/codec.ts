import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { AnyEvent, EventType } from '../events/define.js';
import { vocabulary } from '../events/index.js';
import { Meta, type Entry, type StoredEntry } from './entry.js';

const meta = TypeCompiler.Compile(Meta);

/** This program cannot read an entry: a newer one wrote it, or it is damaged. What needs it stops; nothing skips it. */
export class UnreadableEntry extends Error {
  constructor(readonly position: number, readonly type: string, why: string) {
    super(`Entry ${position} (${type}) cannot be read: ${why}`);
    this.name = 'UnreadableEntry';
  }
}

/** Between entries as stored and entries as read. A list of event types stands in for the vocabulary in tests of old and foreign entries. */
export class Codec {
  private readonly types: ReadonlyMap<string, EventType>;

  constructor(types: readonly EventType[] = vocabulary) {
    this.types = new Map(types.map((type) => [type.type, type]));
  }

  typeOf(name: string): EventType | undefined {
    return this.types.get(name);
  }

  /** The declaration of an event that is about to be written. Throws where its data has another shape than declared, or more. */
  writable(event: AnyEvent): EventType {
    const type = this.types.get(event.type);
    if (!type) throw new Error(`${event.type} is not in the vocabulary`);
    if (!type.checkWritten(event.data)) throw new Error(`${event.type} would be written in a shape that is not its own`);
    return type;
  }

  /** @throws UnreadableEntry */
  decode(stored: StoredEntry): Entry {
    const type = this.types.get(stored.type);
    if (!type) throw new UnreadableEntry(stored.position, stored.type, 'its type is not known here');
    if (stored.version > type.version) throw new UnreadableEntry(stored.position, stored.type, `version ${stored.version} is newer than ${type.version}`);
    let data: unknown;
    let told: unknown;
    try {
      data = JSON.parse(stored.data);
      told = JSON.parse(stored.meta);
      for (let version = stored.version; version < type.version; version++) data = type.upcasters[version - 1]?.(data);
    } catch (error) {
      throw new UnreadableEntry(stored.position, stored.type, error instanceof Error ? error.message : String(error));
    }
    if (!type.check(data)) throw new UnreadableEntry(stored.position, stored.type, 'its data has another shape than declared');
    if (!meta.Check(told)) throw new UnreadableEntry(stored.position, stored.type, 'its meta has another shape than declared');
    return { ...stored, data, meta: told };
  }

  about(entry: Entry): readonly string[] {
    return this.types.get(entry.type)?.about(entry.data) ?? [];
  }
}
