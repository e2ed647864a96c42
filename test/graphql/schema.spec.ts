import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';
import { registrations } from '../../src/contexts.js';
import { contributions } from '../../src/contributions.js';
import { mutationName } from '../../src/graphql/core.contribution.js';
import { RightsTable } from '../../src/graphql/rights.js';
import { builtSchema, printedSchema } from '../../src/schema.js';
import { vocabulary } from '../../src/events/index.js';

let schema: GraphQLSchema;
let printed: string;
beforeAll(async () => {
  schema = await builtSchema();
  printed = await printedSchema();
});

const fieldsOf = (): string[] => Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__') && (isObjectType(type) || isInterfaceType(type)))
  .flatMap((type) => (isObjectType(type) || isInterfaceType(type) ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : []));

describe('The schema', () => {
  it('is the one in schema.graphql; npm run schema writes it anew', () => {
    expect(readFileSync('schema.graphql', 'utf8')).toBe(printed);
  });

  it('has a row in the table of rights for each field, and no row without a field', () => {
    const table = new RightsTable(contributions.map((c) => c.rights));
    const fields = fieldsOf();
    expect(fields.length).toBeGreaterThan(150);
    expect(fields.filter((name) => table.audienceOf(...(name.split('.') as [string, string])) === undefined)).toEqual([]);
    expect(table.names().filter((name) => !fields.includes(name))).toEqual([]);
  });

  it('has no field with two rows in the table of rights, of which one would be silent', () => {
    const rows = contributions.flatMap(({ rights }) => Object.entries(rights).flatMap(([type, groups]) => groups.flatMap(({ fields: names }) => names.split(/\s+/).filter(Boolean).map((field) => `${type}.${field}`))));
    expect(rows.filter((row, i) => rows.indexOf(row) !== i)).toEqual([]);
  });

  it('has one mutation for each command that is not for processes and the command line only', () => {
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
    expect(mutations.sort()).toEqual(registrations.filter((r) => r.mutation !== false).map((r) => mutationName(r.command.name)).sort());
  });

  it('tells every event in a sentence', () => {
    const told = contributions.flatMap((c) => Object.keys(c.sentences));
    expect(vocabulary.map((event) => event.type).filter((type) => !told.includes(type))).toEqual([]);
  });

  it('says what each command is for', () => {
    for (const { command, description } of registrations) expect([command.name, description.length > 20]).toEqual([command.name, true]);
  });
});
