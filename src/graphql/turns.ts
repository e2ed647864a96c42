import 'reflect-metadata';
import type { Type } from '@nestjs/common';

/** How long one reader's question, or the subscribers, have the thread before everybody else has their turn. */
const TURN_MS = 10;

interface Waiter { goOn(): void }

/** A question that goes on in a later turn. */
class Paused implements Waiter {
  goOn: () => void = () => undefined;
  readonly whenDue = new Promise<void>((resolve) => { this.goOn = resolve; });
}

/**
 * The turns of the event loop, for what may take longer than one: a document may select thousands of things, a subscription begin at the first entry of a long
 * log. Whoever has more to do when the time of a turn is over goes on in one to come, in the order in which they asked; between two the votes of others arrive.
 */
export class Turns {
  private readonly due = new Set<Waiter>();
  /** Goes on where it was: many may be due, and most of them gone. */
  private order = this.due.values();
  private begun = -Infinity;
  private isToCome = false;

  /** A turn begins with what is asked here and now, as with a request that has just arrived. */
  begin(): void {
    this.begun = performance.now();
  }

  get isOver(): boolean { return performance.now() - this.begun >= TURN_MS; }

  /** Calls in a turn to come. */
  later(waiter: Waiter): void {
    this.due.add(waiter);
    this.soon();
  }

  /** Calls all of them now, as far as there is time. */
  now(waiters: Iterable<Waiter>): void {
    for (const waiter of waiters) this.due.add(waiter);
    this.begin();
    this.goOn();
  }

  /** At once where there is time left; otherwise in a turn to come. */
  pause(): Promise<void> | undefined {
    if (!this.isOver) return undefined;
    const paused = new Paused();
    this.later(paused);
    return paused.whenDue;
  }

  private soon(): void {
    if (this.isToCome) return;
    this.isToCome = true;
    setImmediate(() => {
      this.isToCome = false;
      this.begin();
      this.goOn();
    });
  }

  private goOn(): void {
    while (this.due.size > 0) {
      if (this.isOver) return this.soon();
      const { value, done } = this.order.next();
      if (done) this.order = this.due.values();
      else {
        this.due.delete(value);
        value.goOn();
        // What a question does when it goes on comes after this: only then is it known what time is left for the next.
        if (value instanceof Paused) return queueMicrotask(() => this.goOn());
      }
    }
  }
}

/** A thread has one loop of events. */
export const turns = new Turns();

type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Has the methods of a resolver called in turns. Where they are called is where the work is: Nest's own function around each, which the schema has, calls it some
 * microtasks later, so all fields of a list would have begun before the first of them has taken any time.
 */
export function inTurns(resolver: Type): Type {
  const prototype = resolver.prototype as Record<string, Method>;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = prototype[name] as Method;
    const keys: unknown[] = Reflect.getOwnMetadataKeys(method);
    if (name === 'constructor' || keys.length === 0) continue;
    const called: Method = function (...args) {
      const pause = turns.pause();
      return pause ? pause.then(() => method.apply(this, args)) : method.apply(this, args);
    };
    for (const key of keys) Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), called);
    Object.defineProperty(prototype, name, { value: called, configurable: true, writable: true });
  }
  return resolver;
}
