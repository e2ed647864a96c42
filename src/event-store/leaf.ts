import { createHash } from 'node:crypto';
import type { StoredEntry } from './entry.js';

export const LEAF_BYTES = 32;

/** SHA-256 of one entry as it is stored, every field of it: a leaf after RFC 6962, whose leading zero tells leaves from nodes. */
export const leafOf = (e: StoredEntry): Buffer => createHash('sha256').update('\0')
  .update(JSON.stringify([e.position, e.id, e.stream, e.revision, e.type, e.version, e.data, e.meta, e.time])).digest();
