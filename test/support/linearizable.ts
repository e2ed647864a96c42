/** One operation of a client: when it was begun, when its answer came (never: infinity), what was asked and what was answered. */
export interface Operation<I, O> { readonly begun: number; readonly answered: number; readonly input: I; readonly output: O | undefined }

/** A thing as it would be if there were only one client: what an operation makes of its state, or undefined where its answer could not have been given. */
export interface Model<S, I, O> {
  readonly initial: S;
  /** `output` undefined: nobody was told how it ended, so every end is possible. */
  step(state: S, input: I, output: O | undefined): readonly S[];
  key(state: S): string;
}

/**
 * Whether there is an order of all operations in which each answer is right and no operation stands before one that was answered before it had begun
 * (Wing and Gong, with the memory of Lowe). An operation without an answer may also never have happened.
 */
export function isLinearizable<S, I, O>(history: readonly Operation<I, O>[], model: Model<S, I, O>): boolean {
  const seen = new Set<string>();
  const open = [{ done: 0n, state: model.initial }];
  const all = history.reduce((bits, { output }, i) => (output === undefined ? bits : bits | (1n << BigInt(i))), 0n);
  for (let at = open.pop(); at; at = open.pop()) {
    const { done, state } = at;
    if ((done & all) === all) return true;
    const waiting = history.flatMap((operation, i) => ((done >> BigInt(i)) & 1n ? [] : [{ operation, i }]));
    // Whatever comes next had begun before the first of the others was answered.
    const limit = Math.min(...waiting.map(({ operation }) => operation.answered));
    for (const { operation, i } of waiting) {
      if (operation.begun > limit) continue;
      for (const next of model.step(state, operation.input, operation.output)) {
        const after = done | (1n << BigInt(i));
        const key = `${after} ${model.key(next)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        open.push({ done: after, state: next });
      }
    }
  }
  return false;
}

/** A register is written by naming what stands there, as the position of a seat in a ballot and the revision of a thing are. */
export interface Write { readonly over: number }
/** `WRITTEN`: now `now` stands there. `OTHER`: refused, since `now` stood there. `SAME`: what was named stood there, and nothing would have changed. */
export interface Written { readonly how: 'WRITTEN' | 'OTHER' | 'SAME'; readonly now: number }

export const register = (initial: number): Model<number, Write, Written> => ({
  initial,
  step: (state, { over }, output) => {
    switch (output?.how) {
      case 'WRITTEN': return state === over ? [output.now] : [];
      case 'OTHER': return state === output.now && state !== over ? [state] : [];
      case 'SAME': return state === over ? [state] : [];
      default: return [state];
    }
  },
  key: String,
});

/** Something that was written at a position of the log. */
export interface Ordered { readonly begun: number; readonly answered: number; readonly position: number }

/** How many had begun after another one was answered, and stand before it all the same. */
export function disordered(done: readonly Ordered[]): number {
  const answers = [...done].sort((a, b) => a.answered - b.answered);
  let [answered, highest, count] = [0, 0, 0];
  for (const { begun, position } of [...done].sort((a, b) => a.begun - b.begun)) {
    for (let one = answers[answered]; one && one.answered < begun; one = answers[++answered]) highest = Math.max(highest, one.position);
    if (highest >= position) count++;
  }
  return count;
}
