import { v7 as newId } from 'uuid';
import type { Prepared, RealServer } from './real-server.js';
import type { Json } from './server.js';

export interface Vote { readonly ballot: string; readonly commandId: string; readonly expressed: string; readonly replaces?: string }

/** A member who votes again and again, each time changing the position, and remembers what was acknowledged and what is under way. */
export class Voter {
  pending: Vote | undefined;
  last: Vote | undefined;
  readonly acknowledged = new Map<string, Json>();
  private place: string | undefined;
  private votes = 0;

  constructor(private readonly token: string, private readonly ballot: string) {}

  static of(at: Prepared, count: number): readonly Voter[] {
    return Array.from({ length: count }, (_, i) => new Voter(at.token(`member-${i}`), at.ballot));
  }

  /** Sends what is pending, the same again after a crash, or the next change. @throws Refused; another error where nothing was answered */
  async vote(server: RealServer): Promise<void> {
    this.pending ??= { ballot: this.ballot, commandId: newId(), expressed: this.votes++ % 2 === 0 ? 'IN_FAVOUR' : 'AGAINST', ...(this.place !== undefined && { replaces: this.place }) };
    const { data, errors } = await server.mutate(this.token, 'castPosition', this.pending);
    if (errors) throw new Refused(errors[0]);
    this.acknowledged.set(this.pending.commandId, data.castPosition);
    this.place = data.castPosition.position;
    this.last = this.pending;
    this.pending = undefined;
  }

  /** Sends the last that was acknowledged once more. */
  async again(server: RealServer): Promise<{ first: Json; now: Json } | undefined> {
    if (!this.last) return undefined;
    const { data, errors } = await server.mutate(this.token, 'castPosition', this.last);
    return { first: this.acknowledged.get(this.last.commandId), now: data?.castPosition ?? errors?.[0] };
  }

  /** Votes until told that it is over, or refused. What the connection does when the server dies is the server's death. */
  async until(server: RealServer, isOver: () => boolean, onRefused: (refused: Refused) => void, pauseMs = 0): Promise<void> {
    while (!isOver()) {
      try {
        await this.vote(server);
        if (pauseMs > 0) await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
      } catch (error) {
        if (error instanceof Refused) {
          onRefused(error);
          return;
        }
        if (!isOver()) await new Promise((resolve) => { setTimeout(resolve, 5); });
      }
    }
  }
}

export class Refused extends Error {
  constructor(readonly problem: Json) {
    super(JSON.stringify(problem));
    this.name = 'Refused';
  }

  get reason(): string { return this.problem.extensions.reason ?? this.problem.extensions.code; }
}
