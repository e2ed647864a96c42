import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { Command, CommandClass } from './command.js';
import { Problem } from './problem.js';

/** From plain input to a command, or INVALID with every field that is wrong. The one door for mutations, processes, the sample and the command line. */
export function parseCommand<C extends Command>(commandClass: CommandClass<C>, input: unknown): C {
  const command = plainToInstance(commandClass, withoutNulls(input) ?? {});
  const errors = validateSync(command, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true, stopAtFirstError: true });
  if (errors.length === 0) return command;
  const fields = errors.flatMap((error) => wrongFields(error, ''));
  throw new Problem('INVALID', undefined, `${fields.map((field) => field.message).join('. ')}.`, { fields });
}

/** GraphQL says null for a field that is left out on purpose; a command leaves it out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null && v !== undefined).map(([k, v]) => [k, withoutNulls(v)]));
}

function wrongFields(error: ValidationError, prefix: string): { path: string; message: string }[] {
  const path = `${prefix}${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((message) => ({ path, message: prefix ? message.replace(error.property, path) : message }));
  return [...own, ...(error.children ?? []).flatMap((child) => wrongFields(child, `${path}.`))];
}
