import type { AnyEvent } from '../events/define.js';
import type { Codec } from '../event-store/codec.js';
import { UnreadableEntry } from '../event-store/codec.js';
import type { Entry, EntryOf } from '../event-store/entry.js';
import type { LocalLog } from '../event-store/event-store.js';
import type { Decider } from './decider.js';
import { Problem } from './problem.js';

/** A folded stream. `revision` 0: nothing is written there yet. */
export interface Folded<S = unknown> { readonly state: S; readonly revision: number }

export const unreadable = ({ position, type }: UnreadableEntry): Problem => new Problem('UNAVAILABLE', 'UNREADABLE_ENTRY',
  `This node cannot read the entry at position ${position}, which the decision rests on. Ask a node of the newer version.`, { position, type });

const KEPT_STREAMS = 10_000;

/** The folded streams at the head of the log, kept in memory and folded from the file when they are asked for. */
export class States {
  private readonly kept = new Map<string, Folded>();
  /** The head that all of them stand at. */
  private at: number;

  constructor(private readonly log: LocalLog, private readonly codec: Codec) {
    this.at = log.head.position;
  }

  /** @throws Problem UNAVAILABLE where the stream holds an entry that this program cannot read */
  get<S, E extends AnyEvent>(decider: Decider<S, E>, stream: string): Folded<S> {
    this.meetTheHead();
    const kept = this.kept.get(stream);
    if (kept) return kept as Folded<S>;
    const folded = this.fold(decider, stream);
    this.keep(stream, folded);
    return folded;
  }

  private keep(stream: string, folded: Folded): void {
    if (this.kept.size >= KEPT_STREAMS && !this.kept.has(stream)) this.kept.delete(this.kept.keys().next().value as string);
    this.kept.set(stream, folded);
  }

  /** What this node wrote, as it stands after `position`. What others have written since is met with the next question. */
  keepAll(changed: ReadonlyMap<string, Folded>, position: number): void {
    for (const [stream, folded] of changed) this.keep(stream, folded);
    this.at = position;
  }

  /** Somebody else has written, or what this node wrote was not known to be: what that touches is folded anew when it is asked for. */
  meetTheHead(): void {
    const { position } = this.log.head;
    for (; this.at < position; this.at++) this.kept.delete(this.log.streamAt(this.at + 1));
  }

  private fold<S, E extends AnyEvent>(decider: Decider<S, E>, stream: string): Folded<S> {
    let state = decider.initial();
    let revision = 0;
    for (const stored of this.log.stream(stream)) {
      // Where another thread writes, the file may be ahead of what was told.
      if (stored.position > this.at) break;
      revision = stored.revision;
      try {
        state = decider.evolve(state, this.codec.decode(stored) as EntryOf<E>);
      } catch (error) {
        throw error instanceof UnreadableEntry ? unreadable(error) : error;
      }
    }
    return { state, revision };
  }
}

/** States as they are after the commands of one batch that were decided so far. Thrown away unless the batch becomes durable. */
export class Overlay {
  private readonly changed = new Map<string, Folded>();

  constructor(private readonly states: States) {
    states.meetTheHead();
  }

  get<S, E extends AnyEvent>(decider: Decider<S, E>, stream: string): Folded<S> {
    return (this.changed.get(stream) as Folded<S> | undefined) ?? this.states.get(decider, stream);
  }

  evolve(decider: Decider<unknown>, entry: Entry): void {
    const before = this.get(decider, entry.stream);
    this.changed.set(entry.stream, { state: decider.evolve(before.state, entry), revision: entry.revision });
  }

  /** @param position of the last entry of the batch */
  keep(position: number): void {
    this.states.keepAll(this.changed, position);
  }
}
