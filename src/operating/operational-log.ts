import pino, { type Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { CommandReceipt, Order } from '../decider/decision-maker.js';
import { Problem } from '../decider/problem.js';

/** Standard error, so that standard output stays for people. No header, no variable, no person. */
export const newLogger = (config: Config): Logger => pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));

export function tellDecided(logger: Logger, { registration, correlationId }: Order, answer: CommandReceipt | Problem): void {
  const told = { correlationId, command: registration.command.name };
  if (!(answer instanceof Problem)) logger.info({ ...told, position: answer.position, repeated: answer.repeated }, 'decided');
  // What is unavailable is the operator's affair.
  else logger[answer.code === 'UNAVAILABLE' ? 'warn' : 'info']({ ...told, code: answer.code, reason: answer.reason }, 'decided');
}

/** EX_SOFTWARE of sysexits.h: whoever runs the service starts it again, which looks at the log anew. */
export const EXIT_CODE = 70;

/** Ends the process; in a thread, that thread, whose end is the process's then. */
export function endWith(logger: Logger, error: unknown): never {
  if (!(error instanceof ThreadEnded)) logger.fatal({ err: error }, 'the log cannot be used as it is; a second try could lie, so this process ends');
  // It has said so itself.
  else if (error.code !== EXIT_CODE) logger.fatal({ err: error }, 'what was not answered may be recorded or not, so this process ends');
  process.exit(EXIT_CODE);
}

/** A thread has ended though nobody told it to. */
export class ThreadEnded extends Error {
  constructor(readonly code: number | undefined, cause?: Error) {
    super(`The thread that decides has ended${code === undefined ? '' : ` with ${code}`}`, { cause });
    this.name = 'ThreadEnded';
  }
}
