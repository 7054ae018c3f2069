import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describeWith, powershellForTests, pythonForTests, type Requirement } from '../support/requirements';

/** The Python client's own tests, written in Python; each is a test here. */
const runner = path.join(__dirname, '..', '..', 'clients', 'python', 'tests', 'run.py');

interface PythonTest {
  readonly id: string;
  readonly title: string;
  readonly needs: readonly Requirement[];
}

interface Outcome {
  readonly id: string;
  /** What went wrong; empty: nothing. */
  readonly problem: string;
}

const environment = {
  ...process.env,
  NODE: process.execPath,
  RUNSPACED_PWSH: powershellForTests() ?? 'minimal',
};

/** All of them; none where Python or one of its packages is missing. */
function findTests(): readonly PythonTest[] {
  const listed = spawnSync(pythonForTests, [runner, '--list'], { env: environment, encoding: 'utf8' });
  if (listed.status !== 0) return [];
  return listed.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PythonTest);
}

/** Runs one file's tests; `outcomeOf` waits for one of them. */
class PythonRun {
  readonly #outcomes = new Map<string, string>();
  readonly #ended: Promise<void>;
  #complaint = '';
  #wake: () => void = () => undefined;

  constructor(pattern: string) {
    const child = spawn(pythonForTests, [runner, pattern], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaint += text));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { id, problem } = JSON.parse(line) as Outcome;
      this.#outcomes.set(id, problem);
      this.#wake();
    });
    this.#ended = new Promise((resolve) =>
      child.once('close', () => {
        resolve();
      }),
    );
  }

  /** What went wrong in a test; empty: nothing. */
  async outcomeOf(id: string): Promise<string> {
    for (let isOver = false; ;) {
      const found = this.#outcomes.get(id);
      if (found !== undefined) return found;
      if (isOver) return `it did not run: ${[...this.#outcomes.values(), this.#complaint].join('\n')}`;
      const changed = new Promise<void>((resolve) => (this.#wake = resolve));
      isOver = await Promise.race([changed.then(() => false), this.#ended.then(() => true)]);
    }
  }
}

const tests = findTests();
const files = [...new Set(tests.map(({ id }) => id.split('.')[0] ?? ''))];

function declare(chosen: readonly PythonTest[], pattern: string): void {
  let run: PythonRun | undefined;
  beforeAll(() => {
    run = new PythonRun(pattern);
  });

  // The order of the declarations is that in which Python runs them.
  test.each(chosen)('$title', async ({ id }) => {
    expect(await run?.outcomeOf(id)).toBe('');
  });
}

describeWith('python', 'the Python client', () => {
  if (tests.length === 0) {
    test('its tests can be listed', () => {
      const listed = spawnSync(pythonForTests, [runner, '--list'], { env: environment, encoding: 'utf8' });
      expect(listed.stderr).toBe('');
    });
  }
  for (const file of files) {
    const chosen = tests.filter(({ id }) => id.startsWith(`${file}.`));
    const [need] = chosen.flatMap(({ needs }) => needs);
    if (need === undefined) {
      describe(file, () => {
        declare(chosen, `${file}.`);
      });
    } else {
      describeWith(need, file, () => {
        declare(chosen, `${file}.`);
      });
    }
  }
});
