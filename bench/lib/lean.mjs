/** Lean Apollo on Fastify: the schema of the project, nothing behind it but one answer in memory, executed by graphql-js with default resolvers. */
import { readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import as from '@as-integrations/fastify';
import Fastify from 'fastify';
import { buildSchema } from 'graphql';
import { answerAsked } from './child.mjs';

const { default: fastifyApollo } = as.default ? as : { default: as.fastifyApollo ?? as };
const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
const rootValue = JSON.parse(process.env.BENCH_ANSWER);
const apollo = new ApolloServer({ schema, rootValue, plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled()], stopOnTerminationSignals: false });
await apollo.start();
const app = Fastify();
await app.register(fastifyApollo(apollo));
process.send({ url: await app.listen({ host: '127.0.0.1', port: 0 }) });
answerAsked(() => app.close());
