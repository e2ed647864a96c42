import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Catch, Module, type DynamicModule, type ExceptionFilter } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { GraphQLModule } from '@nestjs/graphql';
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { FastifyRequest } from 'fastify';
import { newId } from './decider/new-id.js';
import { registrations } from './contexts.js';
import { CommandRegistry } from './decider/command-registry.js';
import { commandHandlers, Dispatch } from './decider/dispatch.js';
import { DecisionMaker } from './decider/decision-maker.js';
import { Problem } from './decider/problem.js';
import { ProcessRunner } from './decider/process-runner.js';
import { Standings } from './decider/standings.js';
import { CommitteePlugin } from './graphql/apollo.plugin.js';
import { ErrorExtensions } from './graphql/change.types.js';
import { Moments } from './graphql/committee.resolver.js';
import { FailedConsequences } from './graphql/consequences.resolver.js';
import type { GraphqlContext } from './graphql/context.js';
import { Desk } from './graphql/desk.js';
import { toGraphQLError } from './graphql/errors.js';
import { CORRELATION_HEADER } from './graphql/http-errors.js';
import { LIMITS } from './graphql/limits.js';
import { Reads } from './graphql/reads.js';
import { Visibility } from './graphql/visibility.js';
import { VISITOR } from './identity/standing.js';
import type { Caller } from './identity/tokens.js';
import { consequenceTable } from './projections/consequences.view.js';
import { resolvers } from './resolvers.js';
import type { System } from './system.js';

export const GRAPHQL_PATH = '/graphql';
export const MAX_BODY_BYTES = 1024 * 1024;

const nothing = (): void => undefined;

export type Authenticate = (authorization: string | undefined) => Promise<Caller | undefined>;

/** Errors are given their shape in one place, graphql/errors.ts; Nest is not to log or change them. */
@Catch()
class PassOn implements ExceptionFilter {
  catch(error: unknown): unknown {
    return error;
  }
}

@Module({})
export class AppModule {
  static of(system: System, authenticate: Authenticate): DynamicModule {
    const { deciding, standings, nodes, registry, reads, visibility, desk, views, clock } = system;
    return {
      module: AppModule,
      imports: [CqrsModule.forRoot(), graphqlModule(system, authenticate)],
      providers: [
        { provide: APP_FILTER, useClass: PassOn },
        { provide: Standings, useValue: standings },
        { provide: DecisionMaker, useValue: nodes ?? deciding },
        { provide: Reads, useValue: reads },
        { provide: Visibility, useValue: visibility },
        { provide: Desk, useValue: desk },
        { provide: Moments, useValue: new Moments(reads, views, clock.now, deciding) },
        { provide: CommandRegistry, useValue: registry },
        Dispatch,
        ...commandHandlers(registrations),
        { provide: ProcessRunner, useFactory: (dispatch: Dispatch) => processRunner(system, dispatch), inject: [Dispatch] },
        { provide: FailedConsequences, useFactory: (processes: ProcessRunner) => new FailedConsequences((id) => processes.failed.has(id)), inject: [ProcessRunner] },
        ...resolvers,
      ],
    };
  }
}

function processRunner({ reads, views, clock, logger }: System, dispatch: Dispatch): ProcessRunner {
  return new ProcessRunner({
    waiting: () => {
      try {
        return reads.all(consequenceTable, reads.position, { state: 'WAITING' }).map(({ row }) => row);
      } catch (error) {
        // Health tells that the view stopped; what waits is done once it is built anew.
        if (error instanceof Problem && error.reason === 'VIEW_STOPPED') return [];
        throw error;
      }
    },
    onAdvanced: (listener) => views.onAdvanced(listener),
    reaches: (position) => views.reaches(position, 30_000),
    submit: (command, input, cause, correlationId) => dispatch.send(command, input, { sender: 'SYSTEM', correlationId, ...(cause && { cause }) }),
    headPosition: () => reads.log.head.position,
    now: clock.now,
    onFailure: (error, { command, cause, thingId }) => logger.error({ err: error, command, cause, thingId }, 'a consequence failed'),
  });
}

function graphqlModule({ standings, visibility, logger }: System, authenticate: Authenticate): DynamicModule {
  const report = (error: unknown, correlationId: string): void => logger.error({ err: error, correlationId }, 'internal error');
  return GraphQLModule.forRootAsync<ApolloDriverConfig>({
    driver: ApolloDriver,
    inject: [],
    useFactory: () => ({
      path: GRAPHQL_PATH,
      autoSchemaFile: true,
      sortSchema: true,
      buildSchemaOptions: { orphanedTypes: [ErrorExtensions], numberScalarMode: 'integer' },
      playground: false,
      graphiql: false,
      introspection: true,
      csrfPrevention: true,
      allowBatchedHttpRequests: false,
      includeStacktraceInErrorResponses: false,
      stopOnTerminationSignals: false,
      // What it has to say is reported by the plugin, without the document.
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      persistedQueries: false,
      parseOptions: { maxTokens: LIMITS.tokens },
      formatError: (_formatted: unknown, error: unknown) => toGraphQLError(error, newId(), () => undefined),
      plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled(), new CommitteePlugin(visibility, report)],
      context: async (request: FastifyRequest): Promise<GraphqlContext> => {
        const correlationId = String(request.headers[CORRELATION_HEADER]);
        const { socket } = request.raw;
        const isGone = (): boolean => socket.destroyed;
        try {
          const caller = await authenticate(request.headers.authorization);
          return { correlationId, reader: standings.of(caller?.personId), isGone };
        } catch (error) {
          if (error instanceof Problem) return { correlationId, reader: VISITOR, tokenProblem: error };
          report(error, correlationId);
          return { correlationId, reader: VISITOR, tokenProblem: new Problem('INTERNAL', undefined, 'Something went wrong here.') };
        }
      },
    }),
  });
}
