import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, FormattedExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { CloseCode } from 'graphql-ws';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import { v7 as newId } from 'uuid';
import WebSocket, { WebSocketServer } from 'ws';
import { Problem, type ErrorCode } from '../decider/problem.js';
import type { Standing } from '../identity/standing.js';
import type { Caller } from '../identity/tokens.js';
import { refusal } from './admission.js';
import { statusOf, toGraphQLError } from './errors.js';
import { Documents } from './documents.js';
import type { Answer, Live, Message } from './live.js';

export interface SocketOptions {
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly live: Live;
  /** @throws Problem */
  authenticate(authorization: string | undefined): Promise<Caller | undefined>;
  standingOf(personId: string | undefined): Standing;
  report(error: unknown, correlationId: string): void;
}

const MAX_PAYLOAD = 64 * 1024;
const PING_MS = 12_000;
/** Messages are given ahead of a reader up to so many bytes. */
const WAITING_BYTES = 16 * 1024;
/** A message that the socket does not take within this time: nobody reads at the other end. Looked at each second, so that it is let go within 10. */
const STUCK_MS = 7_000;
/** How long clients have to say goodbye when the server goes away; one that reads nothing never does. */
const GOODBYE_MS = 1_000;
/** A close reason may have 123 bytes (RFC 6455, 5.5). */
const REASON_BYTES = 123;

/** graphql-ws keeps the request for as long as the socket, which are kilobytes that nobody reads. */
const FORGOTTEN = {} as IncomingMessage;

interface Connection extends Extra, Record<PropertyKey, unknown> { caller?: Caller | undefined }

/**
 * Subscriptions over graphql-ws, and nothing else: queries and mutations would pass by what Apollo checks.
 * Wired by hand, since Nest's own server can neither bound a message nor look at the origin.
 */
export class Socket {
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD, perMessageDeflate: false });
  private readonly documents: Documents;
  private readonly protocol: { dispose: () => Promise<void> | void };
  private readonly outbox = new Outbox();
  /** Since when a connection has not taken what it was sent. */
  private readonly fullSince = new WeakMap<WebSocket, number>();
  private readonly watching: NodeJS.Timeout;
  private readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

  constructor(private readonly server: Server, private readonly options: SocketOptions) {
    this.documents = new Documents(options.schema);
    this.protocol = useServer<Record<string, unknown>, Connection>({
      schema: options.schema,
      connectionInitWaitTimeout: 3_000,
      onConnect: (ctx) => this.connect(ctx.extra as Connection, ctx.connectionParams),
      onSubscribe: (ctx, id, payload) => this.subscribe(ctx.extra as Connection, id, payload),
      subscribe: (args) => (args.contextValue as { answer: AsyncIterableIterator<Message> }).answer as never,
      // Its errors have their shape already.
      onNext: (_ctx, _id, _payload, _args, result) => result as FormattedExecutionResult,
      onError: (_ctx, _id, _payload, errors) => errors.map((error) => {
        const correlationId = newId();
        return toGraphQLError(error, correlationId, (inner) => options.report(inner, correlationId));
      }),
    }, this.sockets, PING_MS);
    this.onUpgrade = (request, socket, head) => this.upgrade(request, socket, head);
    server.on('upgrade', this.onUpgrade);
    this.watching = setInterval(() => this.letStuckReadersGo(), 1_000).unref();
  }

  /** Ends connections whose reader takes nothing any more, so that they hold nothing up here. */
  private letStuckReadersGo(): void {
    const now = Date.now();
    for (const client of this.sockets.clients) {
      if (client.bufferedAmount === 0) this.fullSince.delete(client);
      else {
        const since = this.fullSince.get(client) ?? now;
        this.fullSince.set(client, since);
        if (now - since >= STUCK_MS) client.terminate();
      }
    }
  }

  get connections(): number { return this.sockets.clients.size; }

  /** Tells everybody that the server is going away; clients come again. */
  async close(): Promise<void> {
    this.server.off('upgrade', this.onUpgrade);
    clearInterval(this.watching);
    const cutOff = setTimeout(() => this.sockets.clients.forEach((client) => client.terminate()), GOODBYE_MS);
    await this.protocol.dispose();
    clearTimeout(cutOff);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url?.split('?')[0] !== this.options.path) return refuseUpgrade(socket, 'NOT_FOUND', 'ADDRESS', `The socket is at ${this.options.path}.`);
    const { origin, host } = request.headers;
    // A page of another site must not speak for who is signed in here. Programs send no origin.
    if (origin !== undefined && hostOf(origin) !== host) return refuseUpgrade(socket, 'FORBIDDEN', 'ORIGIN', 'A page of another site may not open the socket. Open it from a page of this address, or from a program, without an origin.');
    this.sockets.handleUpgrade(request, socket, head, (client) => {
      this.outbox.knows(client, socket);
      this.sockets.emit('connection', client, FORGOTTEN);
      // A message that is too large or no frame is the client's error: the socket is closed with its code. graphql-ws would print it as one of ours.
      client.removeAllListeners('error').on('error', () => undefined);
    });
  }

  private async connect(connection: Connection, params: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const authorization = params?.['authorization'] ?? params?.['Authorization'];
    try {
      if (authorization !== undefined && typeof authorization !== 'string') throw new Problem('UNAUTHENTICATED', 'AUTHORIZATION_INVALID', 'authorization must be a text: Bearer and the token.');
      connection.caller = await this.options.authenticate(authorization);
    } catch (error) {
      const message = error instanceof Problem ? error.message : 'The token could not be checked.';
      connection.socket.close(CloseCode.Unauthorized, Buffer.from(message).subarray(0, REASON_BYTES).toString());
      return true;
    }
    if (connection.caller) {
      const { socket } = connection;
      // 4403 lets clients connect anew, with a fresh token; 4401 would be final for them.
      const timer = setTimeout(() => socket.close(CloseCode.Forbidden, 'The access token has expired. Connect again with a new one.'), Math.max(0, connection.caller.expiresAt - Date.now()));
      timer.unref();
      socket.on('close', () => clearTimeout(timer));
    }
    return true;
  }

  private subscribe(connection: Connection, id: string, payload: { query: string; operationName?: string | null; variables?: Record<string, unknown> | null }): ExecutionArgs | readonly GraphQLError[] {
    const { schema, live } = this.options;
    try {
      const document = this.documents.read(payload.query);
      if (!('kind' in document)) return document;
      const other = document.definitions.some((d) => d.kind === 'OperationDefinition' && d.operation !== 'subscription');
      if (other) throw refusal('INVALID', 'SUBSCRIPTIONS_ONLY', 'The socket carries subscriptions only. Send queries and mutations over HTTP.', {});
      const answer = live.answer({
        document, operationName: payload.operationName, variables: payload.variables ?? {}, correlationId: newId(),
        reader: () => this.options.standingOf(connection.caller?.personId),
      });
      return { schema, document, operationName: payload.operationName, variableValues: payload.variables, contextValue: { answer: pastTheProtocol(answer, id, connection.socket, this.outbox) } };
    } catch (error) {
      return [error as GraphQLError];
    }
  }
}

/**
 * What graphql-ws is given of a subscription: what concerns it alone, errors and the end. A text that many are sent is written once and goes past it to
 * the socket, since graphql-ws would write it anew for each.
 */
function pastTheProtocol(answer: Answer, id: string, socket: WebSocket, outbox: Outbox): AsyncIterableIterator<Message> {
  const before = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  return {
    next: () => answer.pour((text) => {
      outbox.hold(socket);
      return sent(socket, `${before}${text}}`);
    }),
    return: () => answer.return(),
    [Symbol.asyncIterator]() { return this; },
  };
}

/** What is sent over a connection in one turn of the event loop leaves in one write. */
class Outbox {
  private readonly ways = new WeakMap<WebSocket, Duplex>();
  private readonly held = new Set<Duplex>();

  knows(socket: WebSocket, way: Duplex): void {
    this.ways.set(socket, way);
  }

  hold(socket: WebSocket): void {
    const way = this.ways.get(socket);
    if (!way || this.held.has(way)) return;
    if (this.held.size === 0) setImmediate(() => this.letGo());
    this.held.add(way);
    way.cork();
  }

  private letGo(): void {
    const held = [...this.held];
    this.held.clear();
    for (const way of held) way.uncork();
  }
}

/** The next one at once while little waits to be taken, so that what comes together leaves together; then when it has been taken. */
function sent(socket: WebSocket, frame: string): Promise<void> | undefined {
  // It is over, which whoever closes it is told a moment later; to go on would let nothing else happen, that included.
  if (socket.readyState !== WebSocket.OPEN) return new Promise(() => undefined);
  if (socket.bufferedAmount < WAITING_BYTES) return void socket.send(frame);
  return new Promise((resolve, reject) => socket.send(frame, (error) => (error ? reject(error) : resolve())));
}

/** Before there is a socket there is HTTP, with errors of the same shape. */
function refuseUpgrade(socket: Duplex, code: ErrorCode, reason: string, message: string): void {
  const correlationId = newId();
  const body = JSON.stringify({ errors: [{ message, extensions: { code, reason, facts: {}, correlationId } }] });
  const status = statusOf(code);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', 'Content-Type: application/json; charset=utf-8', `Content-Length: ${Buffer.byteLength(body)}`,
    `x-correlation-id: ${correlationId}`, '', body].join('\r\n'));
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
