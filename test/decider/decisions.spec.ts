import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { v7 as newId } from 'uuid';
import type { Decision } from '../../src/decider/decider.js';
import type { CommandReceipt } from '../../src/decider/decision-maker.js';
import { payloadDigest } from '../../src/decider/digest.js';
import { Problem } from '../../src/decider/problem.js';
import { DefineKeyArea } from '../../src/modules/membership/committee.commands.js';
import { committeeDecider } from '../../src/modules/membership/committee.decider.js';
import { COMMITTEE_STREAM } from '../../src/modules/membership/membership.context.js';
import { KeyAreaDefined, OfficeEnded, OfficerAppointed } from '../../src/events/membership.events.js';
import { vocabulary } from '../../src/events/index.js';
import { Codec } from '../../src/event-store/codec.js';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { EntryTooLarge, HeadMoved, LogFull, LogUnreachable } from '../../src/event-store/event-store.js';
import { acceptable, commandRegistrations, type Acceptable } from '../support/commands.js';
import { AUDITOR, CHAIR, Committee, committees, contactOf, establishing, joining, representativeOf, SECRETARIAT } from '../support/committee.js';
import { EngineInFront } from '../support/engines.js';
import { range } from '../support/entries.js';
import { later, TODAY } from '../support/given.js';
import { Kernel, SYSTEM, VISITOR, type Input, type Who } from '../support/kernel.js';

const committee = committees();
afterEach(() => { jest.restoreAllMocks(); });

async function established(options: ConstructorParameters<typeof Kernel>[0] = {}): Promise<Kernel> {
  const kernel = committee.kernel(options);
  await kernel.send('EstablishCommittee', establishing(), SYSTEM);
  return kernel;
}
const appoint = (kernel: Kernel, person: string, sent = {}) => kernel.answer('AppointToOffice', { office: 'OPERATOR', person }, SECRETARIAT, sent);
const operators = (kernel: Kernel) => kernel.state(committeeDecider, COMMITTEE_STREAM).offices.filter(({ office }) => office === 'OPERATOR').map(({ personId }) => personId);
const reused = { code: 'CONFLICT', reason: 'COMMAND_ID_REUSED' };

/** What another node wrote, in the stream of the Committee. */
function theirs(kernel: Kernel, position: number, event: { type: string; data: unknown }, { id = newId(), digest = '', name = 'Told', person = 'another' } = {}): StoredEntry {
  const revision = kernel.engine.log.revisionAt(COMMITTEE_STREAM, position - 1) + 1;
  return {
    position, id, stream: COMMITTEE_STREAM, revision, type: event.type, version: 1, time: TODAY, data: JSON.stringify(event.data),
    meta: JSON.stringify({ commandName: name, payloadDigest: digest, actor: { office: 'SECRETARIAT', personId: person }, correlationId: 'there' }),
  };
}

describe('A command that is sent again', () => {
  it('in the same batch has the first receipt, and one effect', async () => {
    const kernel = await established();
    const commandId = newId();
    const [first, ...again] = await Promise.all([1, 2, 3].map(() => appoint(kernel, 'a', { commandId })));
    expect(first).toEqual({ id: 'committee', position: 2, revision: 2, commandId, repeated: false });
    expect(again).toEqual([1, 2].map(() => ({ ...first, repeated: true })));
    expect([kernel.head, operators(kernel)]).toEqual([2, ['a']]);
  });

  it('later, and after the node was opened anew, has it too, whatever happened since', async () => {
    const kernel = await established();
    const commandId = newId();
    const first = await appoint(kernel, 'a', { commandId });
    await appoint(kernel, 'b');
    await kernel.send('EndOffice', { office: 'OPERATOR', person: 'a' }, SECRETARIAT);
    expect(await appoint(kernel, 'a', { commandId })).toEqual({ ...first, repeated: true });
    const again = await kernel.reopen();
    expect(await appoint(again, 'a', { commandId })).toEqual({ ...first, repeated: true });
    expect([again.head, operators(again)]).toEqual([4, ['b']]);
    await again.close();
  });

  it('is the same whether its id is written in small or capital letters', async () => {
    const kernel = await established();
    const commandId = newId();
    const first = await appoint(kernel, 'a', { commandId: commandId.toUpperCase() });
    expect(first).toMatchObject({ commandId });
    expect(await appoint(kernel, 'a', { commandId })).toEqual({ ...first, repeated: true });
  });

  it.each(['at once', 'later'])('with another payload, name or sender (%s) is refused, since it is another one', async (when) => {
    const kernel = await established();
    await kernel.send('AppointToOffice', { office: 'SECRETARIAT', person: 'second' }, SECRETARIAT);
    const commandId = newId();
    const first = appoint(kernel, 'a', { commandId });
    if (when === 'later') await first;
    const others = await Promise.all([
      kernel.answer('AppointToOffice', { office: 'OPERATOR', person: 'b' }, SECRETARIAT, { commandId }),
      kernel.answer('EndOffice', { office: 'OPERATOR', person: 'a' }, SECRETARIAT, { commandId }),
      kernel.answer('AppointToOffice', { office: 'OPERATOR', person: 'a' }, 'second', { commandId }),
      kernel.answer('AppointToOffice', { office: 'OPERATOR', person: 'a' }, SYSTEM, { commandId }),
      kernel.answer('AppointToOffice', { office: 'OPERATOR', person: 'a' }, SECRETARIAT, { commandId, revision: 2 }),
    ]);
    for (const other of others) expect(other).toMatchObject({ ...reused, facts: { commandId } });
    expect([await first, kernel.head, operators(kernel)]).toEqual([expect.objectContaining({ position: 3 }), 3, ['a']]);
  });

  it('is answered before rights, revision and rules are asked', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.opened();
    const cast = { ballot, expressed: 'IN_FAVOUR' };
    const sent = { commandId: newId(), revision: 1 };
    const first = await at.kernel.send('CastPosition', cast, representativeOf(1), sent);
    await at.kernel.send('EndMandate', { region: at.region(1), office: 'REPRESENTATIVE', reason: 'RESIGNATION' }, contactOf(1));
    await at.kernel.send('CloseBallot', { ballot }, CHAIR);
    expect(await at.kernel.send('CastPosition', cast, representativeOf(1), sent)).toEqual({ ...first, repeated: true });
    expect(await at.kernel.refusal('CastPosition', cast, representativeOf(1))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('is nobody\'s who is not signed in: a visitor has no receipt of what a process did', async () => {
    const at = await committee.of({ regions: 2 });
    const { ballot } = await at.openedInWriting(later(TODAY, 30 * 86_400_000));
    at.kernel.clock.standAt(later(TODAY, 31 * 86_400_000));
    const commandId = newId();
    const closed = await at.kernel.send('CloseBallot', { ballot }, SYSTEM, { commandId });
    expect(await at.kernel.refusal('CloseBallot', { ballot }, VISITOR, { commandId })).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await at.kernel.refusal('CloseBallot', { ballot }, CHAIR, { commandId })).toMatchObject(reused);
    expect(await at.kernel.send('CloseBallot', { ballot }, SYSTEM, { commandId })).toEqual({ ...closed, repeated: true });
  });

  it('after a refusal is decided anew: a refusal uses no id up', async () => {
    const kernel = await established();
    const commandId = newId();
    const rename = () => kernel.answer('RenameKeyArea', { code: 'KA1', title: 'Records' }, SECRETARIAT, { commandId });
    expect(await rename()).toMatchObject({ reason: 'KEY_AREA_NOT_DEFINED' });
    await kernel.send('DefineKeyArea', { code: 'KA1', title: 'Big data' }, SECRETARIAT);
    expect(await rename()).toMatchObject({ position: 3, repeated: false });
  });
});

describe('Each command', () => {
  const names = commandRegistrations.map(({ command }) => command.name);
  async function arranged(name: string): Promise<{ kernel: Kernel } & Acceptable> {
    const kernel = committee.kernel();
    if (name === 'EstablishCommittee') return { kernel, input: establishing(), by: SYSTEM };
    const at = await Committee.on(kernel, { regions: 4, countries: ['IT', 'DE', 'ES', 'PL'], keyAreas: ['KA1', 'KA2', 'KA3', 'KA4'] });
    const commands = await acceptable(at);
    if (name !== 'ElectChair') return { kernel, ...commands[name] as Acceptable };
    await kernel.send('EndOffice', { office: 'CHAIR', person: CHAIR }, SECRETARIAT);
    return { kernel, input: { person: 'x' }, by: SECRETARIAT };
  }

  it.each(names)('%s is refused with CONFLICT for a revision that has passed, accepted for the one there is, and has its first receipt when sent again', async (name) => {
    const { kernel, input, by } = await arranged(name);
    const { head } = kernel;
    const { code, reason, message, facts } = await kernel.refusal(name, input, by, { revision: 1_000 });
    expect({ code, reason, facts }).toEqual({ code: 'CONFLICT', reason: 'REVISION', facts: { expected: 1_000, actual: expect.any(Number) } });
    expect(message).toContain(`its revision is ${String(facts['actual'])}`);
    const revision = facts['actual'] as number;
    if (revision > 0) expect(await kernel.refusal(name, input, by, { revision: revision - 1 })).toMatchObject({ reason: 'REVISION' });

    const commandId = newId();
    const receipt = await kernel.send(name, input, by, { commandId, revision });
    expect(receipt).toEqual({ id: expect.any(String), position: head + 1, revision: revision + 1, commandId, repeated: false });
    expect(await kernel.send(name, input, by, { commandId, revision })).toEqual({ ...receipt, repeated: true });
    expect(kernel.head).toBe(head + 1);
    expect(kernel.last()).toMatchObject({ position: head + 1, id: commandId, revision: receipt.revision, meta: { commandName: name } });
    expect(kernel.codec.about(kernel.last())).toContain(receipt.id);
  });
});

describe('Commands that wait together', () => {
  it('are decided one after another, each seeing the ones before it, and written as one batch', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    const send = (name: string, input: Input, who: Who = SECRETARIAT) => kernel.answer(name, input, who);
    const answers = await Promise.all([
      send('RenameKeyArea', { code: 'KA1', title: 'b' }), send('DefineKeyArea', { code: 'KA1', title: 'a' }), send('RenameKeyArea', { code: 'KA1', title: 'b' }),
      send('RenameKeyArea', { code: 'KA1', title: 'b' }), send('AppointToOffice', { office: 'SECRETARIAT', person: 'x' }), send('RenameKeyArea', { code: 'KA1', title: 'c' }, 'x'),
      send('EndOffice', { office: 'SECRETARIAT', person: 'x' }), send('RenameKeyArea', { code: 'KA1', title: 'd' }, 'x'),
    ]);
    expect(answers.map((answer) => (answer instanceof Problem ? answer.reason ?? answer.code : answer.position)))
      .toEqual(['KEY_AREA_NOT_DEFINED', 2, 3, 'NOTHING_TO_CHANGE', 4, 5, 6, 'FORBIDDEN']);
    expect(front.written).toEqual([1, 5]);
  });

  it('500 at once have 500 positions without a hole, one event each, in batches of at most 256', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    const persons = range(1, 500).map((n) => `operator-${n}`);
    const receipts = await Promise.all(persons.map((person) => kernel.send('AppointToOffice', { office: 'OPERATOR', person }, SECRETARIAT)));
    expect(receipts.map(({ position }) => position)).toEqual(range(2, 501));
    expect(receipts.map(({ revision }) => revision)).toEqual(range(2, 501));
    const entries = kernel.entries().slice(1);
    expect(entries.map(({ position, revision, id, type }) => [position, revision, id, type])).toEqual(receipts.map(({ position, revision, commandId }) => [position, revision, commandId, 'OfficerAppointed']));
    expect(operators(kernel)).toEqual(persons);
    expect(front.written).toEqual([1, 256, 244]);
  });

  it('500 votes and refusals mixed: what is accepted is dense, what is refused leaves nothing', async () => {
    const at = await committee.of({ regions: 20 });
    const { ballot } = await at.opened();
    const { head } = at.kernel;
    const answers = await Promise.all(range(0, 499).map((i) => at.kernel.answer('CastPosition', { ballot, expressed: i % 2 ? 'AGAINST' : 'IN_FAVOUR' }, representativeOf((i % 25) + 1))));
    const accepted = answers.filter((answer): answer is CommandReceipt => !(answer instanceof Problem));
    expect(accepted.map(({ position }) => position)).toEqual(range(head + 1, head + 20));
    expect(at.kernel.head).toBe(head + 20);
    expect(at.ballot(ballot).castCount).toBe(20);
    const reasons = answers.filter((answer): answer is Problem => answer instanceof Problem).map(({ code, reason }) => reason ?? code);
    expect(new Set(reasons)).toEqual(new Set(['ALREADY_CAST', 'FORBIDDEN']));
  });

  it('one event a command: no command writes two entries, none that is accepted writes none', async () => {
    const at = await committee.of({ regions: 3 });
    await at.closed('FFA');
    await (await at.kernel.processes()).drain();
    const entries = at.kernel.entries();
    expect(entries.map(({ position }) => position)).toEqual(range(1, at.kernel.head));
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    for (const stream of new Set(entries.map((entry) => entry.stream))) {
      const revisions = entries.filter((entry) => entry.stream === stream).map(({ revision }) => revision);
      expect(revisions).toEqual(range(1, revisions.length));
    }
  });

  it('more than 20,000 are too many: told at once, and those that wait are decided', async () => {
    const kernel = await established();
    const waiting = Promise.all(range(1, 20_000).map(() => kernel.answer('DefineKeyArea', { code: 'KA1', title: 'x' }, VISITOR)));
    expect(await kernel.answer('DefineKeyArea', { code: 'KA1', title: 'x' }, SECRETARIAT)).toMatchObject({ code: 'UNAVAILABLE', reason: 'BUSY' });
    expect(new Set((await waiting).map((answer) => answer instanceof Problem && answer.code))).toEqual(new Set(['UNAUTHENTICATED']));
    await kernel.send('DefineKeyArea', { code: 'KA1', title: 'x' }, SECRETARIAT);
  });
});

describe('Another node was faster', () => {
  it('any number of times: what waits is decided again, and no caller notices', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    front.failOnce(new HeadMoved(1, 2), 5);
    const receipts = await Promise.all(['a', 'b', 'c'].map((person) => appoint(kernel, person)));
    expect(receipts.map((receipt) => 'position' in receipt && receipt.position)).toEqual([2, 3, 4]);
    expect([front.attempts, front.written, operators(kernel)]).toEqual([1 + 6, [1, 3], ['a', 'b', 'c']]);
  });

  it('its entries count: rules, facts and revisions are those after it', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    front.anotherNodeIsFaster((head) => [
      theirs(kernel, head + 1, KeyAreaDefined({ code: 'KA1', title: 'Theirs' })), { ...theirs(kernel, head + 1, OfficerAppointed({ office: 'OPERATOR', personId: 'a' })), position: head + 2, revision: head + 2 },
    ]);
    const answers = await Promise.all([
      kernel.answer('DefineKeyArea', { code: 'KA1', title: 'Ours' }, SECRETARIAT), appoint(kernel, 'a'), appoint(kernel, 'b'), appoint(kernel, 'c', { revision: 2 }),
      kernel.answer('RenameKeyArea', { code: 'KA1', title: 'Ours' }, SECRETARIAT),
    ]);
    expect(answers).toMatchObject([{ reason: 'KEY_AREA_DEFINED' }, { reason: 'ALREADY_IN_OFFICE' }, { position: 4, revision: 4 }, { reason: 'REVISION', facts: { actual: 4 } }, { position: 5 }]);
  });

  it('rights are those after it too', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    await kernel.send('AppointToOffice', { office: 'SECRETARIAT', person: 'second' }, SECRETARIAT);
    front.anotherNodeIsFaster((head) => [theirs(kernel, head + 1, OfficeEnded({ office: 'SECRETARIAT', personId: 'second' }))]);
    const answers = await Promise.all([kernel.answer('DefineKeyArea', { code: 'KA1', title: 'x' }, 'second'), appoint(kernel, 'a')]);
    expect(answers).toMatchObject([{ code: 'FORBIDDEN' }, { position: 4 }]);
  });

  it('and did the same command: it is a repetition', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    const commandId = newId();
    const digest = payloadDigest('key', 'AppointToOffice', { office: 'OPERATOR', person: 'a' });
    front.anotherNodeIsFaster((head) => [theirs(kernel, head + 1, OfficerAppointed({ office: 'OPERATOR', personId: 'a' }), { id: commandId, digest, name: 'AppointToOffice', person: SECRETARIAT })]);
    expect(await appoint(kernel, 'a', { commandId })).toEqual({ id: 'committee', position: 2, revision: 2, commandId, repeated: true });
    expect(kernel.head).toBe(2);
  });

  it('a batch of nothing but refusals asks for the head first', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    front.anotherNodeIsFaster((head) => [theirs(kernel, head + 1, KeyAreaDefined({ code: 'KA1', title: 'Theirs' }))]);
    expect(await kernel.answer('RenameKeyArea', { code: 'KA1', title: 'Ours' }, SECRETARIAT)).toMatchObject({ position: 3 });
  });

  it('for longer than a command waits: BUSY, nothing of it is written, and the same id is asked again', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    const begun = Date.now();
    let passed = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => begun + passed);
    front.before = () => {
      passed += 1_000;
      throw new HeadMoved(1, 2);
    };
    const commandId = newId();
    const answers = await Promise.all([appoint(kernel, 'a', { commandId }), kernel.answer('RenameKeyArea', { code: 'KA1', title: 'x' }, SECRETARIAT)]);
    // Its refusal neither: it was never decided at a head that is known.
    for (const answer of answers) expect(answer).toMatchObject({ code: 'UNAVAILABLE', reason: 'BUSY', message: expect.stringContaining('same commandId') });
    expect([front.attempts, kernel.head, operators(kernel)]).toEqual([1 + 5, 1, []]);
    front.before = () => undefined;
    expect(await appoint(kernel, 'a', { commandId })).toMatchObject({ position: 2, repeated: false });
  });
});

describe('A batch that does not become durable', () => {
  it('for want of room: none of it was decided, refusals neither, and the state is as before', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    front.failOnce(new LogFull());
    // The second rests on the first, which was not written.
    const answers = await Promise.all([appoint(kernel, 'a'), appoint(kernel, 'a'), kernel.answer('RenameKeyArea', { code: 'KA1', title: 'x' }, SECRETARIAT)]);
    for (const answer of answers) expect(answer).toMatchObject({ code: 'UNAVAILABLE', reason: 'DISK_FULL', message: expect.stringContaining('same commandId') });
    expect([kernel.head, operators(kernel)]).toEqual([1, []]);
    expect(await appoint(kernel, 'a')).toMatchObject({ position: 2, revision: 2 });
    expect(await appoint(kernel, 'a')).toMatchObject({ reason: 'ALREADY_IN_OFFICE' });
  });

  it('what was in the log before is answered all the same', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    const commandId = newId();
    const first = await appoint(kernel, 'a', { commandId });
    front.failOnce(new LogFull());
    expect(await Promise.all([appoint(kernel, 'b'), appoint(kernel, 'a', { commandId })])).toEqual([expect.objectContaining({ reason: 'DISK_FULL' }), { ...first, repeated: true }]);
  });

  it('a repetition within the batch was as little decided as the first: it is no receipt', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    const commandId = newId();
    front.failOnce(new LogFull());
    const answers = await Promise.all([1, 2].map(() => appoint(kernel, 'a', { commandId })));
    for (const answer of answers) expect(answer).toMatchObject({ code: 'UNAVAILABLE', reason: 'DISK_FULL' });
    expect(await appoint(kernel, 'a', { commandId })).toMatchObject({ position: 2, repeated: false });
  });

  it('a real disk that is full refuses, and takes decisions again once there is room', async () => {
    const kernel = await established();
    kernel.engine.log.limitPages(0);
    const answers = await Promise.all(range(1, 250).map((n) => appoint(kernel, `${'long-name-'.repeat(9)}${n}`)));
    expect(new Set(answers.map((answer) => answer instanceof Problem && answer.reason))).toEqual(new Set(['DISK_FULL']));
    expect([kernel.head, operators(kernel)]).toEqual([1, []]);
    kernel.engine.log.limitPages(undefined);
    expect(await appoint(kernel, 'a')).toMatchObject({ position: 2 });
  });

  it('for a server that does not answer: who left the commandId out is told the one that was made, and sent again it has one effect', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    // Written all the same: only the answer was lost.
    front.before = async (entries, expectedHead, real) => {
      front.before = () => undefined;
      await real.append(entries, expectedHead);
      throw new LogUnreachable(new Error('no answer'));
    };
    const answer = await appoint(kernel, 'a');
    expect(answer).toMatchObject({ code: 'UNAVAILABLE', reason: 'LOG_UNREACHABLE', message: expect.stringContaining('same commandId'), facts: { commandId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
    const { commandId } = (answer as Problem).facts as { commandId: string };
    expect(await appoint(kernel, 'a', { commandId })).toMatchObject({ position: 2, repeated: true });
    expect([kernel.head, operators(kernel)]).toEqual([2, ['a']]);
  });

  it('for being too large together: each is decided by itself, and only what is too large alone is refused', async () => {
    const front = new EngineInFront();
    const kernel = await established({ engine: front.engine });
    front.before = (entries) => { if (entries.length > 1 || entries.some(({ data }) => data.includes('too-large'))) throw new EntryTooLarge(1); };
    const answers = await Promise.all(['a', 'too-large', 'b', 'a'].map((person) => appoint(kernel, person)));
    expect(answers).toEqual([
      expect.objectContaining({ position: 2 }), expect.objectContaining({ code: 'INVALID', reason: 'TOO_LARGE' }), expect.objectContaining({ position: 3 }), expect.objectContaining({ reason: 'ALREADY_IN_OFFICE' }),
    ]);
    expect(operators(kernel)).toEqual(['a', 'b']);
  });

  it('for another reason: INTERNAL for all, told once, without any detail', async () => {
    const front = new EngineInFront();
    const kernel = new Kernel({ engine: front.engine });
    await kernel.send('EstablishCommittee', establishing(), SYSTEM);
    front.failOnce(new Error('SELECT secret FROM /var/data'));
    const answers = await Promise.all([appoint(kernel, 'a'), appoint(kernel, 'b')]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ code: 'INTERNAL', reason: undefined, facts: {} });
      expect(answer instanceof Problem && answer.message).not.toMatch(/secret|SELECT|var/);
    }
    expect(kernel.internalErrors).toHaveLength(1);
    expect(await appoint(kernel, 'a')).toMatchObject({ position: 2 });
    await kernel.close();
  });
});

describe('A fault of ours', () => {
  const registration = commandRegistrations.find(({ command }) => command === DefineKeyArea) as (typeof commandRegistrations)[number];
  const submitFaulty = (kernel: Kernel, change: Partial<typeof registration>) => {
    const command = Object.assign(new DefineKeyArea(), { code: 'KA1', title: 'x' });
    return kernel.decisions.submit({ registration: { ...registration, ...change }, command, sender: { personId: SECRETARIAT }, correlationId: 'c' }).catch((error: unknown) => error);
  };

  it.each([
    ['in the rule', { decide: (): Decision => { throw new Error('fault'); } }],
    ['in the facts', { facts: () => { throw new Error('fault'); } }],
    ['in what would be recorded', { decide: (): Decision => ({ type: 'KeyAreaDefined', data: { code: 'KA9', title: 5 } }) }],
    ['in an event that is not in the vocabulary', { decide: (): Decision => ({ type: 'KeyAreaForgotten', data: {} }) }],
    ['in the state that follows', { decider: { ...committeeDecider, evolve: () => { throw new Error('fault'); } } as unknown as typeof registration.decider }],
  ])('%s fails that command alone, and is told; nothing of it is written and others go on', async (_, change) => {
    const kernel = new Kernel();
    await kernel.send('EstablishCommittee', establishing(), SYSTEM);
    const answers = await Promise.all([appoint(kernel, 'a'), submitFaulty(kernel, change), appoint(kernel, 'b')]);
    expect(answers).toMatchObject([{ position: 2 }, { code: 'INTERNAL' }, { position: 3 }]);
    expect(kernel.internalErrors).toHaveLength(1);
    expect(kernel.typesAfter(1)).toEqual(['OfficerAppointed', 'OfficerAppointed']);
    await kernel.send('DefineKeyArea', { code: 'KA1', title: 'x' }, SECRETARIAT);
    await kernel.close();
  });
});

describe('An entry that this program cannot read', () => {
  /** A Committee whose roll and whose ballot hold what an older program does not know. */
  async function olderProgram(unknown: string): Promise<{ at: Committee; older: Kernel; ballot: string; first: { commandId: string; input: Input } }> {
    const at = await committee.of({ regions: 3 });
    const { ballot } = await at.opened();
    const commandId = newId();
    const input = { ballot, expressed: 'IN_FAVOUR' };
    await at.kernel.send('CastPosition', input, representativeOf(1), { commandId });
    const older = await at.kernel.reopen({ codec: new Codec(vocabulary.filter(({ type }) => type !== unknown)) });
    return { at, older, ballot, first: { commandId, input } };
  }

  it('refuses the commands whose state needs it, and others go on', async () => {
    const { older, ballot, first } = await olderProgram('PositionCast');
    const position = older.head;
    const refused = { code: 'UNAVAILABLE', reason: 'UNREADABLE_ENTRY', facts: { position, type: 'PositionCast' } };
    const answers = await Promise.all([
      older.answer('CastPosition', { ballot, expressed: 'AGAINST' }, representativeOf(2)), older.answer('CloseBallot', { ballot }, CHAIR), appoint(older, 'a'),
      older.answer('InitiateRecommendation', { title: 'T', keyAreas: ['KA1'], addressees: ['EC'], text: [{ text: 'x' }] }, representativeOf(2)),
      // Sent again, its receipt cannot be read either: that is said, and it is no fault.
      older.answer('CastPosition', first.input, representativeOf(1), { commandId: first.commandId }),
    ]);
    expect(answers).toMatchObject([refused, refused, { position: position + 1 }, { position: position + 2 }, refused]);
    expect(older.internalErrors).toEqual([]);
    await older.close();
  });

  it('refuses those whose facts need it', async () => {
    const at = await committee.of({ regions: 2, table: false });
    const { accession } = await at.asked(3);
    await at.kernel.send('AdoptPopulationTable', { year: 2025, source: 'x', figures: at.regions.map((region) => ({ region, population: 1 })) }, SECRETARIAT);
    const standing = { contactPersonOf: [], offices: [{ office: 'SECRETARIAT' as const, personId: SECRETARIAT, from: TODAY }] };
    const older = await at.kernel.reopen({ codec: new Codec(vocabulary.filter(({ type }) => type !== 'PopulationTableAdopted')), standingAt: (personId) => ({ personId, ...standing }) });
    const answers = await Promise.all([older.answer('AcceptAccession', { accession, population: 5 }, SECRETARIAT), older.answer('DeclineAccession', { accession }, SECRETARIAT)]);
    expect(answers).toMatchObject([{ code: 'UNAVAILABLE', reason: 'UNREADABLE_ENTRY', facts: { type: 'PopulationTableAdopted' } }, { repeated: false }]);
    await older.close();
  });

  it('refuses whoever\'s standing rests on it, since nobody knows what they may do; a process goes on', async () => {
    const { older } = await olderProgram('RepresentativeAppointed');
    expect(await appoint(older, 'a')).toMatchObject({ code: 'UNAVAILABLE', reason: 'UNREADABLE_ENTRY' });
    expect(() => older.decisions.standings.of(SECRETARIAT)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE', reason: 'UNREADABLE_ENTRY' }));
    const input = { consequence: 'c', cause: 1, command: 'CloseBallot', thing: 't', reason: 'TOO_EARLY' };
    expect(await older.answer('RecordRefusedConsequence', input, SYSTEM)).toMatchObject({ repeated: false });
    await older.close();
  });
});

describe('Time', () => {
  it('never goes back, whatever the clock does, not even when the node is opened anew', async () => {
    const kernel = await established();
    kernel.clock.standAt(later(TODAY, -3_600_000));
    await appoint(kernel, 'a');
    kernel.clock.standAt(later(TODAY, 1));
    await appoint(kernel, 'b');
    const again = await kernel.reopen();
    again.clock.standAt('2000-01-01T00:00:00.000Z');
    await appoint(again, 'c');
    expect(again.entries().map(({ time }) => time)).toEqual([TODAY, TODAY, later(TODAY, 1), later(TODAY, 1)]);
    await again.close();
  });

  it('is one for each batch, the time of the rule as well as the recorded one', async () => {
    let ticks = 0;
    const kernel = await established({ now: () => later(TODAY, ++ticks) });
    await Promise.all(['a', 'b', 'c'].map((person) => appoint(kernel, person)));
    await appoint(kernel, 'd');
    const [, first, second, third, last] = kernel.entries().map(({ time }) => time) as [string, string, string, string, string];
    expect([first, second, third]).toEqual([first, first, first]);
    expect(last > first).toBe(true);
    const rules = kernel.entries()[0] as { time: string; data: { rules: { effectiveFrom: string } } };
    expect(rules.data.rules.effectiveFrom).toBe(rules.time);
  });

  it('of the head counts also for standings: a term that ended by it has ended, though the clock stands behind', async () => {
    const kernel = await established();
    await kernel.send('ElectChair', { person: 'chair', until: later(TODAY, 1_000) }, SECRETARIAT);
    kernel.clock.standAt(later(TODAY, 1_000));
    await appoint(kernel, 'a');
    kernel.clock.standAt(TODAY);
    expect(kernel.decisions.standings.of('chair').offices).toEqual([]);
    expect(await kernel.refusal('OpenBallot', { ballot: 'b', subject: 's', procedure: 'MEETING', present: [] }, 'chair')).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('Shutting down', () => {
  it('decides what waits and takes no more', async () => {
    const kernel = await established();
    const last = [appoint(kernel, 'a'), appoint(kernel, 'b')];
    const stopping = kernel.decisions.stop();
    expect(await appoint(kernel, 'c')).toMatchObject({ code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN', message: expect.stringContaining('same commandId') });
    expect(await Promise.all(last)).toMatchObject([{ position: 2 }, { position: 3 }]);
    await stopping;
    expect(await appoint(kernel, 'c')).toMatchObject({ reason: 'SHUTTING_DOWN' });
    expect(kernel.head).toBe(3);
  });
});

describe('The digest of a payload', () => {
  const payload = { ballot: 'b', nested: [{ x: 1, y: 'z' }, { y: 2 }], expressed: 'AGAINST' };

  it('is the same whatever the order of the fields, and whether a field is left out, undefined or null', () => {
    const digest = payloadDigest('key', 'CastPosition', payload);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(payloadDigest('key', 'CastPosition', { expressed: 'AGAINST', nested: [{ y: 'z', x: 1 }, { y: 2 }], ballot: 'b' })).toBe(digest);
    expect(payloadDigest('key', 'CastPosition', { ...payload, replaces: undefined, revision: null })).toBe(digest);
    expect(payloadDigest('key', 'CastPosition', { ...payload, commandId: newId() })).toBe(digest);
  });

  it('differs by key, name, value, place in a list and type', () => {
    const digests = [
      payloadDigest('key', 'CastPosition', payload), payloadDigest('other', 'CastPosition', payload), payloadDigest('key', 'CloseBallot', payload),
      payloadDigest('key', 'CastPosition', { ...payload, ballot: 'c' }), payloadDigest('key', 'CastPosition', { ...payload, nested: [{ y: 2 }, { x: 1, y: 'z' }] }),
      payloadDigest('key', 'CastPosition', { ...payload, nested: [{ x: '1', y: 'z' }, { y: 2 }] }), payloadDigest('key', 'CastPosition', { ...payload, revision: 0 }),
      payloadDigest('key', 'CastPosition\n{', {}), payloadDigest('key', 'CastPosition', { '': '{' }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('is recorded with each entry, and a node with another key takes no repetition for one', async () => {
    const kernel = await established();
    const commandId = newId();
    await appoint(kernel, 'a', { commandId });
    expect(kernel.last().meta.payloadDigest).toBe(payloadDigest('key', 'AppointToOffice', { office: 'OPERATOR', person: 'a' }));
    const other = await kernel.reopen({ digestKey: 'another key' });
    expect(await appoint(other, 'a', { commandId })).toMatchObject(reused);
    await other.close();
  });

  it('holds for a command through the kernel, in whatever order its fields come', async () => {
    const kernel = await established();
    const sent = { commandId: newId() };
    const { region, letterOfAdhesion } = joining(1) as { region: Record<string, string>; letterOfAdhesion: object };
    const first = await kernel.send('JoinCommittee', { region, letterOfAdhesion }, AUDITOR, sent);
    const turned = Object.fromEntries(Object.entries(region).reverse());
    expect(await kernel.send('JoinCommittee', { letterOfAdhesion, region: turned }, AUDITOR, sent)).toEqual({ ...first, repeated: true });
  });
});
