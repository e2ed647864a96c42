import { fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NODE_OPTIONS } from './project.mjs';

/** A server in a process of its own: a file of this folder that tells its url, then `cpu` and `heap` when it is asked, and ends at `stop`. */
export async function startChild(file, args, { env = {}, log }) {
  const out = openSync(log, 'w');
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { env: { ...process.env, ...env }, execArgv: [...NODE_OPTIONS, '--expose-gc'], stdio: ['ignore', out, out, 'ipc'] });
  closeSync(out);
  const ended = new Promise((done) => child.once('exit', done));
  const told = (what) => new Promise((answer, refuse) => {
    const failed = (code) => refuse(new Error(`${file} ended with ${code}: ${readFileSync(log, 'utf8').slice(-2_000)}`));
    child.once('message', (message) => { child.off('exit', failed); answer(message); });
    child.once('exit', failed);
    if (what) child.send(what);
  });
  const { url } = await told();
  return {
    url, told,
    tell: (message) => child.send(message),
    /** Microseconds of the processor since the start. */
    cpu: async () => {
      const { cpu } = await told('cpu');
      return cpu.user + cpu.system;
    },
    heap: async () => (await told('heap')).heap,
    stop: async () => {
      child.send('stop');
      await ended;
    },
  };
}

/** What every such server answers. */
export function answerAsked(close, more = () => ({})) {
  process.on('message', (ask) => {
    if (ask === 'cpu') process.send({ cpu: process.cpuUsage(), ...more() });
    if (ask === 'heap') {
      globalThis.gc();
      globalThis.gc();
      process.send({ heap: process.memoryUsage().heapUsed });
    }
    if (ask === 'stop') void close().then(() => process.exit(0));
  });
}
