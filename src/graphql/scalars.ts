import { GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { Problem } from '../decider/problem.js';

const wrong = (name: string, given: unknown, right: string): Problem =>
  new Problem('INVALID', undefined, `${JSON.stringify(given) ?? 'That'} is no ${name}: ${right}.`, { given: String(given).slice(0, 100) });

function scalar<T>(name: string, description: string, parse: (value: string) => T, serialize: (value: unknown) => unknown): GraphQLScalarType {
  const fromText = (value: unknown): T => {
    if (typeof value !== 'string' && typeof value !== 'number') throw wrong(name, value, description);
    return parse(String(value));
  };
  return new GraphQLScalarType({
    name, description, serialize, parseValue: fromText,
    parseLiteral: (node: ValueNode) => {
      if (node.kind !== Kind.STRING && node.kind !== Kind.INT) throw wrong(name, node.kind, description);
      return fromText(node.value);
    },
  });
}

const checked = (name: string, pattern: RegExp, right: string) => (value: string): string => {
  if (!pattern.test(value)) throw wrong(name, value, right);
  return value;
};

/** A position is a string in the API, since a JSON number ends at 2^53 in many clients, and a number inside. */
export const PositionScalar = scalar<number>('Position',
  'Place in the log, as digits: 1, 2, 3 without a hole; 0 is before the first. Never what a region expressed: that is RegionPosition.',
  (value) => {
    const position = Number(value);
    if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(position)) throw wrong('Position', value, 'it is written as digits, such as "4711"');
    return position;
  },
  String);

/** Takes any RFC 3339 time and keeps it in UTC with milliseconds, so that times compare as strings. */
export const DateTimeScalar = scalar<string>('DateTime', 'UTC, RFC 3339, milliseconds.',
  (value) => {
    const time = new Date(value);
    if (!/^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(value) || Number.isNaN(time.getTime())) {
      throw wrong('DateTime', value, 'it is written as in "2026-03-01T12:00:00Z"');
    }
    return time.toISOString();
  },
  String);

export const DateScalar = scalar<string>('Date', 'A day in Europe/Brussels, YYYY-MM-DD.',
  checked('Date', /^\d{4}-\d{2}-\d{2}$/, 'it is written as in "2026-03-01"'), String);

export const Sha256Scalar = scalar<string>('Sha256', '64 lower-case hex digits.',
  checked('Sha256', /^[0-9a-f]{64}$/, 'it has 64 lower-case hex digits'), String);

export const JsonScalar = new GraphQLScalarType({ name: 'JSON', description: 'Any JSON value. Only in answers.', serialize: (value) => value });
