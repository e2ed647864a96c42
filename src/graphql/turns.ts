import 'reflect-metadata';
import type { Type } from '@nestjs/common';

/** How long the thread is at one's disposal before everybody else has their turn. */
const TURN_MS = 10;
/** What a question has to begin with where others that came with it have had that. */
const LEAST_MS = 2;
/** A question that has had the thread for so long is a long one. */
const LONG_MS = 50;
/** Long questions that have turns at a time. The others wait, since each that is half answered holds what it has found. */
const LONG_AT_ONCE = 4;

/** Does what there is to do while there is time. */
export interface Waiter { goOn(): void }

/** A field that is found in a later turn, or whatever else is waited for. */
class Paused implements Waiter {
  goOn: () => void = () => undefined;
  readonly whenDue = new Promise<void>((resolve) => { this.goOn = resolve; });
}

/** Who has turns: a question with all its fields, or all subscribers. */
class Party {
  readonly due = new Set<Waiter>();
  /** Goes on where it was: many may be due, and most of them gone. */
  private order = this.due.values();
  /** Has its turn, or is in the ring or the line of those who will. */
  isIn = false;
  isLong = false;
  /** Milliseconds that it has had the thread, in turns after its first. */
  had = 0;

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
  /** Long ones that have none for now. */
  private readonly line: Party[] = [];
  private long = 0;
  private readonly subscribers = new Party();
  /** Whose turn it is: that of all that is done until the microtasks have come to their end. */
  private current: Party | undefined;
  private since = 0;
  private until = -Infinity;
  private isToCome = false;
  /** When the first question came in this round of the loop; several may come in one. */
  private firstCame: number | undefined;

  /**
   * A question has come, and its first turn begins. All that is done until the microtasks have come to their end is taken to be its work, so one may begin at a time.
   * @param isGone whether nobody waits for the answer any more; that stays so
   */
  begin(isGone?: () => boolean): Party {
    const now = performance.now();
    if (this.firstCame === undefined) {
      this.firstCame = now;
      setImmediate(() => { this.firstCame = undefined; });
    }
    this.until = Math.max(this.firstCame + TURN_MS, now + LEAST_MS);
    const party = new Party(isGone);
    afterwards(() => { if (this.current === party) this.current = undefined; });
    return (this.current = party);
  }

  /** Another question than the one in whose turn it is asked for begins, in a turn to come. */
  beginLater(isGone: () => boolean): Promise<void> {
    return this.paused(new Party(isGone));
  }

  /** Whose turn it is: what waits for something else than a turn remembers it, to go back to it. */
  get place(): Party | undefined { return this.current; }

  /** To go on as part of the question that it was part of before it waited. Undefined where it is. */
  goBackTo(place: Party | undefined): Promise<void> | undefined {
    return place && place !== this.current ? this.paused(place) : undefined;
  }

  /** Whether there is time left in this turn. Who comes outside of any begins one. */
  hasTime(): boolean {
    if (!this.current) this.begin();
    return performance.now() < this.until;
  }

  /** Undefined while there is time left; otherwise what is to be waited for. */
  pause(): Promise<void> | undefined {
    const party = this.current ?? this.begin();
    return performance.now() < this.until ? undefined : this.paused(party);
  }

  /** Calls a subscriber in a turn to come. */
  later(subscriber: Waiter): void {
    this.add(subscriber, this.subscribers);
  }

  /** Calls subscribers now, as far as there is time, after those who are due. */
  now(subscribers: Iterable<Waiter>): void {
    for (const one of subscribers) this.add(one, this.subscribers);
    const at = this.ring.indexOf(this.subscribers);
    // They are having their turn.
    if (at < 0) return;
    this.ring.splice(at, 1);
    this.until = performance.now() + TURN_MS;
    this.serve(this.subscribers);
  }

  private paused(party: Party): Promise<void> {
    const paused = new Paused();
    this.add(paused, party);
    return paused.whenDue;
  }

  private add(waiter: Waiter, party: Party): void {
    party.due.add(waiter);
    if (!party.isIn) this.queue(party);
    this.soon();
  }

  /** To the end of the ring, or of the line where it is a long one and there are as many of those in the ring as there may be. */
  private queue(party: Party): void {
    party.isIn = true;
    if (party.had >= LONG_MS && party !== this.subscribers && !party.isLong) {
      if (this.long === LONG_AT_ONCE) {
        this.line.push(party);
        return;
      }
      party.isLong = true;
      this.long++;
    }
    this.ring.push(party);
  }

  private leave(party: Party): void {
    party.isIn = false;
    if (!party.isLong) return;
    party.isLong = false;
    this.long--;
    let next: Party | undefined;
    do next = this.line.shift(); while (next?.isGone());
    if (next) this.queue(next);
  }

  private soon(): void {
    if (this.isToCome || this.ring.length === 0) return;
    this.isToCome = true;
    setImmediate(() => {
      this.isToCome = false;
      this.until = performance.now() + TURN_MS;
      this.next();
    });
  }

  /** The next of the ring, if there is time left. */
  private next(): void {
    const party = performance.now() < this.until ? this.ring.shift() : undefined;
    if (!party) return this.soon();
    if (party.isGone()) party.due.clear();
    this.serve(party);
  }

  private serve(party: Party): void {
    this.since = performance.now();
    this.callDue(party);
  }

  private callDue(party: Party): void {
    this.current = party;
    let waiter: Waiter | undefined;
    try {
      do {
        waiter = performance.now() < this.until ? party.take() : undefined;
        waiter?.goOn();
      } while (waiter && !(waiter instanceof Paused));
    } finally {
      // What a question does comes in microtasks: when they have come to their end it is known what time is left.
      afterwards(waiter instanceof Paused ? () => this.callDue(party) : () => this.end(party));
    }
  }

  private end(party: Party): void {
    this.current = undefined;
    party.had += performance.now() - this.since;
    if (party.due.size === 0) this.leave(party);
    else this.queue(party);
    this.next();
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
