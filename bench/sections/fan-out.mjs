// h. Subscribers who follow the log at 50 entries a second: whether they keep pace, and what a delivery and a subscriber cost, against a bare ws server.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { startChild } from '../lib/child.mjs';
import { found, memberOf, openCommittee, settings, startIssuer } from '../lib/committee.mjs';
import { connection } from '../lib/http.mjs';
import { inTurns, progress, quick, report } from '../lib/measure.mjs';
import { folder } from '../lib/project.mjs';

const SUBSCRIBERS = 1_000;
const A_SECOND = 50;
const SECONDS = quick ? 4 : 10;
const ROUNDS = quick ? 2 : 5;
const MEMBERS = 40;
const QUERY = 'subscription { committee { position time change { kind about sentence } } }';
const RENAME = 'mutation ($input: RenameKeyAreaInput!) { renameKeyArea(input: $input) { position } }';

const dir = folder('fan-out');
const issuer = await startIssuer();
const dataDir = join(dir, 'data');
const committee = await openCommittee(dataDir, { issuer: issuer.issuer });
await found(committee, MEMBERS);
await committee.close();

/** Every fifth subscriber is a member, the others visitors. */
async function subscribe(url, token) {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { perMessageDeflate: false });
  await new Promise((done, failed) => socket.once('open', done).once('error', failed));
  socket.send(JSON.stringify({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} }));
  await new Promise((done) => socket.once('message', done));
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY } }));
  return socket;
}

async function side(file, args, env, path, tokens, write) {
  const child = await startChild(file, args, { env, log: join(dir, `${file}.log`) });
  const writer = await write(child);
  const sockets = [];
  for (let i = 0; i < SUBSCRIBERS; i += 50) {
    sockets.push(...await Promise.all(Array.from({ length: Math.min(50, SUBSCRIBERS - i) }, (_, n) => subscribe(child.url + path, (i + n) % 5 === 0 ? tokens[(i + n) % tokens.length] : undefined))));
  }
  let [received, waits, sample] = [0, [], ''];
  for (const [i, socket] of sockets.entries()) {
    socket.on('message', (data) => {
      received++;
      if (i % 10 !== 0) return;
      const text = String(data);
      sample = text;
      const at = text.indexOf('"time":"') + 8;
      waits.push(Date.now() - Date.parse(text.slice(at, at + 24)));
    });
  }
  const run = async (seconds) => {
    [received, waits] = [0, []];
    const cpu = await child.cpu();
    const start = performance.now();
    for (let i = 0; i < seconds * A_SECOND; i++) {
      const early = start + (i * 1_000) / A_SECOND - performance.now();
      if (early > 0) await delay(early);
      writer(i);
    }
    const due = SUBSCRIBERS * A_SECOND * seconds;
    for (let waited = 0; received < due; waited += 20) {
      if (waited > 60_000) throw new Error(`${file} gave ${received} of ${due} messages`);
      await delay(20);
    }
    waits.sort((a, b) => a - b);
    return { value: (await child.cpu() - cpu) / due, ops: due, p50: waits[waits.length >> 1], p99: waits[Math.floor(waits.length * 0.99)] };
  };
  // Warm, and with each subscriber's first messages behind it.
  await delay(500);
  await run(2);
  /** What is let go of when they leave: a server's compiled questions and last entries are not a subscriber's. */
  const heapOfOne = async () => {
    const before = await child.heap();
    for (const socket of sockets) socket.terminate();
    await delay(1_000);
    return (before - await child.heap()) / SUBSCRIBERS / 1_024;
  };
  return { run, heapOfOne, sample: () => sample, stop: () => child.stop() };
}

const authorization = `authorization: Bearer ${await issuer.tokenFor('secretariat')}\r\n`;
const tokens = await Promise.all(Array.from({ length: MEMBERS }, (_, i) => issuer.tokenFor(memberOf(i))));
let renamed = 0;
const ours = await side('server.mjs', ['dispatch'], settings(dataDir, issuer.issuer), '/graphql', tokens, async (child) => {
  // A connection asks one thing at a time.
  const connections = Array.from({ length: 16 }, () => connection(child.url));
  return (i) => void connections[i % connections.length].post('/graphql', authorization, JSON.stringify({ query: RENAME, variables: { input: { code: `KA${1 + (i % 5)}`, title: `Title ${renamed++}` } } }))
    .then(({ body }) => { if (body.includes('"errors"')) throw new Error(body); });
});
const text = ours.sample().replace(/"time":"[^"]*"/, '"time":"<time>"');
const floor = await side('floor.mjs', [], {}, '', tokens, async (child) => () => child.tell({ text }));
progress(`fan-out: ${text.length} bytes a message`);

const waits = { p50: [], p99: [] };
const cpuOf = (one, note) => async () => {
  const { value, ops, p50, p99 } = await one.run(SECONDS);
  if (note) { waits.p50.push(p50); waits.p99.push(p99); }
  return { value, ops, cpu: value };
};
const measured = await inTurns(ROUNDS, { ours: cpuOf(ours, true), floor: cpuOf(floor, false) }, { warmUp: false });
const name = `${SUBSCRIBERS.toLocaleString('en')} subscribers at ${A_SECOND} entries/s`;
report({ what: `${name}, CPU a delivery`, unit: 'µs', ours: measured.ours, reference: measured.floor, against: 'a bare ws server that sends the same text', target: { atMost: 1.3 } });
report({ what: '  p50 from recorded to received', unit: 'ms', ours: { values: waits.p50 } });
report({ what: '  p99', unit: 'ms', ours: { values: waits.p99 }, target: { atMost: 250 } });
report({ what: '  heap a subscriber', unit: 'KiB', ours: { values: [await ours.heapOfOne()] }, target: { atMost: 6 }, note: `the bare server: ${(await floor.heapOfOne()).toFixed(1)} KiB` });
await Promise.all([ours.stop(), floor.stop()]);
issuer.close();
process.exit(0);
