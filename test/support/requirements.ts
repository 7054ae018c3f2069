import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** What a group of tests needs of the machine beyond Node. */
export type Requirement = 'powershell' | 'mounts';

/**
 * A group of tests that need something of the machine. Where that is missing the group is skipped, by name and reason
 * in the summary; in CI (CI=true) it fails.
 */
export function describeWith(requirement: Requirement, name: string, tests: () => void): void {
  const problem = problems[requirement]();
  if (problem === undefined) describe(name, tests);
  else if (process.env['CI'] === 'true') describe(name, failing(problem, tests));
  else describe.skip(`${name} (${problem})`, tests);
}

/**
 * The PowerShell that tests run, as RUNSPACED_PWSH has it: what that says, else a `pwsh` on the PATH, else `minimal`
 * where the bundled host is built; undefined where there is none.
 */
export function powershellForTests(): string | undefined {
  const chosen = process.env['RUNSPACED_PWSH'] ?? onPath('pwsh');
  return chosen ?? (existsSync(minimalHost) ? 'minimal' : undefined);
}

const minimalHost = path.join(__dirname, '..', '..', 'dist', 'minimal-host', 'minimal-host');

const problems: Record<Requirement, () => string | undefined> = {
  powershell: () =>
    powershellForTests() === undefined
      ? 'needs PowerShell: put pwsh on the PATH, or install a .NET SDK and run `make build`'
      : undefined,
  mounts: () =>
    spawnSync('unshare', ['-Urm', 'true']).status === 0
      ? undefined
      : 'needs file systems of its own: Linux, where `unshare -Urm` works',
};

function failing(problem: string, tests: () => void): () => void {
  return () => {
    beforeAll(() => {
      throw new Error(problem);
    });
    tests();
  };
}

function onPath(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, program)).find((file) => existsSync(file));
}
