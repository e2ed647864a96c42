import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  execute, getNamedType, isInterfaceType, isObjectType, parse, TypeInfo, visit, visitWithTypeInfo, type DocumentNode, type GraphQLOutputType, type GraphQLSchema,
} from 'graphql';
import { views } from '../../src/contexts.js';
import { contributions } from '../../src/contributions.js';
import { Codec } from '../../src/event-store/codec.js';
import { LogFile } from '../../src/event-store/log-file.js';
import { Reads } from '../../src/graphql/reads.js';
import { Visibility } from '../../src/graphql/visibility.js';
import type { Standing } from '../../src/identity/standing.js';
import { nameOfRegion } from '../../src/modules/membership/membership.things.js';
import { buildViews } from '../../src/projections/view-runner.js';
import { ViewStore } from '../../src/projections/view-store.js';
import { TestServer, type Json } from '../support/server.js';

/** Holds all rights, outside the log, and has no desk of its own. */
const READER: Standing = { offices: [], contactPersonOf: [], readsEverything: true };
/** What is asked of oneself is not asked here. */
const APART = ['myDesk'];
const ARGS: Readonly<Record<string, string>> = { first: '100', number: '1', from: '1', to: '2' };
const DEPTH = 8;

/** Every field of a type, down to a depth, with every list asked whole; a type inside itself is told by its id. */
function everyField(schema: GraphQLSchema, type: GraphQLOutputType, ids: Readonly<Record<string, string>>, above: readonly string[] = []): string {
  const named = getNamedType(type);
  if (isInterfaceType(named)) {
    const of = schema.getPossibleTypes(named).map((t) => `... on ${t.name} ${everyField(schema, t, ids, [...above, named.name])}`);
    return `{ __typename id ${above.length > 3 ? '' : of.join(' ')} }`;
  }
  if (!isObjectType(named)) return '';
  if (above.includes(named.name) || above.length >= DEPTH) return named.getFields()['id'] ? '{ id }' : '{ __typename }';
  const fields = Object.values(named.getFields()).filter((field) => !APART.includes(field.name)).map((field, i) => {
    const id = ids[`${named.name}.${field.name}`];
    if (field.args.some((arg) => arg.name === 'id')) return id === undefined ? '' : `f${i}: ${field.name}(id: "${id}") ${everyField(schema, field.type, ids, [...above, named.name])}`;
    const args = field.args.filter((arg) => ARGS[arg.name]).map((arg) => `${arg.name}: ${ARGS[arg.name]}`);
    // Two types of an interface may give one field other nullabilities: an alias keeps them apart.
    return `${named.name}_${field.name}: ${field.name}${args.length ? `(${args.join(', ')})` : ''} ${everyField(schema, field.type, ids, [...above, named.name])}`;
  });
  return `{ __typename ${fields.join(' ')} }`;
}

/** `Type.field` of everything that can be reached from a type. */
function reachable(schema: GraphQLSchema, type: GraphQLOutputType, found = new Set<string>(), seen = new Set<string>()): ReadonlySet<string> {
  const named = getNamedType(type);
  if (seen.has(named.name)) return found;
  seen.add(named.name);
  if (isInterfaceType(named)) schema.getPossibleTypes(named).forEach((kind) => reachable(schema, kind, found, seen));
  if (isObjectType(named)) {
    for (const field of Object.values(named.getFields())) {
      if (APART.includes(field.name)) continue;
      found.add(`${named.name}.${field.name}`);
      reachable(schema, field.type, found, seen);
    }
  }
  return found;
}

/** `Type.field` of everything that a document asks for. */
function askedIn(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const found = new Set<string>();
  const types = new TypeInfo(schema);
  visit(document, visitWithTypeInfo(types, {
    Field: (node) => {
      const parent = types.getParentType();
      if (parent && !node.name.value.startsWith('__')) found.add(`${parent.name}.${node.name.value}`);
    },
  }));
  return found;
}

describe('The past', () => {
  let server: TestServer;
  let schema: GraphQLSchema;
  let document: DocumentNode;
  let folder: string;

  beforeAll(async () => {
    server = await TestServer.start();
    folder = mkdtempSync(join(tmpdir(), 'past-'));
    schema = server.running.schema;
    const committee = await server.committee('regions(first: 1) { edges { node { id } } } ballots(first: 1) { edges { node { id } } } recommendations(first: 1) { edges { node { id } } } accessions(first: 1) { edges { node { id } } } policyDocuments(first: 1) { edges { node { id } } } jointInvestments(first: 1) { edges { node { id } } }', 'secretariat');
    const first = (list: string): string => committee[list].edges[0].node.id;
    const ids = { 'Committee.region': first('regions'), 'Committee.ballot': first('ballots'), 'Committee.recommendation': first('recommendations'), 'Committee.accession': first('accessions'), 'Committee.policyDocument': first('policyDocuments'), 'Committee.jointInvestment': first('jointInvestments') };
    const type = schema.getQueryType()?.getFields()['committee']?.type as GraphQLOutputType;
    document = parse(`query ($at: Position) { committee(at: $at) ${everyField(schema, type, ids)} }`);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const asked = async (at: number | null, reads?: Reads, visibility?: Visibility): Promise<Json> => JSON.parse(JSON.stringify(await withReads(server, reads, visibility, () => execute({
    schema, document, variableValues: { at: at === null ? null : String(at) }, contextValue: { correlationId: 'test', reader: READER }, rootValue: {},
  }))));

  it('is asked for every field that the schema has: a new one cannot be forgotten', () => {
    const type = schema.getQueryType()?.getFields()['committee']?.type as GraphQLOutputType;
    const inDocument = askedIn(schema, document);
    expect([...reachable(schema, type)].filter((field) => !inDocument.has(field))).toEqual([]);
    expect(inDocument.size).toBeGreaterThan(150);
  });

  it('asked at every position of the sample, with every field of the schema, is what a system knew that had replayed only that far', async () => {
    const { log } = server.running.system.engine;
    const codec = new Codec();
    const partial = LogFile.open(join(folder, 'log.db'));
    const store = new ViewStore(join(folder, 'views.db'), views, codec, partial.logId);
    const reads = new Reads(store, partial, codec);
    const visibility = new Visibility(reads, contributions, nameOfRegion);
    let fields = 0;
    for (let at = 1; at <= server.head; at++) {
      partial.append(log.read(at - 1, 1), at - 1);
      await buildViews(store, partial, codec, new AbortController().signal, () => undefined);
      // There it is the present, and asked as the present.
      const [then, now] = [await asked(at), await asked(null, reads, visibility)];
      expect(then.errors).toBeUndefined();
      expect(then).toEqual(now);
      fields = Math.max(fields, JSON.stringify(then).length);
    }
    // The query does ask for a lot: an empty answer would be equal too.
    expect(fields).toBeGreaterThan(20_000);
    store.close();
    partial.close();
  }, 120_000);

  it('has one moment a question', async () => {
    const reason = async (args: string) => (await server.ask(`{ committee(${args}) { position } }`)).errors?.[0].extensions.reason;
    expect(await reason('at: "1", notBefore: "1"')).toBe('ONE_MOMENT');
    expect(await reason(`at: "${server.head + 1}"`)).toBe('BEYOND_THE_LOG');
    expect(await reason('asOf: "2999-01-01T00:00:00Z"')).toBe('IN_THE_FUTURE');
    expect(await reason(`notBefore: "${server.head + 1}"`)).toBe('VIEW_BEHIND');
  });

  it('by a time is the last position recorded at or before it', async () => {
    const { log } = server.running.system.engine;
    for (const position of [1, 7, 30, 43, server.head]) {
      const { time } = log.at(position) ?? { time: '' };
      const before = new Date(Date.parse(time) - 1).toISOString();
      const { data } = await server.ask(`{ at: committee(asOf: "${time}") { position } before: committee(asOf: "${before}") { position } }`);
      expect(Number(data.at.position)).toBeGreaterThanOrEqual(position);
      expect(log.at(Number(data.at.position))?.time).toBe(time);
      expect(Number(data.before.position)).toBeLessThan(position);
    }
    expect((await server.ask('{ committee(at: "0") { position time change { kind } name regions(first: 1) { edges { cursor } } } }')).data.committee)
      .toEqual({ position: '0', time: null, change: null, name: null, regions: { edges: [] } });
  });
});

/** Runs a question with what another system has read in place of this one's. The resolvers hold their parts as fields. */
async function withReads<T>(server: TestServer, reads: Reads | undefined, visibility: Visibility | undefined, work: () => T | Promise<T>): Promise<T> {
  if (!reads || !visibility) return work();
  const { reads: ownReads, visibility: ownVisibility } = server.running.system;
  const swap = (target: object, source: object): object => {
    const before = { ...target };
    Object.assign(target, source);
    return before;
  };
  const [r, v] = [swap(ownReads, reads), swap(ownVisibility, visibility)];
  try {
    return await work();
  } finally {
    swap(ownReads, r);
    swap(ownVisibility, v);
  }
}
