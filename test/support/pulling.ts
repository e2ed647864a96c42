import type { Answer, Live, LiveQuestion, Subscriber } from '../../src/graphql/live.js';
import type { Json } from './server.js';

/** A subscriber that takes a message when it is asked for one. */
export class Pulling implements Subscriber {
  private readonly given: string[] = [];
  private taken: (() => void) | undefined;
  private tell: (() => void) | undefined;
  private readonly answer: Answer;
  private isOver = false;

  constructor(live: Live, question: LiveQuestion, readonly standing: Subscriber['standing']) {
    this.answer = live.answer(question, this);
  }

  take(text: string): Promise<void> {
    this.given.push(text);
    this.tell?.();
    return new Promise((taken) => { this.taken = taken; });
  }

  /** The text of the next message, or undefined when there is none any more. */
  async text(): Promise<string | undefined> {
    const arrived = new Promise<void>((tell) => { this.tell = tell; });
    if (this.taken) this.taken();
    else void this.answer.next().then(() => { this.isOver = true; this.tell?.(); });
    if (this.given.length === 0 && !this.isOver) await arrived;
    return this.given.shift();
  }

  async next(): Promise<Json> {
    return JSON.parse(await this.text() ?? 'null') as Json;
  }

  async stop(): Promise<void> {
    await this.answer.return();
  }
}
