import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { v7 as newId } from 'uuid';
import { SqliteEngine } from '../../src/event-store/engines/sqlite.engine.js';
import { Damaged } from '../../src/event-store/log-check.js';
import { EXIT, Interrupted, type CliCommand } from '../../src/operating/cli-command.js';
import { readConfig } from '../../src/config/config.js';
import { compiledSrc, type Defect } from './compiled.js';

/** A stack, or colours of a terminal. */
export const STACK = new RegExp(`\\n\\s+at |\\.js:\\d+|${String.fromCharCode(27)}`);
export const SETTINGS = ['HOST', 'PORT', 'DATA_DIR', 'SAMPLE', 'EVENT_STORE', 'COMMITTEE_STREAM', 'NODES', 'THIS_NODE', 'INSTALLATION_SECRET', 'OIDC_ISSUER', 'OIDC_AUDIENCE', 'OIDC_TOKEN_TYPES', 'LOG_LEVEL', 'METRICS_PORT', 'METRICS_HOST', 'MIN_FREE_MIB', 'DRAIN_SECONDS', 'THREADS'];

export interface Ended { readonly code: number | null; readonly out: string; readonly err: string }
export interface Begun { readonly child: ChildProcess; readonly ended: Promise<Ended>; readonly said: () => { out: string; err: string } }

/** The compiled program as processes of their own, with no setting but those given; `defects`: broken on purpose. */
export async function theProgram(defects: readonly Defect[] = []) {
  const dist = await compiledSrc(defects);
  const begin = (file: 'main.js' | 'cli.js', args: readonly string[], env: Readonly<Record<string, string>> = {}, strace: readonly string[] = []): Begun => {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTINGS.includes(name)));
    const command = [...(strace.length > 0 ? ['strace', ...strace] : []), process.execPath, join(dist, file), ...args];
    const child = spawn(command[0] as string, command.slice(1), { env: { ...inherited, NODE_OPTIONS: '', LOG_LEVEL: 'silent', ...env } });
    running.add(child);
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => { said.out += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { said.err += chunk.toString(); });
    const ended = new Promise<Ended>((resolve) => child.on('close', (code) => {
      running.delete(child);
      resolve({ code, ...said });
    }));
    return { child, ended, said: () => said };
  };
  return {
    begin,
    cli: (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> => begin('cli.js', args, env).ended,
    under: (strace: readonly string[], file: 'main.js' | 'cli.js', args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> => begin(file, args, env, strace).ended,
  };
}
export type TheProgram = Awaited<ReturnType<typeof theProgram>>;

const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * The same command of the command line in this process, for tables of cases; a process of its own takes seconds on a busy machine.
 * What it says of the exit code is said by cli.ts, which cli.spec.ts and backup.spec.ts start for real.
 */
export async function called(command: CliCommand, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const lines: string[] = [];
  try {
    await command.run(args, readConfig({ LOG_LEVEL: 'silent', ...env }), (line) => lines.push(line));
    return { code: 0, out: lines.join('\n'), err: '' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { code: error instanceof Damaged ? EXIT.damaged : error instanceof Interrupted ? EXIT.interrupted : EXIT.refused, out: lines.join('\n'), err: error.message };
  }
}

/** Ended with a sentence, and nothing but sentences. */
export function isTold({ code, err }: Ended, exitCode: number, says: RegExp): void {
  expect([code, err]).toEqual([exitCode, expect.stringMatching(says)]);
  expect(err).not.toMatch(STACK);
}

/** So many entries on top of the first, written as the engine writes them. */
export async function many(dataDir: string, count: number): Promise<void> {
  const engine = SqliteEngine.open(dataDir, (error) => { throw error; });
  const { head } = engine.log;
  const meta = JSON.stringify({ commandName: 'DefineKeyArea', payloadDigest: 'a'.repeat(64), actor: { office: 'SECRETARIAT', personId: 'x' }, correlationId: newId() });
  for (let from = head.position; from < head.position + count; from += 10_000) {
    await engine.append(Array.from({ length: Math.min(10_000, head.position + count - from) }, (_, i) => ({
      position: from + i + 1, id: newId(), stream: 'committee', revision: from + i + 1, type: from + i === head.position ? 'KeyAreaDefined' : 'KeyAreaRenamed', version: 1,
      data: JSON.stringify({ code: 'KA1', title: `Title ${from + i}` }), meta, time: head.time,
    })), from);
  }
  await engine.close();
}
