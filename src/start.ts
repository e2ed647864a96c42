import { availableParallelism } from 'node:os';
import type { Config } from './config/config.js';
import type { Running, ServerOptions } from './server.js';
import { DecidingThread } from './threads/deciding-thread.js';

/** Two where the log is a file and there are more than two processors: on two a second thread gains little, and the start is longer (docs/performance.md). */
export const threadsByDefault = (eventStore: Config['eventStore']): 1 | 2 => (eventStore === undefined && availableParallelism() > 2 ? 2 : 1);

/**
 * Starts the server as `npm start` does; where there are two threads, what decides and writes has one of its own.
 * @throws WrongSetting, LogUnusable, LogUnreachable
 */
export async function start(config: Config, options: ServerOptions = {}): Promise<Running> {
  const thread = (config.threads ?? threadsByDefault(config.eventStore)) === 2 ? DecidingThread.start(new URL('./writing-thread.js', import.meta.url), config) : undefined;
  // Two seconds of Nest and GraphQL, for which neither a wrong setting nor the thread shall wait.
  const [{ startServer }] = await Promise.all([import('./server.js'), thread?.opened]);
  return thread ? startServer(config, { ...options, thread }) : startServer(config, options);
}
