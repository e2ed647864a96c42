import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { Command, CommandClass } from './command.js';
import { Problem } from './problem.js';
import { quicklyParsed } from './quick-check.js';

/** From plain input to a command, or INVALID with every field that is wrong. The one door for mutations, processes, the sample and the command line. */
export function parseCommand<C extends Command>(commandClass: CommandClass<C>, input: unknown): C {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new Problem('INVALID', undefined, `${commandClass.name} must be given as an object with its fields.`, { fields: [] });
  const right = quicklyParsed(commandClass, input);
  if (right) return right;
  const command = plainToInstance(commandClass, withoutNulls(input));
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
  const { whitelistValidation: unknown, ...constraints } = error.constraints ?? {};
  const messages = [...new Set(Object.values(constraints))].map((message) => (prefix ? message.replace(error.property, path) : message));
  if (unknown !== undefined) messages.push(`${path} must be left out: there is no such field`);
  const own = messages.map((message) => ({ path, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => wrongFields(child, `${path}.`))];
}
