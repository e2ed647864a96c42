import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { regionTable } from '../../src/projections/roll.view.js';
import { committees, contactOf, representativeOf, SECRETARIAT, tableOf } from '../support/committee.js';
import { DAY_MS, later } from '../support/given.js';
import { SEED } from '../support/random.js';

const committee = committees();

describe('The view of the roll', () => {
  it('M4 shows a seat whose term has run out until the person is appointed elsewhere, and then that it is vacant', async () => {
    const at = await committee.of({ regions: 2 });
    const until = later(at.kernel.clock.now(), DAY_MS);
    await at.kernel.send('AppointRepresentative', { region: at.region(1), person: 'p', until }, contactOf(1));
    at.kernel.clock.standAt(until);
    await at.kernel.send('AppointAlternate', { region: at.region(2), person: 'p' }, contactOf(2));
    const { reads } = await at.kernel.processes();
    const { head } = at.kernel;
    expect(reads.get(regionTable, at.region(1), head - 1)).toMatchObject({ representative: { personId: 'p' } });
    expect(reads.get(regionTable, at.region(1), head)).toMatchObject({ vacantSince: head, alternate: { personId: 'alternate-1' } });
    expect(reads.get(regionTable, at.region(1), head)).not.toHaveProperty('representative');
    expect(reads.list(regionTable, head, { limit: 9, filters: { withoutRepresentative: 'true' } }).map(({ id }) => id)).toEqual([at.region(1)]);
    expect(reads.get(regionTable, at.region(2), head)).toMatchObject({ representative: { personId: representativeOf(2) }, alternate: { personId: 'p' } });
  });

  it('C2 shows the figures of the table in force: a region that has withdrawn has none in the next one', async () => {
    const at = await committee.of({ regions: 2 });
    await at.kernel.send('WithdrawMembership', { region: at.region(2) }, contactOf(2));
    await at.kernel.send('AdoptPopulationTable', tableOf(2026, [at.region(1)], [77]), SECRETARIAT);
    const { reads } = await at.kernel.processes();
    const figures = (position: number) => reads.all(regionTable, position).map(({ row }) => row.population);
    expect([figures(at.kernel.head - 1), figures(at.kernel.head)]).toEqual([[1_000_000, 1_000_001], [77, undefined]]);
  });

  it('has the seats that the decider has, at every position, over any sequence of appointments and endings', async () => {
    const step = fc.record({ region: fc.integer({ min: 1, max: 3 }), office: fc.boolean(), person: fc.nat(4), days: fc.option(fc.integer({ min: 1, max: 3 })), ends: fc.nat(5), waits: fc.nat(2) });
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
      const at = await committee.of({ regions: 3 });
      const seatsBy = new Map<number, unknown>();
      const seats = (): unknown => [...at.roll.regions.values()].map(({ id, seats: { REPRESENTATIVE, ALTERNATE } }) => [id, REPRESENTATIVE?.personId, ALTERNATE?.personId]);
      for (const { region, office, person, days, ends, waits } of steps) {
        const { kernel } = at;
        kernel.clock.standAt(later(kernel.clock.now(), waits * DAY_MS));
        const named = office ? 'REPRESENTATIVE' : 'ALTERNATE';
        if (ends === 0) await kernel.answer('EndMandate', { region: at.region(region), office: named, reason: 'RESIGNATION' }, contactOf(region));
        else {
          await kernel.answer(office ? 'AppointRepresentative' : 'AppointAlternate', {
            region: at.region(region), person: `p${person}`, ...(days !== null && { until: later(kernel.clock.now(), days * DAY_MS) }),
          }, contactOf(region));
        }
        seatsBy.set(kernel.head, seats());
      }
      const processes = await at.kernel.processes();
      for (const [position, expected] of seatsBy) {
        const shown = processes.reads.all(regionTable, position).map(({ id, row }) => [id, row.representative?.personId, row.alternate?.personId]);
        expect([position, shown]).toEqual([position, expected]);
      }
      await processes.stop();
    }), { numRuns: 30, seed: SEED });
  }, 60_000);
});
