import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { arrows, files, syntaxOf, textOf, type Arrow } from '../support/imports.js';

const ours = arrows.filter((arrow) => arrow.ours);
const offending = (list: readonly Arrow[]): string[] => list.map(({ from, to }) => `${from} -> ${to}`);
const folder = (path: string): string => (path.includes('/') ? path.split('/')[0] as string : 'top');
const contextOf = (path: string): string | undefined => /^modules\/([^/]+)\//.exec(path)?.[1];
/** `decider` of `roll.decider.ts`; undefined of `result.ts`. */
const roleOf = (path: string): string | undefined => /[^/]+\.([a-z-]+)\.ts$/.exec(path)?.[1];

/** Who may import whom: each folder may know those of its own line. Files at the top compose and may know all. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  events: [],
  config: [],
  'event-store': ['events'],
  identity: ['decider', 'event-store', 'events'],
  decider: ['identity', 'event-store', 'events'],
  projections: ['decider', 'identity', 'event-store', 'events'],
  graphql: ['projections', 'decider', 'identity', 'event-store', 'events'],
  modules: ['graphql', 'projections', 'decider', 'identity', 'event-store', 'events'],
  sample: ['decider', 'event-store', 'events', 'config'],
  nodes: ['decider', 'event-store', 'config'],
  threads: ['projections', 'decider', 'event-store', 'events', 'config', 'operating'],
  operating: ['projections', 'decider', 'event-store', 'events', 'config'],
};

/** docs/architecture.md, the table headed `| Context | May know |`. */
function contextMap(): ReadonlyMap<string, readonly string[]> {
  const [, table] = /\| Context \| May know \|\n\|[-| ]+\|\n((?:\|.*\|\n)+)/.exec(readFileSync('docs/architecture.md', 'utf8')) ?? [];
  const names = (cell: string | undefined): string[] => [...(cell ?? '').matchAll(/`([a-z-]+)`/g)].map((found) => found[1] as string);
  return new Map((table ?? '').trim().split('\n').map((row) => {
    const [, context, known] = row.split('|');
    return [names(context)[0] as string, names(known)];
  }));
}

/** Ways from a file back to itself. */
function circlesOf(next: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) return void circles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
    if (done.has(name)) return;
    for (const to of next.get(name) ?? []) visit(to, [...path, name]);
    done.add(name);
  };
  for (const name of next.keys()) visit(name, []);
  return circles;
}

describe('The arrows of the house', () => {
  it('are all read, by the compiler, and lead to files that are there', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(ours.length).toBeGreaterThan(200);
    expect(offending(ours.filter(({ to }) => !files.includes(to)))).toEqual([]);
    expect(files.map(folder).filter((name) => name !== 'top' && !(name in MAY_KNOW))).toEqual([]);
  });

  it('go down: top -> modules -> graphql, projections, decider, identity -> event-store -> events; events and config know nothing of ours', () => {
    expect(offending(ours.filter(({ from, to }) => folder(from) !== 'top' && folder(from) !== folder(to) && !MAY_KNOW[folder(from)]?.includes(folder(to))))).toEqual([]);
  });

  it('to an engine begin in the one file that composes', () => {
    const named = ours.filter(({ from, to }) => to.startsWith('event-store/engines/') && !from.startsWith('event-store/engines/'));
    expect([...new Set(named.map(({ from }) => from))]).toEqual(['engines.ts']);
  });

  it('from what belongs to no context lead to no view of one: graphql, identity, config and decider know the view of consequences only', () => {
    const wrong = ours.filter(({ from, to }) => ['graphql', 'identity', 'config', 'decider'].includes(folder(from)) && roleOf(to) === 'view' && to !== 'projections/consequences.view.ts');
    expect(offending(wrong)).toEqual([]);
  });

  it('run in no circle', () => {
    expect(circlesOf(new Map(files.map((file) => [file, ours.filter((arrow) => arrow.from === file).map(({ to }) => to)])))).toEqual([]);
  });

  it('to packages that write files or speak to the network begin at the edge', () => {
    const EDGE = /^(event-store|identity|config|sample|operating|nodes|threads|graphql\/query-page|graphql\/socket|projections\/view-store|[^/]+$)/;
    const edge = /^(node:(fs|http|net|child_process|worker_threads).*|@photostructure\/sqlite|ws|graphql-ws.*|fastify|jose|oidc-provider)$/;
    expect(offending(arrows.filter(({ from, to, ours: own, typeOnly }) => !own && !typeOnly && edge.test(to) && !EDGE.test(from)))).toEqual([]);
  });
});

describe('The thread that writes', () => {
  /** What each file brings with it at run time, from `start` on: packages. */
  function packagesFrom(start: string): ReadonlySet<string> {
    const [packages, seen] = [new Set<string>(), new Set<string>()];
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { to, ours: own } of arrows.filter(({ from, typeOnly }) => from === file && !typeOnly)) {
        if (own) visit(to);
        else packages.add(to);
      }
    };
    visit(start);
    return packages;
  }
  const SERVER = /^(@nestjs\/(graphql|cqrs|core|apollo|platform-fastify)|@apollo\/server.*|fastify|ws|graphql-(ws|jit).*|oidc-provider|jose|rxjs|prom-client)$/;

  it('loads nothing of a server: a start would wait for it', () => {
    const loaded = [...packagesFrom('writing-thread.ts')];
    expect(loaded).toEqual(expect.arrayContaining(['@photostructure/sqlite', 'class-validator', 'pino']));
    expect(loaded.filter((name) => SERVER.test(name))).toEqual([]);
    // As the other one does.
    expect([...packagesFrom('server.ts')].filter((name) => SERVER.test(name)).length).toBeGreaterThan(8);
  });
});

describe('Between contexts', () => {
  const across = ours.filter(({ from, to }) => contextOf(from) !== undefined && contextOf(to) !== undefined && contextOf(from) !== contextOf(to));

  it('arrows follow the context map of docs/architecture.md, which has a row for each context and no circle', () => {
    const map = contextMap();
    const contexts = [...new Set(files.flatMap((file) => contextOf(file) ?? []))];
    expect([...map.keys()].sort()).toEqual(contexts.sort());
    expect([...map.values()].flat().filter((name) => !contexts.includes(name))).toEqual([]);
    expect(across.length).toBeGreaterThan(10);
    expect(offending(across.filter(({ from, to }) => !map.get(contextOf(from) as string)?.includes(contextOf(to) as string)))).toEqual([]);
    expect(circlesOf(map)).toEqual([]);
  });

  /**
   * Design 4 lets only a decider's state through, as a fact. The API needs more: a ballot shows regions, so it takes the GraphQL types, the
   * enums and the things (how a thing is found at a moment) of the contexts below it. None of that decides anything.
   */
  it('a file reaches a decider, the types, things and enums of the API, and the names of streams; never commands, resolvers or rules', () => {
    const REACHED = ['decider', 'types', 'things'];
    const wrong = across.filter(({ to, names }) => !(REACHED.includes(roleOf(to) ?? '') || to.endsWith('/enums.ts') || (roleOf(to) === 'context' && names.every((name) => /_STREAM$/.test(name)))));
    expect(offending(wrong)).toEqual([]);
  });

  it('a decider takes the state of another one, never what the API shows', () => {
    expect(offending(across.filter(({ from, to }) => roleOf(from) === 'decider' && roleOf(to) !== 'decider'))).toEqual([]);
  });
});

describe('Deciders and rules', () => {
  /** Files of a context without a role are rules: result, verdict, difference … Enums are the API's. */
  const pure = files.filter((file) => contextOf(file) !== undefined && !file.endsWith('/enums.ts') && (roleOf(file) === 'decider' || roleOf(file) === undefined));

  it('are found', () => {
    for (const file of ['modules/ballots/ballots.decider.ts', 'modules/ballots/result.ts', 'modules/ballots/verdict.ts', 'modules/membership/roll.decider.ts']) expect(pure).toContain(file);
    expect(pure.length).toBeGreaterThanOrEqual(10);
  });

  it('bring nothing with them at run time but events, the kernel and other rules: no Nest, no store, no GraphQL', () => {
    const next = new Map(files.map((file) => [file, arrows.filter((arrow) => arrow.from === file && !arrow.typeOnly)]));
    const ways: string[] = [];
    const visit = (file: string, path: readonly string[], seen: Set<string>): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { to, ours: own } of next.get(file) ?? []) {
        const impure = own ? /^(event-store|graphql|projections|identity|config|sample)\/|^[^/]+$/.test(to) : !/^(uuid|node:crypto|@sinclair\/typebox(\/.*)?|diff)$/.test(to);
        if (impure) ways.push([...path, file, to].join(' -> '));
        else if (own) visit(to, [...path, file], seen);
      }
    };
    for (const file of pure) visit(file, [], new Set());
    expect(ways).toEqual([]);
  });

  it('know of the store the shape of an entry only, and draw no random id', () => {
    const from = arrows.filter((arrow) => pure.includes(arrow.from));
    expect(offending(from.filter(({ to }) => to.startsWith('event-store/') && to !== 'event-store/entry.ts'))).toEqual([]);
    expect(from.filter(({ to, names }) => to === 'uuid' && names.some((name) => !['v5', 'validate'].includes(name))).map(({ from: file }) => file)).toEqual([]);
    expect(from.filter(({ to, names }) => to === 'node:crypto' && names.some((name) => name !== 'createHash')).map(({ from: file }) => file)).toEqual([]);
  });

  it('ask no clock, no dice, no locale and no process', () => {
    const asked: string[] = [];
    for (const file of [...pure, ...files.filter((name) => folder(name) === 'projections' && roleOf(name) === 'view'), 'decider/calendar.ts', 'decider/provisions.ts']) {
      const visit = (node: ts.Node): void => {
        const text = node.getText();
        const isClock = (ts.isPropertyAccessExpression(node) && /^(Date\.now|Math\.random|performance\.now|crypto\.(randomUUID|getRandomValues))$/.test(text))
          || (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0)
          || (ts.isCallExpression(node) && /^(Date|setTimeout|setInterval|setImmediate|queueMicrotask|fetch)$/.test(node.expression.getText()))
          // A locale that is named is part of the rule; the machine's own is not.
          || (ts.isCallExpression(node) && /\.(toLocale\w*|localeCompare)$/.test(node.expression.getText()))
          || (ts.isIdentifier(node) && ['process', 'globalThis', 'console'].includes(text) && !ts.isPropertyAssignment(node.parent) && !ts.isPropertySignature(node.parent)
            && !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) && !ts.isParameter(node.parent) && !ts.isBindingElement(node.parent)
            && file !== 'projections/consequences.view.ts');
        if (isClock) asked.push(`${file}: ${text}`);
        ts.forEachChild(node, visit);
      };
      visit(syntaxOf(file));
    }
    expect(asked).toEqual([]);
  });

  it('are read in one order: state, decide, evolve, the decider', () => {
    for (const file of pure.filter((name) => roleOf(name) === 'decider')) {
      const text = textOf(file);
      const at = (pattern: RegExp): number => text.search(pattern);
      const order = [at(/^export (type|interface) \w*State\b/m), at(/^export (const|function) \w+[\s\S]{0,200}?Decision</m), at(/^function evolve\b/m), at(/^export const \w+Decider\b/m)];
      expect([file, order.every((place) => place >= 0), [...order].sort((a, b) => a - b)]).toEqual([file, true, order]);
    }
  });
});

describe('Files', () => {
  /** A role is one of few, so that any path can be guessed. A new one is a decision: it is written here. */
  const ROLES = ['commands', 'context', 'decider', 'resolver', 'things', 'types', 'view', 'events', 'engine', 'plugin', 'contribution', 'input', 'module', 'process', 'pages', 'secrets'];

  it('are named in kebab-case, with one of few roles', () => {
    expect(files.filter((file) => !/^([a-z]+(-[a-z]+)*\/)*[a-z]+(-[a-z]+)*(\.[a-z]+)?(\.d)?\.ts$/.test(file))).toEqual([]);
    expect(files.filter((file) => !ROLES.includes(roleOf(file) ?? 'commands') && !file.endsWith('.d.ts'))).toEqual([]);
  });

  it('stand where their role belongs', () => {
    const AT: Readonly<Record<string, RegExp>> = { events: /^events\//, view: /^projections\//, engine: /^event-store\/engines\//, decider: /^modules\//, commands: /^modules\//, context: /^modules\//, things: /^modules\// };
    // things.resolver.ts is the resolver of things, not a file of that role.
    expect(files.filter((file) => AT[roleOf(file) ?? ''] && !AT[roleOf(file) as string]?.test(file))).toEqual([]);
  });

  it('are one thing each: none over 350 lines', () => {
    expect(files.map((file) => [file, textOf(file).split('\n').length] as const).filter(([, lines]) => lines > 350)).toEqual([]);
  });

  it('export nothing by default and escape the type checker nowhere', () => {
    const escapes: string[] = [];
    for (const file of files.filter((name) => !name.endsWith('.d.ts'))) {
      const visit = (node: ts.Node): void => {
        if (node.kind === ts.SyntaxKind.AnyKeyword || ts.isExportAssignment(node) || ts.isNonNullExpression(node)
          || (ts.isAsExpression(node) && ts.isAsExpression(node.expression) && node.expression.type.kind === ts.SyntaxKind.UnknownKeyword)) escapes.push(`${file}: ${node.getText().slice(0, 80)}`);
        ts.forEachChild(node, visit);
      };
      visit(syntaxOf(file));
      const hidden = /@ts-\w+|eslint-disable\S*/.exec(textOf(file));
      if (hidden) escapes.push(`${file}: ${hidden[0]}`);
    }
    expect(escapes).toEqual([]);
  });
});
