import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from './config/clock.js';
import type { Config } from './config/config.js';
import { registrations, views } from './contexts.js';
import { contributions } from './contributions.js';
import type { Deciding } from './decider/decision-maker.js';
import type { Decisions } from './decider/decisions.js';
import { CommandRegistry } from './decider/command-registry.js';
import { Standings } from './decider/standings.js';
import { States } from './decider/states.js';
import { Codec } from './event-store/codec.js';
import type { LocalLog, OpenEngine } from './event-store/event-store.js';
import { LOG_FILE, LogFile } from './event-store/log-file.js';
import { Desk } from './graphql/desk.js';
import { Reads } from './graphql/reads.js';
import { Visibility } from './graphql/visibility.js';
import { standingAt } from './modules/membership/membership.context.js';
import { nameOfRegion } from './modules/membership/membership.things.js';
import { Nodes } from './nodes/nodes.js';
import { Measures } from './operating/measures.js';
import { tellDecided } from './operating/operational-log.js';
import type { Surroundings } from './operating/readiness.js';
import type { ViewProgress } from './projections/view-progress.js';
import { FollowedRows, type ViewRows } from './projections/view-rows.js';
import type { ViewRunner } from './projections/view-runner.js';
import { VIEWS_FILE } from './projections/view-store.js';
import type { DecidingThread } from './threads/deciding-thread.js';
import { FollowedViews } from './threads/followed-views.js';
import { openWriting } from './writing.js';

/** The parts that need no framework: log, kernel, views, and what reads them. */
export interface System {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secret: string;
  readonly log: LocalLog;
  readonly surroundings: Surroundings;
  readonly registry: CommandRegistry;
  readonly deciding: Deciding;
  readonly standings: Standings;
  /** Undefined: there is no other node. */
  readonly nodes: Nodes | undefined;
  readonly views: ViewProgress;
  readonly reads: Reads;
  readonly visibility: Visibility;
  readonly desk: Desk;
  readonly measures: Measures;
  /** A fact kept with the log, durable when it answers. Once kept it stays. */
  readonly keepNote: (name: string, value: string) => Promise<void>;
  close(): Promise<void>;
}

/** With what writes at hand. */
export interface WholeSystem extends System {
  readonly engine: OpenEngine;
  readonly codec: Codec;
  readonly decisions: Decisions;
  readonly runner: ViewRunner;
}

/** All of it in this thread. @throws LogUnusable, LogUnreachable, WrongSetting */
export async function openSystem(config: Config, clock: Clock, logger: Logger, onFatal: (error: unknown) => void): Promise<WholeSystem> {
  const measures = new Measures();
  const writing = await openWriting(config, clock.now, logger, {
    onFatal, onAppended: (entries, seconds) => measures.appended(entries.length, seconds), onDecided: (order, answer) => measures.decided(order, answer),
  });
  const { secret, engine, codec, registry, decisions, runner } = writing;
  const nodes = config.node === undefined ? undefined : new Nodes({ order: config.nodes, node: config.node, secret, engine, decisions, registry, logger });
  return {
    config, clock, logger, secret, engine, codec, registry, decisions, nodes, runner, measures,
    log: engine.log, surroundings: engine, deciding: decisions, standings: decisions.standings, views: runner,
    ...readers(runner.store, engine.log, codec),
    keepNote: async (name, value) => engine.log.keepNote(name, value),
    close: async () => {
      await nodes?.stop();
      await writing.close();
    },
  };
}

/** What reads, in this thread, beside another one that writes. @throws LogUnusable, WrongSetting */
export async function openBeside(thread: DecidingThread, config: Config, clock: Clock, logger: Logger, onFatal: (error: unknown) => void): Promise<System> {
  const { secret, stand, unreadableAt } = await thread.opened;
  const open: { close(): void }[] = [];
  // The last connection to be closed is the writer's, which leaves each file alone and whole.
  const close = async (): Promise<void> => {
    await thread.stop();
    for (const one of open) one.close();
    await thread.close();
  };
  try {
    const log = LogFile.open(join(config.dataDir, LOG_FILE), { readOnly: true });
    open.push(log);
    const rows = new FollowedRows(join(config.dataDir, VIEWS_FILE), views, stand);
    open.push(rows);
    const codec = new Codec();
    const progress = new FollowedViews(rows, unreadableAt, (isAwaited) => thread.tellAwaited(isAwaited), (error) => logger.error({ err: error }, 'a listener of the views failed'));
    const measures = new Measures();
    thread.serve({
      log, views: progress, onFatal, now: clock.now, logLevel: () => logger.level,
      onAppended: (entries, seconds) => measures.appended(entries, seconds),
      onDecided: (order, answer) => measures.decided(order, answer),
      onTurnedAway: (order, problem) => {
        measures.decided(order, problem);
        tellDecided(logger, order, problem);
      },
    });
    return {
      config, clock, logger, secret, log, measures, close,
      surroundings: { silentMs: () => 0, mayWrite: () => true, undecidedMs: () => thread.undecidedMs() },
      registry: new CommandRegistry(registrations), deciding: thread, nodes: undefined, views: progress,
      standings: new Standings({ log, states: new States(log, codec), standingAt, now: clock.now }),
      ...readers(rows, log, codec),
      keepNote: (name, value) => thread.keepNote(name, value),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function readers(rows: ViewRows, log: LocalLog, codec: Codec): Pick<System, 'reads' | 'visibility' | 'desk'> {
  const reads = new Reads(rows, log, codec);
  return { reads, visibility: new Visibility(reads, contributions, nameOfRegion), desk: new Desk(reads, contributions) };
}
