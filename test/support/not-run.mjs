/** The last lines of a run: what cannot be run on this machine and why (where.ts), so that nobody takes it for passed. */
export default class NotRun {
  onRunComplete(_contexts, { testResults: files }) {
    const titles = files.flatMap(({ testResults: tests }) => tests.filter(({ status }) => status === 'pending').flatMap(({ ancestorTitles, title }) => [...ancestorTitles, title]));
    for (const title of new Set(titles)) {
      const [, what, why] = /^(.*) \(not run: (.*)\)$/.exec(title) ?? [];
      if (what !== undefined) process.stderr.write(`Not run: ${what}: ${why}\n`);
    }
  }
}
