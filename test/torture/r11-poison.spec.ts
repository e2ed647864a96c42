import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { LOG_FILE, LogFile } from '../../src/event-store/log-file.js';
import { compiledSrc, type Defect } from '../support/compiled.js';
import { prepared, RealServer, type Prepared } from '../support/real-server.js';
import { until, type Json } from '../support/server.js';
import { longControl, scale, tell } from '../support/torture.js';

const UPCASTER_THROWS: Defect = {
  file: 'events/ballots.events.ts', text: "}, { audience: 'WITH_THING', about: (d) => [d.ballotId, d.regionId] });",
  instead: "}, { audience: 'WITH_THING', about: (d) => [d.ballotId, d.regionId], version: 2, upcasters: [() => { throw new Error('an upcaster that fails'); }] });",
};
const VIEW_THROWS: Defect = { file: 'projections/ballots.view.ts', text: 'if (seat < 0) throw', instead: 'if (seat >= 0) throw' };
const SKIPPED: Defect = { file: 'projections/view-runner.ts', text: 'unreadable = error;\n      break;', instead: "entries.push({ ...stored, data: {}, meta: {}, type: 'Skipped' } as never);\n      continue;" };

/** What is wrong with an entry in the ballot's stream, or with the program that reads it. */
interface Poison { readonly name: string; readonly entry: Partial<StoredEntry>; readonly defects?: readonly Defect[] }
const UNREADABLE: readonly Poison[] = [
  { name: 'an unknown type', entry: { type: 'WrittenByANewerProgram' } },
  { name: 'a newer version', entry: { version: 99 } },
  { name: 'data that is no JSON', entry: { data: '{"ballotId":' } },
  { name: 'data of another shape', entry: { data: '{}' } },
  { name: 'meta of another shape', entry: { meta: '{}' } },
  { name: 'an upcaster that fails', entry: {}, defects: [UPCASTER_THROWS] },
];

describe('R11 an entry that cannot be taken', () => {
  /** Members voted, and what stands at the end is poison. */
  async function poisoned(entry: Partial<StoredEntry>): Promise<Prepared> {
    const at = await prepared(3);
    const log = LogFile.open(join(at.dataDir, LOG_FILE));
    const last = log.at(log.head.position) as StoredEntry;
    const stream = `ballot-${at.ballot}`;
    log.append([{
      ...last, position: last.position + 1, id: newId(), stream, revision: log.revisionAt(stream, last.position) + 1, type: 'PositionCast', version: 1,
      data: JSON.stringify({ ballotId: at.ballot, regionId: at.regions[2], expressed: 'AGAINST' }), ...entry,
    }], last.position);
    log.close();
    return at;
  }

  /** What a running server says, before and after others have gone on. */
  async function served(at: Prepared, defects: readonly Defect[]): Promise<Json> {
    const server = await RealServer.start(await compiledSrc(defects), at.dataDir);
    const why = ({ data, errors }: Json): string => (errors ? `${errors[0].extensions.code} ${errors[0].extensions.reason}` : `accepted ${Object.keys(data)[0]}`);
    const before = await server.ready();
    const member = at.token('member-0');
    const needIt = [
      why(await server.mutate(member, 'castPosition', { ballot: at.ballot, expressed: 'IN_FAVOUR' })),
      why(await server.mutate(at.token('chair'), 'closeBallot', { ballot: at.ballot })),
      // The ballot is a fact of it.
      why(await server.mutate(at.token('chair'), 'adoptRecommendation', { recommendation: at.recommendation, ballot: at.ballot })),
    ];
    const others = [
      why(await server.mutate(at.token('secretariat'), 'renameKeyArea', { code: 'KA1', title: `Renamed ${newId()}` })),
      why(await server.mutate(member, 'initiateRecommendation', { title: 'U', keyAreas: ['KA1'], addressees: ['X'], text: [{ text: 'x' }] })),
    ];
    await until(() => server.stderr.includes('views stopped'), 5_000).catch(() => undefined);
    const after = await server.ready();
    const beyond = why(await server.ask(`{ committee(notBefore: "${at.head + 2}") { position keyAreas { title } } }`, at.token('chair')));
    const keyAreas = (await server.ask('{ committee { position keyAreas { title } } }', at.token('chair'))).data?.committee;
    const alarmed = server.stderr.includes('"msg":"views stopped"');
    await server.kill();
    return { before, needIt, others, after, beyond, keyAreas, alarmed };
  }

  const NEEDED = Array.from({ length: 3 }, () => 'UNAVAILABLE UNREADABLE_ENTRY');
  const OTHERS = ['accepted renameKeyArea', 'accepted initiateRecommendation'];

  it.each(scale(UNREADABLE.slice(0, 1), UNREADABLE))('$name: the views stop before it and say so; what rests on it is refused, all else goes on', async ({ name, entry, defects = [] }) => {
    const at = await poisoned(entry);
    // The second start finds what the first one left.
    for (let start = 1; start <= scale(1, 2); start++) {
      const { before, needIt, others, after, beyond, keyAreas, alarmed } = await served(at, defects);
      expect([needIt, others]).toEqual([NEEDED, OTHERS]);
      const stopped = { status: 503, body: expect.objectContaining({ position: at.head, problems: [`the entry at position ${at.head + 1} cannot be read by this program`] }) };
      expect([before, after]).toEqual([stopped, stopped]);
      // Nothing after it was taken: not what was renamed meanwhile.
      expect([beyond, keyAreas, alarmed]).toEqual(['UNAVAILABLE VIEW_BEHIND', { position: String(at.head), keyAreas: [{ title: 'One' }] }, true]);
    }
    tell('R11', `${name}: views stop at ${at.head} and alarm${scale('', ', also after a restart')}; 3 commands that need it UNAVAILABLE, 2 others accepted`);
  }, 120_000);

  it('a view that throws: it alone is stopped and says so, decisions and the other views go on', async () => {
    const at = await poisoned({});
    const { needIt, others, after, beyond, alarmed } = await served(at, [VIEW_THROWS]);
    expect([needIt[0], others, beyond, alarmed]).toEqual(['accepted castPosition', OTHERS, 'accepted committee', true]);
    expect(after).toMatchObject({ status: 503, body: { problems: [`the view ballots stopped at position ${at.head + 1}`] } });
    tell('R11', 'a view that throws: it alone stops, health says where; decisions and other views go on');
  }, 60_000);

  longControl('what cannot be read is skipped', async () => {
    const at = await poisoned({ type: 'WrittenByANewerProgram' });
    const { after, keyAreas } = await served(at, [SKIPPED]);
    tell('R11', `control, what cannot be read is skipped: health ${after.status}, the views at ${keyAreas?.position} beyond ${at.head}`);
    expect(Number(keyAreas?.position)).toBeGreaterThan(at.head);
    expect(after.body.problems).toEqual([]);
  }, 60_000);
});
