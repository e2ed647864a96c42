import { availableParallelism } from 'node:os';
import type { Config } from './config/config.js';
import type { Running, ServerOptions } from './server.js';
import { DecidingThread } from './threads/deciding-thread.js';

/**
 * Starts the server as `npm start` does. What decides and writes has a thread of its own where the log is a file and there are more than two processors:
 * on two it gains little, and the start is longer (docs/performance.md).
 * @throws WrongSetting, LogUnusable, LogUnreachable
 */
export async function start(config: Config, options: ServerOptions = {}): Promise<Running> {
  const { eventStore, threads = eventStore === undefined && availableParallelism() > 2 ? 2 : 1 } = config;
  const thread = threads === 2 ? DecidingThread.start(new URL('./writing-thread.js', import.meta.url), config) : undefined;
  // Two seconds of Nest and GraphQL, for which neither a wrong setting nor the thread shall wait.
  const [{ startServer }] = await Promise.all([import('./server.js'), thread?.opened]);
  return thread ? startServer(config, { ...options, thread }) : startServer(config, options);
}
