import { v4 as newLogId } from 'uuid';
import { LogUnusable } from '../event-store.js';
import type { Server, StreamMetadata } from './eventstoredb-server.js';

const LOSING = ['$maxAge', '$maxCount', '$tb'] as const;

/** @throws LogUnusable where the stream forgets entries, or its metadata are not ours */
export function admitMetadata(stream: string, metadata: StreamMetadata): void {
  const losing = LOSING.filter((name) => metadata[name] !== undefined && metadata[name] !== null);
  if (losing.length > 0) {
    throw new LogUnusable(`The stream ${stream} forgets entries by ${losing.join(' and ')} in its metadata. Take that away: no entry of the log may be lost.`);
  }
  const isOurs = metadata.committeeLogId !== undefined || metadata.committeeCopyOf !== undefined;
  if (!isOurs && Object.keys(metadata).some((name) => name !== '$acl')) {
    throw new LogUnusable(`The stream ${stream} has metadata of somebody else. Name another stream in COMMITTEE_STREAM, or add "committeeLogId" with a UUID to its metadata.`);
  }
}

/** The log's id: given once, with the stream, and kept in its metadata, where all nodes find it. @throws LogUnusable */
export async function logIdOf(server: Server): Promise<string> {
  for (;;) {
    const { metadata, revision } = await server.metadata();
    admitMetadata(server.stream, metadata);
    if (metadata.committeeLogId !== undefined) return metadata.committeeLogId;
    if (metadata.committeeCopyOf !== undefined) {
      throw new LogUnusable(`The stream ${server.stream} is being copied to, or a copy was interrupted. Let it end, or say the same again: npm run cli -- copy --from … --to …`);
    }
    const logId = newLogId();
    if (await server.setMetadata({ ...metadata, committeeLogId: logId }, revision)) return logId;
  }
}
