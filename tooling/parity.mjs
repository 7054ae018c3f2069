// `make parity`: each row of docs/parity.md with the tests that carry its id, as the last `make test` left them.
// Fails when a row that is said to work has no passing test or a failing one, and when a test names no row.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const resultsFile = join(root, 'dist', 'test-results.json');
/** What the table says of a row; `partly` says beside it what is missing. */
const working = new Set(['done', 'partly']);

if (!existsSync(resultsFile)) {
  console.error('no test has run here yet; run: make test');
  process.exit(1);
}

const rows = readRows(readFileSync(join(root, 'docs', 'parity.md'), 'utf8'));
const tests = testsById(JSON.parse(readFileSync(resultsFile, 'utf8')));
const problems = [...rows.flatMap(problemsOf), ...unknownIds(rows, tests)];

for (const { id, status } of rows) {
  const named = tests.get(id) ?? [];
  console.log(`${id.padEnd(5)} ${status.padEnd(7)} ${countsOf(named)}`);
  if (process.argv.includes('--tests'))
    for (const { file, name } of named) console.log(`      ${file}: ${name}`);
}
for (const problem of problems) console.error(`parity: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function readRows(text) {
  return [...text.matchAll(/^\| (P\d+)\s*\|.*\| (done|partly|later)\b[^|]*\|$/gm)].map(([, id, status]) => ({
    id,
    status,
  }));
}

/** From the results by file: every test under each id in its name or its groups' names. */
function testsById(results) {
  const byId = new Map();
  for (const [file, cases] of Object.entries(results)) {
    for (const { name, status } of cases) {
      for (const id of new Set(name.match(/\bP\d{2,3}\b/g)))
        byId.set(id, [...(byId.get(id) ?? []), { file, name, status }]);
    }
  }
  return byId;
}

function countsOf(named) {
  const passed = named.filter(({ status }) => status === 'passed').length;
  return named.length === passed ? `${passed} tests` : `${passed} of ${named.length} tests pass`;
}

function problemsOf({ id, status }) {
  const named = tests.get(id) ?? [];
  const failed = named.filter((each) => each.status === 'failed').map(({ name }) => `${id} fails: ${name}`);
  const isShown = named.some((each) => each.status === 'passed');
  return working.has(status) && !isShown
    ? [...failed, `${id} is ${status}, and no passing test shows it`]
    : failed;
}

function unknownIds(known, named) {
  const ids = new Set(known.map(({ id }) => id));
  return [...named.keys()].filter((id) => !ids.has(id)).map((id) => `a test names ${id}, which is no row`);
}
