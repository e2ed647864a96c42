import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { validate as isUuid } from 'uuid';
import { newId } from '../decider/new-id.js';
import type { ErrorCode, Facts } from '../decider/problem.js';

export const CORRELATION_HEADER = 'x-correlation-id';

interface Refusal { readonly code: ErrorCode; readonly reason: string; readonly message: string; readonly facts?: Facts }

/**
 * Every request has one correlation id, the caller's if it is a UUID, in the header of the answer and in each error. What is refused before
 * GraphQL sees it, a body too large or an address that is none, is told in the same shape as every other error.
 */
export function shapeHttpErrors(fastify: FastifyInstance, { graphqlPath, maxBodyBytes }: { readonly graphqlPath: string; readonly maxBodyBytes: number }): void {
  const refusals: Readonly<Record<number, (request: FastifyRequest) => Refusal>> = {
    400: () => ({ code: 'INVALID', reason: 'REQUEST', message: `The request cannot be read. Send one JSON object, {"query": "…", "variables": {…}}, as POST to ${graphqlPath}.` }),
    404: ({ method }) => ({ code: 'NOT_FOUND', reason: 'ADDRESS', message: `Nothing answers ${method} at this address. Operations are sent as POST to ${graphqlPath}; the query page is at /.` }),
    413: () => ({ code: 'INVALID', reason: 'BODY_TOO_LARGE', message: `The request is larger than ${maxBodyBytes} bytes. Send less at once.`, facts: { atMost: maxBodyBytes } }),
    415: () => ({ code: 'INVALID', reason: 'CONTENT_TYPE', message: 'A body of this content type is not read here. Send JSON, with the content type application/json.' }),
  };

  fastify.addHook('onRequest', (request, reply, done) => {
    const given = request.headers[CORRELATION_HEADER];
    const id = typeof given === 'string' && isUuid(given) ? given : newId();
    request.headers[CORRELATION_HEADER] = id;
    void reply.header(CORRELATION_HEADER, id);
    done();
  });

  fastify.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode < 400 || typeof payload !== 'string') return payload;
    const answer = parsed(payload);
    if (answer === undefined) return payload;
    const correlationId = String(request.headers[CORRELATION_HEADER]);
    if (Array.isArray(answer['errors'])) return JSON.stringify({ ...answer, errors: answer['errors'].map((error) => withId(error as object, correlationId)) });
    // Nest and Fastify tell theirs by a status in the body; other bodies are answers of ours.
    if (answer['statusCode'] === undefined) return payload;
    const refused = refusals[reply.statusCode]?.(request) ?? elsewise(reply);
    void reply.header('content-type', 'application/json; charset=utf-8');
    const { message, facts = {}, ...kind } = refused;
    return JSON.stringify({ errors: [{ message, extensions: { ...kind, facts, correlationId } }] });
  });
}

/** An address that cannot be read comes by no hook. */
export function refuseAddress(_error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  const correlationId = newId();
  const message = 'The address cannot be read: after each % it needs the two hex digits of a byte, in UTF-8.';
  void reply.status(400).header(CORRELATION_HEADER, correlationId).header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ errors: [{ message, extensions: { code: 'INVALID', reason: 'ADDRESS', facts: {}, correlationId } }] }));
}

function elsewise({ statusCode }: FastifyReply): Refusal {
  if (statusCode >= 500) return { code: 'INTERNAL', reason: 'INTERNAL', message: 'Something went wrong here. If it stays, give the correlation id to the operator.' };
  return { code: 'INVALID', reason: 'REQUEST', message: 'The request is not understood. Send operations as POST, in JSON.' };
}

function parsed(payload: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    return value !== null && typeof value === 'object' ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

/** Errors that Apollo tells before it has asked for the context do not know the request's id. */
function withId(error: object & { extensions?: object }, correlationId: string): object {
  return { ...error, extensions: { ...error.extensions, correlationId } };
}
