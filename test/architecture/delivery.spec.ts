import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig, settingsHelp, type Config } from '../../src/config/config.js';

interface Instruction { readonly name: string; readonly args: string }
interface Stage { readonly name: string; readonly from: string; readonly instructions: readonly Instruction[] }

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only: boolean;
  readonly privileged?: boolean;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt: readonly string[];
  readonly tmpfs: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly restart: string;
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>> | readonly string[];
  readonly healthcheck?: { readonly disable?: boolean; readonly test?: unknown };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

interface Step { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, string | boolean>> }
interface Job { readonly services?: Readonly<Record<string, { readonly image: string; readonly ports: readonly string[] }>>; readonly permissions?: unknown; readonly strategy?: { readonly matrix: { readonly node: readonly string[] } }; readonly steps: readonly Step[] }
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
  const { services, volumes, configs } = parse(text('docker-compose.yml'), { merge: true }) as Compose;
  const app = services['app'] as Service;
  const ofProfile = (profile: string): [string, Service][] => Object.entries(services).filter(([, { profiles }]) => profiles?.includes(profile));
  const ours = Object.values(services).filter(({ image }) => image === app.image);
  const needsOf = ({ depends_on: needs = {} }: Service): string[] => (Array.isArray(needs) ? needs as string[] : Object.keys(needs));

  it('starts the app without naming a profile; one server and one node; three servers, three nodes and a proxy', () => {
    expect(Object.entries(services).filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)).toEqual(['app']);
    expect(ofProfile('single').map(([name]) => name)).toEqual(['node', 'eventstore']);
    expect(ofProfile('cluster').map(([name]) => name)).toEqual(['proxy', 'node-1', 'node-2', 'node-3', 'eventstore-1', 'eventstore-2', 'eventstore-3', 'certificates', 'user']);
    // What is started by the command in the first lines draws in all of its profile.
    for (const [profile, target] of [['single', 'node'], ['cluster', 'proxy']] as const) {
      expect(text('docker-compose.yml')).toContain(`docker compose --profile ${profile} up --build ${target} `);
      const drawn = new Set([target as string]);
      for (const name of drawn) for (const needed of needsOf(services[name] as Service)) drawn.add(needed);
      expect([...drawn].sort()).toEqual(ofProfile(profile).map(([name]) => name).sort());
    }
  });

  it('starts everything again whenever it has ended, also with 0, but what is done once', () => {
    expect(Object.entries(services).filter(([, { restart }]) => restart !== 'always').map(([name, { restart }]) => [name, restart])).toEqual([['certificates', 'no'], ['user', 'no']]);
  });

  it.each(Object.entries(services))('gives %s no more than it needs: no capability, no new privilege, nothing to write to but its volumes and /tmp', (name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect([service.privileged, service.cap_add]).toEqual([undefined, undefined]);
    expect(service.tmpfs.map((mount) => mount.split(':')[0])).toEqual(['/tmp']);
    // The servers' image has a user of its own; the volume of certificates is root's, and that root has no powers and no network.
    if (service.image.includes('/kurrentdb:')) expect(service.user).toBeUndefined();
    else if (name === 'certificates') expect(service).toMatchObject({ user: '0:0', network_mode: 'none' });
    else expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('gives each its own volume, a node at the DATA_DIR of the image, and each volume to one of them', () => {
    expect(app.volumes).toEqual(['data:/data']);
    for (const service of ours) expect(service.volumes?.filter((volume) => volume.endsWith(':/data'))).toHaveLength(1);
    const written = Object.values(services).flatMap((service) => service.volumes ?? []).filter((volume) => !volume.endsWith(':ro')).map((volume) => volume.split(':')[0] as string);
    expect([...written].sort()).toEqual(Object.keys(volumes).sort());
    for (const service of ours) expect(service.environment['DATA_DIR']).toBeUndefined();
  });

  it('publishes on loopback only, one port a profile, the one that the image listens on; servers publish none', () => {
    const [, port] = /\bPORT=(\d+)/.exec(text('Dockerfile')) ?? [];
    const published = Object.entries(services).filter(([, { ports }]) => ports !== undefined);
    expect(published.map(([name]) => name)).toEqual(['app', 'node', 'proxy']);
    for (const [, { ports }] of published) expect(ports).toEqual([expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:.*:${port}$`))]);
    expect(configs['proxy']?.content).toContain(`bind :${port}\n`);
  });

  it('passes on settings that there are, refuses to start without an issuer, and holds no secret', () => {
    for (const { environment } of ours) {
      expect(Object.keys(environment).filter((name) => !settings.includes(name))).toEqual([]);
      expect(environment['OIDC_ISSUER']).toMatch(/^\$\{OIDC_ISSUER:\?/);
      expect(environment['INSTALLATION_SECRET']).toBe('${INSTALLATION_SECRET:-}');
    }
    // Each from the environment, under its own name.
    for (const [name, value] of Object.entries(app.environment)) expect(value).toMatch(new RegExp(`^\\$\\{${name}:[-?].*\\}$`));
    for (const { environment = {} } of Object.values(services)) for (const [name, value] of Object.entries(environment)) if (/PASSWORD|SECRET/.test(name)) expect(value).toMatch(/^\$\{[A-Z_]+:-\}$/);
  });

  it('gives the nodes settings that they accept, each its own place in one order, and the proxy the same nodes', () => {
    const given = (service: Service): Config => readConfig(Object.fromEntries(Object.entries(service.environment).map(([name, value]) => [
      name, value.replaceAll(/\$\{([A-Z_]+):[-?]([^}]*)\}/g, (_, variable: string, byDefault: string) => ({ OIDC_ISSUER: 'https://issuer.example', INSTALLATION_SECRET: 'x'.repeat(32), EVENT_STORE_PASSWORD: 'Example1', EVENT_STORE_ADMIN_PASSWORD: 'Example2' })[variable] ?? byDefault),
    ])));
    expect(given(app)).toMatchObject({ eventStore: undefined, nodes: [] });
    expect(given(services['node'] as Service)).toMatchObject({ eventStore: 'esdb://eventstore:2113?tls=false', nodes: [] });
    const nodes = ['node-1', 'node-2', 'node-3'];
    for (const name of nodes) {
      const { node, nodes: order, eventStore } = given(services[name] as Service);
      expect([node, order]).toEqual([`http://${name}:4000`, nodes.map((one) => `http://${one}:4000`)]);
      for (const server of ['eventstore-1', 'eventstore-2', 'eventstore-3']) expect(eventStore).toContain(`${server}:2113`);
      expect(eventStore).not.toContain('tls=false');
    }
    expect([...(configs['proxy']?.content ?? '').matchAll(/^\s*server (\S+) (\S+)$/gm)].map(([, name, address]) => [name, address])).toEqual(nodes.map((name) => [name, `${name}:3000`]));
  });

  it('gives the nodes of the cluster a user of their own without groups, made before they start by the administrator, whose password they are not told', () => {
    const { command = [], environment } = services['user'] as Service;
    const made = JSON.parse(/--data "(.*)" https:/.exec(command.join(''))?.[1]?.replaceAll('\\"', '"') ?? '{}') as Readonly<Record<string, unknown>>;
    expect(made).toMatchObject({ loginName: 'clerk', password: '$$EVENT_STORE_PASSWORD', groups: [] });
    expect(command.join('')).toContain('--user "admin:$$EVENT_STORE_ADMIN_PASSWORD"');
    // Not where the user is there: later starts need no administrator.
    expect(command.join('')).toMatch(/^if curl .* --user "clerk:\$\$EVENT_STORE_PASSWORD" 'https:\/\/eventstore-1:2113\/users\/\$\$current'; then exit 0; fi\ncurl .*admin:/);
    for (const name of ['node-1', 'node-2', 'node-3']) {
      const node = services[name] as Service;
      expect(node.environment['EVENT_STORE']).toMatch(/^esdb:\/\/clerk:\$\{EVENT_STORE_PASSWORD:-\}@/);
      expect(JSON.stringify(node)).not.toContain('ADMIN');
      expect(node.depends_on).toEqual({ user: { condition: 'service_completed_successfully' } });
    }
    expect(environment).toEqual({ EVENT_STORE_PASSWORD: '${EVENT_STORE_PASSWORD:-}', EVENT_STORE_ADMIN_PASSWORD: '${EVENT_STORE_ADMIN_PASSWORD:-}' });
    for (const name of ['DEFAULT_ADMIN_PASSWORD', 'DEFAULT_OPS_PASSWORD']) expect((services['eventstore-1'] as Service).environment[`KURRENTDB_${name}`]).toBe('${EVENT_STORE_ADMIN_PASSWORD:-}');
  });

  it('gives each server of the cluster a certificate of its own name and the two others to talk to', () => {
    const names = ['eventstore-1', 'eventstore-2', 'eventstore-3'];
    for (const name of names) {
      expect((services[name] as Service).environment).toMatchObject({
        KURRENTDB_GOSSIP_SEED: names.filter((other) => other !== name).map((other) => `${other}:2113`).join(), KURRENTDB_NODE_HOST_ADVERTISE_AS: name, KURRENTDB_REPLICATION_HOST_ADVERTISE_AS: name,
        KURRENTDB_CERTIFICATE_FILE: `/certs/${name}/node.crt`, KURRENTDB_CERTIFICATE_PRIVATE_KEY_FILE: `/certs/${name}/node.key`,
      });
    }
  });

  it("asks each for its health; our nodes with the image's own question", () => {
    expect(Object.entries(services).filter(([, { healthcheck }]) => healthcheck === undefined || healthcheck.disable).map(([name]) => name)).toEqual(['certificates', 'user']);
    for (const { healthcheck } of ours) expect(healthcheck?.test).toBeUndefined();
    expect(configs['proxy']?.content).toContain('option httpchk GET /health/ready\n');
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

  it('asks the real server what is otherwise asked of a double, the one that is composed', () => {
    const job = workflow.jobs['eventstoredb'] as Job;
    const { services } = parse(text('docker-compose.yml'), { merge: true }) as Compose;
    expect(job.services?.['eventstore']?.image).toBe(services['eventstore-1']?.image);
    expect(job.services?.['eventstore']?.ports).toEqual(['127.0.0.1:2113:2113']);
    const [, tests] = /npm test -- (.*) --runInBand/.exec(job.steps.find(({ run: command }) => command?.startsWith('npm test'))?.run ?? '') ?? [];
    for (const path of (tests ?? '').split(' ')) expect([path, existsSync(`${path}.spec.ts`)]).toEqual([path, true]);
  });

  it('may read, has no secret, and takes actions of a known major version', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(Object.values(workflow.jobs).map(({ permissions }) => permissions).filter(Boolean)).toEqual([]);
    expect(text('.github/workflows/ci.yml')).not.toMatch(/\bsecrets\b|pull_request_target/);
    for (const { uses } of steps.filter((step) => step.uses)) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) expect(step.with?.['persist-credentials']).toBe(false);
  });
});

describe('A run of the tests', () => {
  it('tells last what was not run, and why', () => {
    const { EVENTSTOREDB_CONTROL: _, ...env } = process.env;
    const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runTestsByPath', 'test/torture/cluster-leader.spec.ts'];
    const { status, stderr } = spawnSync(process.execPath, args, { env: { ...env, NODE_OPTIONS: '' }, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringMatching(/\nNot run: The leader of a cluster .*: EVENTSTOREDB_URL and EVENTSTOREDB_CONTROL name no cluster and nothing to break it with\n$/)]);
  }, 60_000);
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
