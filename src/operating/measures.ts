import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CommandReceipt, Order } from '../decider/decision-maker.js';
import { Problem } from '../decider/problem.js';
import type { Waiting } from '../decider/process-runner.js';
import type { LocalLog } from '../event-store/event-store.js';
import type { ViewProgress } from '../projections/view-progress.js';

/** What is read at the moment somebody asks, so that it costs nothing in between. */
export interface Readings {
  readonly log: LocalLog;
  readonly views: ViewProgress;
  commandsWaiting(): number;
  /** Since the start. */
  commandsHanded(): number;
  nodesReachable(): number;
  sockets(): number;
  subscriptions(): number;
  consequencesWaiting(): readonly Waiting[];
  consequencesFailed(): number;
  /** Left on the disk of the data folder. */
  freeBytes(): number;
  /** Milliseconds since the log's server was last heard of. */
  silentMs(): number;
  /** False: the log's server denied it a moment ago. */
  mayWrite(): boolean;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * What is measured, in Prometheus' form. Labels are names of this program: no person, no id, nothing that a client sends. A command
 * costs two look-ups in a map; prom-client's own counter, which sorts its labels each time, is filled when somebody asks.
 */
export class Measures {
  readonly registry = new Registry();
  private readonly commands = new Map<string, Map<string, number>>();
  private readonly seconds = new Histogram({
    name: 'committee_append_seconds', help: 'Time until a batch of entries was durable', registers: [this.registry],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  });
  private readonly entries = new Histogram({
    name: 'committee_append_entries', help: 'Entries written together', registers: [this.registry], buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  });

  constructor() {
    const { commands } = this;
    new Counter({
      name: 'committee_commands_total', help: 'Commands that were answered: accepted, repeated, or the code of the refusal', labelNames: ['command', 'outcome'], registers: [this.registry],
      collect() {
        this.reset();
        for (const [command, outcomes] of commands) for (const [outcome, count] of outcomes) this.inc({ command, outcome }, count);
      },
    });
  }

  decided({ registration }: Pick<Order, 'registration'>, answer: CommandReceipt | Problem): void {
    const { name } = registration.command;
    let outcomes = this.commands.get(name);
    if (!outcomes) this.commands.set(name, (outcomes = new Map()));
    const outcome = answer instanceof Problem ? outcomeOf(answer) : answer.repeated ? 'repeated' : 'accepted';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }

  /** A batch of entries has become durable. */
  appended(entries: number, seconds: number): void {
    this.seconds.observe(seconds);
    this.entries.observe(entries);
  }

  /** Everything that is read when it is asked for. */
  read(readings: Readings): void {
    const { log, views } = readings;
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({ name: `committee_${name}`, help, registers: [this.registry], collect() { this.set(value()); } });
    };
    gauge('log_entries', 'Entries of the log: the position of its head', () => log.head.position);
    gauge('commands_waiting', 'Commands that wait to be decided', () => readings.commandsWaiting());
    new Counter({ name: 'committee_commands_handed_total', help: 'Commands that were handed to the node that decides for all', registers: [this.registry], collect() { this.reset(); this.inc(readings.commandsHanded()); } });
    gauge('nodes_reachable', 'Other nodes that answer', () => readings.nodesReachable());
    gauge('views_behind_entries', 'Entries that the views have not seen', () => log.head.position - views.stand.position);
    gauge('views_behind_seconds', 'Age of the oldest entry that the views have not seen', () => age(log.at(views.stand.position + 1)?.time, readings.now()));
    gauge('views_stopped', 'Views that have met what they cannot apply', () => views.stand.stopped.length);
    gauge('data_free_bytes', 'What is left on the disk of the data folder', () => readings.freeBytes());
    gauge('log_server_silent_seconds', 'Since the server of the log last answered; 0 where the log is a file', () => readings.silentMs() / 1_000);
    gauge('log_server_denies', '1 where the server of the log denied this node an append a moment ago', () => (readings.mayWrite() ? 0 : 1));
    gauge('sockets', 'Open sockets', () => readings.sockets());
    gauge('subscribers', 'Subscriptions under way', () => readings.subscriptions());
    gauge('consequences_oldest_waiting_seconds', 'How long the oldest consequence has been due', () => Math.max(0, ...readings.consequencesWaiting().map(
      ({ due, cause }) => age(due ?? log.at(cause)?.time, readings.now()))));
    gauge('consequences_failed', 'Consequences that were stopped by an error, until the next start', () => readings.consequencesFailed());
  }
}

/** The closed kinds; of what is no rule's, why, since a full disk is another thing than a node that stops. */
const outcomeOf = ({ code, reason }: Problem): string => (code === 'UNAVAILABLE' ? reason ?? code : code);

/** In seconds; 0 for what is not there or not yet due. */
const age = (time: string | undefined, now: number): number => (time === undefined ? 0 : Math.max(0, now - Date.parse(time)) / 1_000);
