import { existsSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { StoredEntry } from '../entry.js';
import { LogUnusable } from '../event-store.js';
import { leafOf } from '../leaf.js';
import { COPY_FILE, FolderUnsafe, LogFile } from '../log-file.js';
import { faultOf, removeDatabase } from '../sqlite.js';
import type { LogIdentity } from '../whole-log.js';
import { logIdOf } from './eventstoredb-metadata.js';
import type { Server } from './eventstoredb-server.js';

export interface CopyOptions {
  readonly dataDir: string;
  readonly onListenerError?: (error: unknown) => void;
  /** Something that an operator should know, such as a copy that is not the stream's. */
  readonly onNotice?: (message: string) => void;
  /** What is to be noted of a log, by its id, with the stream, where that is not noted yet and this node may. */
  readonly notesOf?: (logId: string) => Readonly<Record<string, string>>;
  /** Throws to refuse the log by what is noted of it, before it is read. */
  readonly admit?: (identity: LogIdentity) => void;
}

/** Note of a copy in which an entry was found that is not the server's. */
export const DIFFERS = 'differs at';
/** Entries of a copy that are compared at a start, besides its last. */
const SAMPLES = 16;

/** The copy that is there, where it is one of this stream; else a new one. @throws LogUnusable, LogUnreachable */
export async function openCopy(server: Server, { dataDir, onListenerError, onNotice, notesOf = () => ({}), admit }: CopyOptions): Promise<LogFile> {
  const path = join(dataDir, COPY_FILE);
  const known = knownLog(path);
  const { logId, notes } = await logIdOf(server, { notesOf, onNotice: onNotice ?? (() => undefined), known });
  admit?.({ logId, notes: { ...(known?.logId === logId && known.notes), ...notes } });
  const open = (): LogFile => {
    const log = LogFile.open(path, { onListenerError, logId });
    if (log.logId === logId) for (const [name, value] of Object.entries(notes)) if (log.note(name) === undefined) log.keepNote(name, value);
    return log;
  };
  let copy: LogFile | undefined;
  let why: string;
  let isEvidence = false;
  try {
    copy = open();
    const different = copy.logId === logId ? await differenceOf(copy, server) : 'it is of another log';
    // Notes are never changed in a file; with the stream somebody may have put one right.
    const corrected = Object.keys(notes).find((name) => copy?.note(name) !== notes[name]);
    if (different === undefined && corrected === undefined) return copy;
    isEvidence = different !== undefined && copy.head.position > 0;
    why = different ?? `the stream has another note of "${corrected}"`;
  } catch (error) {
    copy?.close();
    if (error instanceof FolderUnsafe || (!(error instanceof LogUnusable) && faultOf(error) !== 'CORRUPT')) throw error;
    why = error instanceof LogUnusable ? error.message : 'it is damaged';
  }
  copy?.close();
  // What the server has no more may stand in this copy alone.
  const kept = isEvidence ? putAside(path) : undefined;
  onNotice?.(`the copy of the log is ${kept === undefined ? 'thrown away' : `kept as ${kept}`} and read anew from the server: ${why}`);
  removeDatabase(path);
  return open();
}

/** The log of which a copy has entries, and what it notes of it. */
function knownLog(path: string): LogIdentity | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const copy = LogFile.open(path, { readOnly: true });
    const { [DIFFERS]: _, ...notes } = copy.notes();
    copy.close();
    return copy.head.position > 0 ? { logId: copy.logId, notes } : undefined;
  } catch {
    // What is wrong with it is told where it is opened to be used.
    return undefined;
  }
}

/** @returns the name of a file in the same folder that nothing of this program reads any more */
function putAside(path: string): string {
  let number = 1;
  while (existsSync(`${path}.aside-${number}`)) number++;
  const aside = `${path}.aside-${number}`;
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  return basename(aside);
}

/** Compares the last entry and some before it, whole. @returns what differs */
async function differenceOf(copy: LogFile, server: Server): Promise<string | undefined> {
  const known = copy.note(DIFFERS);
  if (known !== undefined) return `another entry was found at its position ${known}`;
  const { position: head } = copy.head;
  const step = Math.max(1, Math.floor(head / SAMPLES));
  const positions = head === 0 ? [] : [head, ...Array.from({ length: SAMPLES }, (_, i) => head - (i + 1) * step).filter((position) => position >= 1)];
  for (const position of positions) {
    const [onServer] = await server.read(position, 1);
    if (onServer === undefined) return `the stream ends before its position ${position}`;
    if (!leafOf(onServer).equals(leafOf(copy.at(position) as StoredEntry))) return `another entry stands at its position ${position}`;
  }
  return undefined;
}
