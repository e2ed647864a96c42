import type { Duplex } from 'node:stream';

/** What is sent over a connection in one turn of the event loop leaves in one write. */
export class Outbox {
  private readonly held = new Set<Duplex>();

  hold(way: Duplex): void {
    if (this.held.has(way)) return;
    if (this.held.size === 0) setImmediate(() => this.letGo());
    this.held.add(way);
    way.cork();
  }

  letGo(): void {
    const held = [...this.held];
    this.held.clear();
    for (const way of held) way.uncork();
  }
}
