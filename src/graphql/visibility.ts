import { changeKindOf } from '../events/index.js';
import type { Entry } from '../event-store/entry.js';
import { UnreadableEntry } from '../event-store/codec.js';
import { holdsOneOf, isMember, type Standing } from '../identity/standing.js';
import type { Actor, Change } from './change.types.js';
import type { Contribution, ThingKind } from './contribution.js';
import type { Reads } from './reads.js';
import { RightsTable, WHO_SEES_PERSONS } from './rights.js';

/** What this reader may see: one place, for fields, things, entries and their sentences. Rights are the reader's now, also for the past. */
export class Visibility {
  readonly rights: RightsTable;
  private readonly kinds: readonly ThingKind[];
  private readonly sentences: Contribution['sentences'];

  constructor(private readonly reads: Reads, contributions: readonly Contribution[], private readonly nameOfRegion: (reads: Reads, id: string, at: number) => string) {
    this.rights = new RightsTable(contributions.map((c) => c.rights));
    this.kinds = contributions.flatMap((c) => c.things ?? []);
    this.sentences = Object.assign({}, ...contributions.map((c) => c.sentences)) as Contribution['sentences'];
  }

  /** Whether the reader may ask for a field at all. A field without a row is nobody's. */
  mayAsk(reader: Standing, type: string, field: string): boolean {
    const audience = this.rights.audienceOf(type, field);
    return audience === 'EVERYBODY' || (audience !== undefined && holdsOneOf(reader, audience));
  }

  kindOf(typename: string): ThingKind | undefined {
    return this.kinds.find((kind) => kind.typename === typename);
  }

  /** A thing of any kind as it stood at a position; undefined where there is none or this reader may not see it. */
  thing(reader: Standing, id: string, at: number): object | undefined {
    for (const kind of this.kinds) {
      const thing = kind.find(this.reads, id, at);
      if (thing) return this.maySeeThing(reader, kind, id, at) ? thing : undefined;
    }
    return undefined;
  }

  /** Whether the reader may see a thing that was found. */
  sees(reader: Standing, thing: { readonly typename: string; readonly id: string; readonly at: number }): boolean {
    const kind = this.kindOf(thing.typename);
    return kind !== undefined && this.maySeeThing(reader, kind, thing.id, thing.at);
  }

  /** The stricter of then and now: what has become confidential since is not shown by asking the past. */
  private maySeeThing(reader: Standing, kind: ThingKind, id: string, at: number): boolean {
    return isMember(reader) || (kind.isPublic(this.reads, id, at) && kind.isPublic(this.reads, id, this.reads.position));
  }

  /** Whether an id tells the reader of nothing that is hidden at `at`. What is no thing of any kind, as the Committee itself, is nobody's secret. */
  mayKnow(reader: Standing, id: string, at: number): boolean {
    if (isMember(reader)) return true;
    const kind = this.kinds.find((k) => k.find(this.reads, id, at) !== undefined);
    return kind === undefined || this.maySeeThing(reader, kind, id, at);
  }

  /** Whether the reader may see that an entry happened, asked at `at`. */
  maySee(reader: Standing, entry: Entry, at: number): boolean {
    const type = this.reads.codec.typeOf(entry.type);
    switch (type?.audience) {
      case 'PUBLIC': return true;
      case 'MEMBERS': return isMember(reader);
      case 'SECRETARIAT': return holdsOneOf(reader, WHO_SEES_PERSONS);
      case 'WITH_THING': {
        if (isMember(reader)) return true;
        const own = type.about(entry.data)[0] as string;
        const kind = this.kinds.find((k) => k.find(this.reads, own, at) !== undefined);
        return kind !== undefined && this.maySeeThing(reader, kind, own, at);
      }
      default: return false;
    }
  }

  /** The entry at a position as this reader may see it, asked at `at`. */
  change(reader: Standing, position: number, at: number): Change | undefined {
    const entry = this.reads.entry(position);
    return entry && this.maySee(reader, entry, at) ? this.changeOf(reader, entry, at) : undefined;
  }

  private changeOf(reader: Standing, entry: Entry, at: number): Change {
    const type = this.reads.codec.typeOf(entry.type);
    if (!type) throw new UnreadableEntry(entry.position, entry.type, 'its type is not known here');
    const tell = this.sentences[entry.type];
    return {
      position: entry.position, time: entry.time, kind: changeKindOf(entry.type), parts: type.parts.map(changeKindOf),
      about: type.about(entry.data).filter((id) => this.mayKnow(reader, id, at)),
      actor: this.actor(reader, entry), cause: entry.meta.cause,
      sentence: tell ? tell(entry, (id) => this.nameOfRegion(this.reads, id, entry.position)) : entry.type,
    };
  }

  actor(reader: Standing, { meta: { actor } }: Entry): Actor {
    const { personId, ...others } = actor;
    return holdsOneOf(reader, WHO_SEES_PERSONS) ? { ...others, personId } : others;
  }
}
