import { randomUUID } from 'node:crypto';
import { COMMANDS_PATH, GREETING_PATH, type Greeting, type GreetingAnswer, type OrderAnswers, type Orders } from './messages.js';
import type { Purpose, Sealed } from './sealed.js';

/** It answered, and would not. */
export class PeerRefused extends Error {
  constructor(address: string, readonly status: number) {
    super(`The node at ${address} answers with ${status}`);
    this.name = 'PeerRefused';
  }
}

/** Another node, as this one knows it. */
export class Peer {
  private gone = new AbortController();
  private answers = false;

  constructor(readonly address: string, private readonly sealed: Sealed) {
    this.gone.abort();
  }

  /** It answered when it was last greeted, and nothing has failed since. */
  get reachable(): boolean { return this.answers; }

  found(): void {
    if (this.answers) return;
    this.answers = true;
    this.gone = new AbortController();
  }

  /** What it was asked and has not answered is given up: it may hang. */
  lost(): void {
    this.answers = false;
    this.gone.abort();
  }

  greet(greeting: Greeting, withinMs: number): Promise<GreetingAnswer> {
    return this.ask(GREETING_PATH, 'greeting', greeting, AbortSignal.timeout(withinMs));
  }

  /** @throws whatever stood in the way: nobody knows then what became of the commands */
  hand(orders: Orders, withinMs: number): Promise<OrderAnswers> {
    return this.ask(COMMANDS_PATH, 'orders', orders, AbortSignal.any([this.gone.signal, AbortSignal.timeout(withinMs)]));
  }

  private async ask<T extends object>(path: string, purpose: Purpose, content: object, signal: AbortSignal): Promise<T> {
    const id = randomUUID();
    const response = await fetch(new URL(path, this.address), {
      method: 'POST', headers: { 'content-type': 'application/jose' }, body: await this.sealed.seal(purpose, id, content), signal, redirect: 'error',
    });
    const text = await response.text();
    if (!response.ok) throw new PeerRefused(this.address, response.status);
    const answer = await this.sealed.open<T>('answer', text);
    if (answer.id !== id) throw new Error(`The node at ${this.address} answers something else`);
    return answer.content;
  }
}
