import { once } from 'node:events';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import WebSocket from 'ws';
import { Connection } from '../../src/graphql/socket-connection.js';
import { TestServer, until, type Json } from '../support/server.js';

let server: TestServer;
/** Every connection, as the server has it. */
let connections: readonly Connection[];
beforeEach(async () => {
  // Of the timers only the look at all connections, and what they measure by: the test says when a second has gone by.
  jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout'] });
  connections = jest.spyOn(Connection.prototype, 'begin').mock.contexts as Connection[];
  server = await TestServer.start({ sample: 'none' });
});
afterEach(async () => {
  await server.stop();
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** A client that has been greeted, without a library that would know better. */
async function greeted() {
  const client = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const heard: Json[] = [];
  client.on('message', (data) => { heard.push(JSON.parse(String(data))); });
  const closed = new Promise<[number, string]>((resolve) => { client.on('close', (code, reason) => resolve([code, String(reason)])); });
  await once(client, 'open');
  client.send('{"type":"connection_init"}');
  await until(() => heard.length === 1);
  return { client, heard, closed };
}

it('A connection for which something is held back at each look, for a moment, is not taken for one whose reader is stuck', async () => {
  const { client, heard } = await greeted();
  // Longer than what a reader may leave lying, shorter than until a ping.
  const SECONDS = 10;
  for (let n = 1; n <= SECONDS; n++) {
    // Said and looked at in one turn of the event loop, as where a round and a look are due together: it has not left yet.
    void connections[0]?.say(`{"n":${n}}`);
    jest.advanceTimersByTime(1_000);
  }
  await until(() => heard.length === 1 + SECONDS || client.readyState !== WebSocket.OPEN);
  expect([client.readyState, heard.slice(1).map(({ n }) => n)]).toEqual([WebSocket.OPEN, Array.from({ length: SECONDS }, (_, i) => i + 1)]);
});

it("A message of a type that is the server's to send, or nobody's, is the client's error: closed with 4400, and not reported as ours", async () => {
  const reported = jest.spyOn(server.running.system.logger, 'error');
  // graphql-ws throws the first: it is known by its words alone.
  for (const [type, reason] of [['connection_ack', 'Unexpected message of type connection_ack received'], ['sing', 'Invalid message received']] as const) {
    const { client, closed } = await greeted();
    client.send(JSON.stringify({ type }));
    expect(await closed).toEqual([4400, reason]);
  }
  expect(reported).not.toHaveBeenCalled();
});
