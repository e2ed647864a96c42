/**
 * Collects what callers give at once into groups, as Decisions does: one turn of the event loop, then everything that waits, at most `most`
 * at a time. `write` makes a group durable; then all of it is answered.
 */
export class Group {
  #waiting = [];
  #running = false;

  constructor(write, most = 256) {
    this.write = write;
    this.most = most;
  }

  add(item) {
    return new Promise((answer, refuse) => {
      this.#waiting.push({ item, answer, refuse });
      if (!this.#running) void this.#run();
    });
  }

  async #run() {
    this.#running = true;
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.most);
      try {
        const answers = await this.write(group.map(({ item }) => item));
        group.forEach(({ answer }, i) => answer(answers?.[i]));
      } catch (error) {
        for (const { refuse } of group) refuse(error);
      }
    }
    this.#running = false;
  }
}
