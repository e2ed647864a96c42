/** A node of the project in a process of its own, without HTTP: told { ballot, from }, it votes there with its own 64 members for so long and tells how often. */
import { openCommittee } from './committee.mjs';
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
  vote ??= votersOf(committee, ask.ballot, ask.from, ask.callers);
  process.send(await perSecond(ask.callers, ask.ms, vote));
});
process.send({ url: 'none' });
