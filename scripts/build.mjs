// Builds where the sources are newer than the last build. `npm start` and `npm run cli` call it: with ignore-scripts=true npm runs no prestart.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const newest = (path) => (statSync(path).isDirectory()
  ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
  : statSync(path).mtimeMs);

export function build() {
  const stamp = join(root, 'dist/main.js');
  const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) => join(root, name));
  if (existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(...sources.map(newest))) return;
  console.error('Building …');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
