import type { Config } from '../config/config.js';
import { COPY_FILE, LOG_FILE } from '../event-store/log-file.js';

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

/** What the log's file is called in DATA_DIR: the log itself, or a node's copy of the one that a server keeps. */
export const logFileOf = ({ eventStore }: Config): string => (eventStore === undefined ? LOG_FILE : COPY_FILE);

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
