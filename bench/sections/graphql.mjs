// c. Durable castPosition over GraphQL, against the same stack with nothing behind it. Servers in processes of their own; each request is a legal vote.
import { join } from 'node:path';
import { startChild } from '../lib/child.mjs';
import { found, memberOf, openBallot, openCommittee, settings, startIssuer } from '../lib/committee.mjs';
import { connection } from '../lib/http.mjs';
import { inTurns, perSecond, quick, report } from '../lib/measure.mjs';
import { folder, load } from '../lib/project.mjs';

const CONNECTIONS = 64;
const MS = quick ? 1_500 : 5_000;
const ROUNDS = quick ? 3 : 7;
const QUERY = 'mutation Vote($input: CastPositionInput!) { castPosition(input: $input) { id position revision commandId repeated } }';

const dir = folder('graphql');
const issuer = await startIssuer();

async function server(behind) {
  const dataDir = join(dir, behind);
  const committee = await openCommittee(dataDir, { issuer: issuer.issuer });
  await found(committee, CONNECTIONS);
  const { ballot } = await openBallot(committee);
  await committee.close();

  // As npm start logs, into a file.
  const { url, told, stop } = await startChild('server.mjs', [behind], { env: { ...settings(dataDir, issuer.issuer), LOG_LEVEL: 'info' }, log: join(dir, `${behind}.log`) });
  const voters = await Promise.all(Array.from({ length: CONNECTIONS }, async (_, i) => ({
    connection: connection(url), headers: `authorization: Bearer ${await issuer.tokenFor(memberOf(i))}\r\n`, expressed: 'AGAINST', replaces: undefined,
  })));
  const vote = async (caller) => {
    const voter = voters[caller];
    const expressed = voter.expressed === 'AGAINST' ? 'IN_FAVOUR' : 'AGAINST';
    const { status, body } = await voter.connection.post('/graphql', voter.headers, JSON.stringify({ query: QUERY, variables: { input: { ballot, expressed, replaces: voter.replaces } } }));
    const receipt = status === 200 ? JSON.parse(body).data?.castPosition : undefined;
    if (!receipt) throw new Error(`${behind} answered ${status}: ${body.slice(0, 500)}`);
    Object.assign(voter, { expressed, replaces: receipt.position });
  };
  return {
    stop: async () => {
      for (const { connection: open } of voters) open.close();
      await stop();
    },
    /** The processor's time is the server's. */
    run: async (ms) => {
      const before = await told('cpu');
      const { value, ops } = await perSecond(CONNECTIONS, ms, vote);
      const after = await told('cpu');
      if (['two-threads', 'one-thread'].includes(behind) && after.head - before.head < ops) throw new Error(`${ops} votes were answered and ${after.head - before.head} are in the log`);
      return { value, ops, cpu: (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / ops };
    },
  };
}

const servers = { oneThread: await server('one-thread'), twoThreads: await server('two-threads'), validation: await server('validation'), nothing: await server('nothing') };
const { threadsByDefault } = await load('start.js');
const byDefault = threadsByDefault(undefined) === 2 ? 'twoThreads' : 'oneThread';
// Enough for the compiler to have seen all of it.
for (const one of Object.values(servers)) await one.run(quick ? 2_500 : 5_000);
const measured = await inTurns(ROUNDS, Object.fromEntries(Object.entries(servers).map(([name, one]) => [name, () => one.run(MS)])), { warmUp: false });
for (const one of Object.values(servers)) await one.stop();
issuer.close();

const voted = measured[byDefault];
report({ what: `castPosition over GraphQL, 64 connections (${byDefault === 'oneThread' ? 'one thread' : 'two threads'})`, unit: '/s', ours: voted, reference: measured.nothing, against: 'same stack, nothing behind it', target: { atLeast: 0.9 } });
report({ what: '  the same', unit: '/s', ours: voted, reference: measured.validation, against: 'same stack, validation behind it' });
report(byDefault === 'oneThread'
  ? { what: '  with two threads', unit: '/s', ours: measured.twoThreads, reference: measured.nothing, against: 'same stack, nothing behind it' }
  : { what: '  with one thread', unit: '/s', ours: measured.oneThread, reference: measured.nothing, against: 'same stack, nothing behind it' });
process.exit(0);
