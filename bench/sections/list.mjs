// g. A list of 50 things with ten fields each over GraphQL, against lean Apollo on Fastify that has the same answer in memory.
import { join } from 'node:path';
import { startChild } from '../lib/child.mjs';
import { found, openCommittee, settings, tellYears } from '../lib/committee.mjs';
import { connection } from '../lib/http.mjs';
import { inTurns, perSecond, quick, report } from '../lib/measure.mjs';
import { folder } from '../lib/project.mjs';

const CONNECTIONS = 64;
const MS = quick ? 1_500 : 5_000;
const ROUNDS = quick ? 3 : 7;
const MEMBERS = 7;
const QUERY = '{ committee { ballots(first: 50) { edges { node { id revision state matter openedAt deadline closedAt outcome populationYear procedure } } } } }';

const dir = folder('list');
const dataDir = join(dir, 'data');
const committee = await openCommittee(dataDir);
committee.clock.standAt('2019-06-01T09:00:00.000Z');
await found(committee, MEMBERS);
await tellYears(committee, 1_500, MEMBERS);
await committee.close();

const body = JSON.stringify({ query: QUERY });
async function server(file, args, env) {
  const child = await startChild(file, args, { env, log: join(dir, `${file}.log`) });
  const connections = Array.from({ length: CONNECTIONS }, () => connection(child.url));
  const ask = async (caller) => {
    const answer = await connections[caller].post('/graphql', '', body);
    if (answer.status !== 200) throw new Error(`${file} answered ${answer.status}: ${answer.body.slice(0, 500)}`);
    return answer;
  };
  return {
    ask,
    run: async (ms) => {
      const before = await child.cpu();
      const { value, ops } = await perSecond(CONNECTIONS, ms, ask);
      return { value, ops, cpu: (await child.cpu() - before) / ops };
    },
    stop: async () => {
      for (const open of connections) open.close();
      await child.stop();
    },
  };
}

const ours = await server('server.mjs', ['dispatch'], settings(dataDir));
const answer = (await ours.ask(0)).body;
const { data } = JSON.parse(answer);
if (data.committee.ballots.edges.length !== 50) throw new Error(`The list has ${data.committee.ballots.edges.length} things`);
const lean = await server('lean.mjs', [], { BENCH_ANSWER: JSON.stringify(data) });
if ((await lean.ask(0)).body.trim() !== answer.trim()) throw new Error('The two answers differ');
for (const one of [ours, lean]) await one.run(quick ? 2_000 : 4_000);
const measured = await inTurns(ROUNDS, { ours: () => ours.run(MS), lean: () => lean.run(MS) }, { warmUp: false });
await Promise.all([ours.stop(), lean.stop()]);
report({ what: 'list of 50 x 10 over GraphQL, 64 connections', unit: '/s', ours: measured.ours, reference: measured.lean, against: 'lean Apollo on Fastify, the answer in memory', target: { atLeast: 1.5 } });
process.exit(0);
