import { createHash } from 'node:crypto';
import { openSqlite, type Database } from '../event-store/sqlite.js';

/** SHA-256 of each table's rows in their order, and one over all of them. */
export interface RowsDigest { readonly all: string; readonly tables: ReadonlyMap<string, string> }

export function digestOfRows(db: Database): RowsDigest {
  const tables = new Map<string, string>();
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all() as { name: string }[]) {
    const hash = createHash('sha256');
    const columns = (db.prepare(`SELECT name FROM pragma_table_info('${name}') WHERE pk > 0 ORDER BY pk`).all() as { name: string }[]).map((c) => c.name);
    for (const row of db.prepare(`SELECT * FROM ${name} ORDER BY ${columns.join(', ')}`).iterate()) hash.update(JSON.stringify(row)).update('\n');
    tables.set(name, hash.digest('hex'));
  }
  const all = createHash('sha256').update([...tables].map(([name, digest]) => `${name} ${digest}\n`).join('')).digest('hex');
  return { all, tables };
}

/** What a file of views is, at one moment, while the server may be writing to it. */
export interface ViewsAt extends RowsDigest { readonly shape: string; readonly logId: string; readonly position: number; readonly entryId: string | null }

export function readViews(path: string): ViewsAt {
  const db = openSqlite(path, { synchronous: 'NORMAL', readOnly: true });
  try {
    db.exec('BEGIN');
    const at = db.prepare('SELECT shape, log_id AS logId, position, entry_id AS entryId FROM checkpoint').get() as Omit<ViewsAt, keyof RowsDigest>;
    return { ...at, ...digestOfRows(db) };
  } finally {
    db.close();
  }
}
