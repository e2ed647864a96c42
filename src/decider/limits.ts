import { busy, shuttingDown, type Problem } from './problem.js';

/** Milliseconds that a command may wait to be decided. */
export const TIME_LIMIT_MS = 5_000;
/** Commands that wait, in all. */
export const WAITING_AT_MOST = 20_000;

/** Why a command is turned away before it waits. */
export const notTaken = (isStopped: boolean, waiting: number): Problem | undefined => (isStopped ? shuttingDown() : waiting >= WAITING_AT_MOST ? busy() : undefined);
