/**
 * npm run torture [-- --seed 7] [-- --only R3,R4] [-- --controls]: the lines of docs/reliability.md in their long form. Each is a suite in
 * test/torture, which `npm test` runs in its short form. Prints the seed, what it is at, and the figures as a table.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const suites = readdirSync(join(root, 'test/torture')).filter((name) => name.endsWith('.spec.ts')).sort();
/** `r12-r13-subscribers.spec.ts` holds R12 and R13, `cluster-leader.spec.ts` holds cluster. */
const linesOf = (suite) => {
  const numbered = [...suite.matchAll(/(?:^|-)r(\d\d)(?=-)/g)].map((found) => `R${Number(found[1])}`);
  return numbered.length > 0 ? numbered : [suite.split('-')[0]];
};
const lines = suites.flatMap(linesOf);

const { values: options } = parseArgs({ options: { seed: { type: 'string' }, only: { type: 'string' }, controls: { type: 'boolean' }, help: { type: 'boolean' } } });
if (options.help) {
  console.log(`npm run torture [-- --seed <number>] [-- --only ${lines.join(',')}] [-- --controls]\n\n--controls also breaks on purpose what each line guards, which has to be seen red. Takes about an hour and a half in all; docs/reliability.md says what each line shows.`);
  process.exit(0);
}
const only = options.only?.split(',') ?? lines;
const stranger = only.find((line) => !lines.includes(line));
const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31));
if (stranger !== undefined || !Number.isSafeInteger(seed)) {
  console.error(stranger !== undefined ? `There is no line ${stranger}. Lines: ${lines.join(', ')}` : `--seed is ${options.seed}; it must be a whole number.`);
  process.exit(1);
}

const chosen = suites.filter((suite) => linesOf(suite).some((line) => only.includes(line)));
const folder = mkdtempSync(join(tmpdir(), 'committee-torture-'));
const report = join(folder, 'report');
console.log(`Seed ${seed}. ${chosen.flatMap(linesOf).join(', ')}${options.controls ? ', with negative controls' : ''}. The same again: npm run torture -- --seed ${seed}${options.only ? ` --only ${options.only}` : ''}${options.controls ? ' --controls' : ''}\n`);
const jest = spawn(process.execPath, [
  '--disable-warning=ExperimentalWarning', '--experimental-vm-modules', join(root, 'node_modules/jest/bin/jest.js'), '--runInBand', '--verbose', '--runTestsByPath', ...chosen.map((suite) => join('test/torture', suite)),
], { cwd: root, stdio: 'inherit', env: { ...process.env, TORTURE: 'long', TORTURE_CONTROLS: options.controls ? 'yes' : 'no', TORTURE_REPORT: report, SEED: String(seed) } });
// Ctrl-C reaches jest too; what it has found so far is still told.
process.on('SIGINT', () => undefined);
jest.on('close', (code, signal) => {
  const found = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n').map((line) => JSON.parse(line)) : [];
  const run = found.filter(({ line }) => line !== 'not run').length;
  const held = run === 0 ? 'NOTHING WAS RUN.' : run < found.length ? 'All of it held that was run.' : 'All of it held.';
  console.log(`\nSeed ${seed}\n\n| | Seen |\n| --- | --- |\n${found.map(({ line, figures }) => `| ${line} | ${figures} |`).join('\n')}\n\n${code === 0 ? held : 'NOT ALL OF IT HELD: see above.'}`);
  rmSync(folder, { recursive: true, force: true });
  process.exit(code === 0 && run === 0 ? 1 : code ?? (signal ? 130 : 1));
});
