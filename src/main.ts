import { resolve } from 'node:path';
import { readConfig, settingsHelp, WrongSetting, wrongSettingOf } from './config/config.js';
import { LogUnreachable, LogUnusable, whichServer } from './event-store/event-store.js';
import { FIRST_START, samplePersons } from './sample/sample.js';
import type { Running } from './server.js';
import { start } from './start.js';

const HELP = `npm start runs the Interregional Committee. Settings come from the environment:

${settingsHelp()}

Stop it with Ctrl-C. Other commands: npm run cli -- --help`;

const STOP_WITHIN_MS = 30_000;
const DEFAULT_URL = 'http://127.0.0.1:3000';

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return console.log(HELP);
  const [unknown] = process.argv.slice(2);
  if (unknown !== undefined) throw new WrongSetting([`npm start takes no ${unknown}: it is told by the environment.`]);
  const config = readConfig(process.env);
  let told = 0;
  const running = await start(config, {
    onSampleProgress: (done, of) => {
      const percent = Math.floor((done * 100) / of);
      if (percent >= told + 25) console.log(`Telling the sample: ${(told = percent)} %`);
    },
  }).catch((error: unknown) => { throw wrongSettingOf(error, config) ?? error; });
  // Before it is said that there is something to stop.
  stopOnSignal(running);
  console.log(welcome(running));
}

function welcome({ url, usesDevIssuer, system, metricsUrl }: Running): string {
  const { log, config } = system;
  const lines = [
    '', `The Interregional Committee is running, at position ${log.head.position} of its log.`, '',
    `  Query page   ${url}/`, `  GraphQL      ${url}/graphql   (subscriptions: the same path, ws)`, `  Health       ${url}/health/ready`, `  Data         ${config.dataDir}`, ...(config.eventStore === undefined ? [] : [`  Log          stream ${config.committeeStream} of the EventStoreDB; a copy of it is among the data`]), ...(metricsUrl === undefined ? [] : [`  Metrics      ${metricsUrl}`]), '',
  ];
  const hasSample = log.note(FIRST_START) !== undefined;
  // What is to be said elsewhere has to find this server and its data.
  const [at, of] = [url === DEFAULT_URL ? '' : ` --url ${url}`, config.dataDir === resolve('var') ? '' : `DATA_DIR=${config.dataDir} `];
  if (usesDevIssuer && hasSample) lines.push('People of the sample, by office:', ...inColumns(samplePersons()), '', `  npm run --silent token -- lombardy-representative${at}     prints a token for one of them`, '');
  if (!hasSample) {
    lines.push(...(log.head.position > 0 ? [] : [
      'There is no Committee yet. Stop this, found one, and start again:', `  ${of}npm run cli -- establish --name "Interregional Committee" --secretariat <subject of a token>`, '',
    ]), 'Ctrl-C stops it; nothing is lost.', '');
    return lines.join('\n');
  }
  lines.push(
    'Three things to try:',
    `  1. Open ${url}/ and press play: what was adopted and why, the members, the board.`,
    '  2. Ask what was so at the time: { committee(asOf: "2019-01-28T10:02:30Z") { position change { sentence } } }',
    '  3. Vote for Lombardy in the open ballot: docs/api.md shows it, step by step.', '', 'Ctrl-C stops it; nothing is lost.', '',
  );
  return lines.join('\n');
}

function inColumns(names: readonly string[]): string[] {
  const width = Math.max(...names.map((n) => n.length)) + 2;
  const rows: string[] = [];
  for (let i = 0; i < names.length; i += 3) rows.push(`  ${names.slice(i, i + 3).map((n) => n.padEnd(width)).join('')}`.trimEnd());
  return rows;
}

/** The first signal finishes what is under way, in bounded time; a second one ends at once, which loses nothing that was acknowledged. */
function stopOnSignal(running: Running): void {
  let stopping = false;
  const stop = (name: string, goOnForMs: number, codeAtOnce: number): void => {
    if (stopping) {
      console.log(`${name}, again: ending at once.`);
      process.exit(codeAtOnce);
    }
    stopping = true;
    console.log(`${name}: finishing what is under way …`);
    setTimeout(() => {
      console.error('It was not finished in 30 seconds, and ends now. Nothing that was acknowledged is lost.');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
    running.close(goOnForMs).then(
      () => { console.log('Stopped.'); process.exit(0); },
      (error: unknown) => { console.error(error); process.exit(1); },
    );
  };
  process.on('SIGINT', () => stop('Ctrl-C', 0, 130));
  // From whoever runs this as a service: there may be a balancer before it, which asks for readiness now and then.
  process.on('SIGTERM', () => stop('SIGTERM', running.system.config.drainSeconds * 1_000, 143));
}

main().catch((error: unknown) => {
  if (error instanceof WrongSetting) console.error(`${error.message}\n\nnpm start -- --help lists the settings.`);
  else if (error instanceof LogUnusable) console.error(error.message);
  else if (error instanceof LogUnreachable) console.error(`${error.message}. ${whichServer('EVENT_STORE')}`);
  else console.error(error);
  process.exit(1);
});
