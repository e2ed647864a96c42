import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Ended { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stderr: string }

/** A second, real process. */
export interface Child {
  /** All lines of its standard output until now. */
  readonly lines: readonly string[];
  /** The first line that begins so, also one to come. Rejects when the process ends without it. */
  line(beginning: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/**
 * Runs a script of this folder with node.
 * @param strace runs it under strace with these arguments
 * @param fileSizeKiB no file of the process can grow beyond this: the system refuses the write (EFBIG), a true I/O error without privileges
 */
export function startChild(script: string, args: readonly string[], options: { fileSizeKiB?: number; strace?: readonly string[] } = {}): Child {
  const command = [...(options.strace ? ['strace', ...options.strace] : []), process.execPath, '--expose-gc', fileURLToPath(new URL(script, import.meta.url)), ...args];
  // POSIX: ulimit -f counts blocks of 512 bytes in sh.
  const limited = options.fileSizeKiB === undefined ? command : ['sh', '-c', `ulimit -f ${options.fileSizeKiB * 2} && exec "$0" "$@"`, ...command];
  const child = spawn(limited[0] as string, limited.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } });
  const lines: string[] = [];
  let stderr = '';
  const waiting = new Set<() => void>();
  const check = (): void => waiting.forEach((one) => one());
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    check();
  });
  let over = false;
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      over = true;
      resolve({ code, signal, stderr });
      check();
    });
  });
  return {
    lines, ended,
    kill: (signal) => { child.kill(signal); },
    line: (beginning) => new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((line) => line.startsWith(beginning));
        if (found === undefined && !over) return;
        waiting.delete(look);
        if (found === undefined) reject(new Error(`The process ended without "${beginning}". It said: ${lines.slice(-5).join(' | ')} ${stderr}`));
        else resolve(found);
      };
      waiting.add(look);
      look();
    }),
  };
}
