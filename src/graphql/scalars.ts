import { GraphQLScalarType, Kind, valueFromASTUntyped, type ValueNode } from 'graphql';
import { Problem } from '../decider/problem.js';
import { CENTS_AT_MOST } from '../events/shared.js';

/** What was given, in an answer, is shown so far. */
const SHOWN = 60;
const shown = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

const wrong = (name: string, given: unknown, right: string): Problem => {
  const text = shown(JSON.stringify(given) ?? String(given));
  return new Problem('INVALID', undefined, `${text} is no ${name}: ${right}.`, { given: text });
};

interface Written<T> { readonly name: string; readonly description: string; readonly right: string; readonly read: (text: string) => T | undefined }

/** A scalar that is written as a text. `read`: undefined where the text is not `right`. */
function scalar<T>({ name, description, right, read }: Written<T>): GraphQLScalarType {
  const fromText = (value: unknown): T => {
    const found = typeof value === 'string' || typeof value === 'number' ? read(String(value)) : undefined;
    if (found === undefined) throw wrong(name, value, right);
    return found;
  };
  return new GraphQLScalarType({
    name, description, serialize: String, parseValue: fromText,
    parseLiteral: (node: ValueNode) => fromText(node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : valueFromASTUntyped(node)),
  });
}

/** A day that the calendar has: a Date of JavaScript takes 30 February for 2 March. */
function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** A position is a string in the API, since a JSON number ends at 2^53 in many clients, and a number inside. */
export const PositionScalar = scalar<number>({
  name: 'Position', right: 'it is written as digits, such as "4711"',
  description: 'Place in the log, as digits: 1, 2, 3 without a hole; 0 is before the first. Never what a region expressed: that is RegionPosition.',
  read: (text) => (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
});

/** Takes any RFC 3339 time and keeps it in UTC with milliseconds, so that times compare as strings. */
export const DateTimeScalar = scalar<string>({
  name: 'DateTime', right: 'it is written as in "2026-03-01T12:00:00Z"', description: 'UTC, RFC 3339, milliseconds.',
  read: (text) => {
    const time = new Date(text);
    const isTime = /^\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text) && isDay(text) && !Number.isNaN(time.getTime());
    return isTime && time.getUTCFullYear() >= 0 && time.getUTCFullYear() <= 9999 ? time.toISOString() : undefined;
  },
});

export const DateScalar = scalar<string>({
  name: 'Date', right: 'it is written as in "2026-03-01"', description: 'A day in Europe/Brussels, YYYY-MM-DD.',
  read: (text) => (/^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text) ? text : undefined),
});

export const Sha256Scalar = scalar<string>({
  name: 'Sha256', right: 'it has 64 lower-case hex digits', description: '64 lower-case hex digits.',
  read: (text) => (/^[0-9a-f]{64}$/.test(text) ? text : undefined),
});

/** Digits in the API, as positions are; inside a number for one amount, a bigint or digits for a sum. */
export const CentsScalar = scalar<number>({
  name: 'Cents', right: `it is written as digits, such as "150000" for 1,500 euro, at most ${CENTS_AT_MOST}`, description: 'Euro cents, as digits.',
  read: (text) => (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
});

export const JsonScalar = new GraphQLScalarType({ name: 'JSON', description: 'Any JSON value. Only in answers.', serialize: (value) => value });
