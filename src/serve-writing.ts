import type { MessagePort } from 'node:worker_threads';
import type { Logger } from 'pino';
import { Clock } from './config/clock.js';
import type { Config } from './config/config.js';
import { ThreadServer } from './threads/serve-thread.js';
import { openWriting, type Writing } from './writing.js';

/** Opens what writes and serves it to the other end of the port, which is closed when that says so. @throws LogUnusable, WrongSetting */
export async function serveWriting(port: MessagePort, config: Config, logger: Logger, onFatal: (error: unknown) => void): Promise<Writing> {
  // Stands at the time that comes with each command.
  const clock = new Clock();
  const server = new ThreadServer(port, clock, (level) => {
    if (logger.level !== level) logger.level = level;
  });
  const writing = await openWriting(config, clock.now, logger, { onFatal, onAppended: server.appended });
  server.serve({
    ...writing,
    close: async () => {
      await writing.close();
      // After it has been answered. Nothing keeps the thread then.
      setImmediate(() => port.close());
    },
  });
  return writing;
}
