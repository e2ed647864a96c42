import { isAbsolute, resolve } from 'node:path';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly sample: 'founding' | 'none';
  /** Connection string of an EventStoreDB. Left out: the log is a file in the data folder. */
  readonly eventStore: string | undefined;
  readonly committeeStream: string;
  /** Addresses by which nodes reach one another, in the order in which they decide. Empty: there is no other. */
  readonly nodes: readonly string[];
  /** This node's own among them. */
  readonly node: string | undefined;
  /** Keys person ids and payload digests. Left out: made at the first start and kept in the data folder. */
  readonly installationSecret: string | undefined;
  /** Left out: the development issuer. */
  readonly oidcIssuer: string | undefined;
  readonly oidcAudience: string;
  readonly oidcTokenTypes: readonly string[];
  readonly logLevel: LogLevel;
  /** Left out: nothing is served. */
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  /** Less free room than this on the disk of the data folder makes the node not ready. In MiB. */
  readonly minFreeMiB: number;
  /** How long a server that was told to stop goes on, so that a balancer sees that it is not ready. */
  readonly drainSeconds: number;
  /** 2: what decides and writes has a thread of its own. Left out: where there is a second processor. */
  readonly threads: 1 | 2 | undefined;
}

/** Characters that a secret has at least. */
export const SECRET_LENGTH = 32;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

interface Setting<T> {
  readonly name: string;
  readonly about: string;
  readonly byDefault: string;
  /** Undefined: not right. `right` says what would be. */
  readonly read: (value: string) => T | undefined;
  readonly right: string;
}

const oneOf = <const T extends readonly string[]>(values: T) => (value: string): T[number] | undefined => values.find((v) => v === value);
/** What the client of EventStoreDB takes. A password in it is not repeated in messages. Of several hosts it would discover by the first alone. */
function connection(value: string): string | undefined {
  const [, discover, user = '', hosts = ''] = /^esdb(\+discover)?:\/\/([^:@/\s]+:[^@/\s]*@)?([^@/?\s]+)\/?(\?\S*)?$/.exec(value) ?? [];
  return hosts === '' || (discover !== undefined && hosts.includes(',')) || !isDecodable(user) ? undefined : value;
}
function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}
export const isConnection = (value: string): boolean => connection(value) !== undefined;
export const connectionTold = 'as in esdb://user:password@host:2113, esdb://a:2113,b:2113,c:2113 for a cluster, or esdb+discover://name for one name; @ in a password is %40';
export const isStreamName = (value: string): boolean => /^[^$\s]\S*$/.test(value);
const url = (value: string): string | undefined => (URL.canParse(value) && /^https?:/.test(value) ? value : undefined);
const types = (value: string): readonly string[] | undefined => {
  const list = value.split(',').map((type) => type.trim()).filter(Boolean);
  return list.length > 0 ? list : undefined;
};
/** As it stands in NODES, so that the same node has the same name everywhere. */
function nodeAddress(value: string): string | undefined {
  const { protocol, port: onPort, origin } = url(value) === undefined ? { protocol: '', port: '', origin: '' } : new URL(value);
  return protocol === 'http:' && onPort !== '' && (value === origin || value === `${origin}/`) ? origin : undefined;
}
function addresses(value: string): readonly string[] | undefined {
  const list = value.split(',').map((one) => one.trim()).filter(Boolean).map(nodeAddress);
  return list.includes(undefined) || new Set(list).size < list.length ? undefined : list as string[];
}
const optional = <T>(read: (value: string) => T | undefined) => (value: string): T | '' | undefined => (value === '' ? '' : read(value));

/** Every setting: name, what it is for, default, and how it is read. `--help` prints this table. */
const SETTINGS = {
  host: { name: 'HOST', about: 'address to listen on', byDefault: '127.0.0.1', read: (v: string) => v || undefined, right: 'an address such as 127.0.0.1' },
  port: { name: 'PORT', about: 'port to listen on; 0 takes a free one', byDefault: '3000', read: port, right: 'a whole number from 0 to 65535' },
  dataDir: { name: 'DATA_DIR', about: 'folder of the log, the views and the keys', byDefault: './var', read: (v: string) => (v === '' ? undefined : isAbsolute(v) ? v : resolve(v)), right: 'a path' },
  sample: { name: 'SAMPLE', about: 'what an empty log begins with: founding or none', byDefault: 'founding', read: oneOf(['founding', 'none']), right: 'founding or none' },
  eventStore: { name: 'EVENT_STORE', about: 'EventStoreDB that keeps the log. Left out: a file in DATA_DIR', byDefault: '', read: optional(connection), right: connectionTold },
  committeeStream: { name: 'COMMITTEE_STREAM', about: 'its stream there, one a Committee', byDefault: 'committee', read: (v: string) => (isStreamName(v) ? v : undefined), right: 'a name without blanks that does not begin with $' },
  nodes: {
    name: 'NODES', about: 'where all nodes listen for one another, with commas; the first that can be reached decides. Left out: one node', byDefault: '',
    read: addresses, right: 'different addresses with a port, such as http://node-1:4000,http://node-2:4000',
  },
  node: { name: 'THIS_NODE', about: 'where this one does: its own address in NODES', byDefault: '', read: optional(nodeAddress), right: 'an address with a port, such as http://node-1:4000' },
  installationSecret: {
    name: 'INSTALLATION_SECRET', about: 'keys person ids; the same on all nodes; keep it with your other secrets. Left out: made at the first start, and backed up', byDefault: '',
    read: optional((v) => (v.length >= SECRET_LENGTH ? v : undefined)), right: `at least ${SECRET_LENGTH} characters`,
  },
  oidcIssuer: { name: 'OIDC_ISSUER', about: 'address of the OpenID Connect issuer. Left out: a development issuer, on loopback only', byDefault: '', read: optional(url), right: 'an http(s) address' },
  oidcAudience: { name: 'OIDC_AUDIENCE', about: 'our name in the audience of tokens', byDefault: 'urn:interregional-committee:api', read: (v: string) => v || undefined, right: 'a text' },
  oidcTokenTypes: { name: 'OIDC_TOKEN_TYPES', about: 'accepted types (typ) of access tokens, with commas', byDefault: 'at+jwt', read: types, right: 'types such as at+jwt,JWT' },
  logLevel: { name: 'LOG_LEVEL', about: LOG_LEVELS.join(', '), byDefault: 'info', read: oneOf(LOG_LEVELS), right: `one of ${LOG_LEVELS.join(', ')}` },
  metricsPort: { name: 'METRICS_PORT', about: 'port of the metrics, for Prometheus; 0 takes a free one. Left out: none', byDefault: '', read: optional(port), right: 'a whole number from 0 to 65535' },
  metricsHost: { name: 'METRICS_HOST', about: 'address of the metrics', byDefault: '127.0.0.1', read: (v: string) => v || undefined, right: 'an address such as 127.0.0.1' },
  // Room for some hundred thousand entries, and for the -wal files of the views, while somebody makes more.
  minFreeMiB: { name: 'MIN_FREE_MIB', about: 'with less free in DATA_DIR /health/ready says so; in MiB, 0 never', byDefault: '256', read: (v: string) => (/^\d{1,9}$/.test(v) ? Number(v) : undefined), right: 'a whole number, such as 256' },
  drainSeconds: { name: 'DRAIN_SECONDS', about: 'how long SIGTERM lets a balancer notice before no more is taken', byDefault: '5', read: (v: string) => (/^\d+$/.test(v) && Number(v) <= 15 ? Number(v) : undefined), right: 'a whole number from 0 to 15' },
  threads: {
    name: 'THREADS', about: 'with 2 what decides and writes has one of its own; 1 takes 50 MB less. Left out: 2 where the log is a file and there are more than two processors', byDefault: '',
    read: optional((v) => (v === '1' ? 1 : v === '2' ? 2 : undefined)), right: '1 or 2',
  },
} satisfies Record<keyof Config, Setting<unknown>>;

/** A setting is wrong. The message names it, what was given and what would be right; a secret is not repeated. */
export class WrongSetting extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'WrongSetting';
  }
}

/** Reads the environment once, as a whole. @throws WrongSetting with every setting that is wrong */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const values = Object.fromEntries(Object.entries(SETTINGS).map(([key, setting]) => {
    const given = env[setting.name] ?? (setting.name === 'SAMPLE' && env['EVENT_STORE'] ? 'none' : setting.byDefault);
    const value: unknown = setting.read(given);
    if (value === undefined) {
      problems.push(`${setting.name} is ${setting.name.includes('SECRET') || setting.name === 'EVENT_STORE' ? `a text of ${given.length} characters` : JSON.stringify(given)}; it must be ${setting.right}.`);
    }
    return [key, value === '' ? undefined : value];
  })) as Record<keyof Config, never>;
  if (values.eventStore !== undefined) {
    // Several nodes share nothing but their settings.
    if (values.installationSecret === undefined) problems.push('INSTALLATION_SECRET is left out; with EVENT_STORE it must be at least 32 characters, the same on all nodes.');
    if (values.threads === 2) problems.push('THREADS is 2; with EVENT_STORE it must be 1, or left out: the second thread is for a log in a file.');
    if (values.sample === 'founding') problems.push('SAMPLE is "founding"; with EVENT_STORE it must be none: the sample is for a log in a file.');
  }
  // What is wrong in itself is told already.
  if (problems.length === 0) {
    const { node, nodes, eventStore } = values as Config;
    if (node !== undefined && !nodes.includes(node)) problems.push(`THIS_NODE is ${JSON.stringify(node)}; it must be one of NODES, which are ${nodes.length === 0 ? 'left out' : nodes.join(', ')}.`);
    if (node === undefined && nodes.length > 0) problems.push(`THIS_NODE is left out; with NODES it must be the one of them that this node is: ${nodes.join(', ')}.`);
    if (nodes.length > 0 && eventStore === undefined) problems.push('EVENT_STORE is left out; with NODES it must be the EventStoreDB that keeps the log of all nodes.');
  }
  if (problems.length > 0) throw new WrongSetting(problems);
  return Object.freeze<Config>(values);
}

/** SQLite's primary codes READONLY and CANTOPEN, as its driver tells them. */
const NOT_WRITABLE = [8, 14];

/** A full disk or quota: as the system tells it, as SQLite does (FULL; IOERR_SHMSIZE for the memory that a WAL shares), as the log and the kernel do. */
export function isNoRoom(error: unknown): boolean {
  const { code, errcode = 0, sqliteExtendedCode = errcode, name, reason } = error as NodeJS.ErrnoException & { errcode?: number; sqliteExtendedCode?: number; reason?: string };
  return code === 'ENOSPC' || code === 'EDQUOT' || (errcode & 0xff) === 13 || sqliteExtendedCode === 4874 || name === 'LogFull' || reason === 'DISK_FULL';
}

/** The setting that an error of the system comes from, said as such; undefined: from none. */
export function wrongSettingOf(error: unknown, { host, port, dataDir }: Config): WrongSetting | undefined {
  const { code, syscall, path, errcode } = error as NodeJS.ErrnoException & { errcode?: number };
  if (isNoRoom(error)) return new WrongSetting([`DATA_DIR is ${JSON.stringify(dataDir)}; there is no room on its disk. Make room, or name a folder on another one.`]);
  if (path?.startsWith(dataDir) || NOT_WRITABLE.includes((errcode ?? 0) & 0xff)) {
    return new WrongSetting([`DATA_DIR is ${JSON.stringify(dataDir)}; it must be a folder that this program may write to${code?.startsWith('E') && errcode === undefined ? ` (${code})` : ''}.`]);
  }
  if (code === 'EADDRINUSE') return new WrongSetting([`PORT is ${port}, which is in use already; it must be one that nobody listens on, such as PORT=${port + 1}.`]);
  if (code === 'EACCES' && syscall === 'listen') return new WrongSetting([`PORT is ${port}; it must be one that this program may listen on, such as 3000.`]);
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo') return new WrongSetting([`HOST is ${JSON.stringify(host)}; it must be an address of this machine, such as 127.0.0.1.`]);
  return undefined;
}

export const settingsHelp = (): string => Object.values(SETTINGS)
  .map(({ name, about, byDefault }) => `  ${name.padEnd(20)} ${about}${byDefault ? ` (${byDefault})` : ''}`).join('\n');

function port(value: string): number | undefined {
  const number = Number(value);
  return /^\d+$/.test(value) && number <= 65_535 ? number : undefined;
}
