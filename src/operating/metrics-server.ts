import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { WrongSetting, type Config } from '../config/config.js';

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers GET /metrics on a port of its own, which is opened to who gathers them and to nobody else. @throws WrongSetting */
export async function serveMetrics(registry: Registry, { metricsHost: host, metricsPort: port }: Config, onError: (error: unknown) => void): Promise<MetricsServer> {
  collectDefaultMetrics({ register: registry });
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('The metrics are at GET /metrics.\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => {
        onError(error);
        response.writeHead(500).end();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new WrongSetting([error.code === 'EADDRNOTAVAIL' || error.syscall === 'getaddrinfo'
      ? `METRICS_HOST is ${JSON.stringify(host)}; it must be an address of this machine, such as 127.0.0.1.`
      : `METRICS_PORT is ${port}; it must be one that this program may listen on and nobody else does (${error.code}).`])));
    server.listen({ host, port }, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}/metrics`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
