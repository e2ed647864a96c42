import type { Defect } from '../support/compiled.js';

/** What several controls break: written in the memory of the process when it is acknowledged, and in the file a moment later. */
export const ACKNOWLEDGED_BEFORE_DURABLE: Defect = {
  file: 'event-store/log-file.ts', text: 'inTransaction(this.db, () => this.insert(entries, expectedHead));',
  instead: "if (!this.db.isTransaction) { this.db.exec('BEGIN IMMEDIATE'); setTimeout(() => this.db.exec('COMMIT'), 500); } this.insert(entries, expectedHead);",
};

/** Commits are written, and synced some time later. */
export const NOT_SYNCED: Defect = { file: 'event-store/log-file.ts', text: "synchronous: 'FULL'", instead: "synchronous: 'NORMAL'" };

/** After an I/O error the process goes on as if nothing had been. */
export const GOES_ON_AFTER_AN_IO_ERROR: Defect = { file: 'event-store/engines/sqlite.engine.ts', text: "if (fault === 'IO' || fault === 'CORRUPT') this.onFatal(error);", instead: '' };
