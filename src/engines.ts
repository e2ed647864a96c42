import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WrongSetting, type Config } from './config/config.js';
import { SqliteEngine } from './event-store/engines/sqlite.engine.js';
import { DRAFT as COPYING, openSqliteSource, openSqliteTarget } from './event-store/engines/sqlite-whole.js';
import { LogUnusable, type OpenEngine } from './event-store/event-store.js';
import type { LogIdentity, WholeLogs } from './event-store/whole-log.js';
import { COPY_FILE, LOG_FILE } from './event-store/log-file.js';
import { DRAFT, SECRET_CHECK, secretCheck } from './operating/manifest.js';
import { VIEWS_FILE } from './projections/view-store.js';

export interface EngineEvents {
  /** The process has to end. */
  readonly onFatal: (error: unknown) => void;
  readonly onListenerError?: (error: unknown) => void;
  /** Something that an operator should know. */
  readonly onNotice?: (message: string) => void;
}

/** The client of a server is loaded where a server is asked for: it takes half a second. */
const eventStoreDb = () => import('./event-store/engines/eventstoredb.engine.js');
const eventStoreDbWhole = () => import('./event-store/engines/eventstoredb-whole.js');

/** The engine that the settings ask for: named here and nowhere else. @throws LogUnusable, LogUnreachable, WrongSetting */
export async function openEngine({ dataDir, eventStore, committeeStream, installationSecret }: Config, events: EngineEvents): Promise<OpenEngine> {
  const isThere = (name: string): boolean => existsSync(join(dataDir, name));
  if (isThere(COPYING) && !isThere(LOG_FILE)) {
    throw new LogUnusable(`A copy into ${dataDir} was cut off, or goes on. Say it again: npm run cli -- copy --from … --to ${dataDir}. Where it is not wanted any more, remove ${join(dataDir, COPYING)}.`);
  }
  if (isThere(DRAFT) && !isThere(eventStore === undefined ? LOG_FILE : COPY_FILE)) {
    throw new LogUnusable(`A restore into ${dataDir} was cut off, or goes on. Say it again: npm run cli -- restore <backup>. Where it is not wanted any more, remove ${join(dataDir, DRAFT)}.`);
  }
  // Before a log is begun that would look like the one that is gone.
  if (eventStore === undefined && isThere(VIEWS_FILE) && !isThere(LOG_FILE) && !isThere(COPY_FILE)) {
    throw new LogUnusable(`There is no log in ${dataDir}, and ${VIEWS_FILE} was made from one. Put ${LOG_FILE} back, or restore a backup into a new folder. If a new log is to begin here, move ${VIEWS_FILE} away.`);
  }
  if (eventStore === undefined) return SqliteEngine.open(dataDir, events.onFatal, events.onListenerError);
  // Whoever begins the stream, a command too: the user of the nodes may not add it later.
  const notesOf = (logId: string): Readonly<Record<string, string>> => (installationSecret === undefined ? {} : { [SECRET_CHECK]: secretCheck(installationSecret, logId) });
  // Also on an empty stream nobody goes on with another one: its first node may not change the check later. None: no node may keep one there.
  const admit = ({ logId, notes: { [SECRET_CHECK]: kept } }: LogIdentity): void => {
    if (kept !== undefined && kept !== notesOf(logId)[SECRET_CHECK]) throw new WrongSetting([`INSTALLATION_SECRET is not the secret by which the log of the stream ${committeeStream} knows people. Give the one that its other nodes have, or had. docs/operating.md says what to do where the check itself is wrong, or the stream has no entry yet.`]);
  };
  return (await eventStoreDb()).EventStoreDbEngine.open({ dataDir, connection: eventStore, stream: committeeStream, notesOf, admit, ...events });
}

/** Whole logs of either engine, for copies between them. */
export const wholeLogs: WholeLogs = {
  openSource: async (place, signal, onProgress) => ('folder' in place
    ? openSqliteSource(place.folder, signal, onProgress) : (await eventStoreDbWhole()).openEventStoreDbSource(place)),
  openTarget: async (place) => ('folder' in place
    ? openSqliteTarget(place.folder) : (await eventStoreDbWhole()).openEventStoreDbTarget(place)),
};
