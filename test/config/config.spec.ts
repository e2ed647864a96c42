import { describe, expect, it } from '@jest/globals';
import { readConfig, settingsHelp, WrongSetting } from '../../src/config/config.js';

const told = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof WrongSetting) return error.message;
  }
  return 'accepted';
};

describe('Settings', () => {
  it('have defaults that start on loopback with the sample', () => {
    expect(readConfig({})).toMatchObject({ host: '127.0.0.1', port: 3000, sample: 'founding', oidcIssuer: undefined, installationSecret: undefined, logLevel: 'info' });
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  it('that are wrong are told all at once, each with its name, what was given and what would be right', () => {
    expect(told({ PORT: '99999', SAMPLE: 'big', LOG_LEVEL: 'loud' })).toBe(
      'PORT is "99999"; it must be a whole number from 0 to 65535.\nSAMPLE is "big"; it must be founding or none.\nLOG_LEVEL is "loud"; it must be one of debug, info, warn, error, silent.');
    for (const port of ['-1', '80x', '', '1.5', '1e3']) expect(told({ PORT: port })).toContain('PORT');
    expect(told({ OIDC_ISSUER: 'example' })).toContain('an http(s) address');
  });

  it('that are secret are not repeated', () => {
    expect(told({ INSTALLATION_SECRET: 'hunter2' })).toBe('INSTALLATION_SECRET is a text of 7 characters; it must be at least 32 characters.');
  });

  it('are listed, each one', () => {
    for (const name of ['HOST', 'PORT', 'DATA_DIR', 'SAMPLE', 'INSTALLATION_SECRET', 'OIDC_ISSUER', 'OIDC_AUDIENCE', 'OIDC_TOKEN_TYPES', 'LOG_LEVEL']) expect(settingsHelp()).toContain(name);
  });
});
