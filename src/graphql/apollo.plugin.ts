import { HeaderMap, type ApolloServerPlugin, type GraphQLRequestContext, type GraphQLRequestListener, type GraphQLServerContext } from '@apollo/server';
import { GraphQLError, Kind, OperationTypeNode, parse, SingleFieldSubscriptionsRule, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { statusOf, toGraphQLError } from './errors.js';
import { Admission, refusal } from './admission.js';
import type { GraphqlContext } from './context.js';
import { Executor } from './execution.js';
import { turns } from './turns.js';
import type { Visibility } from './visibility.js';

/** Checks each operation before it runs, answers queries that come again by what was compiled, and gives every error the one shape with the request's correlation id. */
export class CommitteePlugin implements ApolloServerPlugin<GraphqlContext> {
  private admission: Admission;
  private executor: Executor;

  constructor(private readonly visibility: Visibility, private readonly report: (error: unknown, correlationId: string) => void) {}

  async serverWillStart({ schema }: GraphQLServerContext): Promise<void> {
    this.admission = new Admission(schema, this.visibility);
    this.executor = new Executor(schema);
  }

  /** A bug of Apollo or ours: told to the log with the correlation id; the caller learns no more than INTERNAL. */
  async unexpectedErrorProcessingRequest({ requestContext, error }: { requestContext: GraphQLRequestContext<GraphqlContext>; error: Error }): Promise<void> {
    this.report(error, requestContext.contextValue.correlationId);
  }

  async requestDidStart(): Promise<GraphQLRequestListener<GraphqlContext>> {
    return {
      validationDidStart: async (context) => {
        if (throwsInValidation(context.schema, context.document)) Object.assign(context, { document: A_SUBSCRIPTION });
      },
      didResolveOperation: async ({ document, operation, request, contextValue }) => {
        const { tokenProblem } = contextValue;
        if (tokenProblem) {
          const { code, reason, facts, message } = tokenProblem;
          throw new GraphQLError(message, { extensions: { code, reason, facts, http: { status: statusOf(code) } } });
        }
        if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
          throw refusal('INVALID', 'SOCKET_ONLY', 'Subscriptions are answered over the socket: graphql-transport-ws, at the same path.', {});
        }
        if (operation?.operation === OperationTypeNode.QUERY) turns.begin(contextValue.isGone);
        if (operation) this.admission.check({ document, operation, variables: request.variables ?? {} }, contextValue.reader);
      },
      responseForOperation: async ({ document, operation, request, contextValue }) => {
        // Undefined, whatever its type says, where the document has none of the name: graphql-js tells what is wrong.
        if ((operation as typeof operation | undefined)?.operation !== OperationTypeNode.QUERY) return null;
        const result = await this.executor.compiled({ document, operation, variables: request.variables ?? {}, context: contextValue });
        if (!result) return null;
        // Apollo gives errors their shape only where it executed.
        const errors = result.errors?.map((error) => toGraphQLError(error, contextValue.correlationId, (inner) => this.report(inner, contextValue.correlationId)));
        return { http: { status: undefined, headers: new HeaderMap() }, body: { kind: 'single', singleResult: errors ? { errors, data: result.data } : { data: result.data } } };
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

const A_SUBSCRIPTION = parse('subscription { committee { position } }');

/**
 * graphql-js looks into a subscription with no variables at hand, and throws where a directive needs one, which Apollo tells as an error of
 * the server. Another subscription stands in for it: whichever it is, it is sent to the socket.
 */
function throwsInValidation(schema: GraphQLSchema, document: DocumentNode): boolean {
  if (!document.definitions.some((d) => d.kind === Kind.OPERATION_DEFINITION && d.operation === OperationTypeNode.SUBSCRIPTION)) return false;
  try {
    validate(schema, document, [SingleFieldSubscriptionsRule]);
    return false;
  } catch {
    return true;
  }
}
