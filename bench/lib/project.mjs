// The project as it is built, and places for what a run writes.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** BENCH_DIST measures another build, such as one of before a change. */
export const DIST = resolve(process.env.BENCH_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url)));

export const load = (file) => import(pathToFileURL(join(DIST, file)).href);

/** What npm start tells Node. */
export const NODE_OPTIONS = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).scripts.start.split(' ').filter((word) => word.startsWith('--'));

/** Beside the bench and not in the system's folder for temporary files, which may be memory: a sync must reach a disk. */
const VAR = fileURLToPath(new URL('../var', import.meta.url));

/** A new folder for this run, removed when the process ends. */
export function folder(name) {
  mkdirSync(VAR, { recursive: true });
  const path = mkdtempSync(join(VAR, `${name}-`));
  process.on('exit', () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  return path;
}
