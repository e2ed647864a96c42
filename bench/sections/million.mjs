// i. A log of a million entries: from the start of the process to ready with the views at hand, and whether a rebuild costs an entry what it cost early on.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildViews, Codec, found, openCommittee, SECRET, tellYears, ViewStore, views } from '../lib/committee.mjs';
import { milliseconds, notRun, progress, quick, report } from '../lib/measure.mjs';
import { folder, load } from '../lib/project.mjs';
import { timeToReady } from '../lib/start.mjs';

const { SqliteEngine } = await load('event-store/engines/sqlite.engine.js');
const [EARLY, LATE] = quick ? [5_000, 20_000] : [100_000, 1_000_000];
const MEMBERS = 40;
const dir = folder('million');
const dataDir = join(dir, 'data');

async function tell(entries, isNew) {
  const committee = await openCommittee(dataDir, { withViews: false });
  if (isNew) {
    committee.clock.standAt('2019-06-01T09:00:00.000Z');
    await found(committee, MEMBERS);
  }
  await tellYears(committee, entries, MEMBERS);
  await committee.close();
  progress(`million: ${entries.toLocaleString('en')} entries are told`);
}

/** Microseconds that a rebuild takes an entry, a few times. */
async function rebuilds(times) {
  const engine = SqliteEngine.open(dataDir, (error) => { throw error; });
  const values = [];
  for (let i = 0; i < times; i++) {
    const path = join(dir, 'views.db');
    const store = new ViewStore(path, views, new Codec(), engine.log.logId);
    const { value } = await milliseconds(() => buildViews(store, engine.log, new Codec(), new AbortController().signal, () => undefined));
    store.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    values.push((value * 1_000) / engine.log.head.position);
  }
  await engine.close();
  return values;
}

await tell(EARLY, true);
const early = quick ? [] : await rebuilds(3);
await tell(LATE, false);
const late = quick ? [] : await rebuilds(3);

const env = { SAMPLE: 'none', INSTALLATION_SECRET: SECRET };
// The first start builds the views.
await timeToReady(dataDir, env);
const starts = [];
for (let i = 0; i < 3; i++) starts.push(await timeToReady(dataDir, env));
report({ what: `process start to ready, ${LATE / 1_000}k entries, views at hand`, unit: 'ms', ours: { values: starts }, target: { atMost: 3_000 } });
const what = 'rebuild, an entry of 1,000k beside one of 100k';
if (quick) notRun(what, 'in the full run only');
else report({ what, unit: 'µs', ours: { values: late, cpu: [] }, reference: { values: early, cpu: [] }, against: 'the same log when it had 100k entries', target: { atMost: 1.25 } });
process.exit(0);
