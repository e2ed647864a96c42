import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { views } from '../../src/contexts.js';
import { Codec } from '../../src/event-store/codec.js';
import type { StoredEntry } from '../../src/event-store/entry.js';
import { LOG_FILE, LogFile } from '../../src/event-store/log-file.js';
import { removeDatabase } from '../../src/event-store/sqlite.js';
import { buildViews } from '../../src/projections/view-runner.js';
import { ViewStore } from '../../src/projections/view-store.js';

/** All that a folder's log holds. */
export function entriesOf(dataDir: string): readonly StoredEntry[] {
  const log = LogFile.open(join(dataDir, LOG_FILE), { readOnly: true });
  try {
    return log.read(0, 10_000_000);
  } finally {
    log.close();
  }
}

export const integrityOf = (path: string): string => {
  const db = new DatabaseSync(path);
  try {
    return (db.prepare('PRAGMA integrity_check').get() as { integrity_check: string }).integrity_check;
  } finally {
    db.close();
  }
};

export interface Truth {
  /** Acknowledged, and not there, or elsewhere than its receipt says. */
  readonly lost: number;
  /** There, though nobody sent it; or there twice. */
  readonly surplus: number;
  /** Places where a position does not follow the one before it. */
  readonly holes: number;
}

/** What a log holds beside what its clients were told. `mayBeThere`: sent, and not answered. */
export function truthOf(entries: readonly StoredEntry[], acknowledged: Iterable<{ commandId: string; position: string | number }>, isTheirs: (entry: StoredEntry) => boolean, mayBeThere: ReadonlySet<string>): Truth {
  const positions = new Map(entries.map((entry) => [entry.id, entry.position]));
  const known = new Set<string>();
  let lost = 0;
  for (const { commandId, position } of acknowledged) {
    known.add(commandId);
    if (positions.get(commandId) !== Number(position)) lost++;
  }
  return {
    lost,
    surplus: entries.length - positions.size + entries.filter((entry) => isTheirs(entry) && !known.has(entry.id) && !mayBeThere.has(entry.id)).length,
    holes: entries.filter((entry, i) => entry.position !== i + 1).length,
  };
}

/** SHA-256 of the rows of the views that a log gives, from nothing. */
export async function rebuiltDigest(dataDir: string): Promise<string> {
  const log = LogFile.open(join(dataDir, LOG_FILE), { readOnly: true });
  const path = join(dataDir, 'rebuilt-for-a-test.db');
  const store = new ViewStore(path, views, new Codec(), log.logId);
  try {
    await buildViews(store, log, new Codec(), new AbortController().signal, () => undefined);
    return store.digest();
  } finally {
    store.close();
    log.close();
    removeDatabase(path);
  }
}
