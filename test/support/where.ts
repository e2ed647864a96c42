import { describe, it } from '@jest/globals';

/** Where a real server is given, it is asked what is otherwise asked of the protocol double. */
const REAL = process.env['EVENTSTOREDB_URL'];

/** Undefined where the double is asked, which can be told to do what a real server does seldom; else why not. */
export const doubleMissing: string | undefined = REAL === undefined ? undefined : 'a real server cannot be told to';

const told = (name: string, missing: string): string => `${name} (not run: ${missing})`;

/** As `describe`, where nothing is missing; else its tests are skipped, and not-run.mjs says so at the end of the run, and why. */
export const describeWhere = (missing: string | undefined) => (name: string, tests: () => void): void => (
  missing === undefined ? describe(name, tests) : describe.skip(told(name, missing), tests));

/** The same of one test. */
export const itWhere = (missing: string | undefined) => (name: string, test: () => Promise<void>, timeoutMs?: number): void => (
  missing === undefined ? it(name, test, timeoutMs) : it.skip(told(name, missing), test, timeoutMs));
