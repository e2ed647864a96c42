import { isAbsolute } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LOG_LEVELS, readConfig, settingsHelp, WrongSetting, wrongSettingOf, type Config } from '../../src/config/config.js';

const told = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof WrongSetting) return error.message;
  }
  return 'accepted';
};

/** Every setting by its name: what is wrong, and what is said to be right. */
const WRONG: Readonly<Record<keyof Config, readonly [name: string, values: readonly string[], right: string]>> = {
  host: ['HOST', [''], 'an address such as 127.0.0.1'],
  port: ['PORT', ['', '-1', '65536', '80x', '1.5', '1e3', ' 80', '٣'], 'a whole number from 0 to 65535'],
  dataDir: ['DATA_DIR', [''], 'a path'],
  sample: ['SAMPLE', ['', 'big', 'FOUNDING', 'no'], 'founding or none'],
  eventStore: ['EVENT_STORE', ['example', 'http://example.eu:2113', 'kurrentdb://host', 'esdb://', 'esdb:// x', 'esdb://clerk@host', 'esdb://clerk:s3c@ret@host', 'esdb://clerk:%zz@host', 'esdb+discover://a,b,c'], 'as in esdb://user:password@host:2113, esdb://a:2113,b:2113,c:2113 for a cluster, or esdb+discover://name for one name; @ in a password is %40'],
  committeeStream: ['COMMITTEE_STREAM', ['', '$all', 'two words'], 'a name without blanks that does not begin with $'],
  nodes: ['NODES', ['node-1', 'http://node-1', 'https://node-1:4000', 'http://node-1:4000/path', 'http://node-1:4000,http://node-1:4000'], 'different addresses with a port, such as http://node-1:4000,http://node-2:4000'],
  node: ['THIS_NODE', ['node-1', 'http://node-1', 'http://user@node-1:4000'], 'an address with a port, such as http://node-1:4000'],
  installationSecret: ['INSTALLATION_SECRET', ['hunter2', 'x'.repeat(31)], 'at least 32 characters'],
  oidcIssuer: ['OIDC_ISSUER', ['example', 'ftp://example.eu', 'file:///etc/passwd', 'https://'], 'an http(s) address'],
  oidcAudience: ['OIDC_AUDIENCE', [''], 'a text'],
  oidcTokenTypes: ['OIDC_TOKEN_TYPES', ['', ' , ,'], 'types such as at+jwt,JWT'],
  logLevel: ['LOG_LEVEL', ['', 'loud', 'INFO'], `one of ${LOG_LEVELS.join(', ')}`],
  metricsPort: ['METRICS_PORT', ['-1', '65536', 'x'], 'a whole number from 0 to 65535'],
  metricsHost: ['METRICS_HOST', [''], 'an address such as 127.0.0.1'],
  minFreeMiB: ['MIN_FREE_MIB', ['', '-1', '1.5', 'all'], 'a whole number, such as 256'],
  drainSeconds: ['DRAIN_SECONDS', ['', '-1', '16', '1.5'], 'a whole number from 0 to 15'],
  threads: ['THREADS', ['0', '3', 'two'], '1 or 2'],
};

describe('Settings', () => {
  it('have defaults that start on loopback with the sample, and are frozen', () => {
    const config = readConfig({ UNKNOWN: 'is not ours' });
    expect(config).toMatchObject({
      host: '127.0.0.1', port: 3000, sample: 'founding', oidcIssuer: undefined, eventStore: undefined, committeeStream: 'committee', nodes: [], node: undefined, installationSecret: undefined, oidcAudience: 'urn:interregional-committee:api', oidcTokenTypes: ['at+jwt'], logLevel: 'info',
      metricsPort: undefined, metricsHost: '127.0.0.1', drainSeconds: 5, threads: undefined,
    });
    expect(isAbsolute(config.dataDir)).toBe(true);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('are read as they are meant', () => {
    expect(readConfig({ HOST: '::1', PORT: '0', DATA_DIR: '/data', SAMPLE: 'none', INSTALLATION_SECRET: 'x'.repeat(32), OIDC_ISSUER: 'https://issuer.example/realms/r', OIDC_AUDIENCE: 'a', OIDC_TOKEN_TYPES: 'at+jwt, JWT', LOG_LEVEL: 'silent', METRICS_PORT: '9464', METRICS_HOST: '::1', MIN_FREE_MIB: '512', DRAIN_SECONDS: '0', THREADS: '1' }))
      .toEqual({ host: '::1', port: 0, dataDir: '/data', sample: 'none', eventStore: undefined, committeeStream: 'committee', nodes: [], node: undefined, installationSecret: 'x'.repeat(32), oidcIssuer: 'https://issuer.example/realms/r', oidcAudience: 'a', oidcTokenTypes: ['at+jwt', 'JWT'], logLevel: 'silent', metricsPort: 9464, metricsHost: '::1', minFreeMiB: 512, drainSeconds: 0, threads: 1 });
    // Left empty, as a file of settings may have it: as if left out.
    expect(readConfig({ OIDC_ISSUER: '', INSTALLATION_SECRET: '' })).toMatchObject({ oidcIssuer: undefined, installationSecret: undefined });
  });

  it.each(Object.values(WRONG))('%s: what is wrong is told with its name, what was given and what would be right', (name, values, right) => {
    for (const value of values) {
      const message = told({ [name]: value });
      const given = name === 'INSTALLATION_SECRET' || name === 'EVENT_STORE' ? `a text of ${value.length} characters` : JSON.stringify(value);
      expect(message).toBe(`${name} is ${given}; it must be ${right}.`);
    }
  });

  it('of several nodes on one EventStoreDB are asked for together: a secret for all, and no sample', () => {
    const EVENT_STORE = 'esdb://user:pa%20ss@a.example,b.example:2113?tlsCAFile=/ca.pem';
    const INSTALLATION_SECRET = 'x'.repeat(32);
    expect(readConfig({ EVENT_STORE, COMMITTEE_STREAM: 'health', INSTALLATION_SECRET })).toMatchObject({ eventStore: EVENT_STORE, committeeStream: 'health', sample: 'none' });
    expect(told({ EVENT_STORE })).toBe('INSTALLATION_SECRET is left out; with EVENT_STORE it must be at least 32 characters, the same on all nodes.');
    expect(told({ EVENT_STORE, INSTALLATION_SECRET, THREADS: '2' })).toBe('THREADS is 2; with EVENT_STORE it must be 1, or left out: the second thread is for a log in a file.');
    expect(told({ EVENT_STORE, INSTALLATION_SECRET, SAMPLE: 'founding' })).toBe('SAMPLE is "founding"; with EVENT_STORE it must be none: the sample is for a log in a file.');
  });

  it('of nodes that know one another: each is one of them, on one log', () => {
    const given = { EVENT_STORE: 'esdb://log:2113', INSTALLATION_SECRET: 'x'.repeat(32), NODES: ' http://node-1:4000/, http://node-2:4000', THIS_NODE: 'http://node-2:4000' };
    expect(readConfig(given)).toMatchObject({ nodes: ['http://node-1:4000', 'http://node-2:4000'], node: 'http://node-2:4000' });
    const { THIS_NODE: _, ...unnamed } = given;
    expect(told(unnamed)).toBe('THIS_NODE is left out; with NODES it must be the one of them that this node is: http://node-1:4000, http://node-2:4000.');
    expect(told({ ...given, THIS_NODE: 'http://node-3:4000' })).toBe('THIS_NODE is "http://node-3:4000"; it must be one of NODES, which are http://node-1:4000, http://node-2:4000.');
    expect(told({ THIS_NODE: given.THIS_NODE })).toBe('THIS_NODE is "http://node-2:4000"; it must be one of NODES, which are left out.');
    expect(told({ NODES: given.NODES, THIS_NODE: given.THIS_NODE })).toBe('EVENT_STORE is left out; with NODES it must be the EventStoreDB that keeps the log of all nodes.');
  });

  it('that are wrong are told all at once', () => {
    expect(told({ PORT: '99999', SAMPLE: 'big', LOG_LEVEL: 'loud' })).toBe(
      'PORT is "99999"; it must be a whole number from 0 to 65535.\nSAMPLE is "big"; it must be founding or none.\nLOG_LEVEL is "loud"; it must be one of debug, info, warn, error, silent.');
  });

  it('that are secret are not repeated, whole or in part', () => {
    for (const secret of ['hunter2', 'correct horse battery stapl']) {
      const message = told({ INSTALLATION_SECRET: secret, PORT: 'x' });
      for (let i = 0; i + 5 <= secret.length; i++) expect(message).not.toContain(secret.slice(i, i + 5));
    }
  });

  it('are listed, each one, with its default, and none more', () => {
    const lines = settingsHelp().split('\n');
    expect(lines.map((line) => line.trim().split(' ')[0])).toEqual(Object.values(WRONG).map(([name]) => name));
    for (const given of ['(127.0.0.1)', '(3000)', '(./var)', '(founding)', '(urn:interregional-committee:api)', '(at+jwt)', '(info)']) expect(settingsHelp()).toContain(given);
  });

  it('stand behind errors of the system, which are told by them', () => {
    const config = readConfig({ DATA_DIR: '/data', PORT: '80', HOST: '10.0.0.1' });
    const of = (error: object): string | undefined => wrongSettingOf(Object.assign(new Error(), error), config)?.message;
    expect(of({ code: 'ENOTDIR', syscall: 'mkdir', path: '/data' })).toBe('DATA_DIR is "/data"; it must be a folder that this program may write to (ENOTDIR).');
    expect(of({ code: 'ERR_SQLITE_ERROR', errcode: 14 })).toBe('DATA_DIR is "/data"; it must be a folder that this program may write to.');
    const NO_ROOM = 'DATA_DIR is "/data"; there is no room on its disk. Make room, or name a folder on another one.';
    // SQLite without room: for the file itself (FULL), for its shared memory (IOERR_SHMSIZE), and as the log tells it of an append.
    for (const error of [
      { code: 'ENOSPC', syscall: 'mkdir', path: '/data' }, { code: 'ENOSPC', syscall: 'write' }, { code: 'EDQUOT', syscall: 'write' },
      { code: 'ERR_SQLITE_ERROR', errcode: 13 }, { code: 'ERR_SQLITE_ERROR', errcode: 4874 }, { code: 'ERR_SQLITE_ERROR', errcode: 10, sqliteExtendedCode: 4874 }, { name: 'LogFull' }, { code: 'UNAVAILABLE', reason: 'DISK_FULL' },
    ]) expect([error, of(error)]).toEqual([error, NO_ROOM]);
    // Any other error of input and output is no matter of room.
    expect(of({ code: 'ERR_SQLITE_ERROR', errcode: 10 })).toBeUndefined();
    expect(of({ code: 'EADDRINUSE', syscall: 'listen' })).toMatch(/^PORT is 80, which is in use already/);
    expect(of({ code: 'EACCES', syscall: 'listen' })).toMatch(/^PORT is 80; it must be/);
    expect(of({ code: 'EADDRNOTAVAIL', syscall: 'listen' })).toMatch(/^HOST is "10.0.0.1"; it must be an address of this machine/);
    expect(of({ code: 'ENOENT', syscall: 'open', path: '/elsewhere' })).toBeUndefined();
    expect(of({})).toBeUndefined();
  });
});
