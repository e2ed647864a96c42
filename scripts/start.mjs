import { build } from './build.mjs';

build();
process.argv[1] = new URL('../dist/main.js', import.meta.url).pathname;
await import('../dist/main.js');

// npm passes no SIGTERM on and ends at once: what it leaves behind stops as if it had been told itself.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
}
