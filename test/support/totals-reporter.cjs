const { writeFileSync, writeSync } = require('node:fs');

/**
 * Ends a test run with one plain line, `N passed, N failed`, after the names of the groups that were skipped and why.
 * A file that could not run counts as a failure, and in CI (CI=true) so does everything skipped.
 * The line also goes to the file that RUNSPACED_TEST_TOTALS names.
 */
module.exports = class TotalsReporter {
  #isFiltered;
  #failure;

  constructor({ testNamePattern }) {
    this.#isFiltered = Boolean(testNamePattern);
  }

  onRunComplete(_contexts, results) {
    const skipped = this.#isFiltered ? 0 : results.numPendingTests + results.numTodoTests;
    const broken = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const isCi = process.env.CI === 'true';
    if (isCi && skipped > 0) this.#failure = new Error(`${skipped} tests were skipped; in CI nothing may be`);

    const totals = isCi
      ? `${results.numPassedTests} passed, ${broken + skipped} failed`
      : `${results.numPassedTests} passed, ${broken} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    const groups = skipped > 0 ? skippedGroups(results).map((name) => `skipped: ${name}`) : [];
    if (process.env.RUNSPACED_TEST_TOTALS) writeFileSync(process.env.RUNSPACED_TEST_TOTALS, `${totals}\n`);
    // At the exit, since jest's own summary is written after all reporters are done.
    process.once('exit', () => writeSync(1, [...groups, totals, ''].join('\n')));
  }

  /** Makes jest exit with 1. */
  getLastError() {
    return this.#failure;
  }
};

/** The outermost group of each skipped test, or its own title. */
function skippedGroups(results) {
  const names = results.testResults
    .flatMap((file) => file.testResults)
    .filter(({ status }) => status === 'pending' || status === 'todo')
    .map(({ ancestorTitles, title }) => ancestorTitles[0] ?? title);
  return [...new Set(names)];
}
