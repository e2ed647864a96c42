import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Json } from './server.js';

export interface ServerProcess {
  readonly process: ChildProcess;
  /** Of GraphQL. */
  readonly url: string;
  /** Resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** The compiled program as a process of its own; resolves once it listens. */
export async function startServerProcess(main: string, settings: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', SAMPLE: 'none', LOG_LEVEL: 'error', DRAIN_SECONDS: '0', ...settings }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => { child.on('exit', resolve); });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /GraphQL\s+(http:\/\/\S+)/.exec(line);
      if (found) resolve(found[1] as string);
    });
    child.on('exit', () => reject(new Error('The server ended before it listened')));
  });
  return {
    process: child, url,
    kill: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

export async function mutate(url: string, token: string, command: string, input: object): Promise<Json> {
  const type = `${command.charAt(0).toUpperCase()}${command.slice(1)}Input`;
  const response = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: `mutation ($input: ${type}!) { ${command}(input: $input) { id position revision commandId repeated } }`, variables: { input } }),
  });
  return response.json();
}
