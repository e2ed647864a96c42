import type { Config } from '../config/config.js';

/** A line for the person who called. */
export type Say = (line: string) => void;

/** One command of the command line. */
export interface CliCommand {
  readonly about: string;
  readonly help: string;
  run(args: readonly string[], config: Config, say: Say): Promise<void>;
}

/** The call is wrong; the message says what would be right. */
export class Wrong extends Error {}

/** Ctrl-C. The message says how things stand. */
export class Interrupted extends Error {}

/** @throws Wrong where the log is no file of this node */
export function logInFile({ eventStore }: Config): void {
  if (eventStore !== undefined) throw new Wrong('EVENT_STORE is given: the log is kept by that server, and this command is for a log in a file. Use the means of the server; leave EVENT_STORE out for a folder.');
}

export const EXIT = { refused: 1, damaged: 2, interrupted: 130 } as const;

/** Aborted at Ctrl-C, which then ends nothing by itself: what is half done is put away first. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await work(interrupted.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Says a stage's progress in steps of so many %, so that a short one is one line. */
export function percentTold(what: string, say: Say, step = 25): (done: number, of: number) => void {
  let told = 0;
  return (done, of) => {
    const percent = of === 0 ? 100 : Math.floor((100 * done) / of);
    if (percent < told + step) return;
    told = percent - (percent % step);
    say(`${what}: ${percent} %`);
  };
}
