import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

export const tempDir = (): string => mkdtempSync(join(tmpdir(), 'committee-test-'));
export const removeDir = (dir: string): void => rmSync(dir, { recursive: true, force: true });

const dirs: string[] = [];
afterAll(() => dirs.splice(0).forEach(removeDir));

/** Goes when all tests of the file are over. */
export const newDir = (): string => {
  const dir = tempDir();
  dirs.push(dir);
  return dir;
};
