import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildASTSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType, isRequiredArgument, isRequiredInputField, isScalarType, parse, type GraphQLSchema } from 'graphql';
import { registrations } from '../../src/contexts.js';
import { mutationName } from '../../src/graphql/core.contribution.js';
import { builtSchema } from '../../src/schema.js';
import { tableOfCommands } from '../support/contract.js';

let contract: GraphQLSchema;
let built: GraphQLSchema;
beforeAll(async () => {
  built = await builtSchema();
  contract = buildASTSchema(parse(readFileSync('test/graphql/contract.graphql', 'utf8')), { assumeValid: true });
});

describe('The schema keeps the contract', () => {
  it('in every type, field, argument and nullability; it may only add', () => {
    const missing: string[] = [];
    let compared = 0;
    for (const type of Object.values(contract.getTypeMap())) {
      if (type.name.startsWith('__')) continue;
      const ours = built.getType(type.name);
      if (!ours) { missing.push(type.name); continue; }
      if ((isObjectType(type) || isInterfaceType(type)) && (isObjectType(ours) || isInterfaceType(ours))) {
        for (const field of Object.values(type.getFields())) {
          const name = `${type.name}.${field.name}`;
          const own = ours.getFields()[field.name];
          compared++;
          const added = own?.args.filter((arg) => isRequiredArgument(arg) && !field.args.some((a) => a.name === arg.name)) ?? [];
          for (const arg of added) missing.push(`${name}(${arg.name}) is asked for, and the contract does not know it`);
          if (String(own?.type) !== String(field.type)) missing.push(`${name}: ${field.type}, not ${own?.type}`);
          for (const arg of field.args) {
            const ownArg = own?.args.find((a) => a.name === arg.name);
            if (String(ownArg?.type) !== String(arg.type)) missing.push(`${name}(${arg.name}: ${arg.type}), not ${ownArg?.type}`);
            if (ownArg?.defaultValue !== arg.defaultValue) missing.push(`${name}(${arg.name} = ${arg.defaultValue}), not ${ownArg?.defaultValue}`);
          }
        }
        for (const { name } of type.getInterfaces()) if (!ours.getInterfaces().some((own) => own.name === name)) missing.push(`${type.name} implements ${name}`);
      } else if (isEnumType(type) && isEnumType(ours)) {
        for (const value of type.getValues()) if (!ours.getValue(value.name)) missing.push(`${type.name} ${value.name}`);
      } else if (isInputObjectType(type) && isInputObjectType(ours)) {
        for (const field of Object.values(type.getFields())) {
          if (String(ours.getFields()[field.name]?.type) !== String(field.type)) missing.push(`${type.name}.${field.name}: ${field.type}, not ${ours.getFields()[field.name]?.type}`);
          if (ours.getFields()[field.name]?.defaultValue !== field.defaultValue) missing.push(`${type.name}.${field.name} = ${field.defaultValue}`);
        }
        const added = Object.values(ours.getFields()).filter((field) => isRequiredInputField(field) && !type.getFields()[field.name]);
        for (const field of added) missing.push(`${type.name}.${field.name} is asked for, and the contract does not know it`);
      } else if (!(isScalarType(type) && isScalarType(ours))) {
        missing.push(`${type.name} is of another kind`);
      }
    }
    expect(missing).toEqual([]);
    expect(compared).toBeGreaterThan(120);
  });

  it('is kept: each command is sent by those whom it names, and by nobody else', () => {
    const rows = tableOfCommands();
    expect(rows.length).toBeGreaterThan(40);
    for (const { command, by, holder, process, cli } of rows) {
      const own = registrations.find((registration) => registration.command.name === command);
      const people = own?.by.filter((office) => office !== 'SYSTEM');
      expect([command, people?.sort(), own?.holder !== undefined]).toEqual([command, [...by].sort(), holder]);
      // Processes may send more than the table says: documents follow from adoption.
      if (process || cli) expect([command, own?.by.includes('SYSTEM')]).toEqual([command, true]);
      expect([command, own?.mutation !== false]).toEqual([command, by.length > 0 && !cli]);
    }
  });

  it('has a row for each command of the registry, apart from what the kernel says to itself', () => {
    const names = tableOfCommands().map(({ command }) => command);
    expect(registrations.map((r) => r.command.name).filter((name) => !names.includes(name))).toEqual(['RecordRefusedConsequence']);
  });

  it('gives each mutation the shape of the contract: one input of its own, a Receipt', () => {
    for (const { command, mutation } of registrations) {
      const field = built.getMutationType()?.getFields()[mutationName(command.name)];
      if (mutation === false) expect([command.name, field]).toEqual([command.name, undefined]);
      else {
        expect([command.name, String(field?.type), field?.args.map((arg) => `${arg.name}: ${String(arg.type)}`)]).toEqual([command.name, 'Receipt!', [`input: ${command.name}Input!`]]);
        const input = built.getType(`${command.name}Input`);
        expect([command.name, isInputObjectType(input) && [String(input.getFields()['commandId']?.type), String(input.getFields()['revision']?.type)]]).toEqual([command.name, ['ID', 'Int']]);
      }
    }
  });
});
