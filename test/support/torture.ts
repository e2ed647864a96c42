import { appendFileSync, writeSync } from 'node:fs';
import { it } from '@jest/globals';

/** `npm run torture` sets it; `npm test` runs each line in its short form. */
export const LONG = process.env['TORTURE'] === 'long';
/** The negative controls: most of them in the short form, all in the long one with --controls. */
const CONTROLS = !LONG || process.env['TORTURE_CONTROLS'] === 'yes';

export const scale = <T>(short: T, long: T): T => (LONG ? long : short);

/** What a run of a line found, for whoever reads the output and for the table that the command prints at its end. */
export function tell(line: string, figures: string): void {
  const report = process.env['TORTURE_REPORT'];
  if (report) appendFileSync(report, `${JSON.stringify({ line, figures })}\n`);
  progress(line, figures);
}

/** At once: jest keeps what a test prints until the test is over. */
export function progress(line: string, text: string): void {
  if (LONG) writeSync(2, `  ${line.padEnd(4)} ${text}\n`);
}

/** The same with the guarded thing broken on purpose: it has to be seen red. */
export function control(name: string, run: () => Promise<void>, timeoutMs: number): void {
  if (CONTROLS) it(`negative control: ${name}`, run, timeoutMs);
}

/** One that takes too long for `npm test`. */
export function longControl(name: string, run: () => Promise<void>, timeoutMs: number): void {
  if (LONG) control(name, run, timeoutMs);
}
