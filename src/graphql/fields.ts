import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsISO8601, IsObject, IsOptional, IsString, Length, Matches, Max, Min, ValidateNested,
} from 'class-validator';
import { Field, ID, Int, registerEnumType } from '../decider/input-type.js';
import { CENTS_AT_MOST } from '../events/shared.js';
import { CentsScalar, DateScalar, DateTimeScalar, PositionScalar, Sha256Scalar } from './scalars.js';

/** A GraphQL enum from a list of names that the events use too. */
export function enumOf<const T extends readonly string[]>(name: string, values: T, description?: string): { readonly [K in T[number]]: K } {
  const object = Object.fromEntries(values.map((value) => [value, value])) as { readonly [K in T[number]]: K };
  registerEnumType(object, { name, description });
  return object;
}

interface Options { readonly optional?: boolean; readonly description?: string }
interface ListOptions extends Options { readonly atLeast?: number; readonly atMost?: number }

const LIST_AT_MOST = 1_000;
const ID_LENGTH = 100;

/** Input fields: what GraphQL shows and what is checked, said once. */
function input(type: () => unknown, { optional = false, description }: Options, ...checks: PropertyDecorator[]): PropertyDecorator {
  return applyDecorators(Field(type as never, { nullable: optional, description }), ...(optional ? [IsOptional()] : []), ...checks);
}
function list(type: () => unknown, { atLeast = 0, atMost = LIST_AT_MOST, ...options }: ListOptions, ...checks: PropertyDecorator[]): PropertyDecorator {
  return input(() => [type()], options, IsArray(), ArrayMinSize(atLeast), ArrayMaxSize(atMost), ...checks);
}

const notBlank = () => Matches(/\S/, { message: '$property must not be blank' });
const noneBlank = () => Matches(/\S/, { each: true, message: 'each of $property must not be blank' });

export const IdField = (options: Options = {}) => input(() => ID, options, IsString(), Length(1, ID_LENGTH), notBlank());
export const IdsField = (options: ListOptions = {}) => list(() => ID, options, ArrayUnique(), IsString({ each: true }), Length(1, ID_LENGTH, { each: true }), noneBlank());
export const TextField = (atMost: number, options: Options = {}) => input(() => String, options, IsString(), Length(1, atMost), notBlank());
export const TextsField = (atMost: number, options: ListOptions = {}) =>
  list(() => String, options, ArrayUnique(), IsString({ each: true }), Length(1, atMost, { each: true }), noneBlank());
export const IntField = (min: number, max: number, options: Options = {}) => input(() => Int, options, IsInt(), Min(min), Max(max));
export const BooleanField = (options: Options = {}) => input(() => Boolean, options, IsBoolean());
export const PatternField = (pattern: RegExp, message: string, options: Options = {}) =>
  input(() => String, options, IsString(), Matches(pattern, { message: `$property must be ${message}` }));
export const EnumField = (type: () => Record<string, string>, options: Options = {}) =>
  input(type, options, IsIn(Object.values(type()), { message: `$property must be one of ${Object.values(type()).join(', ')}` }));
export const EnumsField = (type: () => Record<string, string>, options: ListOptions = {}) =>
  list(type, options, ArrayUnique(), IsIn(Object.values(type()), { each: true, message: `each of $property must be one of ${Object.values(type()).join(', ')}` }));
// ValidateNested alone lets a list pass for an object, and nothing at all.
const AN_OBJECT = '$property must be given as an object';
export const NestedField = (type: () => new () => object, options: Options = {}) =>
  input(type, options, IsObject({ message: AN_OBJECT }), ValidateNested({ message: AN_OBJECT }), Type(type));
export const NestedListField = (type: () => new () => object, options: ListOptions = {}) =>
  list(type, options, IsObject({ each: true, message: `each of ${AN_OBJECT}` }), ValidateNested({ each: true, message: AN_OBJECT }), Type(type));
export const DateTimeField = (options: Options = {}) =>
  input(() => DateTimeScalar, options, Matches(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, { message: '$property must be a time in UTC such as 2026-03-01T12:00:00.000Z' }), IsISO8601({ strict: true }));
export const DateField = (options: Options = {}) =>
  input(() => DateScalar, options, Matches(/^\d{4}-\d{2}-\d{2}$/, { message: '$property must be a day such as 2026-03-01' }), IsISO8601({ strict: true }));
export const Sha256Field = (options: Options = {}) =>
  input(() => Sha256Scalar, options, Matches(/^[0-9a-f]{64}$/, { message: '$property must be 64 lower-case hex digits' }));
export const PositionField = (options: Options = {}) => input(() => PositionScalar, options, IsInt(), Min(0));
export const CentsField = (options: Options = {}) => input(() => CentsScalar, options,
  IsInt({ message: '$property must be euro cents, a whole number' }), Min(1), Max(CENTS_AT_MOST));
