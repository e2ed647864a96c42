import { readFileSync } from 'node:fs';
import type { Office } from '../../src/events/shared.js';

/** The table at the contract's end: names, and who sends them. */
export interface CommandRow { readonly command: string; readonly by: readonly Office[]; readonly holder: boolean; readonly process: boolean; readonly cli: boolean }
const SENDERS: Readonly<Record<string, readonly Office[]>> = {
  'cli': [], 'empty log': [], 'process': [], 'the holder': [], 'recording': [], 'secretariat': ['SECRETARIAT'], 'secretariat on a letter': ['SECRETARIAT'], 'chair': ['CHAIR'],
  'whoever is signed in': ['SIGNED_IN'], 'contact person': ['CONTACT_PERSON'], 'representative': ['REPRESENTATIVE'], 'alternate': ['ALTERNATE'], 'alternate of the lead': ['ALTERNATE'],
  ...Object.fromEntries(['initiating region', 'lead region', 'invited region', 'the region itself (J5)'].map((region) => [region, ['REPRESENTATIVE', 'ALTERNATE'] as const])),
};
export function tableOfCommands(): readonly CommandRow[] {
  const lines = readFileSync('test/graphql/contract.graphql', 'utf8').split('\n# The commands:')[1] ?? '';
  return [...lines.matchAll(/^# ([A-Z]\w+(?:, [A-Z]\w+)*) +([a-z][^|]*) \|/gm)].flatMap(([, names, sentBy]) => {
    const senders = (sentBy as string).split(/[,;] /);
    return (names as string).split(', ').map((command) => ({
      command, by: senders.flatMap((sender) => SENDERS[sender] ?? (() => { throw new Error(`Who is "${sender}"?`); })()),
      holder: senders.includes('the holder'), process: senders.includes('process'), cli: senders.includes('cli'),
    }));
  });
}
