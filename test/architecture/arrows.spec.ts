import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SRC = resolve('src');
const files = (readdirSync(SRC, { recursive: true }) as string[]).filter((name) => name.endsWith('.ts'));
interface Arrow { readonly from: string; readonly to: string; readonly ours: boolean }
const arrowsOf = (file: string): Arrow[] => [...readFileSync(join(SRC, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target]) => {
  const ours = (target as string).startsWith('.');
  return { from: file, to: ours ? relative(SRC, resolve(SRC, dirname(file), target as string)).replace(/\.js$/, '.ts') : target as string, ours };
});
const arrows = files.flatMap(arrowsOf);
const ours = arrows.filter((arrow) => arrow.ours);
const folder = (path: string): string => (path.includes('/') ? path.split('/')[0] as string : 'top');
const moduleOf = (path: string): string | undefined => /^modules\/([^/]+)\//.exec(path)?.[1];
const offending = (list: readonly Arrow[]): string[] => list.map(({ from, to }) => `${from} -> ${to}`);

/** Who may import whom: each folder may know those of its own line and below. Files at the top compose and know all. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  events: [],
  config: ['events'],
  'event-store': ['events'],
  identity: ['events', 'event-store', 'decider'],
  decider: ['events', 'event-store', 'identity'],
  projections: ['events', 'event-store', 'identity', 'decider'],
  graphql: ['events', 'event-store', 'identity', 'decider', 'projections'],
  modules: ['events', 'event-store', 'identity', 'decider', 'projections', 'graphql'],
  sample: ['events', 'event-store', 'decider', 'config'],
};

/** docs/architecture.md, table `| Context | May know |`. */
function contextMap(): ReadonlyMap<string, readonly string[]> {
  const rows = [...readFileSync('docs/architecture.md', 'utf8').matchAll(/^\| `([a-z]+)` \| (.*) \|$/gm)];
  return new Map(rows.map(([, context, knows]) => [context as string, [...(knows as string).matchAll(/`([a-z]+)`/g)].map((m) => m[1] as string)]));
}

describe('The arrows of the house', () => {
  it('are all read', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(ours.length).toBeGreaterThan(200);
    for (const { to } of ours) expect(files).toContain(to);
  });

  it('go down only', () => {
    const wrong = ours.filter(({ from, to }) => folder(from) !== 'top' && folder(from) !== folder(to) && !BELOW[folder(from)]?.includes(folder(to)));
    expect(offending(wrong)).toEqual([]);
  });

  it('never lead from below to the files that compose', () => {
    expect(offending(ours.filter(({ from, to }) => folder(from) !== 'top' && folder(to) === 'top'))).toEqual([]);
  });

  it('between contexts follow the context map of docs/architecture.md, which has no circle', () => {
    const map = contextMap();
    const contexts = [...new Set(files.flatMap((file) => moduleOf(file) ?? []))];
    expect([...map.keys()].filter((c) => contexts.includes(c)).sort()).toEqual(contexts.sort());
    const wrong = ours.filter(({ from, to }) => {
      const [a, b] = [moduleOf(from), moduleOf(to)];
      return a !== undefined && b !== undefined && a !== b && !map.get(a)?.includes(b);
    });
    expect(offending(wrong)).toEqual([]);
    for (const [context, knows] of map) for (const other of knows) expect(map.get(other) ?? []).not.toContain(context);
  });

  it('between contexts reach a decider, what the API shows of a thing, and enums, nothing else', () => {
    const wrong = ours.filter(({ from, to }) => moduleOf(from) !== undefined && moduleOf(to) !== undefined && moduleOf(from) !== moduleOf(to)
      && !/\.(decider|context|types|things)\.ts$|\/enums\.ts$/.test(to));
    expect(offending(wrong)).toEqual([]);
  });

  it('lead to an engine from one file only', () => {
    const named = ours.filter(({ from, to }) => to.startsWith('event-store/engines/') && !from.startsWith('event-store/'));
    expect(new Set(named.map(({ from }) => from))).toEqual(new Set(['system.ts', 'cli.ts']));
  });

  it('run in no circle', () => {
    const next = new Map(files.map((file) => [file, ours.filter((arrow) => arrow.from === file).map((arrow) => arrow.to)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file)) return;
      for (const to of next.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });
});

describe('Deciders and rules', () => {
  const pure = files.filter((file) => /\.decider\.ts$|ballots\/(result|verdict|outlook|sentences)\.ts$|standard-rules\.ts$/.test(file));

  it('are pure: no Nest, no store, no clock, no randomness', () => {
    expect(pure.length).toBeGreaterThanOrEqual(8);
    for (const file of pure) {
      const text = readFileSync(join(SRC, file), 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '');
      expect([file, text.match(/Date\.now|new Date\(\)|Math\.random|randomUUID|process\.|performance\./)?.[0]]).toEqual([file, undefined]);
    }
    const wrong = arrows.filter(({ from, to }) => pure.includes(from) && (/@nestjs|sqlite|node:fs|rxjs/.test(to) || (to.startsWith('event-store/') && to !== 'event-store/entry.ts')));
    expect(offending(wrong)).toEqual([]);
  });
});

describe('Files', () => {
  it('are named kebab-case, with a role where they have one', () => {
    expect(files.filter((file) => !/^([a-z-]+\/)*[a-z-]+(\.[a-z-]+)?(\.d)?\.ts$/.test(file))).toEqual([]);
  });

  it('are one thing each: none over 350 lines', () => {
    expect(files.filter((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 350)).toEqual([]);
  });

  it('export nothing by default and escape the type checker nowhere', () => {
    for (const file of files) expect([file, readFileSync(join(SRC, file), 'utf8').match(/export default|@ts-|eslint-disable|: any\b|as any\b|as unknown as/)?.[0]]).toEqual([file, undefined]);
  });
});
