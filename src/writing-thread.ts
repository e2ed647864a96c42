import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { WrongSetting, wrongSettingOf, type Config } from './config/config.js';
import { LogUnusable } from './event-store/event-store.js';
import { endWith, newLogger } from './operating/operational-log.js';
import { serveWriting } from './serve-writing.js';
import type { NotOpened } from './threads/messages.js';

/** The thread that decides and writes: begun by threads/deciding-thread.ts, ends when it is told to close, or with 70 where the log cannot be used any more. */
const port = parentPort as MessagePort;
const config = workerData as Config;
const logger = newLogger(config);
try {
  await serveWriting(port, config, logger, (error) => endWith(logger, error));
} catch (error) {
  port.postMessage({ notOpened: notOpened(wrongSettingOf(error, config) ?? error) });
}

function notOpened(error: unknown): NotOpened {
  if (error instanceof WrongSetting) return { kind: 'WrongSetting', message: error.message };
  if (error instanceof LogUnusable) return { kind: 'LogUnusable', message: error.message };
  return { kind: 'Error', message: error instanceof Error ? error.stack ?? error.message : String(error) };
}
