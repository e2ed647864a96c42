/**
 * npm run bench [-- --quick] [-- --only <section>,…]: measures the project beside references and peers and prints a table of ratios.
 * It never decides a test. Its own packages are installed here on first use; the project itself does without them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { median } from './lib/measure.mjs';

const SECTIONS = {
  appends: 'durable appends through the store port',
  'hot-ballot': 'CastPosition on one hot ballot, beside emmett-sqlite',
  graphql: 'castPosition over GraphQL',
  list: 'list of 50 x 10 over GraphQL',
  'fan-out': 'subscribers at 50 entries a second',
  waits: 'what others wait for while costly questions are answered',
  'past-lists': 'lists as of the past',
  rebuild: 'rebuild of all views',
  start: 'start of the process',
  eventstoredb: 'the log on the server that EVENTSTOREDB_URL names, beside its client',
  million: 'a million entries: start, and what a rebuild costs an entry',
};
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } } });
if (options.help) {
  console.log(`npm run bench [-- --quick] [-- --only ${Object.keys(SECTIONS).join(',')}]\n\n${Object.entries(SECTIONS).map(([name, about]) => `  ${name.padEnd(13)} ${about}`).join('\n')}`);
  process.exit(0);
}
const only = options.only?.split(',') ?? Object.keys(SECTIONS);
const stranger = only.find((name) => !(name in SECTIONS));
if (stranger !== undefined) {
  console.error(`There is no section ${stranger}. Sections: ${Object.keys(SECTIONS).join(', ')}`);
  process.exit(1);
}

install();
if (process.env.BENCH_DIST === undefined) build();
console.log(`Node ${process.version}, ${cpus().length} processors, load ${loadavg()[0].toFixed(2)} before the start${loadavg()[0] > 0.5 ? ': something else runs here, which blurs every figure' : ''}\n`);
const lines = [];
for (const name of only) lines.push(...await run(name));
print(lines);

/** Installs the bench's own packages where they are missing or of another lock file. */
function install() {
  const installed = here('node_modules/.package-lock.json');
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(here('package-lock.json')).mtimeMs) {
    console.log('First use: installing the packages of the bench (npm ci in bench/) …');
    if (npm('ci', '--ignore-scripts').status !== 0) process.exit(1);
  }
  // The driver of emmett-sqlite is the one package with native code that has to be fetched or compiled. Without it that line is "not run".
  const driver = here('node_modules/sqlite3/build/Release/node_sqlite3.node');
  const tried = here('node_modules/.sqlite3-tried');
  if (existsSync(driver) || existsSync(tried)) return;
  console.log('First use: getting sqlite3, the driver of the peer emmett-sqlite: a prebuilt one, or compiled, which takes two to four minutes …');
  npm('rebuild', 'sqlite3', '--ignore-scripts=false');
  if (existsSync(driver)) return;
  writeFileSync(tried, '');
  console.log('It could not be had; the comparison with emmett-sqlite is not run. Remove bench/node_modules to try again.');
}

function npm(...args) {
  return spawnSync('npm', args, { cwd: here('.'), stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
}

/** Each section has a process of its own, so that none warms up or burdens another. */
async function run(name) {
  process.stderr.write(`${SECTIONS[name]} …\n`);
  const found = [];
  const args = ['--expose-gc', here(`sections/${name}.mjs`), ...(options.quick ? ['--quick'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (text.startsWith('{"line"')) found.push(JSON.parse(text).line);
  });
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) found.push({ what: SECTIONS[name], notRun: `its process ended with ${code}` });
  return found;
}

function print(all) {
  const rows = all.map((line) => (line.notRun ? [line.what, 'not run', line.notRun] : cells(line)));
  const headings = ['', 'ours', 'reference', 'ratio', 'from … to', 'CPU µs', 'target', 'against'];
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.filter((row) => row.length > 3).map((row) => row[i].length), i === 0 ? Math.max(...rows.map((row) => row[0].length)) : 0));
  for (const row of [headings, ...rows]) console.log(row.map((cell, i) => (i === 0 || i > 5 || row.length === 3 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd());
  console.log('\nMedians; the ratio is the median of the rounds\' ratios, beside their least and most. CPU: processor time an operation, ours / reference.');
  const missed = all.filter((line) => line.target && !line.notRun && !reached(line));
  const measured = all.filter((line) => line.target && !line.notRun);
  console.log(measured.length === 0 ? 'No target was measured.' : missed.length === 0 ? 'Every target that was measured is reached.' : `Missed: ${missed.map((line) => line.what.trim()).join('; ')}.`);
}

function ratios({ ours, reference }) {
  return reference ? ours.values.map((value, round) => value / reference.values[round]) : ours.values;
}

function reached(line) {
  const value = median(ratios(line));
  return line.target.atLeast === undefined ? value <= line.target.atMost : value >= line.target.atLeast;
}

function cells(line) {
  const { what, unit, ours, reference, against = '', target, note } = line;
  const all = ratios(line);
  const shown = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 10 ? 1 : 2));
  const cpu = (side) => (side?.cpu?.length ? shown(median(side.cpu)) : '–');
  const goal = target && `${target.atLeast === undefined ? `<= ${target.atMost.toLocaleString('en')}` : `>= ${target.atLeast}`} ${reached(line) ? 'reached' : 'MISSED'}`;
  return [
    what, `${shown(median(ours.values))} ${unit}`, reference ? `${shown(median(reference.values))} ${unit}` : '–',
    reference ? shown(median(all)) : '–', `${shown(Math.min(...all))} … ${shown(Math.max(...all))}`,
    reference ? `${cpu(ours)} / ${cpu(reference)}` : '–', goal ?? '', `${against}${note ? ` (${note})` : ''}`,
  ];
}
