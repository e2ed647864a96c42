import type { DocumentNode, ExecutionResult, OperationDefinitionNode } from 'graphql';
import { newId } from '../decider/new-id.js';
import { changeKindOf } from '../events/index.js';
import type { Standing } from '../identity/standing.js';
import type { Admission } from './admission.js';
import type { LiveArgs } from './committee.types.js';
import type { Desk } from './desk.js';
import type { Executor } from './execution.js';
import type { Reads } from './reads.js';
import { SharedSearches, Sharing, type Outcome } from './sharing.js';
import { turns } from './turns.js';
import type { Visibility } from './visibility.js';

interface Asked { readonly document: DocumentNode; readonly operation: OperationDefinitionNode; readonly variables: Readonly<Record<string, unknown>>; readonly args: LiveArgs }
interface Parts { readonly reads: Reads; readonly visibility: Visibility; readonly desk: Desk; readonly admission: Admission; readonly executor: Executor }

/** `text`: what is sent, where there are no errors; an error carries the id of its subscriber. */
export interface Given { readonly result: ExecutionResult; readonly text?: string }

/** An answer holds for one state of the views; what a node knows besides them, as failed processes, is asked anew after so long. */
const SHARED_MS = 1_000;
const ANSWERS_KEPT = 32;
const TOUCHES_KEPT = 4_096;

/** One question, for all who ask it at the moment: executed once for all who read it at one position with the same rights, and written once. */
export class SharedQuestion {
  private readonly answers = new SharedSearches<Given>(ANSWERS_KEPT);
  private readonly touching = new Sharing<boolean>(TOUCHES_KEPT);
  private subscribers = 0;
  /** The state of the views that is shared, and since when. */
  private position = -1;
  private since = 0;

  constructor(private readonly asked: Asked, private readonly parts: Parts, private readonly onUnused: () => void) {}

  join(): void {
    this.subscribers++;
  }

  leave(): void {
    if (--this.subscribers === 0) this.onUnused();
  }

  /** The next position that there is a message for, or how far there is none; `isLeft` where there is more to look at, and no time left in this turn. */
  next(last: number, subscriber: { standing(): Standing }): { position: number | undefined; seen: number; isLeft: boolean } {
    const { about, latest } = this.asked.args;
    const head = this.parts.reads.position;
    for (let seen = last + 1; seen <= head; seen++) {
      if (!about || this.touches(subscriber.standing(), seen)) return { position: latest ? head : seen, seen, isLeft: false };
      if (!turns.hasTime()) return { position: undefined, seen, isLeft: seen < head };
    }
    return { position: undefined, seen: Math.max(last, head), isLeft: false };
  }

  /** @param tell called once, at once where somebody with the same rights has asked before */
  ask(position: number, reader: Standing, tell: (outcome: Outcome<Given>) => void): void {
    this.refresh();
    this.answers.ask(position, reader, (watched) => this.execute(position, watched), tell);
  }

  private async execute(position: number, reader: Standing): Promise<Given> {
    const { document, operation, variables } = this.asked;
    // By itself: one that is long holds up no other subscriber, and ends with the last of its own.
    await turns.beginLater(() => this.subscribers === 0);
    this.parts.admission.checkRights(document, reader);
    const result = await this.parts.executor.execute({ document, operation, variables, context: { correlationId: newId(), reader }, root: { committee: { position } } });
    return result.errors ? { result } : { result, text: JSON.stringify(result) };
  }

  /** Whether the entry at a position touches what was asked about, as far as this reader may see it. */
  private touches(reader: Standing, position: number): boolean {
    this.refresh();
    return this.touching.of(position, reader, (watched) => this.find(watched, position));
  }

  private find(reader: Standing, position: number): boolean {
    const { reads, visibility, desk } = this.parts;
    const { about } = this.asked.args;
    const entry = reads.entry(position);
    if (!entry || !about || !visibility.maySee(reader, entry, position)) return false;
    const ids = reads.codec.about(entry);
    if (about.things?.some((id) => ids.includes(id) && visibility.mayKnow(reader, id, position))) return true;
    const kinds = [entry.type, ...(reads.codec.typeOf(entry.type)?.parts ?? [])].map(changeKindOf);
    if (about.changes?.some((kind) => kinds.includes(kind))) return true;
    if (!about.myDesk) return false;
    if (reader.seat && ids.includes(reader.seat.regionId)) return true;
    return [position - 1, position].some((at) => desk.hasTaskOn(ids, reader, at));
  }

  /** What is visible is the stricter of then and now, so nothing is shared beyond the moment. */
  private refresh(): void {
    const { position } = this.parts.reads;
    const now = performance.now();
    if (position === this.position && now - this.since < SHARED_MS) return;
    this.answers.clear();
    this.touching.clear();
    this.position = position;
    this.since = now;
  }
}
