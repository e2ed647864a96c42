import { getNamedType, isInterfaceType, isObjectType, type GraphQLField, type GraphQLOutputType, type GraphQLSchema } from 'graphql';

export interface Asked {
  /** Whether this reader may ask for a field at all; what is not is left out. */
  mayAsk(type: string, field: string): boolean;
  /** Ids for fields that take one, as `Committee.ballot`: the first is asked for everything, the others for whether they are there. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
}

const ARGUMENTS: Readonly<Record<string, string>> = { first: '100', number: '1', from: '1', to: '2' };
const DEPTH = 8;

/**
 * A selection of every field below a type that a reader may ask for, every list whole. Made from the schema, so that a new field cannot be
 * forgotten. A type inside itself is told by its id. Far beyond the limits of HTTP: it is executed, not sent.
 */
export function everyField(schema: GraphQLSchema, type: GraphQLOutputType, asked: Asked, above: readonly string[] = []): string {
  const named = getNamedType(type);
  if (isInterfaceType(named)) {
    const kinds = above.length > 4 ? [] : schema.getPossibleTypes(named).map((kind) => `... on ${kind.name} ${everyField(schema, kind, asked, [...above, named.name])}`);
    return `{ __typename ${asked.mayAsk(named.name, 'id') ? 'id' : ''} ${kinds.join(' ')} }`;
  }
  if (!isObjectType(named)) return '';
  if (above.includes(named.name) || above.length >= DEPTH) return named.getFields()['id'] && asked.mayAsk(named.name, 'id') ? '{ __typename id }' : '{ __typename }';
  // Regions stand in every seat, position and figure: their histories are asked where regions are listed.
  const again = (field: string): boolean => field === 'history' && named.name === 'Region' && above.length > 3;
  const fields = Object.values(named.getFields()).filter((field) => asked.mayAsk(named.name, field.name) && !again(field.name)).flatMap((field) => askedFor(schema, named.name, field, asked, [...above, named.name]));
  return `{ __typename ${fields.join(' ')} }`;
}

function askedFor(schema: GraphQLSchema, type: string, field: GraphQLField<unknown, unknown>, asked: Asked, above: readonly string[]): string[] {
  const inner = everyField(schema, field.type, asked, above);
  const given = field.args.filter((arg) => ARGUMENTS[arg.name]).map((arg) => `${arg.name}: ${ARGUMENTS[arg.name]}`);
  // Two types of an interface may give one field other nullabilities: an alias keeps them apart.
  const ask = (more: readonly string[], alias: string, selection = inner): string => `${alias}: ${field.name}${given.length + more.length > 0 ? `(${[...given, ...more].join(', ')})` : ''} ${selection}`;
  if (!field.args.some((arg) => arg.name === 'id')) return [ask([], `${type}_${field.name}`)];
  return (asked.ids[`${type}.${field.name}`] ?? ['none']).map((id, i) => ask([`id: ${JSON.stringify(id)}`], `${type}_${field.name}_${i}`, i === 0 ? inner : '{ __typename }'));
}

/** One way to ask for a field: the fields on the way, and the query. */
export interface Way { readonly steps: readonly string[]; query(last: string): string }

/**
 * For each object type below `committee` and `me`, the shortest way there, by fields that everybody may ask for wherever there is one.
 * @param isOpen whether everybody may ask for a field
 */
export function waysTo(schema: GraphQLSchema, isOpen: (type: string, field: string) => boolean, ids: Asked['ids']): ReadonlyMap<string, Way> {
  const ways = new Map<string, Way>([['Query', { steps: [], query: (last) => `{ ${last} }` }]]);
  for (const openOnly of [true, false]) {
    const queue = [...ways.keys()];
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const type = schema.getType(name);
      const way = ways.get(name);
      if (!way || !(isObjectType(type) || isInterfaceType(type))) continue;
      const reach = (to: string, next: Way): void => {
        if (ways.has(to)) return;
        ways.set(to, next);
        queue.push(to);
      };
      for (const field of Object.values(type.getFields())) {
        const named = getNamedType(field.type);
        if (!(isObjectType(named) || isInterfaceType(named)) || (openOnly && !isOpen(name, field.name))) continue;
        const args = argumentsOf(name, field, ids);
        reach(named.name, { steps: [...way.steps, `${name}.${field.name}`], query: (last) => way.query(`${field.name}${args} { ${last} }`) });
      }
      if (isInterfaceType(type)) for (const kind of schema.getPossibleTypes(type)) reach(kind.name, { steps: way.steps, query: (last) => way.query(`... on ${kind.name} { ${last} }`) });
    }
  }
  return ways;
}

/** The arguments that a field cannot do without, in brackets. */
export function argumentsOf(type: string, field: GraphQLField<unknown, unknown>, ids: Asked['ids']): string {
  const args = field.args.filter((arg) => ARGUMENTS[arg.name] ?? (arg.name === 'id' ? 'id' : undefined))
    .map((arg) => `${arg.name}: ${arg.name === 'id' ? JSON.stringify(ids[`${type}.${field.name}`]?.[0] ?? 'none') : arg.name === 'first' ? '1' : ARGUMENTS[arg.name]}`);
  return args.length > 0 ? `(${args.join(', ')})` : '';
}
