// f. From the start of the process to ready: on the sample already loaded, and the first start, which loads it.
import { join } from 'node:path';
import { inTurns, quick, report } from '../lib/measure.mjs';
import { folder } from '../lib/project.mjs';
import { timeToReady } from '../lib/start.mjs';

const dir = folder('start');
const sample = { SAMPLE: 'founding' };
await timeToReady(join(dir, 'loaded'), sample);
const measured = await inTurns(quick ? 3 : 9, {
  again: async () => ({ value: await timeToReady(join(dir, 'loaded'), sample), ops: 1 }),
  first: async (round) => ({ value: await timeToReady(join(dir, `first-${round}`), sample), ops: 1 }),
}, { warmUp: false });

report({ what: 'process start to ready, sample loaded', unit: 'ms', ours: { values: measured.again.values }, target: { atMost: 3_000 } });
report({ what: '  first start, which tells the sample', unit: 'ms', ours: { values: measured.first.values } });
