import { isEnumType, isInputObjectType, isListType, isNonNullType, type GraphQLInputType } from 'graphql';

/** An input that passes every check of its own, for a command whose rights are asked. Only what is required. */
export function inputFor(type: GraphQLInputType, name: string, given: Readonly<Record<string, unknown>>): unknown {
  const FIXED: Readonly<Record<string, unknown>> = { year: 2001, number: 1, basedOn: 1, numerator: 1, denominator: 2, strict: true, writtenDaysAtLeast: 14, population: 1, country: 'IT', date: '2020-01-01', ...given };
  const inner = isNonNullType(type) ? type.ofType : type;
  if (isListType(inner)) return [inputFor(inner.ofType as GraphQLInputType, name, given)];
  if (isInputObjectType(inner)) return Object.fromEntries(Object.values(inner.getFields()).filter((field) => isNonNullType(field.type) || field.name in given).map((field) => [field.name, inputFor(field.type, field.name, given)]));
  if (name in FIXED) return FIXED[name];
  if (isEnumType(inner)) return inner.getValues()[0]?.name;
  return { Sha256: 'a'.repeat(64), Cents: '1', Date: '2030-01-01' }[inner.name] ?? 'none';
}
