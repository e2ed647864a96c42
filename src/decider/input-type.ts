// By paths of their own: all of @nestjs/graphql takes half a second to load, for which a thread that decides would wait, to which GraphQL is nothing.
export { Field } from '@nestjs/graphql/dist/decorators/field.decorator.js';
export { InputType } from '@nestjs/graphql/dist/decorators/input-type.decorator.js';
export { registerEnumType } from '@nestjs/graphql/dist/type-factories/register-enum-type.factory.js';
export { GraphQLID as ID, GraphQLInt as Int } from 'graphql';
