import { getNamedType, isInterfaceType, isObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import type { Asked } from './every-field.js';

/** A made-up document: aliases, fields twice, fragments with and without a name, variables given and left out. Not each is valid. */
export function randomDocument(schema: GraphQLSchema, below: (bound: number) => number, asked: Asked): string {
  const fragments: string[] = [];
  const chance = (percent: number): boolean => below(100) < percent;
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

  const argument = (type: string, field: GraphQLField<unknown, unknown>, name: string): string | undefined => {
    switch (name) {
      case 'first': return pick(['first: 1', 'first: 3', 'first: $page', 'first: $page', 'first: $none', 'first: 0']);
      case 'after': return chance(30) ? pick(['after: "1"', 'after: $cursor', 'after: null', 'after: "x y"']) : undefined;
      case 'id': return `id: ${JSON.stringify(pick([...(asked.ids[`${type}.${field.name}`] ?? []), 'none']))}`;
      case 'number': case 'from': return `${name}: 1`;
      case 'to': return 'to: 2';
      default: return undefined;
    }
  };
  const ofField = (type: string, field: GraphQLField<unknown, unknown>, depth: number): string => {
    const args = field.args.flatMap((arg) => argument(type, field, arg.name) ?? []);
    const named = getNamedType(field.type);
    const inner = isObjectType(named) || isInterfaceType(named) ? ofType(named.name, depth + 1) : '';
    return `${chance(40) ? `${pick(['a', 'b', 'a_b', 'constructor'])}_${type}_${field.name}${below(9)}: ` : ''}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''} ${inner}`;
  };
  const ofType = (name: string, depth: number): string => {
    const type = schema.getType(name);
    if (!(isObjectType(type) || isInterfaceType(type)) || depth > 6) return '{ __typename }';
    const fields = Object.values(type.getFields()).filter((field) => chance(5) || asked.mayAsk(name, field.name));
    const some = Array.from({ length: 1 + below(4) }, () => (fields.length > 0 ? ofField(name, pick(fields), depth) : '__typename'));
    if (chance(20)) some.push('__typename');
    if (isInterfaceType(type)) for (const kind of schema.getPossibleTypes(type)) if (chance(60)) some.push(`... on ${kind.name} ${ofType(kind.name, depth + 1)}`);
    if (chance(15)) some.push(`... ${ofType(name, depth + 1)}`);
    if (chance(15)) {
      const fragment = `F${fragments.length}`;
      fragments.push('');
      fragments[Number(fragment.slice(1))] = `fragment ${fragment} on ${name} ${ofType(name, depth + 1)}`;
      some.push(`...${fragment}`);
      if (chance(50)) some.push(`...${fragment}`);
    }
    return `{ ${some.join(' ')} }`;
  };
  const top = Array.from({ length: 1 + below(2) }, (_, i) => `c${i}: committee(at: ${pick(['$at', '$at', '"9"'])}) ${ofType('Committee', 1)}`);
  const body = `{ ${top.join(' ')} }`;
  const all = `${body} ${fragments.join(' ')}`;
  const declared = [['$at', 'Position'], ['$page', 'Int! = 2'], ['$none', 'Int!'], ['$cursor', 'String']].filter(([name]) => all.includes(name as string)).map(([name, type]) => `${name}: ${type}`);
  return `query ${declared.length > 0 ? `(${declared.join(', ')})` : ''} ${all}`;
}
