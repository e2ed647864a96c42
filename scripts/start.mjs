import { build } from './build.mjs';

const parent = process.ppid;
build();
process.argv[1] = new URL('../dist/main.js', import.meta.url).pathname;
await import('../dist/main.js');

// npm passes no SIGTERM on and ends at once: what it leaves behind stops as if it had been told itself, unless it was.
if (process.env.npm_lifecycle_event) {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => clearInterval(watch));
}
