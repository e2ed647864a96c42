import type { ApolloServerPlugin, GraphQLRequestContext, GraphQLRequestListener, GraphQLServerContext } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { statusOf, toGraphQLError } from './errors.js';
import { Admission } from './admission.js';
import type { GraphqlContext } from './context.js';
import type { Visibility } from './visibility.js';

/** Checks each operation before it runs, and gives every error the one shape with the request's correlation id. */
export class CommitteePlugin implements ApolloServerPlugin<GraphqlContext> {
  private admission: Admission;

  constructor(private readonly visibility: Visibility, private readonly report: (error: unknown, correlationId: string) => void) {}

  async serverWillStart({ schema }: GraphQLServerContext): Promise<void> {
    this.admission = new Admission(schema, this.visibility);
  }

  async requestDidStart(): Promise<GraphQLRequestListener<GraphqlContext>> {
    return {
      didResolveOperation: async ({ document, operation, request, contextValue }) => {
        const { tokenProblem } = contextValue;
        if (tokenProblem) {
          const { code, reason, facts, message } = tokenProblem;
          throw new GraphQLError(message, { extensions: { code, reason, facts, http: { status: statusOf(code) } } });
        }
        if (operation) this.admission.check({ document, operation, variables: request.variables ?? {} }, contextValue.reader);
      },
      didEncounterErrors: async ({ errors, contextValue }: GraphQLRequestContext<GraphqlContext>) => {
        for (const error of errors ?? []) toGraphQLError(error, contextValue.correlationId, (inner) => this.report(inner, contextValue.correlationId));
      },
      willSendResponse: async ({ response, contextValue }) => {
        response.http.headers.set('x-correlation-id', contextValue.correlationId);
        if (response.body.kind !== 'single') return;
        for (const error of response.body.singleResult.errors ?? []) Object.assign(error.extensions ?? {}, { correlationId: contextValue.correlationId });
      },
    };
  }
}
