import { RegisterNumberAssigned, type RegisterEvent } from '../../events/documents.events.js';
import type { EntryOf } from '../../event-store/entry.js';
import type { Decider, Decision } from '../../decider/decider.js';
import { notFound, refuse } from '../../decider/problem.js';
import type { AssignRegisterNumber } from './documents.commands.js';
import type { DocumentState } from './documents.decider.js';

/** One year of the register. */
export interface RegisterState {
  readonly serials: number;
  /** `document/number` of what has a register number. */
  readonly numbered: ReadonlySet<string>;
}

export const registerStream = (year: number): string => `register-${year}`;
export const registerKey = (document: string, number: number): string => `${document}/${number}`;

/** The next serial of the year: one after another, since decisions are, so there is no hole and no double whatever is published at once (P5). */
export function assignRegisterNumber(command: AssignRegisterNumber, state: RegisterState, { document }: { document: DocumentState }): Decision<RegisterEvent> {
  if (document.status === 'NONE') return notFound('document', command.document);
  const version = document.versions.find(({ number }) => number === command.number);
  if (version?.published?.year !== command.year) return refuse('NOT_PUBLISHED', `Version ${command.number} was not published in ${command.year}.`);
  if (state.numbered.has(registerKey(command.document, command.number))) return refuse('HAS_A_NUMBER', 'This version has its register number already. It is given once.');
  const serial = state.serials + 1;
  return RegisterNumberAssigned({
    documentId: command.document, number: command.number, year: command.year, serial, registerNumber: `IC/${command.year}/${serial}${suffix(document, command.number)}`,
  });
}

/** REV and COR are counted within the document; its first publication has neither. */
function suffix({ versions }: Exclude<DocumentState, { status: 'NONE' }>, number: number): string {
  const upTo = versions.filter((version) => version.published && version.number <= number);
  const { kind } = upTo.at(-1) ?? { kind: 'VERSION' };
  const count = upTo.filter((version) => version.kind === kind).length;
  if (kind === 'CORRIGENDUM') return `-COR${count}`;
  return count > 1 ? `-REV${count - 1}` : '';
}

function evolve(state: RegisterState, { type, data }: EntryOf<RegisterEvent>): RegisterState {
  if (type !== 'RegisterNumberAssigned') return state;
  return { serials: data.serial, numbered: new Set(state.numbered).add(registerKey(data.documentId, data.number)) };
}

export const registerDecider: Decider<RegisterState, RegisterEvent> = { name: 'register', initial: () => ({ serials: 0, numbered: new Set() }), evolve };
