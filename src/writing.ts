import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { WrongSetting, type Config } from './config/config.js';
import { makeFolder } from './config/folder.js';
import { firstSecret, installationSecret, SECRET_FILE } from './config/secret.js';
import { registrations, views } from './contexts.js';
import type { CommandReceipt, Order } from './decider/decision-maker.js';
import { Decisions } from './decider/decisions.js';
import { payloadDigest } from './decider/digest.js';
import { CommandRegistry } from './decider/command-registry.js';
import type { Problem } from './decider/problem.js';
import { openEngine } from './engines.js';
import { Codec, UnreadableEntry } from './event-store/codec.js';
import type { StoredEntry } from './event-store/entry.js';
import { LogUnusable, type Engine, type LocalLog, type OpenEngine, type WritableLog } from './event-store/event-store.js';
import { COPY_FILE, LogFile, syncFolderOf } from './event-store/log-file.js';
import { faultOf, removeDatabase } from './event-store/sqlite.js';
import type { Instant } from './events/define.js';
import { standingAt } from './modules/membership/membership.context.js';
import { SECRET_CHECK, secretCheck } from './operating/manifest.js';
import { tellDecided } from './operating/operational-log.js';
import { buildViews, ViewRunner } from './projections/view-runner.js';
import { VIEWS_FILE, ViewStore } from './projections/view-store.js';

/** What writes: the log, what decides on it, the views. It has a thread of its own (writing-thread.ts), or one with all that reads (system.ts). */
export interface Writing {
  readonly secret: string;
  readonly engine: OpenEngine;
  readonly codec: Codec;
  readonly registry: CommandRegistry;
  readonly decisions: Decisions;
  readonly runner: ViewRunner;
  close(): Promise<void>;
}

export interface WritingEvents {
  /** The log cannot be used any more: the process has to end. */
  readonly onFatal: (error: unknown) => void;
  /** They are durable, since so many seconds after they were handed to the engine. */
  readonly onAppended: (entries: readonly StoredEntry[], seconds: number) => void;
  readonly onDecided?: (order: Order, answer: CommandReceipt | Problem) => void;
}

/** Opens the log and the views, which are built anew where they do not fit. @throws LogUnusable, WrongSetting */
export async function openWriting(config: Config, now: () => Instant, logger: Logger, { onFatal, onAppended, onDecided }: WritingEvents): Promise<Writing> {
  makeFolder(config.dataDir);
  const engine = await openEngine(config, {
    onFatal, onListenerError: (error) => logger.error({ err: error }, 'a listener of the log failed'), onNotice: (message) => logger.warn(message),
  });
  const { log } = engine;
  const codec = new Codec();
  let secret: string;
  let store: ViewStore;
  try {
    secret = secretOf(log, config);
    store = await openViews(config, log, codec, logger);
  } catch (error) {
    await engine.close();
    throw error;
  }
  const runner = new ViewRunner(store, log, codec, (error) => logger.error({ err: error }, 'views stopped'));
  const decisions = new Decisions({
    log, codec, standingAt, engine: watched(engine, onAppended), now, digestKey: payloadDigest(secret, 'payload-digest', {}),
    onInternalError: (error, order) => logger.error({ err: error, correlationId: order.correlationId, command: order.registration.command.name }, 'command failed'),
    onDecided: (order, answer) => {
      onDecided?.(order, answer);
      tellDecided(logger, order, answer);
    },
  });
  await runner.start();
  return {
    secret, engine, codec, decisions, runner, registry: new CommandRegistry(registrations),
    close: async () => {
      await decisions.stop();
      await runner.stop();
      store.close();
      await engine.close();
    },
  };
}

/** The engine, with a watch beside its append. */
function watched(engine: Engine, onAppended: WritingEvents['onAppended']): Engine {
  return {
    append: async (entries, expectedHead) => {
      if (entries.length === 0) return engine.append(entries, expectedHead);
      const begun = performance.now();
      await engine.append(entries, expectedHead);
      onAppended(entries, (performance.now() - begun) / 1_000);
    },
    read: (after, limit) => engine.read(after, limit),
    follow: (after, signal) => engine.follow(after, signal),
    head: () => engine.head(),
    close: () => engine.close(),
  };
}

/** The log knows people by it, so that it has to be the one of its first start: with another one nobody would have an office. */
function secretOf(log: WritableLog, { dataDir, eventStore, installationSecret: given }: Config): string {
  const isEmpty = log.head.position === 0;
  const secret = isEmpty ? firstSecret(dataDir, given, syncFolderOf) : installationSecret(dataDir, given);
  // Kept with the stream, and compared where that was opened.
  if (eventStore !== undefined) return secret;
  const check = secretCheck(secret, log.logId);
  const kept = log.note(SECRET_CHECK);
  // Nobody is known yet, so that it may still be another one.
  if (isEmpty) {
    const stop = log.onAppended(() => {
      stop();
      if (log.note(SECRET_CHECK) === undefined) log.keepNote(SECRET_CHECK, check);
    });
  } else if (kept === undefined) log.keepNote(SECRET_CHECK, check);
  else if (kept !== check) {
    throw new WrongSetting([`${given === undefined ? join(dataDir, SECRET_FILE) : 'INSTALLATION_SECRET'} is not the secret by which this log knows people. Give the one that it was begun with; a backup has it, or says that it was a setting.`]);
  }
  return secret;
}

async function openViews({ dataDir, eventStore }: Config, log: LocalLog, codec: Codec, logger: Logger): Promise<ViewStore> {
  const path = join(dataDir, VIEWS_FILE);
  let store = fittingViews(path, log, codec, {
    onLost: (seen) => logger.error({ seen, head: log.head.position }, LOST_ITS_END),
    onForeign: (logId, seen) => {
      // Of what a server keeps, which may be another stream now, or was when this folder was a node's.
      if (eventStore === undefined && copiedLogId(dataDir) !== logId) throw new LogUnusable(`${path} has seen ${seen} entries of log ${logId}, and the log in ${dataDir} is another one, ${log.logId}. Put the right log in its place, or restore a backup into a new folder. If this log is meant, move ${VIEWS_FILE} away.`);
    },
  });
  if (!store) {
    logger.info('the views do not fit this log or program and are built anew');
    removeDatabase(path);
    store = new ViewStore(path, views, codec, log.logId);
  }
  try {
    await buildViews(store, log, codec, new AbortController().signal, (position, head) => logger.info({ position, head }, 'building views'));
  } catch (error) {
    // All before it can be served; the runner meets it again and says so in health.
    if (!(error instanceof UnreadableEntry)) throw error;
  }
  return store;
}

const LOST_ITS_END = 'the views have seen an entry that is not in the log any more: its end was lost or replaced. Stop, keep this folder, and compare the log with a backup: npm run cli -- verify --against <backup>';

function copiedLogId(dataDir: string): string | undefined {
  const path = join(dataDir, COPY_FILE);
  if (!existsSync(path)) return undefined;
  const copy = LogFile.open(path, { readOnly: true });
  copy.close();
  return copy.logId;
}

interface Misfits { onLost(seen: number): void; /** @throws LogUnusable */ onForeign(logId: string, seen: number): void }

/** The file as it is; undefined where it is of another log or of other views, or no sound file of views at all. */
function fittingViews(path: string, log: LocalLog, codec: Codec, { onLost, onForeign }: Misfits): ViewStore | undefined {
  let store: ViewStore | undefined;
  try {
    store = new ViewStore(path, views, codec, log.logId);
    const entryIdAt = (position: number): string | null => log.at(position)?.id ?? null;
    if (store.fits(log.logId, entryIdAt)) return store;
    const seen = store.lostBy(log.logId, entryIdAt);
    if (seen !== undefined) onLost(seen);
    if (store.logId !== log.logId && store.position > 0) onForeign(store.logId, store.position);
  } catch (error) {
    if (error instanceof LogUnusable) {
      store?.close();
      throw error;
    }
    // A disk that fails is not mended by another file.
    if (['FULL', 'IO', 'BUSY'].includes(faultOf(error))) throw error;
  }
  store?.close();
  return undefined;
}
