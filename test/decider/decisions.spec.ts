import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Codec } from '../../src/event-store/codec.js';
import { HeadMoved, LogFull, type Engine } from '../../src/event-store/event-store.js';
import { vocabulary } from '../../src/events/index.js';
import { DEFAULT_RULES } from '../../src/modules/membership/default-rules.js';
import { later, TODAY } from '../support/given.js';
import { Kernel, SYSTEM } from '../support/kernel.js';

let kernel: Kernel;
afterEach(() => kernel.close());

const establish = (of: Kernel) => of.send('EstablishCommittee', { name: 'C', rules: DEFAULT_RULES, secretariat: 'secretariat' }, SYSTEM);
const appoint = (person: string, sent = {}) => kernel.answer('AppointToOffice', { office: 'OPERATOR', person }, 'secretariat', sent);

/** An engine whose appends fail as told, as often as told, before the real one is asked. */
function failing(error: () => Error): { engine: (real: Engine) => Engine; times: number } {
  const told = {
    times: 0,
    engine: (real: Engine): Engine => new Proxy(real, {
      get: (target, name) => {
        if (name === 'append') {
          return async (...args: Parameters<Engine['append']>) => {
            if (told.times-- > 0) throw error();
            return target.append(...args);
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
  };
  return told;
}

describe('Decisions', () => {
  it('are made again when the head has moved, and no caller notices', async () => {
    const told = failing(() => new HeadMoved(0, 1));
    kernel = new Kernel({ engine: told.engine });
    await establish(kernel);
    told.times = 5;
    const receipts = await Promise.all(['a', 'b', 'c'].map((person) => appoint(person)));
    expect(receipts.map((r) => 'position' in r && r.position)).toEqual([2, 3, 4]);
  });

  it('end as BUSY when others are faster for too long; the same id is then asked again', async () => {
    const told = failing(() => new HeadMoved(0, 1));
    kernel = new Kernel({ engine: told.engine });
    await establish(kernel);
    told.times = Number.MAX_SAFE_INTEGER;
    const commandId = '01900000-0000-7000-8000-00000000000b';
    const { now } = Date;
    const waiting = appoint('a', { commandId });
    setTimeout(() => { Date.now = () => now() + 6_000; }, 20);
    expect(await waiting).toMatchObject({ code: 'UNAVAILABLE', reason: 'BUSY' });
    Date.now = now;
    told.times = 0;
    expect(await appoint('a', { commandId })).toMatchObject({ position: 2, repeated: false });
  });

  it('of a batch that finds no room were none: refusals too, since they may rest on what was not written', async () => {
    const told = failing(() => new LogFull());
    kernel = new Kernel({ engine: told.engine });
    await establish(kernel);
    const first = await appoint('a', { commandId: '01900000-0000-7000-8000-00000000000c' });
    told.times = 1;
    const answers = await Promise.all([appoint('b'), appoint('b'), appoint('a', { commandId: '01900000-0000-7000-8000-00000000000c' })]);
    expect(answers).toEqual([
      expect.objectContaining({ code: 'UNAVAILABLE', reason: 'DISK_FULL' }), expect.objectContaining({ code: 'UNAVAILABLE', reason: 'DISK_FULL' }), { ...first, repeated: true },
    ]);
    expect(kernel.head).toBe(2);
    expect(await appoint('b')).toMatchObject({ position: 3 });
    expect(await appoint('b')).toMatchObject({ reason: 'ALREADY_IN_OFFICE' });
  });

  it('never go back in time, whatever the clock does', async () => {
    kernel = new Kernel();
    await establish(kernel);
    kernel.clock.standAt(later(TODAY, -3_600_000));
    await appoint('a');
    kernel.clock.standAt(later(TODAY, 1));
    await appoint('b');
    expect(kernel.entries().map((e) => e.time)).toEqual([TODAY, TODAY, later(TODAY, 1)]);
  });

  it('that rest on an entry which this program cannot read are refused, and others go on', async () => {
    kernel = new Kernel();
    await establish(kernel);
    await kernel.send('JoinCommittee', { region: { name: 'X', country: 'IT' }, letterOfAdhesion: { kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'P', date: '2019-01-01' } }, 'x');
    await appoint('a');
    await kernel.stop();
    // A program that does not know AccessionSubmitted: what needs the roll waits for a newer one.
    const older = new Kernel({ dir: kernel.dir, codec: new Codec(vocabulary.filter((event) => event.type !== 'AccessionSubmitted')), standingAt: (personId) => ({
      ...(personId !== undefined && { personId }), contactPersonOf: [], offices: [{ office: 'SECRETARIAT', personId: personId ?? '', from: TODAY }],
    }) });
    kernel = older;
    expect(await kernel.answer('AcceptAccession', { accession: 'x' }, 'secretariat')).toMatchObject({ code: 'UNAVAILABLE', reason: 'UNREADABLE_ENTRY', facts: { position: 2 } });
    expect(await appoint('b')).toMatchObject({ position: 4 });
  });

  it('are refused once the node shuts down', async () => {
    kernel = new Kernel();
    await establish(kernel);
    const last = appoint('a');
    const stopping = kernel.decisions.stop();
    expect(await appoint('b')).toMatchObject({ code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
    expect(await last).toMatchObject({ position: 2 });
    await stopping;
  });
});
