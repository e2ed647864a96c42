// i. What others wait for while costly questions are answered, beside how long those take: the thread is shared in turns.
import { join } from 'node:path';
import WebSocket from 'ws';
import { startChild } from '../lib/child.mjs';
import { found, memberOf, openBallot, openCommittee, settings, startIssuer, tellYears } from '../lib/committee.mjs';
import { connection } from '../lib/http.mjs';
import { quick, report } from '../lib/measure.mjs';
import { folder } from '../lib/project.mjs';

const MEMBERS = 40;
const ROUNDS = quick ? 5 : 15;
const ALIASES = Array.from({ length: 18 }, (_, i) => `a${i}: electorate { region { name } }`).join(' ');
const COSTLY = `{ committee { ballots(first: 100) { edges { node { ${ALIASES} } } } } }`;

const dir = folder('waits');
const dataDir = join(dir, 'data');
const issuer = await startIssuer();
const committee = await openCommittee(dataDir, { issuer: issuer.issuer });
await found(committee, MEMBERS);
await tellYears(committee, 100 * (MEMBERS + 10), MEMBERS);
// From now on it is today.
committee.clock.standAt(new Date().toISOString());
const { ballot } = await openBallot(committee);
await committee.close();

const child = await startChild('server.mjs', ['one-thread'], { env: settings(dataDir, issuer.issuer), log: join(dir, 'server.log') });
const token = await issuer.tokenFor(memberOf(1));
async function ask(on, query) {
  const { status, body } = await on.post('/graphql', `authorization: Bearer ${token}\r\n`, JSON.stringify({ query }));
  if (status !== 200 || body.startsWith('{"errors"')) throw new Error(`answered ${status}: ${body.slice(0, 300)}`);
  return body;
}
const WHAT = `position ballot(id: "${ballot}") { tally { inFavour } positions { region { name } } }`;

/** Tells what it is given by position. */
const arrived = new Map();
const socket = new WebSocket(`${child.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
await new Promise((done, failed) => socket.once('open', done).once('error', failed));
socket.on('message', (data) => {
  const text = String(data);
  if (text.includes('"errors"') || text.includes('"error"')) throw new Error(text);
  const position = /"position":"(\d+)"/.exec(text)?.[1];
  if (position) arrived.set(position, performance.now());
});
socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
await new Promise((done) => socket.once('message', done));
socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: `subscription { committee(about: { things: ["${ballot}"] }) { ${WHAT} } }` } }));

const other = connection(child.url);
let [replaces, expressed] = ['', 'AGAINST'];
async function vote() {
  expressed = expressed === 'AGAINST' ? 'IN_FAVOUR' : 'AGAINST';
  const body = await ask(other, `mutation { castPosition(input: { ballot: "${ballot}", expressed: ${expressed}${replaces} }) { position } }`);
  const { position } = JSON.parse(body).data.castPosition;
  replaces = `, replaces: "${position}"`;
  return position;
}

for (const costly of [1, 4]) {
  const connections = Array.from({ length: costly }, () => connection(child.url));
  const measured = { vote: [], read: [], message: [] };
  const wholes = [];
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now();
    let whole;
    const answered = Promise.all(connections.map((one) => ask(one, COSTLY))).then(() => { whole = performance.now() - start; });
    const worst = { vote: 0, read: 0, message: 0 };
    while (whole === undefined) {
      const began = performance.now();
      const position = await vote();
      const receipt = performance.now();
      await ask(other, `{ committee(notBefore: "${position}") { ${WHAT} } }`);
      const read = performance.now();
      while (!arrived.has(position)) await new Promise((soon) => { setTimeout(soon, 1); });
      worst.vote = Math.max(worst.vote, receipt - began);
      worst.read = Math.max(worst.read, read - receipt);
      worst.message = Math.max(worst.message, arrived.get(position) - receipt);
    }
    await answered;
    if (round < 0) continue;
    for (const [name, ms] of Object.entries(worst)) measured[name].push(ms);
    wholes.push(whole);
  }
  for (const one of connections) one.close();
  const line = (values) => ({ values, cpu: [] });
  const names = { vote: 'a vote', read: 'reading it', message: "a subscriber's message of it" };
  for (const [name, what] of Object.entries(names)) {
    report({ what: `${what}, at most, beside ${costly} costly question${costly > 1 ? 's' : ''}`, unit: 'ms', ours: line(measured[name]), reference: line(wholes), against: `the whole time of ${costly > 1 ? 'them' : 'it'}`, target: { atMost: 0.5 } });
  }
}
socket.terminate();
other.close();
await child.stop();
issuer.close();
process.exit(0);
