// j. The log on an EventStoreDB, where EVENTSTOREDB_URL names one: the whole command way, three nodes together, and reading all anew, beside the client's own rate.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import 'reflect-metadata';
import { found, memberOf, openBallot, openCommittee, SECRET } from '../lib/committee.mjs';
import { startChild } from '../lib/child.mjs';
import { inTurns, notRun, perSecond, progress, quick, report, times } from '../lib/measure.mjs';
import { folder, load } from '../lib/project.mjs';
import { votersOf } from '../lib/voters.mjs';

const CALLERS = 64;
const NODES = 3;
const MS = quick ? 1_500 : 5_000;
const ROUNDS = quick ? 3 : 7;
const WHAT = ['CastPosition on a hot ballot on EventStoreDB, 64 callers', '  three nodes together, 64 callers each, against one', '  all entries read anew into a copy'];
const connection = process.env.EVENTSTOREDB_URL;
if (!connection) {
  for (const what of WHAT) notRun(what, 'EVENTSTOREDB_URL names no server');
  process.exit(0);
}

const [{ EventStoreDBClient, NO_STREAM, START, FORWARDS }, { toServerEvent }, { EventStoreDbEngine }] = await Promise.all([
  import('@eventstore/db-client'), load('event-store/engines/eventstoredb-events.js'), load('event-store/engines/eventstoredb.engine.js'),
]);
const dir = folder('eventstoredb');
const stream = `bench-${randomUUID()}`;
const on = { EVENT_STORE: connection, COMMITTEE_STREAM: stream, INSTALLATION_SECRET: SECRET };
const client = EventStoreDBClient.connectionString(connection);
const credentials = { username: 'nobody', password: 'nobody' };

progress('a Committee of 192 regions is told to the server');
const founder = await openCommittee(join(dir, 'founder'), { more: on });
await found(founder, CALLERS * NODES);
const { ballot } = await openBallot(founder);
const { ballot: ofThree } = await openBallot(founder, 1);
const ours = votersOf(CALLERS, async (caller, expressed, replaces) => (await founder.send('CastPosition', { ballot, expressed, replaces }, memberOf(caller))).position);
await times(CALLERS, quick ? 1_000 : 5_000, ours);
const sample = founder.system.engine.log.at(founder.system.engine.log.head.position);

/** What 64 callers cause, without us: a batch of so many events of the same size at exactly the head, one after another. */
const raw = { stream: `bench-raw-${randomUUID()}`, head: 0 };
async function rawFor(ms) {
  let ops = 0;
  const begun = performance.now();
  while (performance.now() < begun + ms) {
    const append = randomUUID();
    const events = Array.from({ length: CALLERS }, () => toServerEvent({ ...sample, id: randomUUID() }, append));
    await client.appendToStream(raw.stream, events, { expectedRevision: raw.head === 0 ? NO_STREAM : BigInt(raw.head - 1), requiresLeader: true, deadline: 10_000, credentials });
    raw.head += CALLERS;
    ops += CALLERS;
  }
  return { value: (ops * 1_000) / (performance.now() - begun), ops };
}
const alone = await inTurns(ROUNDS, { ours: () => perSecond(CALLERS, MS, ours), raw: () => rawFor(MS) });
report({ what: WHAT[0], unit: '/s', ours: alone.ours, reference: alone.raw, against: "the client's own batches of 64", target: { atLeast: 0.5 } });

progress('reads all of it anew');
const { position: head } = founder.system.engine.log.head;
async function readAnew(round) {
  const begun = performance.now();
  const engine = await EventStoreDbEngine.open({ dataDir: folder(`anew-${round}`), connection, stream, onFatal: (error) => { throw error; } });
  const took = performance.now() - begun;
  const { position } = engine.log.head;
  await engine.close();
  if (position < head) throw new Error(`${position} of ${head} entries were read`);
  return { value: (position * 1_000) / took, ops: position };
}
/** Over a connection of its own, as ours: to a cluster it is made by asking who leads. */
async function readRaw() {
  const begun = performance.now();
  let ops = 0;
  const reader = EventStoreDBClient.connectionString(connection);
  for await (const { event } of reader.readStream(stream, { direction: FORWARDS, fromRevision: START, maxCount: head, requiresLeader: true, credentials })) ops += event === undefined ? 0 : 1;
  await reader.dispose();
  return { value: (ops * 1_000) / (performance.now() - begun), ops };
}
const reading = await inTurns(ROUNDS, { ours: readAnew, raw: readRaw });
report({ what: WHAT[2], unit: '/s', ours: reading.ours, reference: reading.raw, against: "the client's own reading", target: { atLeast: 0.9 } });
await founder.close();

progress('three nodes in processes of their own');
const addresses = Array.from({ length: NODES }, (_, i) => `http://127.0.0.1:${20_000 + ((process.pid + i * 7) % 20_000)}`);
const nodes = [];
for (const [i, address] of addresses.entries()) {
  nodes.push(await startChild('voting-node.mjs', [JSON.stringify({ dataDir: join(dir, `node-${i}`), more: { ...on, NODES: addresses.join(), THIS_NODE: address } })], { log: join(dir, `node-${i}.log`) }));
}
// Each has found the others: they greet twice a second.
await new Promise((done) => { setTimeout(done, 2_000); });
// Of its own: whoever votes names the position that it replaces.
const voting = (i, ms) => nodes[i].told({ ballot: ofThree, from: CALLERS * i, callers: CALLERS, ms });
const together = async (ms) => {
  const each = await Promise.all(nodes.map((_, i) => voting(i, ms)));
  return { value: each.reduce((sum, { value }) => sum + value, 0), ops: each.reduce((sum, { ops }) => sum + ops, 0) };
};
await together(quick ? 1_000 : 3_000);
const three = await inTurns(ROUNDS, { three: () => together(MS), one: () => voting(0, MS) }, { warmUp: false });
report({ what: WHAT[1], unit: '/s', ours: three.three, reference: three.one, against: 'the first node alone, 64 callers', target: { atLeast: 0.6 } });
for (const node of nodes) await node.stop();
await client.dispose();
process.exit(0);
