import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ERROR_CODES, Problem, type ErrorCode } from '../decider/problem.js';
import { LIMITS } from './limits.js';

/** The error inside the wrappers that GraphQL and Apollo put around it, and where in the variables it is, which only a wrapper says. */
function cause(error: unknown): { readonly inner: unknown; readonly of: string } {
  let inner = error;
  let of = '';
  while (inner instanceof GraphQLError && inner.originalError) {
    const place = /^Variable "\$(\w+)" got invalid value [\s\S]*? at "(\1[^"]*)"; /.exec(inner.message)?.[2];
    if (place) of = `${place}: `;
    inner = inner.originalError;
  }
  return { inner, of };
}

const isCode = (code: unknown): code is ErrorCode => ERROR_CODES.includes(code as ErrorCode);

/** A document may be long; what is said of it is not. */
const LONGEST = 500;

/** What the libraries say of a request, where it does not say what would be right or speaks of themselves. */
const IN_OUR_WORDS: readonly { readonly said: string; readonly reason: string; readonly message: string }[] = [
  { said: 'tokens. Parsing aborted', reason: 'TOO_MANY_TOKENS', message: `The document has more than ${LIMITS.tokens} tokens. Ask for less at once, and send long texts as variables.` },
  { said: 'Cross-Site Request Forgery', reason: 'CSRF', message: 'The request could come from a page of another site. Send operations as POST with the content type application/json.' },
  { said: 'Operation batching disabled', reason: 'BATCH', message: 'One operation a request. Send them one after another.' },
  { said: 'POST body missing', reason: 'REQUEST', message: 'The body holds no operation. Send one JSON object, {"query": "…", "variables": {…}}.' },
  { said: 'must contain a non-empty `query`', reason: 'REQUEST', message: 'The request holds no operation. Send one JSON object, {"query": "…", "variables": {…}}.' },
  { said: 'PersistedQueryNotSupported', reason: 'REQUEST', message: 'Documents are not kept here. Send the whole operation in "query".' },
  { said: 'GET requests only support query operations', reason: 'METHOD', message: 'A GET only asks. Send mutations as POST.' },
];

/**
 * Every error that leaves the house, in one shape: `extensions { code, reason, facts, correlationId }`.
 * What is not meant for the caller becomes INTERNAL, without any detail; `report` is told what it was.
 */
export function toGraphQLError(error: unknown, correlationId: string, report: (error: unknown) => void): GraphQLFormattedError {
  const { inner, of } = cause(error);
  const { locations, path } = error instanceof GraphQLError ? error.toJSON() : {};
  const where = { ...(locations && { locations }), ...(path && { path }) };
  if (inner instanceof Problem) {
    return { message: of + inner.message, ...where, extensions: { code: inner.code, reason: inner.reason ?? inner.code, facts: inner.facts, correlationId } };
  }
  if (inner instanceof GraphQLError) {
    const { code, reason, facts } = inner.extensions;
    if (isCode(code)) return { message: inner.message, ...where, extensions: { code, reason: reason ?? code, facts: facts ?? {}, correlationId } };
    // What graphql and Apollo say of a document, its variables or the request; their texts quote the document only.
    if (inner.extensions['code'] !== 'INTERNAL_SERVER_ERROR') {
      const known = IN_OUR_WORDS.find(({ said }) => inner.message.includes(said));
      const said = of + inner.message;
      return { message: known?.message ?? (said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said), ...where, extensions: { code: 'INVALID', reason: known?.reason ?? 'DOCUMENT', facts: {}, correlationId } };
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
