import { appendFileSync, writeSync } from 'node:fs';

/** The last lines of a run: what cannot be run on this machine and why (where.ts), so that nobody takes it for passed. */
export default class NotRun {
  onRunComplete(_contexts, { testResults: files }) {
    const titles = files.flatMap(({ testResults: tests }) => tests.filter(({ status }) => status === 'pending').flatMap(({ ancestorTitles, title }) => [...ancestorTitles, title]));
    const notRun = [...new Set(titles)].flatMap((title) => {
      const [, what, why] = /^(.*) \(not run: (.*)\)$/.exec(title) ?? [];
      return what === undefined ? [] : [`${what}: ${why}`];
    });
    // The table of npm run torture (torture.ts writes the lines that were run).
    const report = process.env.TORTURE_REPORT;
    if (report) for (const figures of notRun) appendFileSync(report, `${JSON.stringify({ line: 'not run', figures })}\n`);
    // Jest's summary comes after every reporter that was added to it; and with --forceExit nothing that is written to its streams then arrives.
    process.once('exit', () => writeSync(2, notRun.map((line) => `Not run: ${line}\n`).join('')));
  }
}
