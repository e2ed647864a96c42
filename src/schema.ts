import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql';
import { ErrorExtensions } from './graphql/change.types.js';
import { resolvers } from './resolvers.js';

/** The schema from the code alone, without a running system. */
export async function builtSchema(): Promise<GraphQLSchema> {
  const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  const schema = await app.get(GraphQLSchemaFactory).create(resolvers, { orphanedTypes: [ErrorExtensions], numberScalarMode: 'integer' });
  await app.close();
  return lexicographicSortSchema(schema);
}

export const printedSchema = async (): Promise<string> => `# Generated from the code by npm run schema; do not edit.\n\n${printSchema(await builtSchema())}\n`;
