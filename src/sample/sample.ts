import { readFileSync } from 'node:fs';
import { v5 as uuidFrom } from 'uuid';
import { newId } from '../decider/new-id.js';
import type { Clock } from '../config/clock.js';
import { derivedId } from '../decider/decider.js';
import type { Dispatch } from '../decider/dispatch.js';
import type { ProcessRunner } from '../decider/process-runner.js';
import type { LocalLog } from '../event-store/event-store.js';
import type { Instant } from '../events/define.js';

/** One command, by whom and when; without a command only time passes. */
interface Line {
  readonly id: string;
  readonly at: string;
  readonly by?: string;
  readonly command?: string;
  readonly input?: Readonly<Record<string, unknown>>;
}

export interface SampleParts {
  readonly log: LocalLog;
  readonly keepNote: (name: string, value: string) => Promise<void>;
  readonly clock: Clock;
  readonly dispatch: Dispatch;
  readonly processes: ProcessRunner;
  readonly personIdOf: (person: string) => string;
  readonly onProgress: (done: number, of: number) => void;
}

/** Beside both `src/` and `dist/`. */
const FILE = new URL('../../data/sample.json', import.meta.url);
export const FIRST_START = 'first start';
const LOADED = 'sample loaded';

export const sampleLines = (): readonly Line[] => (JSON.parse(readFileSync(FILE, 'utf8')) as { lines: Line[] }).lines;

/** The persons that the sample speaks of, by office. */
export const samplePersons = (): readonly string[] => [...new Set([...JSON.stringify(sampleLines()).matchAll(/"by":"([a-z-]+)"|\$person:([a-z-]+)/g)].map((m) => m[1] ?? m[2] ?? ''))].sort();

/**
 * Tells the sample through the same door as everybody else, at the dates of then, with ids derived from its lines: told twice, it is
 * there once. What follows from a line is done under that line's clock. Interrupted, it goes on with the dates of the first start.
 */
export async function loadSample({ log, keepNote, clock, dispatch, processes, personIdOf, onProgress }: SampleParts): Promise<void> {
  if (log.note(LOADED) !== undefined) return;
  if (log.note(FIRST_START) === undefined) await keepNote(FIRST_START, clock.now());
  const start = log.note(FIRST_START) as Instant;
  const commandId = (line: string): string => uuidFrom(line, log.logId);

  /** `$x` the id of what line x made, `$x/name` one derived from it, `$position:x`, `$person:x`, `start` and a duration. */
  const resolved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolved);
    if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolved(v)]));
    if (typeof value !== 'string') return value;
    if (value.startsWith('start')) return timeOf(value, start);
    if (value.startsWith('$person:')) return personIdOf(value.slice('$person:'.length));
    if (value.startsWith('$position:')) return log.byCommandId(commandId(value.slice('$position:'.length)))?.position;
    if (!value.startsWith('$')) return value;
    const [line, name] = value.slice(1).split('/');
    return name === undefined ? commandId(line as string) : derivedId(commandId(line as string), name);
  };

  const lines = sampleLines();
  try {
    for (const [i, line] of lines.entries()) {
      clock.standAt(timeOf(line.at, start));
      if (line.command !== undefined) {
        const sender = line.by === 'SYSTEM' ? 'SYSTEM' : { personId: personIdOf(line.by as string) };
        await dispatch.send(line.command, { ...(resolved(line.input) as object), commandId: commandId(line.id) }, { sender, correlationId: newId() });
      }
      await processes.drain();
      onProgress(i + 1, lines.length);
    }
  } finally {
    clock.run();
  }
  await keepNote(LOADED, clock.now());
}

/** `start`, `start-PT4M`, `start+P365D`, or a time. */
function timeOf(text: string, start: Instant): Instant {
  const relative = /^start(?:([+-])P(?:(\d+)D)?(?:T(\d+)M)?)?$/.exec(text);
  if (!relative) return text;
  const [, sign, days, minutes] = relative;
  const ms = (Number(days ?? 0) * 24 * 60 + Number(minutes ?? 0)) * 60_000;
  return new Date(Date.parse(start) + (sign === '-' ? -ms : ms)).toISOString();
}
