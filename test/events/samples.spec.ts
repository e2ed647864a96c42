import 'reflect-metadata';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { contexts, views } from '../../src/contexts.js';
import { contributions } from '../../src/contributions.js';
import type { StreamKind } from '../../src/decider/registry.js';
import type { EventType } from '../../src/events/define.js';
import { vocabulary } from '../../src/events/index.js';
import { Codec } from '../../src/event-store/codec.js';
import type { Entry, StoredEntry } from '../../src/event-store/entry.js';
import type { View } from '../../src/projections/view.js';
import { ViewStore } from '../../src/projections/view-store.js';
import { range } from '../support/entries.js';
import { removeDir, tempDir } from '../support/temp.js';

/**
 * What was ever written has to be read for ever. `samples/<Type>.v<version>.json` holds entries as they were stored, a line each; all
 * files together are one log. They are added to and never changed: a program that cannot read them cannot read the logs out there.
 */
const FOLDER = 'test/events/samples';
interface Sample extends Omit<StoredEntry, 'data' | 'meta'> { readonly data: unknown; readonly meta: unknown }
const files = readdirSync(FOLDER).sort();
const samplesIn = (file: string): readonly Sample[] => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Sample[];
const log: readonly StoredEntry[] = files.flatMap(samplesIn).sort((a, b) => a.position - b.position)
  .map((sample) => ({ ...sample, data: JSON.stringify(sample.data), meta: JSON.stringify(sample.meta) }));

const versionsOf = (types: readonly EventType[]): readonly string[] => types.flatMap(({ type, version }) => range(1, version).map((v) => `${type}.v${v}.json`)).sort();
const streams = contexts.flatMap((context) => context.streams);
const kindOf = (stream: string): StreamKind | undefined => streams.find(({ prefix }) => (prefix.endsWith('-') ? stream.startsWith(prefix) : stream === prefix));

/** Entries that their stream's decider does not hear: the state is the same one as before. */
function unheard(entries: readonly Entry[], kind: (stream: string) => StreamKind | undefined = kindOf): readonly string[] {
  const states = new Map<string, unknown>();
  return entries.flatMap((entry) => {
    const decider = kind(entry.stream)?.decider;
    if (!decider) return [`${entry.stream} is no stream of any context`];
    const before = states.has(entry.stream) ? states.get(entry.stream) : decider.initial();
    const after = decider.evolve(before, entry);
    states.set(entry.stream, after);
    return after === before ? [`${entry.type} at ${entry.position}`] : [];
  });
}

describe('Stored samples', () => {
  const opened: (() => void)[] = [];
  afterEach(() => opened.splice(0).forEach((close) => close()));
  const newStore = (of: readonly View[] = views): ViewStore => {
    const dir = tempDir();
    const store = new ViewStore(join(dir, 'views.db'), of, new Codec(), 'samples');
    opened.push(() => { store.close(); removeDir(dir); });
    return store;
  };
  const entries = (): Entry[] => log.map((stored) => new Codec().decode(stored));

  it('there are of every version of every event, and of nothing else', () => {
    expect(files).toEqual(versionsOf(vocabulary));
    for (const file of files) {
      const kinds = new Set(samplesIn(file).map(({ type, version }) => `${type}.v${version}.json`));
      expect([...kinds]).toEqual([file]);
    }
  });

  it('are one log: positions and revisions without a hole, times that never go back, each id once', () => {
    expect(log.map((entry) => entry.position)).toEqual(range(1, log.length));
    for (const stream of new Set(log.map((entry) => entry.stream))) {
      const own = log.filter((entry) => entry.stream === stream);
      expect([stream, own.map((entry) => entry.revision)]).toEqual([stream, range(1, own.length)]);
    }
    expect(log.map((entry) => entry.time)).toEqual(log.map((entry) => entry.time).sort());
    expect(new Set(log.map((entry) => entry.id)).size).toBe(log.length);
  });

  it.each(files)('%s is read', (file) => {
    for (const stored of log.filter(({ type, version }) => `${type}.v${version}.json` === file)) {
      const entry = new Codec().decode(stored);
      expect(new Codec().about(entry)[0]).toMatch(/\S/);
      const told = contributions.map((contribution) => contribution.sentences[entry.type]?.(entry, () => 'a region')).filter((sentence) => sentence !== undefined);
      expect(told).toHaveLength(1);
      expect(told[0]).not.toMatch(/undefined|null|NaN|\[object/);
    }
  });

  it('change the state of their stream, each of them', () => expect(unheard(entries())).toEqual([]));

  it('are taken by the views, whatever the batches', () => {
    const [one, many] = [newStore(), newStore()];
    for (const entry of entries()) one.apply([entry]);
    many.apply(entries());
    expect([one.stopped, one.position]).toEqual([[], log.length]);
    expect([many.stopped, many.position]).toEqual([[], log.length]);
    expect(one.digest()).toBe(many.digest());
    const unseen = vocabulary.filter(({ type }) => !views.some((view) => view.listens.has(type)));
    expect(unseen.map(({ type }) => type)).toEqual([]);
  });

  describe('control:', () => {
    const [first] = vocabulary as [EventType];

    it('a new event and a new version without a sample are seen', () => {
      expect(files).not.toEqual(versionsOf([...vocabulary, { ...first, type: 'SomethingNew' }]));
      expect(files).not.toEqual(versionsOf([{ ...first, version: first.version + 1 }, ...vocabulary.slice(1)]));
    });

    it('an event in another shape without an upcaster is not read', () => {
      const strict = vocabulary.map((type): EventType => (type.type === 'PositionCast' ? { ...type, check: (data): data is unknown => 'weight' in (data as object) } : type));
      const cast = log.find((entry) => entry.type === 'PositionCast') as StoredEntry;
      expect(() => new Codec(strict).decode(cast)).toThrow('another shape');
    });

    it('an event that a decider forgets, and a stream that no context has, are seen', () => {
      const deaf: StreamKind = { prefix: 'roll', decider: { name: 'roll', initial: () => 0, evolve: (state) => state } };
      expect(unheard(entries(), (stream) => (stream === 'roll' ? deaf : kindOf(stream)))).toContain('AccessionAccepted at 14');
      expect(unheard(entries(), (stream) => (stream === 'roll' ? undefined : kindOf(stream)))).toContain('roll is no stream of any context');
    });

    it('an event that a view cannot take stops it', () => {
      const store = newStore(views.filter((view) => view.name === 'ballots'));
      store.apply(entries().map((entry) => (entry.type === 'PositionCast' ? { ...entry, data: { ...(entry.data as object), regionId: 'none' } } : entry)));
      expect(store.stopped).toMatchObject([{ view: 'ballots', error: expect.stringContaining('has no seat') }]);
    });
  });
});
