import 'reflect-metadata';
import { readConfig, settingsHelp, WrongSetting, wrongSettingOf } from './config/config.js';
import { LogUnusable } from './event-store/event-store.js';
import { samplePersons } from './sample/sample.js';
import { startServer, type Running } from './server.js';

const HELP = `npm start runs the Interregional Committee. Settings come from the environment:

${settingsHelp()}

Stop it with Ctrl-C. Other commands: npm run cli -- --help`;

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return console.log(HELP);
  const [unknown] = process.argv.slice(2);
  if (unknown !== undefined) throw new WrongSetting([`npm start takes no ${unknown}: it is told by the environment.`]);
  const config = readConfig(process.env);
  let told = 0;
  const running = await startServer(config, {
    onSampleProgress: (done, of) => {
      const percent = Math.floor((done * 100) / of);
      if (percent >= told + 25) console.log(`Telling the sample: ${(told = percent)} %`);
    },
  }).catch((error: unknown) => { throw wrongSettingOf(error, config) ?? error; });
  console.log(welcome(running));
  stopOnSignal(running);
}

function welcome({ url, usesDevIssuer, system }: Running): string {
  const lines = [
    '', `The Interregional Committee is running, at position ${system.engine.log.head.position} of its log.`, '',
    `  Query page   ${url}/`, `  GraphQL      ${url}/graphql   (subscriptions: the same path, ws)`, `  Health       ${url}/health/ready`, `  Data         ${system.config.dataDir}`, '',
  ];
  if (usesDevIssuer) lines.push('People of the sample, by office:', ...inColumns(samplePersons()), '', '  npm run --silent token -- lombardy-representative     prints a token for one of them', '');
  lines.push(
    'Three things to try:',
    `  1. Open ${url}/ and press play: what was adopted and why, the members, the board.`,
    '  2. Ask what was known at the time: committee(asOf: "2020-01-20T12:00:00Z") { position change { sentence } }',
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

function stopOnSignal(running: Running): void {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    console.log(`${signal}: finishing what is under way …`);
    running.close().then(
      () => { console.log('Stopped.'); process.exit(0); },
      (error: unknown) => { console.error(error); process.exit(1); },
    );
  };
  process.on('SIGINT', () => stop('Ctrl-C'));
  process.on('SIGTERM', () => stop('SIGTERM'));
}

main().catch((error: unknown) => {
  if (error instanceof WrongSetting) console.error(`${error.message}\n\nnpm start -- --help lists the settings.`);
  else if (error instanceof LogUnusable) console.error(error.message);
  else console.error(error);
  process.exit(1);
});
