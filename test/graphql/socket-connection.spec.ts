import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import WebSocket, { WebSocketServer } from 'ws';
import { Connection, type House } from '../../src/graphql/socket-connection.js';
import { Outbox } from '../../src/graphql/outbox.js';
import { VISITOR } from '../../src/identity/standing.js';
import { until } from '../support/server.js';

let server: Server;
let house: House & { readonly reported: unknown[] };
beforeEach(async () => {
  const reported: unknown[] = [];
  house = { outbox: new Outbox(), standingOf: () => VISITOR, report: (error) => { reported.push(error); }, reported };
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  jest.restoreAllMocks();
  server.close();
});

/** Both ends of a connection; nothing looks at it but the test. */
async function connect({ hear = async () => undefined, autoPong = true }: { hear?: (text: string) => Promise<void>; autoPong?: boolean } = {}) {
  const sockets = new WebSocketServer({ noServer: true, WebSocket: Connection });
  const here = new Promise<Connection>((resolve) => {
    server.once('upgrade', (request, way, head) => sockets.handleUpgrade(request, way, head, (connection) => {
      connection.begin(house, way, () => async () => undefined);
      connection.onMessage(hear);
      resolve(connection);
    }));
  });
  const there = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { autoPong });
  const closed = new Promise<[number, string]>((resolve) => there.once('close', (code, reason) => resolve([code, String(reason)])));
  await once(there, 'open');
  return { here: await here, there, closed };
}
const look = (connection: Connection, times: number): void => { for (let i = 0; i < times; i++) connection.look(); };
/** As if so much time had gone by. */
function after(ms: number): void {
  const now = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => now() + ms);
}

it('A connection that does not say who it is within 3 seconds is closed with 4408; one that has is not', async () => {
  const [silent, greeted] = [await connect(), await connect()];
  greeted.here.isGreeted = true;
  look(silent.here, 1);
  expect(silent.here.readyState).toBe(WebSocket.OPEN);
  after(3_100);
  for (const { here } of [silent, greeted]) look(here, 1);
  expect(await silent.closed).toEqual([4408, 'Connection initialisation timeout']);
  expect(greeted.here.readyState).toBe(WebSocket.OPEN);
  greeted.there.terminate();
});

it('A connection is pinged at each twelfth look and let go at the next ping if it has not answered', async () => {
  const [there, gone] = [await connect(), await connect({ autoPong: false })];
  for (const one of [there, gone]) one.here.isGreeted = true;
  for (let round = 0; round < 3; round++) {
    const [pinged, answered] = [once(there.there, 'ping'), once(there.here, 'pong')];
    look(there.here, 12);
    await Promise.all([pinged, answered]);
  }
  const pinged = once(gone.there, 'ping');
  look(gone.here, 12);
  await pinged;
  look(gone.here, 11);
  expect(gone.here.readyState).toBe(WebSocket.OPEN);
  look(gone.here, 1);
  expect((await gone.closed)[0]).toBe(1006);
  expect(there.here.readyState).toBe(WebSocket.OPEN);
  there.there.terminate();
});

it('A connection is closed with 4403 at the first look after its token has expired', async () => {
  const { here, closed } = await connect();
  here.isGreeted = true;
  const now = Date.now();
  here.caller = { personId: 'somebody', expiresAt: now + 60_000 };
  look(here, 1);
  expect(here.readyState).toBe(WebSocket.OPEN);
  jest.spyOn(Date, 'now').mockImplementation(() => now + 60_000);
  look(here, 1);
  expect((await closed)[0]).toBe(4403);
});

it('A connection that goes on asking without reading the answers is cut off, before they fill the memory', async () => {
  const heard: string[] = [];
  const { here, there } = await connect({ hear: async (text) => { heard.push(text); } });
  there.pause();
  for (let i = 0; i < 200; i++) here.send('x'.repeat(100_000));
  there.send('more');
  await until(() => here.readyState === WebSocket.CLOSED);
  expect(heard).toEqual([]);
  there.terminate();
});

it('A reason that is too long for its frame is cut, whatever signs it is of', async () => {
  const { here, closed } = await connect();
  here.close(4400, 'é€'.repeat(100));
  const [code, reason] = await closed;
  expect([code, reason.startsWith('é€é€'), Buffer.byteLength(reason) <= 123]).toEqual([4400, true, true]);
});

it('A connection whose message breaks something in here is reported and closed alone', async () => {
  const [broken, other] = [await connect({ hear: () => Promise.reject(new Error('broken')) }), await connect()];
  broken.there.send('hello');
  expect(await broken.closed).toEqual([4500, 'Internal server error']);
  expect(house.reported).toEqual([new Error('broken')]);
  expect(other.here.readyState).toBe(WebSocket.OPEN);
  other.there.terminate();
});
