import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { settingsHelp } from '../../src/config/config.js';

interface Instruction { readonly name: string; readonly args: string }
interface Stage { readonly name: string; readonly from: string; readonly instructions: readonly Instruction[] }

interface Service {
  readonly user: string;
  readonly read_only: boolean;
  readonly privileged?: boolean;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt: readonly string[];
  readonly tmpfs: readonly string[];
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly restart: string;
  readonly profiles?: readonly string[];
  readonly healthcheck: { readonly disable?: boolean; readonly test?: unknown };
}
interface Compose { readonly services: Readonly<Record<string, Service>>; readonly volumes: Readonly<Record<string, unknown>> }

interface Step { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, string | boolean>> }
interface Job { readonly permissions?: unknown; readonly strategy?: { readonly matrix: { readonly node: readonly string[] } }; readonly steps: readonly Step[] }
interface Workflow { readonly permissions: unknown; readonly jobs: Readonly<Record<string, Job>> }

const text = (path: string): string => readFileSync(path, 'utf8');
const settings = settingsHelp().split('\n').map((line) => line.trim().split(' ')[0] as string);
const engines = (JSON.parse(text('package.json')) as { engines: { node: string } }).engines.node;
const leastNode = engines.replace(/^>=/, '');

/** The instructions of a Dockerfile, stage by stage; lines that end in a backslash are joined. */
function stagesOf(dockerfile: string): Stage[] {
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of dockerfile.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '').split('\n').filter(Boolean)) {
    const [, name, args] = /^([A-Z]+) +(.*)$/.exec(line) as unknown as [string, string, string];
    const [, from, as] = name === 'FROM' ? /^(\S+)(?: AS (\S+))?$/.exec(args) as unknown as [string, string, string | undefined] : [];
    if (from) stages.push({ name: as ?? '', from, instructions: [] });
    else stages.at(-1)?.instructions.push({ name, args });
  }
  return stages;
}

describe('The image', () => {
  const dockerfile = text('Dockerfile');
  const stages = stagesOf(dockerfile);
  const last = stages.at(-1) as Stage;
  const all = (name: string, stage = last): string[] => stage.instructions.filter((one) => one.name === name).map(({ args }) => args);
  const [, nodeVersion] = /^ARG NODE_VERSION=(\d+)$/m.exec(dockerfile) ?? [];
  const environment = Object.fromEntries(all('ENV').flatMap((args) => args.split(' ')).map((pair) => pair.split('=') as [string, string]));

  it('is built on an LTS of Node that the workflow tests, in every stage', () => {
    expect(stages.map(({ from }) => from)).toEqual(stages.map(() => 'node:${NODE_VERSION}-slim'));
    const tested = (parse(text('.github/workflows/ci.yml')) as Workflow).jobs['run']?.strategy?.matrix.node;
    expect(tested).toContain(nodeVersion);
    expect(Number(nodeVersion) % 2).toBe(0);
    expect(Number(nodeVersion)).toBeGreaterThanOrEqual(Number(leastNode.split('.')[0]));
  });

  it('installs what the lockfile says, and takes with it no more than production needs', () => {
    const installs = stages.flatMap((stage) => all('RUN', stage)).filter((run) => /\bnpm (i|ci|install|add)\b/.test(run));
    for (const run of installs) expect(run).toMatch(/^npm ci /);
    const modules = all('COPY').filter((args) => args.includes('node_modules')).map((args) => /^--from=(\S+)/.exec(args)?.[1]);
    expect(modules).toHaveLength(1);
    const from = stages.find(({ name }) => name === modules[0]) as Stage;
    expect(all('RUN', from)).toEqual([expect.stringContaining('npm ci --omit=dev')]);
    expect(all('RUN').filter((run) => run.includes('npm'))).toEqual([]);
  });

  it('runs as somebody who is not root, named by number', () => {
    const users = all('USER');
    expect(users.at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    // Nothing after it but what is asked and what is started.
    expect(last.instructions.slice(last.instructions.findIndex(({ name }) => name === 'USER') + 1).map(({ name }) => name)).toEqual(['HEALTHCHECK', 'CMD']);
  });

  it('keeps its data in one volume, which DATA_DIR names', () => {
    expect(all('VOLUME').map((args) => JSON.parse(args) as unknown)).toEqual([['/data']]);
    expect(environment['DATA_DIR']).toBe('/data');
  });

  it('is set by settings that there are', () => {
    expect(Object.keys(environment).filter((name) => name !== 'NODE_ENV' && !settings.includes(name))).toEqual([]);
    expect(environment['NODE_ENV']).toBe('production');
    expect(all('EXPOSE')).toEqual([environment['PORT']]);
  });

  it('starts the program itself, so that signals arrive', () => {
    const [command] = all('CMD').map((args) => JSON.parse(args) as string[]);
    expect(command?.[0]).toBe('node');
    const started = command?.at(-1)?.replace(/^dist\/(.*)\.js$/, 'src/$1.ts');
    expect(started).toBe('src/main.ts');
    expect(existsSync(started as string)).toBe(true);
    expect(all('ENTRYPOINT')).toEqual([]);
  });

  it('asks its health by node, at a path that the server has', () => {
    const [check] = all('HEALTHCHECK');
    const command = JSON.parse((check as string).replace(/^.*?CMD /, '')) as string[];
    expect(command.slice(0, 2)).toEqual(['node', '-e']);
    const [, path] = /fetch\(`http:\/\/127\.0\.0\.1:\$\{process\.env\.PORT\}(\/[a-z/]+)`\)/.exec(command[2] as string) ?? [];
    expect(path).toBe('/health/ready');
    expect(text('src/server.ts')).toContain(`fastify.get('${path}'`);
  });

  it('copies what there is, and .dockerignore lets in that and nothing else', () => {
    const copied = new Set(stages.flatMap((stage) => all('COPY', stage)).filter((args) => !args.startsWith('--from')).flatMap((args) => args.split(' ').slice(0, -1)));
    expect([...copied].filter((path) => !existsSync(path))).toEqual([]);
    const [everything, ...letIn] = text('.dockerignore').split('\n').filter((line) => line && !line.startsWith('#'));
    expect(everything).toBe('*');
    expect(letIn.sort()).toEqual([...copied].map((path) => `!${path}`).sort());
  });
});

describe('The composition', () => {
  const { services, volumes } = parse(text('docker-compose.yml')) as Compose;
  const app = services['app'] as Service;

  it('starts the app without naming a profile, and again whenever it has ended', () => {
    expect(app.profiles).toBeUndefined();
    expect(app.restart).toBe('unless-stopped');
  });

  it.each(Object.entries(services))('gives %s no more than it needs: no root, no capability, no new privilege, nothing to write to but its volume and /tmp', (_, service) => {
    expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect([service.privileged, service.cap_add]).toEqual([undefined, undefined]);
    expect(service.tmpfs.map((mount) => mount.split(':')[0])).toEqual(['/tmp']);
  });

  it('gives the app one volume of its own, at the DATA_DIR of the image', () => {
    expect(app.volumes).toEqual(['data:/data']);
    expect(Object.keys(volumes)).toEqual(['data']);
    expect(app.environment['DATA_DIR']).toBeUndefined();
  });

  it('publishes on loopback only, the port that the image listens on', () => {
    const [, port] = /\bPORT=(\d+)/.exec(text('Dockerfile')) ?? [];
    for (const published of app.ports) expect(published).toMatch(new RegExp(`^127\\.0\\.0\\.1:.*:${port}$`));
    expect(app.ports).toHaveLength(1);
  });

  it('passes on settings that there are, refuses to start without an issuer, and holds no secret', () => {
    expect(Object.keys(app.environment).filter((name) => !settings.includes(name))).toEqual([]);
    // Each from the environment, under its own name.
    for (const [name, value] of Object.entries(app.environment)) expect(value).toMatch(new RegExp(`^\\$\\{${name}:[-?].*\\}$`));
    expect(app.environment['OIDC_ISSUER']).toMatch(/^\$\{OIDC_ISSUER:\?/);
    expect(app.environment['INSTALLATION_SECRET']).toBe('${INSTALLATION_SECRET:-}');
  });

  it("asks the image's own question of health", () => {
    expect(app.healthcheck).toMatchObject({ interval: expect.any(String) });
    expect([app.healthcheck.disable, app.healthcheck.test]).toEqual([undefined, undefined]);
  });
});

describe('The workflow', () => {
  const workflow = parse(text('.github/workflows/ci.yml')) as Workflow;
  const run = workflow.jobs['run'] as Job;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  it('runs .ci/run, as everybody can, and nothing else that decides', () => {
    expect(run.steps.flatMap((step) => step.run ?? [])).toEqual(['.ci/run']);
    expect(statSync('.ci/run').mode & 0o100).toBe(0o100);
  });

  it('on the oldest Node that package.json promises, and on LTS lines after it', () => {
    const [oldest, ...lines] = run.strategy?.matrix.node ?? [];
    expect(engines).toBe(`>=${oldest}`);
    expect(oldest).toMatch(/^20\./);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect([line, Number(line) % 2, Number(line) > Number(leastNode.split('.')[0])]).toEqual([line, 0, true]);
    expect(run.steps.find((step) => step.uses?.startsWith('actions/setup-node@'))?.with?.['node-version']).toBe('${{ matrix.node }}');
  });

  it('may read, has no secret, and takes actions of a known major version', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(Object.values(workflow.jobs).map(({ permissions }) => permissions).filter(Boolean)).toEqual([]);
    expect(text('.github/workflows/ci.yml')).not.toMatch(/\bsecrets\b|pull_request_target/);
    for (const { uses } of steps.filter((step) => step.uses)) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) expect(step.with?.['persist-credentials']).toBe(false);
  });
});

describe('What describes the build', () => {
  it('says the same: nest-cli.json, tsconfig.build.json, the README and package.json', () => {
    const nest = JSON.parse(text('nest-cli.json')) as { sourceRoot: string; entryFile: string; compilerOptions: { builder: { type: string; options: { configPath: string } } } };
    const { builder } = nest.compilerOptions;
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    expect(scripts['build']).toContain(`${builder.type} -p ${builder.options.configPath}`);
    const build = JSON.parse(text(builder.options.configPath)) as { compilerOptions: { rootDir: string; outDir: string } };
    expect(build.compilerOptions).toMatchObject({ rootDir: `./${nest.sourceRoot}`, outDir: './dist' });
    expect(existsSync(`${nest.sourceRoot}/${nest.entryFile}.ts`)).toBe(true);
    expect(text('README.md')).toContain(`Needs Node ${leastNode.replace(/\.0$/, '')} or newer`);
  });
});
