/** A node of the project in a process of its own, without HTTP: told { ballot, from, callers, ms }, it votes there with that many members for so long and tells how often. */
import { memberOf, openCommittee } from './committee.mjs';
import { perSecond } from './measure.mjs';
import { votersOf } from './voters.mjs';

const { dataDir, more } = JSON.parse(process.argv[2]);
const committee = await openCommittee(dataDir, { more });
await committee.system.nodes?.start();
let vote;
process.on('message', async (ask) => {
  if (ask === 'stop') {
    await committee.close();
    process.exit(0);
  }
  vote ??= votersOf(ask.callers, async (caller, expressed, replaces) => (await committee.send('CastPosition', { ballot: ask.ballot, expressed, replaces }, memberOf(ask.from + caller))).position);
  process.send(await perSecond(ask.callers, ask.ms, vote));
});
process.send({ url: 'none' });
