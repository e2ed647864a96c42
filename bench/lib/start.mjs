import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { DIST, NODE_OPTIONS } from './project.mjs';

/** Starts the server as `npm start` does, waits until /health/ready answers 200, stops it. @returns milliseconds from the process's start */
export async function timeToReady(dataDir, env = {}) {
  const port = await freePort();
  const start = performance.now();
  const child = spawn(process.execPath, [...NODE_OPTIONS, join(DIST, 'main.js')], { env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), LOG_LEVEL: 'warn', ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((done) => child.once('exit', done));
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode} before it was ready`);
      const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).then(({ status }) => status === 200, () => false);
      if (ready) return performance.now() - start;
      await delay(5);
    }
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
