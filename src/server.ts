import 'reflect-metadata';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { AppModule, GRAPHQL_PATH, MAX_BODY_BYTES, type Authenticate } from './app.module.js';
import { Clock } from './config/clock.js';
import { WrongSetting, type Config } from './config/config.js';
import { Dispatch } from './decider/dispatch.js';
import { ProcessRunner } from './decider/process-runner.js';
import { Admission } from './graphql/admission.js';
import { refuseAddress, shapeHttpErrors } from './graphql/http-errors.js';
import { Live } from './graphql/live.js';
import { registerQueryPage } from './graphql/query-page.js';
import { FIRST_QUERY } from './graphql/first-query.js';
import { Socket } from './graphql/socket.js';
import { isForDevIssuer, startDevIssuer } from './identity/dev-issuer.js';
import { issuerKeys } from './identity/issuer-keys.js';
import { isLoopbackHost } from './identity/loopback.js';
import { personIdOf } from './identity/person-id.js';
import { TokenVerifier } from './identity/tokens.js';
import { FIRST_START, loadSample } from './sample/sample.js';
import { serveMetrics } from './operating/metrics-server.js';
import { endWith, newLogger } from './operating/operational-log.js';
import { freeBytes, hangs, surroundingProblems } from './operating/readiness.js';
import { openBeside, openSystem, type System, type WholeSystem } from './system.js';
import type { DecidingThread } from './threads/deciding-thread.js';

export interface Running<S extends System = System> {
  readonly system: S;
  readonly dispatch: Dispatch;
  readonly schema: GraphQLSchema;
  readonly live: Live;
  readonly url: string;
  readonly usesDevIssuer: boolean;
  readonly metricsUrl: string | undefined;
  /** Says that it is not ready and goes on for so long, then takes no more, decides what waits, says goodbye and closes its files. */
  close(goOnForMs?: number): Promise<void>;
}

/** How long each step of stopping may take, of the 30 seconds in all (main.ts). */
const FINISH_MS = 5_000;

export interface ServerOptions {
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly onFatal?: (error: unknown) => void;
  readonly onSampleProgress?: (done: number, of: number) => void;
}

/** Opens the system, tells the sample where it is due, and only then listens. @param thread that decides; left out: this one does */
export async function startServer(config: Config, options: ServerOptions & { readonly thread: DecidingThread }): Promise<Running>;
export async function startServer(config: Config, options?: ServerOptions): Promise<Running<WholeSystem>>;
export async function startServer(config: Config, options: ServerOptions & { readonly thread?: DecidingThread } = {}): Promise<Running> {
  const clock = options.clock ?? new Clock();
  const logger = options.logger ?? newLogger(config);
  const onFatal = options.onFatal ?? ((error) => endWith(logger, error));
  const system = await (options.thread ? openBeside(options.thread, config, clock, logger, onFatal) : openSystem(config, clock, logger, onFatal));
  try {
    return await listen(system, options);
  } catch (error) {
    await system.close();
    throw error;
  }
}

async function listen(system: System, options: ServerOptions): Promise<Running> {
  const { config, clock, logger, secret, log, keepNote, surroundings, deciding, standings, nodes, reads, views, visibility, desk } = system;
  if (config.oidcIssuer === undefined && !isLoopbackHost(config.host)) {
    throw new WrongSetting([`HOST is ${JSON.stringify(config.host)}; it must be 127.0.0.1, ::1 or localhost while OIDC_ISSUER is left out: the development issuer knows no passwords.`]);
  }
  await canListen(config.host, config.port);
  const devIssuer = config.oidcIssuer === undefined
    ? await startDevIssuer({ host: config.host, dataDir: config.dataDir, audience: config.oidcAudience, onError: (message) => logger.error({ message }, 'development issuer') })
    : undefined;
  const issuer = devIssuer?.issuer ?? (config.oidcIssuer as string);
  const verifier = new TokenVerifier({
    issuer, audience: config.oidcAudience, personSecret: secret, types: config.oidcTokenTypes,
    keys: devIssuer?.localKeys() ?? issuerKeys(issuer), algorithms: devIssuer?.algorithms ?? ['ES256', 'PS256', 'RS256', 'EdDSA'],
  });
  const authenticate: Authenticate = (authorization) => verifier.verify(authorization);

  const adapter = new FastifyAdapter({ bodyLimit: MAX_BODY_BYTES, frameworkErrors: refuseAddress });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(system, authenticate), adapter, { logger: quiet(logger), abortOnError: false });
  const fastify: FastifyInstance = adapter.getInstance();
  shapeHttpErrors(fastify, { graphqlPath: GRAPHQL_PATH, maxBodyBytes: MAX_BODY_BYTES });
  if (devIssuer) {
    const answer = devIssuer.callback();
    fastify.addHook('onRequest', (request, reply, done) => {
      if (!isForDevIssuer(request.raw)) return done();
      reply.hijack();
      answer(request.raw, reply.raw);
    });
  }
  let leaving = false;
  registerHealth(fastify, system, () => leaving);
  registerQueryPage(fastify, { path: '/', graphqlPath: GRAPHQL_PATH, socketPath: GRAPHQL_PATH, query: FIRST_QUERY });
  await app.init();
  await fastify.ready();

  const { schema } = app.get(GraphQLSchemaHost);
  const report = (error: unknown, correlationId: string): void => logger.error({ err: error, correlationId }, 'internal error');
  const live = new Live(schema, reads, views, visibility, desk, new Admission(schema, visibility), report);
  const server = app.getHttpServer() as Server;
  const socket = new Socket(server, { path: GRAPHQL_PATH, schema, live, authenticate, report, standingOf: (personId) => standings.of(personId) });

  const processes = app.get(ProcessRunner);
  const dispatch = app.get(Dispatch);
  system.measures.read({
    log, views, commandsWaiting: () => deciding.queued + (nodes?.queued ?? 0), commandsHanded: () => nodes?.handed ?? 0, nodesReachable: () => nodes?.reachable ?? 0, sockets: () => socket.connections, subscriptions: () => live.subscribers,
    consequencesWaiting: () => processes.waiting, consequencesFailed: () => processes.failed.size, now: () => Date.parse(clock.now()),
    freeBytes: () => freeBytes(config.dataDir), silentMs: () => surroundings.silentMs(), mayWrite: () => surroundings.mayWrite(),
  });
  const metrics = config.metricsPort === undefined ? undefined : await serveMetrics(system.measures.registry, config, (error) => logger.error({ err: error }, 'metrics'));
  if (config.sample === 'founding' && (log.head.position === 0 || log.note(FIRST_START) !== undefined)) {
    const { level } = logger;
    // Its commands are not today's; what goes wrong is still told.
    logger.level = level === 'debug' ? level : 'warn';
    await loadSample({ log, keepNote, clock, dispatch, processes, personIdOf: (person) => personIdOf(secret, issuer, person), onProgress: options.onSampleProgress ?? (() => undefined) });
    logger.level = level;
  }
  await nodes?.start();
  processes.start();
  await app.listen({ host: config.host, port: config.port });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : config.port;
  return {
    system, dispatch, schema, live, usesDevIssuer: devIssuer !== undefined, metricsUrl: metrics?.url,
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    close: async (goOnForMs = 0) => {
      leaving = true;
      nodes?.leave();
      await delay(goOnForMs);
      await atMost(FINISH_MS, processes.stop());
      await atMost(FINISH_MS, nodes?.stop() ?? Promise.resolve());
      await atMost(FINISH_MS, deciding.stop());
      await socket.close();
      // Answers that are under way are finished; a client that never ends its request does not hold this up.
      const cutOff = setTimeout(() => server.closeAllConnections(), FINISH_MS);
      await app.close();
      clearTimeout(cutOff);
      await metrics?.close();
      await system.close();
    },
  };
}

/** Told before the sample is, which takes seconds and stays. @throws as listening does */
async function canListen(host: string, port: number): Promise<void> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

/** Waits for it, but no longer than so. */
const atMost = (ms: number, work: Promise<void>): Promise<void> => Promise.race([work, delay(ms, undefined, { ref: false })]);

/** What goes wrong in Nest is thrown as well, and told by whoever catches it; the log has one form. */
function quiet(logger: Logger): LoggerService {
  const tell = (message: unknown): void => logger.debug({ nest: String(message) }, 'framework');
  return { log: () => undefined, warn: tell, error: tell, fatal: tell };
}

function registerHealth(fastify: FastifyInstance, { views, reads, surroundings, config }: System, leaving: () => boolean): void {
  fastify.get('/health/live', async (_request, reply) => (hangs(surroundings) ? reply.status(503).send({ status: 'hangs' }) : { status: 'live' }));
  fastify.get('/health/ready', async (_request, reply) => {
    const head = reads.log.head.position;
    const behind = head - views.stand.position;
    const problems = [
      ...(leaving() ? ['this node is shutting down'] : []),
      ...views.stand.stopped.map(({ view, position }) => `the view ${view} stopped at position ${position}`),
      ...(views.unreadableAt === undefined ? [] : [`the entry at position ${views.unreadableAt} cannot be read by this program`]),
      ...surroundingProblems(surroundings, config),
    ];
    return reply.status(problems.length > 0 ? 503 : 200).send({ status: problems.length > 0 ? 'not ready' : 'ready', position: views.stand.position, behind, problems });
  });
}
