import { getMetadataStorage, ValidationTypes } from 'class-validator';
import type { Command, CommandClass } from './command.js';

type Check = (command: object, value: unknown) => boolean;
type Fields = ReadonlyMap<string, readonly Check[]>;

/** By command class; undefined for one with nested objects, or with anything else that only class-validator itself should judge. */
const known = new WeakMap<CommandClass, { readonly fields: Fields | undefined }>();

/**
 * The command, where it is right beyond doubt: only known fields, plain values, and every check of class-validator passed, which are looked
 * up once a class instead of once a command (a fifth of what a command costs). Undefined: let class-validator judge, and say what is wrong.
 */
export function quicklyParsed<C extends Command>(commandClass: CommandClass<C>, input: object): C | undefined {
  let found = known.get(commandClass);
  if (!found) known.set(commandClass, (found = { fields: fieldsOf(commandClass) }));
  const { fields } = found;
  if (!fields) return undefined;
  const command = new commandClass();
  const values = command as Record<string, unknown>;
  for (const [name, value] of Object.entries(input)) {
    if (value === null || value === undefined) continue;
    if (!fields.has(name) || !isPlain(value)) return undefined;
    values[name] = Array.isArray(value) ? [...value] : value;
  }
  for (const [name, checks] of fields) for (const check of checks) if (!check(command, values[name])) return undefined;
  return command;
}

const isPlain = (value: unknown): boolean => (Array.isArray(value) ? value.every((item) => typeof item !== 'object') : typeof value !== 'object' && typeof value !== 'function');

function fieldsOf(commandClass: CommandClass): Fields | undefined {
  const storage = getMetadataStorage();
  const all = storage.getTargetValidationMetadatas(commandClass, '', false, false);
  const fields = new Map<string, Check[]>();
  for (const [name, told] of Object.entries(storage.groupByPropertyName(all))) {
    const conditions: Check[] = [];
    const checks: Check[] = [];
    for (const { type, constraints, constraintCls, each, groups, validateIf } of told) {
      if (type === ValidationTypes.WHITELIST) continue;
      const ours = storage.getTargetValidatorConstraints(constraintCls);
      if ((groups?.length ?? 0) > 0 || validateIf || ours.some(({ async }) => async)) return undefined;
      if (type === ValidationTypes.CONDITIONAL_VALIDATION) conditions.push(constraints[0] as Check);
      else if (type !== ValidationTypes.CUSTOM_VALIDATION) return undefined;
      for (const { instance } of ours) {
        const passes = (object: object, value: unknown): boolean => instance.validate(value, { value, constraints, targetName: commandClass.name, object, property: name }) === true;
        checks.push(each ? (object, value) => (Array.isArray(value) ? value.every((item) => passes(object, item)) : passes(object, value)) : passes);
      }
    }
    const isAsked: Check = (object, value) => conditions.every((condition) => condition(object, value));
    fields.set(name, [(object, value) => !isAsked(object, value) || checks.every((check) => check(object, value))]);
  }
  return fields.size > 0 ? fields : undefined;
}
