import { statfsSync } from 'node:fs';
import type { OpenEngine } from '../event-store/event-store.js';

/** Several times what a change of the cluster's leader takes; the engine asks ten times a second. */
const SILENT_AT_MOST_MS = 5_000;
const MIB = 1024 * 1024;

/** Bytes that this process may still write to a folder's disk. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Why a node should be asked nothing now, of what is around it: the disk of its data and the log's server. */
export function surroundingProblems(engine: Pick<OpenEngine, 'silentMs' | 'mayWrite'>, { dataDir, minFreeMiB }: { readonly dataDir: string; readonly minFreeMiB: number }): readonly string[] {
  const silent = engine.silentMs();
  const free = Math.floor(freeBytes(dataDir) / MIB);
  return [
    ...(silent > SILENT_AT_MOST_MS ? [`the server of the log has not answered for ${Math.floor(silent / 1_000)} seconds`] : []),
    ...(engine.mayWrite() ? [] : ['the server of the log does not let this node write']),
    ...(free < minFreeMiB ? [`the disk of DATA_DIR has ${free} MiB left, less than ${minFreeMiB} (MIN_FREE_MIB): make room`] : []),
  ];
}
