import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ERROR_CODES, Problem, type ErrorCode } from '../decider/problem.js';

/** The error inside the wrappers that GraphQL and Apollo put around it. */
function cause(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError) inner = inner.originalError;
  return inner;
}

const isCode = (code: unknown): code is ErrorCode => ERROR_CODES.includes(code as ErrorCode);

/**
 * Every error that leaves the house, in one shape: `extensions { code, reason, facts, correlationId }`.
 * What is not meant for the caller becomes INTERNAL, without any detail; `report` is told what it was.
 */
export function toGraphQLError(error: unknown, correlationId: string, report: (error: unknown) => void): GraphQLFormattedError {
  const inner = cause(error);
  const { locations, path } = error instanceof GraphQLError ? error.toJSON() : {};
  const where = { ...(locations && { locations }), ...(path && { path }) };
  if (inner instanceof Problem) {
    return { message: inner.message, ...where, extensions: { code: inner.code, reason: inner.reason ?? inner.code, facts: inner.facts, correlationId } };
  }
  if (inner instanceof GraphQLError) {
    const { code, reason, facts } = inner.extensions;
    if (isCode(code)) return { message: inner.message, ...where, extensions: { code, reason: reason ?? code, facts: facts ?? {}, correlationId } };
    // What graphql and Apollo say of a document, its variables or the request; their texts quote the document only.
    const tooLong = inner.message.includes('tokens. Parsing aborted');
    if (inner.extensions['code'] !== 'INTERNAL_SERVER_ERROR') {
      return { message: inner.message, ...where, extensions: { code: 'INVALID', reason: tooLong ? 'TOO_MANY_TOKENS' : 'DOCUMENT', facts: {}, correlationId } };
    }
  }
  report(inner);
  return {
    message: 'Something went wrong here. If it stays, give the correlation id to the operator.', ...where,
    extensions: { code: 'INTERNAL', reason: 'INTERNAL', facts: {}, correlationId },
  };
}

/** HTTP status of an answer without data. */
export const statusOf = (code: ErrorCode): number => ({
  INVALID: 400, UNAUTHENTICATED: 401, FORBIDDEN: 403, NOT_FOUND: 404, REFUSED: 422, CONFLICT: 409, UNAVAILABLE: 503, INTERNAL: 500,
})[code];
