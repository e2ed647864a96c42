import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { Clock } from './config/clock.js';
import { WrongSetting, wrongSettingOf, type Config } from './config/config.js';
import { LogUnusable } from './event-store/event-store.js';
import { endWith, newLogger } from './operating/operational-log.js';
import type { NotOpened } from './threads/messages.js';
import { ThreadServer } from './threads/serve-thread.js';
import { openWriting } from './writing.js';

/** The thread that decides and writes: begun by threads/deciding-thread.ts, ends when it is told to close, or with 70 where the log cannot be used any more. */
const port = parentPort as MessagePort;
const config = workerData as Config;
const clock = new Clock();
const logger = newLogger(config);
const server = new ThreadServer(port, clock, (level) => {
  if (logger.level !== level) logger.level = level;
});
try {
  const writing = await openWriting(config, clock.now, logger, {
    onFatal: (error) => endWith(logger, error),
    onAppended: server.appended,
    onDecided: () => undefined,
  });
  server.serve({
    ...writing,
    close: async () => {
      await writing.close();
      // Nothing keeps the thread any more.
      port.unref();
    },
  });
} catch (thrown) {
  const error = wrongSettingOf(thrown, config) ?? thrown;
  port.postMessage({ notOpened: notOpened(error) });
}

function notOpened(error: unknown): NotOpened {
  if (error instanceof WrongSetting) return { kind: 'WrongSetting', message: error.message };
  if (error instanceof LogUnusable) return { kind: 'LogUnusable', message: error.message };
  return { kind: 'Error', message: error instanceof Error ? error.stack ?? error.message : String(error) };
}
