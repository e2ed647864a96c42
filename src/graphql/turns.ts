import 'reflect-metadata';
import type { Type } from '@nestjs/common';

/** How long one question, or the subscribers, have the thread before everybody else has their turn. */
const TURN_MS = 10;
/** What a question has to begin with where others that came with it have had that. */
const LEAST_MS = 2;
/** Questions that have turns at a time. Later ones have had their first and wait, since each that is half answered holds what it has found. */
const AT_ONCE = 4;

export interface Waiter { goOn(): void }

/** A field that is found in a later turn. */
class Paused implements Waiter {
  goOn: () => void = () => undefined;
  readonly whenDue = new Promise<void>((resolve) => { this.goOn = resolve; });
}

/** Who has turns: a question with all its fields, or all subscribers. */
class Party {
  readonly due = new Set<Waiter>();
  /** Goes on where it was: many may be due, and most of them gone. */
  private order = this.due.values();
  isInLine = false;

  constructor(readonly isGone: () => boolean = () => false) {}

  /** The first of those that are due, no longer among them. */
  take(): Waiter | undefined {
    if (this.due.size === 0) return undefined;
    for (;;) {
      const { value, done } = this.order.next();
      if (done) this.order = this.due.values();
      else {
        this.due.delete(value);
        return value;
      }
    }
  }
}

/** Calls when all has been done that follows from what is done here: microtasks. */
const afterwards = (call: () => void): void => queueMicrotask(() => process.nextTick(call));

/**
 * The turns of the event loop, for what may take longer than one: a document may select thousands of things, a subscription begin at the first entry of a long
 * log. Whoever has more to do when the time of a turn is over goes on in one to come; between two of them the requests and votes of others arrive.
 */
export class Turns {
  /** Have turns, one after the other. */
  private readonly ring: Party[] = [];
  private readonly line: Party[] = [];
  private readonly subscribers = new Party();
  /** Whose turn it is: that of all that is done until the microtasks have come to their end. */
  private current: Party | undefined;
  private until = -Infinity;
  private isToCome = false;
  /** When the first question came in this round of the loop; several may come in one. */
  private firstCame: number | undefined;

  /** A question has come, and its first turn begins. @param isGone whether nobody waits for the answer any more */
  begin(isGone?: () => boolean): void {
    const now = performance.now();
    if (this.firstCame === undefined) {
      this.firstCame = now;
      setImmediate(() => { this.firstCame = undefined; });
    }
    this.until = Math.max(this.firstCame + TURN_MS, now + LEAST_MS);
    this.current = new Party(isGone);
    this.endAfterwards();
  }

  /** Whether there is time left in this turn. Who comes outside of any, as when something has been waited for, begins one. */
  hasTime(): boolean {
    if (!this.current) this.begin();
    return performance.now() < this.until;
  }

  /** Undefined while there is time left; otherwise what is to be waited for. */
  pause(): Promise<void> | undefined {
    if (this.hasTime()) return undefined;
    const paused = new Paused();
    this.add(paused, this.current ?? new Party());
    return paused.whenDue;
  }

  /** Calls a subscriber in a turn to come. */
  later(subscriber: Waiter): void {
    this.add(subscriber, this.subscribers);
  }

  /** Calls subscribers now, as far as there is time, after those who are due. */
  now(subscribers: Iterable<Waiter>): void {
    for (const one of subscribers) this.add(one, this.subscribers);
    this.serve(this.subscribers);
  }

  private add(waiter: Waiter, party: Party): void {
    party.due.add(waiter);
    if (!party.isInLine) {
      party.isInLine = true;
      if (party === this.subscribers || this.ring.filter((one) => one !== this.subscribers).length < AT_ONCE) this.ring.push(party);
      else this.line.push(party);
    }
    this.soon();
  }

  private soon(): void {
    if (this.isToCome || this.ring.length === 0) return;
    this.isToCome = true;
    setImmediate(() => {
      this.isToCome = false;
      const party = this.ring.shift();
      if (!party) return;
      this.ring.push(party);
      if (party.isGone()) party.due.clear();
      this.serve(party);
    });
  }

  private serve(party: Party): void {
    this.until = performance.now() + TURN_MS;
    this.goOn(party);
  }

  private goOn(party: Party): void {
    this.current = party;
    while (performance.now() < this.until) {
      const waiter = party.take();
      if (!waiter) break;
      waiter.goOn();
      // What a question does comes in microtasks: when they have come to their end it is known what time is left.
      if (waiter instanceof Paused) return afterwards(() => this.goOn(party));
    }
    this.endAfterwards();
    if (party.due.size === 0) this.leave(party);
    this.soon();
  }

  private endAfterwards(): void {
    afterwards(() => { this.current = undefined; });
  }

  private leave(party: Party): void {
    if (!party.isInLine) return;
    party.isInLine = false;
    this.ring.splice(this.ring.indexOf(party), 1);
    const next = party === this.subscribers ? undefined : this.line.shift();
    if (next) this.ring.push(next);
  }
}

/** A thread has one loop of events. */
export const turns = new Turns();

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** How Nest marks a method that finds a field of a thing. What a document begins with, as `committee`, fixes the moment for all of it and is never put off. */
const FINDS_A_FIELD = 'graphql:resolve_property';

/**
 * Has the methods of a resolver that find fields called in turns. Where they are called is where the work is: Nest's own function around each, which the schema
 * has, calls it some microtasks later, so all fields of a list would have begun before the first of them has taken any time.
 */
export function inTurns(resolver: Type): Type {
  const prototype = resolver.prototype as Record<string, Method>;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = prototype[name] as Method;
    if (Reflect.getOwnMetadata(FINDS_A_FIELD, method) !== true) continue;
    const called: Method = function (...args) {
      const pause = turns.pause();
      return pause ? pause.then(() => method.apply(this, args)) : method.apply(this, args);
    };
    for (const key of Reflect.getOwnMetadataKeys(method) as unknown[]) Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), called);
    Object.defineProperty(prototype, name, { value: called, configurable: true, writable: true });
  }
  return resolver;
}
