const { existsSync, mkdirSync, readFileSync, writeFileSync, writeSync } = require('node:fs');
const { dirname, join, relative } = require('node:path');

const root = join(__dirname, '..', '..');
/** For `make parity`: the tests of each file, as its last run left them. */
const resultsFile = join(root, 'dist', 'test-results.json');

/**
 * Ends a test run with one plain line, `N passed, N failed`, after the names of the groups that were skipped and why.
 * A file that could not run counts as a failure, and in CI (CI=true) so does everything skipped.
 * The line also goes to the file that RUNSPACED_TEST_TOTALS names, and what came of each test to dist/test-results.json.
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
    if (!this.#isFiltered) keepResults(results);
    if (process.env.RUNSPACED_TEST_TOTALS) writeFileSync(process.env.RUNSPACED_TEST_TOTALS, `${totals}\n`);
    // At the exit, since jest's own summary is written after all reporters are done.
    process.once('exit', () => writeSync(1, [...groups, totals, ''].join('\n')));
  }

  /** Makes jest exit with 1. */
  getLastError() {
    return this.#failure;
  }
};

function keepResults({ testResults }) {
  const former = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : {};
  const kept = Object.entries(former).filter(([file]) => existsSync(join(root, file)));
  const now = testResults.map((file) => [
    relative(root, file.testFilePath),
    file.testResults.map(({ fullName, status }) => ({ name: fullName, status })),
  ]);
  mkdirSync(dirname(resultsFile), { recursive: true });
  writeFileSync(resultsFile, JSON.stringify(Object.fromEntries([...kept, ...now]), undefined, 1));
}

/** The outermost group of each skipped test, or its own title. */
function skippedGroups(results) {
  const names = results.testResults
    .flatMap((file) => file.testResults)
    .filter(({ status }) => status === 'pending' || status === 'todo')
    .map(({ ancestorTitles, title }) => ancestorTitles[0] ?? title);
  return [...new Set(names)];
}
