import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LogUnreachable } from '../../src/event-store/event-store.js';
import { entriesAfter } from '../support/entries.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { TestServer } from '../support/server.js';

interface Health { readonly status: string; readonly problems: readonly string[] }
const ready = async ({ url }: TestServer): Promise<readonly [number, readonly string[]]> => {
  const response = await fetch(`${url}/health/ready`);
  return [response.status, ((await response.json()) as Health).problems];
};
const metric = async ({ running }: TestServer, name: string): Promise<number> => Number((await running.system.measures.registry.getSingleMetricAsString(name)).split(' ').at(-1));

describe('A node is not ready', () => {
  let double: EventStoreDbDouble;
  beforeAll(async () => { double = await EventStoreDbDouble.start(); });
  afterAll(() => double.stop());
  const settings = (): Record<string, string> => ({ EVENT_STORE: double.connection, COMMITTEE_STREAM: `committee-test-${randomUUID()}`, INSTALLATION_SECRET: 'one secret for all nodes of this test' });

  it.each([['a file', (): Record<string, string> => ({})], ['an EventStoreDB', settings]])('while its disk has less free than MIN_FREE_MIB, with the log in %s, and says what to do', async (_, more) => {
    const most = 999_999_999;
    const full = await TestServer.start({ sample: 'none', settings: { ...more(), MIN_FREE_MIB: String(most) } });
    expect(await ready(full)).toEqual([503, [expect.stringMatching(new RegExp(`^the disk of DATA_DIR has \\d+ MiB left, less than ${most} \\(MIN_FREE_MIB\\): make room$`))]]);
    expect((await fetch(`${full.url}/health/live`)).status).toBe(200);
    expect(await metric(full, 'committee_data_free_bytes')).toBeGreaterThan(0);
    await full.stop();
    const roomy = await TestServer.start({ sample: 'none', settings: { ...more(), MIN_FREE_MIB: '0' } });
    expect(await ready(roomy)).toEqual([200, []]);
    await roomy.stop();
  }, 60_000);

  it('while the server of the log has not answered for some seconds; reading goes on, and it is ready again by itself', async () => {
    const node = await TestServer.start({ sample: 'none', settings: settings() });
    expect(await ready(node)).toEqual([200, []]);
    expect(await metric(node, 'committee_log_server_silent_seconds')).toBeLessThan(4);
    double.isAway = true;
    const away = Date.now();
    for (let last = await ready(node); ; last = await ready(node)) {
      if (last[0] === 503) {
        expect(last).toEqual([503, [expect.stringMatching(/^the server of the log has not answered for [5-9] seconds$/)]]);
        break;
      }
      expect(Date.now() - away).toBeLessThan(15_000);
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    // Not at the first call that goes wrong: a cluster changes its leader now and then.
    expect(Date.now() - away).toBeGreaterThan(4_000);
    expect(await metric(node, 'committee_log_server_silent_seconds')).toBeGreaterThan(5);
    expect((await node.ask('{ committee { position } }')).data.committee).toEqual({ position: '0' });
    double.isAway = false;
    for (let last = await ready(node); last[0] !== 200; last = await ready(node)) {
      expect(Date.now() - away).toBeLessThan(40_000);
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    await node.stop();
  }, 60_000);

  it('where the server of the log would not let it write, which is not silent then', async () => {
    const node = await TestServer.start({ sample: 'none', settings: settings() });
    expect(await metric(node, 'committee_log_server_denies')).toBe(0);
    double.appends = 'ACCESS_DENIED';
    await expect(node.running.system.engine.append(entriesAfter(0, 1), 0)).rejects.toBeInstanceOf(LogUnreachable);
    double.appends = undefined;
    expect(await ready(node)).toEqual([503, ['the server of the log does not let this node write']]);
    expect(await metric(node, 'committee_log_server_denies')).toBe(1);
    expect(await metric(node, 'committee_log_server_silent_seconds')).toBeLessThan(4);
    await node.stop();
  }, 60_000);
});
