// Rounds, medians and ratios. A case and its reference take turns in one run: only their ratios mean something on a noisy machine.

export const quick = process.argv.includes('--quick');

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs each case once a round, in an order that turns round each time. A first round, thrown away, warms the code up.
 *
 * @param cases by name: a function that answers { value, ops }, the measured value and how many operations it stands for, and `cpu` where the work is
 *   done in another process
 * @returns by name: `values` and `cpu`, the processor's time in microseconds an operation, a round each
 */
export async function inTurns(rounds, cases, { warmUp = true } = {}) {
  const measured = Object.fromEntries(Object.keys(cases).map((name) => [name, { values: [], cpu: [] }]));
  for (let round = warmUp ? -1 : 0; round < rounds; round++) {
    const entries = Object.entries(cases);
    for (const [name, run] of round % 2 === 0 ? entries : entries.reverse()) {
      globalThis.gc?.();
      const before = process.cpuUsage();
      const { value, ops, cpu } = await run(round);
      const { user, system } = process.cpuUsage(before);
      if (round < 0) continue;
      measured[name].values.push(value);
      measured[name].cpu.push(cpu ?? (user + system) / ops);
    }
  }
  return measured;
}

/** How often `call` resolves in a second, from `callers` loops at once that run for `ms`; each loop ends its last call. */
export async function perSecond(callers, ms, call) {
  let ops = 0;
  const start = performance.now();
  const until = start + ms;
  await Promise.all(Array.from({ length: callers }, async (_, caller) => {
    while (performance.now() < until) {
      await call(caller);
      ops++;
    }
  }));
  return { value: (ops * 1_000) / (performance.now() - start), ops };
}

/** Calls `call` so often, from `callers` loops at once: warms it up. */
export async function times(callers, count, call) {
  let left = count;
  await Promise.all(Array.from({ length: callers }, async (_, caller) => {
    while (left-- > 0) await call(caller);
  }));
}

/** Microseconds that one call of a function takes that does not wait, over `ms`. */
export function microseconds(ms, call) {
  let ops = 0;
  const start = performance.now();
  let now = start;
  while (now < start + ms) {
    for (let i = 0; i < 20; i++) call(ops++);
    now = performance.now();
  }
  return { value: ((now - start) * 1_000) / ops, ops };
}

/** Milliseconds that `work` takes, done once. */
export async function milliseconds(work) {
  const start = performance.now();
  await work();
  return { value: performance.now() - start, ops: 1 };
}

const tell = (line) => process.stdout.write(`${JSON.stringify({ line })}\n`);

/**
 * One line of the report.
 * @param line { what, unit, ours, reference?, against?, target?, note? }: `ours` and `reference` from inTurns; `target`, such as
 *   { atLeast: 0.7 }, is of ours / reference, or of ours alone where there is no reference
 */
export const report = (line) => tell(line);
export const notRun = (what, why) => tell({ what, notRun: why });
/** Says on standard error what goes on. */
export const progress = (text) => process.stderr.write(`  ${text}\n`);
