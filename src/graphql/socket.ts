import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Context, type SubscribePayload } from 'graphql-ws';
import { newId } from '../decider/new-id.js';
import { WebSocketServer } from 'ws';
import { Problem, type ErrorCode } from '../decider/problem.js';
import type { Standing } from '../identity/standing.js';
import type { Caller } from '../identity/tokens.js';
import { refusal } from './admission.js';
import { Connection, type House } from './socket-connection.js';
import { Documents } from './documents.js';
import { statusOf, toGraphQLError } from './errors.js';
import type { Live, Subscriber } from './live.js';
import { Outbox } from './outbox.js';

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
const LOOK_MS = 1_000;
/** How long clients have to say goodbye when the server goes away; one that reads nothing never does. */
const GOODBYE_MS = 1_000;
/** RFC 6455, 7.4.1. */
const GOING_AWAY = 1001;

type Conversation = Context<Record<string, unknown>, Connection>;

/**
 * Subscriptions over graphql-ws, and nothing else: queries and mutations would pass by what Apollo checks.
 * Wired by hand, since Nest's own server can neither bound a message nor look at the origin.
 */
export class Socket {
  // One message after another: graphql-ws looks at what those before have begun only when they have.
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD, perMessageDeflate: false, allowSynchronousEvents: false, handleProtocols, WebSocket: Connection });
  private readonly documents: Documents;
  private readonly protocol: ReturnType<typeof makeServer<Record<string, unknown>, Connection>>;
  private readonly house: House;
  private readonly looking: NodeJS.Timeout;
  private readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

  constructor(private readonly server: Server, private readonly options: SocketOptions) {
    this.documents = new Documents(options.schema);
    this.house = { outbox: new Outbox(), standingOf: (personId) => options.standingOf(personId), report: (error) => options.report(error, newId()) };
    this.protocol = makeServer({
      schema: options.schema,
      // A connection looks after that itself, without a timer.
      connectionInitWaitTimeout: 0,
      onConnect: (conversation) => this.connect(conversation),
      onSubscribe: ({ extra }, id, payload) => this.subscribe(extra, id, payload),
      // Its messages go past graphql-ws, which would write for each anew what many are sent; it sees the end.
      subscribe: ({ contextValue }) => contextValue as AsyncIterableIterator<never>,
      onError: (_conversation, _id, _payload, errors) => errors.map((error) => {
        const correlationId = newId();
        return toGraphQLError(error, correlationId, (inner) => options.report(inner, correlationId));
      }),
    });
    this.onUpgrade = (request, socket, head) => this.upgrade(request, socket, head);
    server.on('upgrade', this.onUpgrade);
    this.looking = setInterval(() => this.look(), LOOK_MS).unref();
  }

  private look(): void {
    // What is held back here for a moment is nobody's fault.
    this.house.outbox.letGo();
    for (const connection of this.sockets.clients) connection.look();
  }

  get connections(): number { return this.sockets.clients.size; }

  /** Tells everybody that the server is going away; clients come again. */
  async close(): Promise<void> {
    this.server.off('upgrade', this.onUpgrade);
    clearInterval(this.looking);
    const cutOff = setTimeout(() => this.sockets.clients.forEach((client) => client.terminate()), GOODBYE_MS);
    this.sockets.clients.forEach((client) => client.close(GOING_AWAY, 'Going away'));
    await new Promise((done) => this.sockets.close(done));
    clearTimeout(cutOff);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url?.split('?')[0] !== this.options.path) return refuseUpgrade(socket, 'NOT_FOUND', 'ADDRESS', `The socket is at ${this.options.path}.`);
    const { origin, host } = request.headers;
    // A page of another site must not speak for who is signed in here. Programs send no origin.
    if (origin !== undefined && hostOf(origin) !== host) return refuseUpgrade(socket, 'FORBIDDEN', 'ORIGIN', 'A page of another site may not open the socket. Open it from a page of this address, or from a program, without an origin.');
    this.sockets.handleUpgrade(request, socket, head, (client) => client.begin(this.house, socket, () => this.protocol.opened(client, client)));
  }

  private async connect(conversation: Conversation): Promise<boolean> {
    const { extra: connection, connectionParams: params } = conversation;
    connection.isGreeted = true;
    // graphql-ws would keep the token for as long as the connection.
    (conversation as { connectionParams?: unknown }).connectionParams = undefined;
    const authorization = params?.['authorization'] ?? params?.['Authorization'];
    try {
      if (authorization !== undefined && typeof authorization !== 'string') throw new Problem('UNAUTHENTICATED', 'AUTHORIZATION_INVALID', 'authorization must be a text: Bearer and the token.');
      connection.caller = await this.options.authenticate(authorization);
      connection.checkTime();
    } catch (error) {
      const message = error instanceof Problem ? error.message : 'The token could not be checked.';
      connection.close(CloseCode.Unauthorized, message);
    }
    return true;
  }

  private subscribe(connection: Connection, id: string, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { schema, live } = this.options;
    try {
      const document = this.documents.read(payload.query);
      if (!('kind' in document)) return document;
      const other = document.definitions.some((d) => d.kind === 'OperationDefinition' && d.operation !== 'subscription');
      if (other) throw refusal('INVALID', 'SUBSCRIPTIONS_ONLY', 'The socket carries subscriptions only. Send queries and mutations over HTTP.', {});
      const answer = live.answer({ document, operationName: payload.operationName, variables: payload.variables ?? {} }, new Subscription(connection, id));
      return { schema, document, operationName: payload.operationName, variableValues: payload.variables, contextValue: answer, rootValue: undefined };
    } catch (error) {
      return [error instanceof GraphQLError ? error : new GraphQLError(String((error as Error).message), { originalError: error as Error })];
    }
  }
}

/** One of a connection, under the id that its client chose. */
class Subscription implements Subscriber {
  private readonly before: string;

  constructor(private readonly connection: Connection, id: string) {
    this.before = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  }

  standing(): Standing {
    return this.connection.standing();
  }

  take(text: string): Promise<void> | undefined {
    return this.connection.say(`${this.before}${text}}`);
  }
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
