import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildASTSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType, parse, type GraphQLSchema } from 'graphql';
import { builtSchema } from '../../src/schema.js';

/** What the contract promises and a later piece of work brings. It may only become shorter. */
const LATER_TYPES = /^(JointInvestment|Partner|FinancingPlan|PartnerPlan|CostLine|SourceLine|Pledge|Money|InvestmentState|Stage|SourceKind|Cents)/;
const LATER_FIELDS = new Set([
  'Committee.jointInvestment', 'Committee.jointInvestments',
  'BoardRow.jointInvestments', 'BoardRow.money',
]);
const LATER_VALUES = /^(ANSWER_INVITATION|CONFIRM_PLEDGE|JOINT_INVESTMENT_|PARTNER_|FINANCING_|PLEDG|INVESTMENT_)/;

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
      if (type.name.startsWith('__') || LATER_TYPES.test(type.name)) continue;
      const ours = built.getType(type.name);
      if (!ours) { missing.push(type.name); continue; }
      if ((isObjectType(type) || isInterfaceType(type)) && (isObjectType(ours) || isInterfaceType(ours))) {
        for (const field of Object.values(type.getFields())) {
          const name = `${type.name}.${field.name}`;
          if (LATER_FIELDS.has(name)) continue;
          const own = ours.getFields()[field.name];
          compared++;
          if (String(own?.type) !== String(field.type)) missing.push(`${name}: ${field.type}, not ${own?.type}`);
          for (const arg of field.args) {
            const ownArg = own?.args.find((a) => a.name === arg.name);
            if (String(ownArg?.type) !== String(arg.type)) missing.push(`${name}(${arg.name}: ${arg.type}), not ${ownArg?.type}`);
          }
        }
      } else if (isEnumType(type) && isEnumType(ours)) {
        for (const value of type.getValues()) if (!LATER_VALUES.test(value.name) && !ours.getValue(value.name)) missing.push(`${type.name} ${value.name}`);
      } else if (isInputObjectType(type) && isInputObjectType(ours)) {
        for (const field of Object.values(type.getFields())) {
          if (String(ours.getFields()[field.name]?.type) !== String(field.type)) missing.push(`${type.name}.${field.name}: ${field.type}, not ${ours.getFields()[field.name]?.type}`);
        }
      }
    }
    expect(missing).toEqual([]);
    expect(compared).toBeGreaterThan(120);
  });
});
