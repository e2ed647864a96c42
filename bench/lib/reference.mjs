import { load } from './project.mjs';

const { openSqlite } = await load('event-store/sqlite.js');

/**
 * The reference of performance.md: a ceiling, not a product. Group commit, one queue, a cached state a stream, JSON; durable.
 * No validation, no rights, no facts, no command ids, no time travel.
 */
export class Reference {
  #states = new Map();
  #waiting = [];
  #running = false;

  constructor(path, { initial, evolve }) {
    this.initial = initial;
    this.evolve = evolve;
    this.db = openSqlite(path, { synchronous: 'FULL' });
    this.db.exec(`CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, type TEXT NOT NULL,
      data TEXT NOT NULL, meta TEXT NOT NULL, UNIQUE (stream, revision)) STRICT`);
    this.insert = this.db.prepare('INSERT INTO events (position, stream, revision, type, data, meta) VALUES (?, ?, ?, ?, ?, ?)');
    this.ofStream = this.db.prepare('SELECT position, type, data FROM events WHERE stream = ? ORDER BY revision');
    this.head = 0;
  }

  /** `decide` gets the state and answers with { type, data, meta }. Resolves with the position when it is durable. */
  execute(stream, decide) {
    return new Promise((answer, refuse) => {
      this.#waiting.push({ stream, decide, answer, refuse });
      if (!this.#running) void this.#run();
    });
  }

  async #run() {
    this.#running = true;
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) this.#writeGroup(this.#waiting.splice(0, 256));
    this.#running = false;
  }

  #writeGroup(group) {
    const changed = new Map();
    const answers = [];
    let position = this.head;
    this.db.exec('BEGIN IMMEDIATE');
    try {
      for (const { stream, decide } of group) {
        const { state, revision } = changed.get(stream) ?? this.#load(stream);
        const event = decide(state);
        position++;
        this.insert.run(position, stream, revision + 1, event.type, JSON.stringify(event.data), JSON.stringify(event.meta));
        changed.set(stream, { state: this.evolve(state, { ...event, position }), revision: revision + 1 });
        answers.push(position);
      }
      this.db.exec('COMMIT');
    } catch (error) {
      this.db.exec('ROLLBACK');
      for (const { refuse } of group) refuse(error);
      return;
    }
    this.head = position;
    for (const [stream, kept] of changed) this.#states.set(stream, kept);
    group.forEach(({ answer }, i) => answer(answers[i]));
  }

  #load(stream) {
    const kept = this.#states.get(stream);
    if (kept) return kept;
    const rows = this.ofStream.all(stream);
    const state = rows.reduce((s, { position, type, data }) => this.evolve(s, { position, type, data: JSON.parse(data) }), this.initial());
    return { state, revision: rows.length };
  }

  close() {
    this.db.close();
  }
}
