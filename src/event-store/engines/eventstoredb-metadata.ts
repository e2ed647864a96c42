import { v4 as newLogId } from 'uuid';
import { LogUnreachable, LogUnusable } from '../event-store.js';
import type { LogIdentity } from '../whole-log.js';
import { ServerRefusal, type NamedStream, type Server, type StreamMetadata } from './eventstoredb-server.js';

const LOSING = ['$maxAge', '$maxCount', '$tb'] as const;

/** @throws LogUnusable where the stream forgets entries, or its metadata are not ours */
export function admitMetadata({ stream, streamNamed = 'COMMITTEE_STREAM' }: NamedStream, metadata: StreamMetadata): void {
  const losing = LOSING.filter((name) => metadata[name] !== undefined && metadata[name] !== null);
  if (losing.includes('$tb')) {
    throw new LogUnusable(`The stream ${stream} was deleted, or forgets entries by $tb in its metadata. docs/operating.md says how it may be got back; until then let nothing write to it.`);
  }
  if (losing.length > 0) {
    throw new LogUnusable(`The stream ${stream} forgets entries by ${losing.join(' and ')} in its metadata. Take that away: no entry of the log may be lost.`);
  }
  const isOurs = metadata.committeeLogId !== undefined || metadata.committeeCopyOf !== undefined;
  if (!isOurs && Object.keys(metadata).some((name) => name !== '$acl')) {
    throw new LogUnusable(`The stream ${stream} has metadata of somebody else. Name another stream in ${streamNamed}, or add "committeeLogId" with a UUID to its metadata.`);
  }
}

export interface FirstMetadata {
  /** What this node would note of a log where nothing is noted yet. */
  readonly notesOf: (logId: string) => Readonly<Record<string, string>>;
  readonly onNotice: (message: string) => void;
  /** The log of which this node has entries already, and what its copy notes of it. */
  readonly known: LogIdentity | undefined;
}

/**
 * The log's id, and what is noted of it: given once, with the stream, and kept in its metadata, where all nodes find it. With it, once too, who may do what to the stream.
 * A stream of before is given what it lacks by the first node that may.
 * @throws LogUnusable
 */
export async function logIdOf(server: Server, { notesOf, onNotice, known }: FirstMetadata): Promise<LogIdentity> {
  for (;;) {
    const { metadata, revision } = await server.metadata();
    admitMetadata(server, metadata);
    const { committeeLogId: logId, committeeCopyOf, committeeNotes: notes = {}, $acl } = metadata;
    if (logId === undefined && committeeCopyOf !== undefined) {
      throw new LogUnusable(`The stream ${server.stream} is being copied to, or a copy was interrupted. Let it end, or say the same again: npm run cli -- copy --from … --to …`);
    }
    const acl = $acl ?? (server.user === undefined ? undefined : aclFor(server.user));
    const given = logId ?? newLogId();
    // What was noted once goes before what this node would note: its setting may be a wrong one by now.
    const noted = { ...notesOf(given), ...(known?.logId === given && known.notes), ...notes };
    const isNoted = Object.keys(noted).length === Object.keys(notes).length;
    if (logId !== undefined && acl === $acl && isNoted) return { logId, notes };
    if (logId === undefined && await server.last() !== undefined) {
      // Another node may have begun it meanwhile.
      if ((await server.metadata()).revision !== revision) continue;
      throw new LogUnusable(`The stream ${server.stream} has entries, and its metadata, which said of which log they are, are gone. Somebody of $admins should write them again, with ${known === undefined ? "the log's id, as verify tells it of a backup or of a node's copy, committeeNotes where you know them" : `${toldOf(known)}, which the copy of this node says`}, and the list of who may do what. docs/operating.md says how.`);
    }
    if (logId === undefined && known !== undefined) {
      throw new LogUnusable(`The stream ${server.stream} is empty, and the copy of this node has entries: the server has lost the log, or is another one. Keep the copies of all nodes. docs/operating.md, "If the server is lost", says how to go on.`);
    }
    try {
      if (await server.setMetadata({ ...metadata, committeeLogId: given, ...(!isNoted && { committeeNotes: noted }), ...(acl !== undefined && { $acl: acl }) }, revision)) return { logId: given, notes: noted };
    } catch (error) {
      const isDenied = error instanceof ServerRefusal && error.fault.kind === 'REFUSED' && error.fault.why === 'ACCESS';
      // A stream that has its id is a log without the rest: where it can only be read at the moment, a node starts as it did before.
      if (logId === undefined || !(isDenied || error instanceof LogUnreachable)) throw error;
      const who = server.user === undefined ? 'this node' : `the user ${server.user}`;
      const lacks = (what: string, remedy: string): void => onNotice(`the stream ${server.stream} has no ${what}, and ${isDenied ? `${who} may not give it one: ${remedy}, as docs/operating.md says` : 'the server did not answer when it was given one: the next start tries again'}`);
      if (acl !== $acl) lacks('access control list', 'somebody of $admins should');
      if (!isNoted) lacks('check of INSTALLATION_SECRET, so that a node with another one is not refused', `put ${who} into $admins for one start of a node whose secret is known to be right`);
      return { logId, notes };
    }
  }
}

const toldOf = ({ logId, notes }: LogIdentity): string => `"committeeLogId": "${logId}"${Object.keys(notes).length > 0 ? `, "committeeNotes": ${JSON.stringify(notes)}` : ''}`;

const ADMINS = '$admins';
/** The stream's user reads and appends. Nobody else does, and only administrators may delete it or let it forget. */
const aclFor = (user: string): Readonly<Record<string, readonly string[]>> => {
  const both = [user, ADMINS];
  return { $r: both, $w: both, $d: [ADMINS], $mr: both, $mw: [ADMINS] };
};
