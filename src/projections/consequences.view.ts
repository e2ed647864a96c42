import { ConsequenceRefused } from '../events/consequences.events.js';
import type { Entry } from '../event-store/entry.js';
import { consequenceId, type Process } from '../decider/process.js';
import type { Waiting } from '../decider/process-runner.js';
import { versioned } from './versioned.js';
import { defineView, on, type View, type Write } from './view.js';

/** What a process has to do, has done, or was refused. DONE ones are kept: the past can be asked what was waiting. */
export interface ConsequenceRow extends Waiting {
  readonly process: string;
  readonly key?: string;
  readonly state: 'WAITING' | 'REFUSED' | 'DONE';
  readonly refusal?: string;
  /** Position at which the refusal was recorded. */
  readonly refusedAt?: number;
}

export const consequenceTable = versioned<ConsequenceRow>('consequence', {
  state: (row) => [row.state],
  // What a settling entry looks for: to-dos of one process under one key.
  openOn: (row) => (row.state === 'DONE' ? [] : [`${row.process} ${row.key ?? row.thingId}`]),
});

/** The to-dos of all processes. A settled or refused one is never begun again. */
export function consequencesView(processes: readonly Process[]): View {
  const follow = (entry: Entry, write: Write): void => {
    const table = write.table(consequenceTable);
    for (const process of processes) {
      const settled = process.settledBy(entry);
      if (settled !== undefined) {
        for (const { id } of table.list(entry.position, { limit: Number.MAX_SAFE_INTEGER, filters: { openOn: `${process.name} ${settled}` } })) {
          table.change(id, entry.position, (row) => ({ ...row, state: 'DONE' }));
        }
      }
      for (const toDo of process.begin(entry)) {
        const commandId = consequenceId(process.name, entry, toDo.command);
        table.put(commandId, entry.position, { ...toDo, process: process.name, cause: entry.position, causeId: entry.id, commandId, state: 'WAITING' });
      }
    }
  };
  return defineView('consequences', {
    version: 1,
    tables: [consequenceTable],
    listens: [
      ['*', follow],
      on(ConsequenceRefused, ({ data, position }, write) => {
        const table = write.table(consequenceTable);
        if (table.current(data.consequenceId)?.state === 'WAITING') {
          table.change(data.consequenceId, position, (row) => ({ ...row, state: 'REFUSED', refusal: data.reason, refusedAt: position }));
        }
      }),
    ],
  });
}
