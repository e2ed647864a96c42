// i. What another reader waits for while a costly question is answered, beside how long that takes: the thread is shared in turns.
import { join } from 'node:path';
import { startChild } from '../lib/child.mjs';
import { found, memberOf, openCommittee, settings, startIssuer, tellYears } from '../lib/committee.mjs';
import { connection } from '../lib/http.mjs';
import { quick, report } from '../lib/measure.mjs';
import { folder } from '../lib/project.mjs';

const MEMBERS = 40;
const BALLOTS = 100;
const ROUNDS = quick ? 5 : 15;

const dir = folder('waits');
const dataDir = join(dir, 'data');
const issuer = await startIssuer();
const committee = await openCommittee(dataDir, { issuer: issuer.issuer });
await found(committee, MEMBERS);
await tellYears(committee, BALLOTS * (MEMBERS + 10), MEMBERS);
await committee.close();

const aliases = (count, field) => Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ');
const QUESTIONS = {
  'who is entitled, of 100 ballots, 18 times': `{ committee { ballots(first: 100) { edges { node { ${aliases(18, 'electorate { region { name } }')} } } } } }`,
  'the histories of 90 ballots': '{ committee { ballots(first: 90) { edges { node { history(first: 70) { edges { node { change { sentence } } } } } } } } }',
};

const child = await startChild('server.mjs', ['one-thread'], { env: settings(dataDir, issuer.issuer), log: join(dir, 'server.log') });
const authorization = `authorization: Bearer ${await issuer.tokenFor(memberOf(1))}\r\n`;
const [costly, other] = [connection(child.url), connection(child.url)];
async function ask(on, query) {
  const { status, body } = await on.post('/graphql', authorization, JSON.stringify({ query }));
  if (status !== 200 || body.startsWith('{"errors"')) throw new Error(`answered ${status}: ${body.slice(0, 300)}`);
}

for (const [what, query] of Object.entries(QUESTIONS)) {
  const [waits, wholes] = [[], []];
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now();
    let worst = 0;
    let whole;
    const answered = ask(costly, query).then(() => { whole = performance.now() - start; });
    while (whole === undefined) {
      const asked = performance.now();
      await ask(other, '{ committee { position } }');
      worst = Math.max(worst, performance.now() - asked);
    }
    await answered;
    if (round < 0) continue;
    waits.push(worst);
    wholes.push(whole);
  }
  const line = (values) => ({ values, cpu: [] });
  report({ what, unit: 'ms', ours: line(waits), reference: line(wholes), against: 'the whole time of the costly question', target: { atMost: 0.5 } });
}
for (const open of [costly, other]) open.close();
await child.stop();
issuer.close();
process.exit(0);
