import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { connectionTold, isConnection, isStreamName, type Config } from '../config/config.js';
import { makeFolder } from '../config/folder.js';
import { LogUnreachable, LogUnusable, whichServer } from '../event-store/event-store.js';
import { leafOf } from '../event-store/leaf.js';
import { Damaged } from '../event-store/log-check.js';
import type { LogPlace, LogSource, LogTarget, WholeLogs } from '../event-store/whole-log.js';
import { type CliCommand, Interrupted, interruptible, percentTold, type Say, Wrong } from './cli-command.js';
import { SECRET_FILE } from './manifest.js';

const PAGE = 500;
/** Instead of an address: the one in the settings, whose password then stands in no list of processes. */
const AS_SET = 'EVENT_STORE';

export const copy = (logs: WholeLogs): CliCommand => ({
  about: 'moves a log from a folder to an EventStoreDB or back',
  help: `npm run cli -- copy --from <log> --to <log> [--stream <name>]

One <log> is a folder: a data directory or, as --from, a backup. The other is the address of an EventStoreDB, such as
'esdb://127.0.0.1:2113?tls=false', or the word ${AS_SET} for the one in the settings, and --stream its stream there
(COMMITTEE_STREAM when left out).

  npm run cli -- copy --from ./var --to 'esdb://127.0.0.1:2113?tls=false' --stream committee
  npm run cli -- copy --from 'esdb://127.0.0.1:2113?tls=false' --stream committee --to ./var-back

Same entries, positions, ids, log id and notes. The target must be empty, or hold the beginning of the same log, and the copy then goes on
from there: after Ctrl-C or a power cut say the same again. At the end everything is read anew from the target and compared. Until then no
server starts on it. A server may write the source meanwhile; it is then told how to take the rest. The source is not changed.
Ends with 0 when all is there, with 1 when it was refused, with 2 when an entry is damaged or differs, with 130 after Ctrl-C.`,
  async run(args, config, say) {
    const { values } = parseArgs({ args: [...args], options: { from: { type: 'string' }, to: { type: 'string' }, stream: { type: 'string' } } });
    const [from, to] = placesOf(values, config);
    await interruptible((signal) => copyLog(logs, from, to, config, say, signal));
  },
});

interface Given { readonly from?: string | undefined; readonly to?: string | undefined; readonly stream?: string | undefined }

function placesOf({ from, to, stream }: Given, config: Config): readonly [LogPlace, LogPlace] {
  if (!from || !to) throw new Wrong("Give --from and --to, such as: npm run cli -- copy --from ./var --to 'esdb://127.0.0.1:2113?tls=false' --stream committee");
  if (stream !== undefined && !isStreamName(stream)) throw new Wrong(`--stream is ${JSON.stringify(stream)}; it must be a name without blanks that does not begin with $.`);
  const place = (option: string, value: string): LogPlace => {
    const connection = value === AS_SET ? config.eventStore : value;
    if (connection === undefined) throw new Wrong(`${option} is ${AS_SET}, which is not set. Set it, or give the address.`);
    if (!/^[a-z+]+:\/\//i.test(connection)) return { folder: resolve(connection) };
    // Not repeated: there may be a password in it.
    if (!isConnection(connection)) throw new Wrong(`${option} is no address of an EventStoreDB; it must be ${connectionTold}.`);
    return { connection, named: value === AS_SET ? AS_SET : option, stream: stream ?? config.committeeStream, streamNamed: stream === undefined ? 'COMMITTEE_STREAM' : '--stream' };
  };
  const places = [place('--from', from), place('--to', to)] as const;
  const servers = places.filter((one) => 'connection' in one).length;
  if (servers === 0) throw new Wrong('Both are folders. Take a backup and restore it there: npm run cli -- backup --help. One of the two must be an address such as esdb://127.0.0.1:2113?tls=false.');
  if (servers === 2) throw new Wrong('Both are servers. Copy to a folder first, and from there to the other server.');
  return places;
}

/** Undefined: what is there was not seen yet. */
interface Progress { there: number | undefined }

async function copyLog(logs: WholeLogs, from: LogPlace, to: LogPlace, config: Config, say: Say, signal: AbortSignal): Promise<void> {
  const source = await logs.openSource(from, signal, percentTold('Reading the log', say, 10)).catch((error: unknown) => {
    throw error instanceof LogUnreachable && 'named' in from ? new Wrong(`${error.message}. ${whichServer(from.named)}`) : error;
  });
  if (!source) throw new Interrupted('Interrupted. Nothing was copied yet.');
  let target: LogTarget | undefined;
  const progress: Progress = { there: undefined };
  try {
    const written = await source.isWritten();
    if (written) say(`${source.name} is in use: what is decided from now on is not in this copy.`);
    if ('folder' in to) makeTarget(to.folder);
    target = await logs.openTarget(to);
    const leaves: Buffer[] = [];
    const found = await compare(source, target, leaves, say, signal);
    await bring(source, target, leaves, Object.assign(progress, { there: found }), say, signal);
    await verify(target, leaves, say, signal);
    await target.finish(source.identity);
    tell(source, target, found, leaves, config, from, to, say);
    if (written || await source.isWritten()) say(`${source.name} is written meanwhile. Stop what writes it and say the same again: only what came since is then copied.`);
  } catch (error) {
    throw asTold(error, source, to, progress);
  } finally {
    await target?.close();
    await source.close();
  }
}

function makeTarget(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new Wrong(`${folder} cannot be made (${(error as NodeJS.ErrnoException).code ?? String(error)}). Name a folder that this program may write to.`);
  }
}

/** What is there already must be the beginning of the source. @returns the position of its last entry */
async function compare(source: LogSource, target: LogTarget, leaves: Buffer[], say: Say, signal: AbortSignal): Promise<number> {
  const { logId } = source.identity;
  const found = await target.logId();
  const told = percentTold('Comparing what is there', say, 10);
  for (;;) {
    stopAt(signal);
    const after = leaves.length;
    const theirs = await target.read(after, PAGE);
    if (theirs.length === 0) break;
    const ours = await source.read(after, theirs.length);
    for (const [i, entry] of theirs.entries()) {
      const position = after + i + 1;
      const own = ours[i];
      if (!own) throw new LogUnusable(`${target.name} goes on where ${source.name} ends: it has an entry at position ${position}. ${ELSEWHERE}`);
      const leaf = leafOf(own);
      if (!leafOf(entry).equals(leaf)) throw new LogUnusable(`${target.name} and ${source.name} differ at position ${position}: another entry stands there. ${ELSEWHERE}`);
      leaves.push(leaf);
    }
    told(leaves.length, source.head);
  }
  const what = leaves.length === 0 ? 'has no entry yet' : `has the same ${leaves.length} entries`;
  if (found !== undefined && found !== logId) throw new LogUnusable(`${target.name} is log ${found}, and ${source.name} is log ${logId}, though it ${what}. ${ELSEWHERE}`);
  if (found === undefined) {
    if (leaves.length > 0) throw new LogUnusable(`${target.name} ${what} from position 1 on, and does not say of which log. ${ELSEWHERE}`);
    await target.begin(source.identity);
  }
  return leaves.length;
}

const ELSEWHERE = 'Nothing was copied. Name a target that is empty or holds the beginning of the same log.';

async function bring(source: LogSource, target: LogTarget, leaves: Buffer[], progress: { there: number }, say: Say, signal: AbortSignal): Promise<void> {
  const told = percentTold('Copying', say, 10);
  while (progress.there < source.head) {
    stopAt(signal);
    const entries = await source.read(progress.there, PAGE);
    if (entries.length === 0) throw new Damaged(`Entry ${progress.there + 1} is missing: ${source.name} ends before it, and had ${source.head} entries.`);
    await target.append(entries, progress.there);
    leaves.push(...entries.map(leafOf));
    told((progress.there += entries.length), source.head);
  }
}

async function verify(target: LogTarget, leaves: readonly Buffer[], say: Say, signal: AbortSignal): Promise<void> {
  const theirs = await target.leaves(leaves.length, signal, percentTold('Reading the copy anew', say, 25));
  stopAt(signal);
  const different = leaves.findIndex((leaf, i) => !theirs[i]?.equals(leaf));
  if (different >= 0) throw new Damaged(`Entry ${different + 1} of ${target.name} is not what was copied to it${theirs[different] ? '' : ': it is missing'}. Do not use this copy; look at its disk and copy to a new place.`);
}

function stopAt(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted();
}

function tell({ identity, head, name }: LogSource, target: LogTarget, found: number, leaves: readonly Buffer[], config: Config, from: LogPlace, to: LogPlace, say: Say): void {
  const digest = createHash('sha256').update(Buffer.concat(leaves)).digest('hex');
  say(`Copied ${head} entries of log ${identity.logId} from ${name} to ${target.name}${found > 0 ? `; ${found} of them were there already` : ''}.
  digest   ${digest}, of both
  notes    ${Object.keys(identity.notes).join(', ') || 'none'}
  secret   ${'folder' in to ? `not in the copy: start with INSTALLATION_SECRET as the nodes have it, or the log knows nobody` : secretTold(from, config)}`);
}

/** By the secret of the installation the log knows people: it does not travel with entries. */
function secretTold(from: LogPlace, { installationSecret: given }: Config): string {
  const file = 'folder' in from ? join(from.folder, SECRET_FILE) : '';
  const isThere = existsSync(file);
  if (given === undefined) return isThere ? `give every node INSTALLATION_SECRET="$(cat ${file})", or the log knows nobody` : 'give every node the INSTALLATION_SECRET that the server of this log had, or the log knows nobody';
  if (isThere && readFileSync(file, 'utf8').trim() !== given) return `INSTALLATION_SECRET is not what stands in ${file}: give every node the one that the server of this log had, or the log knows nobody`;
  return 'INSTALLATION_SECRET as it is set here, on every node';
}

function asTold(error: unknown, { head }: LogSource, to: LogPlace, { there }: Progress): unknown {
  const goesOn = `${there === undefined ? 'Nothing was copied now' : `${there} of ${head} entries are there`}. Say the same again and it goes on.`;
  if (error instanceof Interrupted) return new Interrupted(`Interrupted. ${goesOn}`);
  // Nothing says yet that it is the right address.
  if (error instanceof LogUnreachable && there === undefined && 'named' in to) return new Wrong(`${error.message}. Nothing was copied now. ${whichServer(to.named)}`);
  if (error instanceof LogUnreachable) return new Wrong(`The server does not answer. ${goesOn}`);
  return error;
}
