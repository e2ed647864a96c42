import { statfsSync } from 'node:fs';
import type { OpenEngine } from '../event-store/event-store.js';

/** Several times what a change of the cluster's leader takes; the engine asks ten times a second. */
const SILENT_AT_MOST_MS = 5_000;
/** Longer than a disk takes that works; a command is given up after as long. */
const UNDECIDED_AT_MOST_MS = 5_000;
/** Nobody expects it to go on by itself after that. */
const HANGS_AFTER_MS = 60_000;
const MIB = 1024 * 1024;

/** What a node rests on. */
export interface Surroundings extends Pick<OpenEngine, 'silentMs' | 'mayWrite'> {
  /** Milliseconds that the thread that decides has owed an answer and given none; left out where there is none. */
  undecidedMs?(): number;
}

/** Bytes that this process may still write to a folder's disk. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** What decides has not come back: whoever supervises the process may start it again. */
export const hangs = (surroundings: Surroundings): boolean => (surroundings.undecidedMs?.() ?? 0) > HANGS_AFTER_MS;

/** Why a node should be asked nothing now, of what is around it: the disk of its data and the log's server. */
export function surroundingProblems(surroundings: Surroundings, { dataDir, minFreeMiB }: { readonly dataDir: string; readonly minFreeMiB: number }): readonly string[] {
  const silent = surroundings.silentMs();
  const undecided = surroundings.undecidedMs?.() ?? 0;
  const free = Math.floor(freeBytes(dataDir) / MIB);
  return [
    ...(silent > SILENT_AT_MOST_MS ? [`the server of the log has not answered for ${Math.floor(silent / 1_000)} seconds`] : []),
    ...(surroundings.mayWrite() ? [] : ['the server of the log does not let this node write']),
    ...(undecided > UNDECIDED_AT_MOST_MS ? [`no command has been decided for ${Math.floor(undecided / 1_000)} seconds, though some wait: look at the disk of DATA_DIR`] : []),
    ...(free < minFreeMiB ? [`the disk of DATA_DIR has ${free} MiB left, less than ${minFreeMiB} (MIN_FREE_MIB): make room`] : []),
  ];
}
