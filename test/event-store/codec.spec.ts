import { describe, expect, it } from '@jest/globals';
import { Type } from '@sinclair/typebox';
import { Codec, UnreadableEntry } from '../../src/event-store/codec.js';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { PositionCast } from '../../src/events/ballots.events.js';
import { defineEvent, type EventType } from '../../src/events/define.js';
import { vocabulary } from '../../src/events/index.js';
import { timeOf } from '../support/entries.js';

interface V1 { name: string }
interface V2 { names: string[] }

/** First one name; then a list; then the list with its length. */
const Renamed = defineEvent('Renamed', { names: Type.Array(Type.String()), count: Type.Integer() }, {
  version: 3, audience: 'PUBLIC', about: (d) => d.names,
  upcasters: [(data) => ({ names: [(data as V1).name] }), (data) => ({ names: (data as V2).names, count: (data as V2).names.length })],
});
const Fragile = defineEvent('Fragile', { kept: Type.String() }, {
  version: 2, audience: 'PUBLIC', about: () => [], upcasters: [(data) => ({ kept: (data as { old: { value: string } }).old.value })],
});
/** Its author forgot the step from 2 to 3. */
const Gapped = defineEvent('Gapped', { kept: Type.String() }, { version: 3, audience: 'PUBLIC', about: () => [], upcasters: [(data) => data] });
const Told = defineEvent('Told', { text: Type.String(), to: Type.Optional(Type.String()) }, { audience: 'PUBLIC', about: (d) => [d.text] });

const codec = new Codec([Renamed, Fragile, Gapped, Told]);

const meta = { commandName: 'DoThing', payloadDigest: 'a'.repeat(64), actor: { office: 'SECRETARIAT', personId: 'p' }, correlationId: 'c' };
const stored = (type: string, version: number, data: unknown, differing: Partial<StoredEntry> = {}): StoredEntry => ({
  position: 7, id: '0193f1a0-0000-7000-8000-000000000007', stream: 'committee', revision: 3, type, version,
  data: JSON.stringify(data), meta: JSON.stringify(meta), time: timeOf(7), ...differing,
});
function problemOf(entry: StoredEntry, by: Codec = codec): UnreadableEntry {
  try {
    by.decode(entry);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableEntry);
    return error as UnreadableEntry;
  }
  throw new Error('was read');
}

describe('Reading entries', () => {
  it('gives the data in the newest shape, and everything else as it is stored', () => {
    const entry = stored('Told', 1, { text: 'é 🜁' });
    expect(codec.decode(entry)).toEqual({ ...entry, data: { text: 'é 🜁' }, meta });
  });

  it.each([
    [1, { name: 'Lazio' }, { names: ['Lazio'], count: 1 }],
    [2, { names: ['Lazio', 'Saxony'] }, { names: ['Lazio', 'Saxony'], count: 2 }],
    [3, { names: ['Saxony'], count: 1 }, { names: ['Saxony'], count: 1 }],
  ])('takes version %i through the upcasters that it needs, and only those', (version, old, data) => {
    const entry = codec.decode(stored('Renamed', version, old));
    expect(entry.data).toEqual(data);
    // What is recorded is said as it was: the version is the stored one.
    expect(entry.version).toBe(version);
    expect(codec.about(entry)).toEqual(data.names);
  });

  it('bears a field that a newer program added', () => {
    expect(codec.decode(stored('Told', 1, { text: 'a', added: 1 })).data).toEqual({ text: 'a', added: 1 });
  });

  it.each<[string, StoredEntry, string]>([
    ['an unknown type', stored('Unheard', 1, {}), 'its type is not known here'],
    ['a type by the name of something that every object has', stored('constructor', 1, {}), 'its type is not known here'],
    ['a newer version', stored('Renamed', 4, { names: [], count: 0 }), 'version 4 is newer than 3'],
    ['a version before the first', stored('Told', 0, { text: 'a' }), 'its data has another shape than declared'],
    ['another shape', stored('Told', 1, { text: 5 }), 'its data has another shape than declared'],
    ['no data', stored('Told', 1, null), 'its data has another shape than declared'],
    ['the newest shape under an old version', stored('Renamed', 1, { names: [], count: 0 }), 'its data has another shape than declared'],
    ['an upcaster that is missing', stored('Gapped', 1, { kept: 'a' }), 'its data has another shape than declared'],
    ['an upcaster that fails', stored('Fragile', 1, {}), "Cannot read properties of undefined (reading 'value')"],
    ['an upcaster that makes another shape', stored('Fragile', 1, { old: { value: 5 } }), 'its data has another shape than declared'],
  ])('stops at %s, naming position, type and cause', (_, entry, why) => {
    const error = problemOf(entry);
    expect(error).toMatchObject({ name: 'UnreadableEntry', position: 7, type: entry.type, message: `Entry 7 (${entry.type}) cannot be read: ${why}` });
  });

  it.each(['', '{', '{"text":"a"', 'undefined', '\ufeff{}', '{"text":"a"} '.repeat(2)])('stops at data that is no JSON: %j', (data) => {
    expect(problemOf(stored('Told', 1, {}, { data })).message).toMatch(/^Entry 7 \(Told\) cannot be read: .*JSON/);
  });

  it('stops at meta that is no JSON', () => {
    expect(problemOf(stored('Told', 1, { text: 'a' }, { meta: '{"commandName":' })).message).toMatch(/^Entry 7 \(Told\) cannot be read: .*JSON/);
  });

  it.each<[string, unknown]>([
    ['is nothing', null],
    ['is a list', [meta]],
    ['does not name the command', { ...meta, commandName: undefined }],
    ['has no digest of the payload', { ...meta, payloadDigest: undefined }],
    ['does not say who acted', { ...meta, actor: undefined }],
    ['says so by a name alone', { ...meta, actor: 'the Secretariat' }],
    ['names an office that there is not', { ...meta, actor: { office: 'TREASURER' } }],
    ['has a person that is a number', { ...meta, actor: { ...meta.actor, personId: 5 } }],
    ['has no correlation id', { ...meta, correlationId: undefined }],
    ['has a cause that is no position', { ...meta, cause: 0 }],
    ['has a cause told as text', { ...meta, cause: '7' }],
  ])('stops at meta that %s', (_, differing) => {
    expect(problemOf(stored('Told', 1, { text: 'a' }, { meta: JSON.stringify(differing) })).message).toBe('Entry 7 (Told) cannot be read: its meta has another shape than declared');
  });

  it('bears what a newer program added to meta, and gives what is declared', () => {
    const whole = { ...meta, actor: { office: 'ALTERNATE', personId: 'p', regionId: 'r', onBehalfOfId: 's', added: 1 }, causationId: 'x', cause: 6, added: true };
    expect(codec.decode(stored('Told', 1, { text: 'a' }, { meta: JSON.stringify(whole) })).meta).toEqual(whole);
  });

  it('says nothing of things about a type that it does not know', () => {
    expect(new Codec([]).about(codec.decode(stored('Told', 1, { text: 'a' })))).toEqual([]);
  });
});

describe('Writing events', () => {
  const own = new Codec();
  const cast = { ballotId: 'b', regionId: 'r', expressed: 'IN_FAVOUR' as const };

  it('gives the declaration of an event of the vocabulary, which is read back as it was written', () => {
    const event = PositionCast(cast);
    const type: EventType = own.writable(event);
    expect(type.type).toBe('PositionCast');
    const entry = own.decode(stored(type.type, type.version, event.data));
    expect(entry.data).toEqual(cast);
    expect(own.about(entry)).toEqual(['b', 'r']);
  });

  it.each<[string, unknown]>([
    ['without a field', { ballotId: 'b', regionId: 'r' }],
    ['with an empty id', { ...cast, ballotId: '' }],
    ['with a word that is not in the list', { ...cast, expressed: 'PERHAPS' }],
    ['with a number as text', { ...cast, replaces: '4' }],
    ['with a number out of bounds', { ...cast, replaces: 0 }],
    ['with null for a field that may be left out', { ...cast, replaces: null }],
    ['with a field that is not declared', { ...cast, weight: 3 }],
    ['with one by the name of something that every object has', { ...cast, toString: 'x' }],
    ['that is a list', [cast]],
    ['that is nothing', undefined],
  ])('refuses data %s', (_, data) => {
    expect(() => own.writable({ type: 'PositionCast', data })).toThrow('PositionCast would be written in a shape that is not its own');
  });

  it('refuses a field that is not declared also far inside', () => {
    const draft = { documentId: 'd', number: 1, hash: 'a'.repeat(64), text: [{ id: 'p1', text: 'One' }, { id: 'p2', heading: undefined, text: 'Two' }] };
    expect(own.writable({ type: 'VersionDrafted', data: draft }).type).toBe('VersionDrafted');
    const spoilt = { ...draft, text: [draft.text[0], { ...draft.text[1], author: 'the Chair' }] };
    expect(() => own.writable({ type: 'VersionDrafted', data: spoilt })).toThrow('VersionDrafted would be written in a shape that is not its own');
    // Written by a newer program, it is read.
    expect(own.decode(stored('VersionDrafted', 1, spoilt)).data).toEqual(JSON.parse(JSON.stringify(spoilt)));
  });

  it('refuses an old shape: only the newest is written', () => {
    expect(() => codec.writable({ type: 'Renamed', data: { name: 'Lazio' } })).toThrow('Renamed would be written in a shape that is not its own');
    expect(codec.writable({ type: 'Renamed', data: { names: [], count: 0 } }).version).toBe(3);
  });

  it('refuses what is not in the vocabulary', () => {
    expect(() => own.writable({ type: 'Told', data: { text: 'a' } })).toThrow('Told is not in the vocabulary');
    expect(own.typeOf('Told')).toBeUndefined();
    expect(own.typeOf('toString')).toBeUndefined();
  });

  it('knows each type of the vocabulary once, with an upcaster for each version before the newest', () => {
    expect(new Set(vocabulary.map((type) => type.type)).size).toBe(vocabulary.length);
    for (const type of vocabulary) {
      expect(own.typeOf(type.type)).toBe(type);
      expect([type.type, type.upcasters.length]).toEqual([type.type, type.version - 1]);
    }
  });
});
