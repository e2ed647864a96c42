import { writeSync } from 'node:fs';

/** The last lines of a run: what cannot be run on this machine and why (where.ts), so that nobody takes it for passed. */
export default class NotRun {
  onRunComplete(_contexts, { testResults: files }) {
    const titles = files.flatMap(({ testResults: tests }) => tests.filter(({ status }) => status === 'pending').flatMap(({ ancestorTitles, title }) => [...ancestorTitles, title]));
    const lines = [...new Set(titles)].flatMap((title) => {
      const [, what, why] = /^(.*) \(not run: (.*)\)$/.exec(title) ?? [];
      return what === undefined ? [] : [`Not run: ${what}: ${why}\n`];
    });
    // Jest's summary comes after every reporter that was added to it; and with --forceExit nothing that is written to its streams then arrives.
    process.once('exit', () => writeSync(2, lines.join('')));
  }
}
