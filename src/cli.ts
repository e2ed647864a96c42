import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig, settingsHelp, WrongSetting, wrongSettingOf } from './config/config.js';
import { makeFolder } from './config/folder.js';
import { installationSecret } from './config/secret.js';
import { Problem } from './decider/problem.js';
import { openEngine, wholeLogs } from './engines.js';
import { Codec } from './event-store/codec.js';
import { LogUnreachable, LogUnusable, whichServer } from './event-store/event-store.js';
import { Damaged } from './event-store/log-check.js';
import { removeDatabase } from './event-store/sqlite.js';
import { DEV_ISSUER, requestDevToken } from './identity/dev-issuer.js';
import { personIdOf } from './identity/person-id.js';
import { backup } from './operating/backup.js';
import { EXIT, Interrupted, logFileOf, Wrong, type CliCommand } from './operating/cli-command.js';
import { copy } from './operating/copy.js';
import { restore } from './operating/restore.js';
import { verify } from './operating/verify.js';
import { buildViews, toldOf } from './projections/view-runner.js';
import { VIEWS_FILE, ViewStore } from './projections/view-store.js';
import type { View } from './projections/view.js';

// What knows the contexts knows GraphQL and Nest, which take two seconds to load: commands that need none of it shall not wait for it.
const views = async (): Promise<readonly View[]> => (await import('./contexts.js')).views;

const commands: Readonly<Record<string, CliCommand>> = {
  token: {
    about: 'prints an access token for a sample person, from the development issuer of a running server',
    help: 'npm run --silent token -- <person> [--url http://127.0.0.1:3000]\n\nThe persons are listed by npm start, such as lombardy-representative.',
    async run(args, config) {
      const { values, positionals } = parseArgs({ args: [...args], options: { url: { type: 'string' } }, allowPositionals: true });
      if (positionals.length !== 1) throw new Wrong('Name one person, such as: npm run --silent token -- lombardy-representative');
      console.log(await requestDevToken(values.url ?? `http://${config.host}:${config.port}`, positionals[0] as string));
    },
  },
  establish: {
    about: 'founds the Committee on an empty log, with the server stopped',
    help: `npm run cli -- establish --name <name> --secretariat <subject> [--issuer <issuer>]

Sends EstablishCommittee once: the Committee's name, default rules of procedure, and the first person of the secretariat, told by the
subject of their tokens. The issuer is OIDC_ISSUER, or the development issuer. Start the server with SAMPLE=none afterwards.`,
    async run(args, config) {
      const { values } = parseArgs({ args: [...args], options: { name: { type: 'string' }, secretariat: { type: 'string' }, issuer: { type: 'string' } } });
      if (!values.name || !values.secretariat) throw new Wrong('Give --name and --secretariat.');
      const { establish } = await import('./establish.js');
      const { position, secretariat } = await establish(config, values.name, { issuer: values.issuer ?? config.oidcIssuer ?? DEV_ISSUER, subject: values.secretariat });
      console.log(`Established at position ${position}. The first person of the secretariat is ${secretariat}.`);
    },
  },
  rebuild: {
    about: 'builds the views anew from the log, with the server stopped',
    help: `npm run cli -- rebuild

Writes a new file beside the old one and puts it in its place when it is complete. Ctrl-C keeps the old one.`,
    async run(args, config) {
      parseArgs({ args: [...args], options: {} });
      if (config.eventStore === undefined && !existsSync(join(config.dataDir, logFileOf(config)))) throw new Wrong(`There is no log in ${config.dataDir}. Name the folder of the log in DATA_DIR.`);
      makeFolder(config.dataDir);
      const engine = await openEngine(config, { onFatal: (error) => { throw error; }, onNotice: console.log });
      const [path, next] = [join(config.dataDir, VIEWS_FILE), join(config.dataDir, `next-${VIEWS_FILE}`)];
      const interrupted = new AbortController();
      process.once('SIGINT', () => interrupted.abort());
      try {
        removeDatabase(next);
        const codec = new Codec();
        const store = new ViewStore(next, await views(), codec, engine.log.logId);
        const complete = await buildViews(store, engine.log, codec, interrupted.signal, (position, head) => console.log(`${position} of ${head} entries (${Math.floor((100 * position) / head)} %)`));
        const digest = complete ? store.digest() : '';
        if (complete) store.settle();
        const { stopped } = store;
        store.close();
        if (!complete) {
          removeDatabase(next);
          console.log('Interrupted. The views are as they were.');
          process.exitCode = 130;
          return;
        }
        removeDatabase(path);
        renameSync(next, path);
        removeDatabase(next);
        console.log(`Rebuilt ${engine.log.head.position} entries. SHA-256 of all rows: ${digest}`);
        if (stopped.length > 0) throw new Damaged(`${stopped.map(toldOf).join('\n')}\nThe server starts and is not ready: it answers what does not need that. Upgrade it, or compare the log with a backup: npm run cli -- verify --against <backup>.`);
      } finally {
        await engine.close();
      }
    },
  },
  backup,
  restore,
  verify: verify(views),
  copy: copy(wholeLogs),
  person: {
    about: 'prints the id by which the log knows a subject',
    help: 'npm run --silent cli -- person <subject> [--issuer <issuer>]\n\nThe same id that `me { personId }` shows to that person. It needs the secret of the installation.',
    async run(args, config) {
      const { values, positionals } = parseArgs({ args: [...args], options: { issuer: { type: 'string' } }, allowPositionals: true });
      if (positionals.length !== 1 || !positionals[0]) throw new Wrong('Name one subject.');
      console.log(personIdOf(installationSecret(config.dataDir, config.installationSecret), values.issuer ?? config.oidcIssuer ?? DEV_ISSUER, positionals[0] as string));
    },
  },
  schema: {
    about: 'writes schema.graphql from the code',
    help: 'npm run schema\n\nThe file is committed; a test fails when it is not current.',
    async run(args) {
      parseArgs({ args: [...args], options: {} });
      const { printedSchema } = await import('./schema.js');
      writeFileSync(new URL('../schema.graphql', import.meta.url), await printedSchema());
      console.log('schema.graphql is written.');
    },
  },
};

const overview = (): string => `npm run cli -- <command> [options]

${Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`).join('\n')}

<command> --help tells more. Settings come from the environment:

${settingsHelp()}`;

async function main(): Promise<void> {
  const [name, ...args] = process.argv.slice(2);
  const command = name === undefined ? undefined : commands[name];
  if (!command) {
    if (name !== undefined && name !== '--help') throw new Wrong(`There is no command ${name}.\n\n${overview()}`);
    return console.log(overview());
  }
  if (args.includes('--help')) return console.log(command.help);
  const config = readConfig(process.env);
  await command.run(args, config, console.log).catch((error: unknown) => { throw wrongSettingOf(error, config) ?? error; });
}

main().catch((error: unknown) => {
  const known = [Wrong, WrongSetting, LogUnusable, LogUnreachable, Problem, Damaged, Interrupted].some((kind) => error instanceof kind)
    || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(error instanceof LogUnreachable ? `${error.message}. ${whichServer('EVENT_STORE')}` : known ? (error as Error).message : error);
  process.exitCode = error instanceof Damaged ? EXIT.damaged : error instanceof Interrupted ? EXIT.interrupted : EXIT.refused;
});
