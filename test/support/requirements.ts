import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** What a group of tests needs of the machine beyond Node. */
export type Requirement =
  | 'powershell'
  | 'full-powershell'
  | 'minimal-host'
  | 'containers'
  | 'mounts'
  | 'python3'
  | 'python'
  | 'mypy'
  | 'sshd'
  | 'users';

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

/** Debian's own: another python that comes first on the PATH lacks its packages. */
export const pythonForTests = '/usr/bin/python3';

/** A PowerShell with all its cmdlets, which `make test` installs. */
export const fullPowershell = path.join(__dirname, '..', '..', 'dist', 'powershell', 'pwsh');

const minimalHost = path.join(__dirname, '..', '..', 'dist', 'minimal-host', 'minimal-host');

const problems: Record<Requirement, () => string | undefined> = {
  powershell: () =>
    powershellForTests() === undefined
      ? 'needs PowerShell: put pwsh on the PATH, or install a .NET SDK and run `make build`'
      : undefined,
  'full-powershell': () =>
    existsSync(fullPowershell)
      ? undefined
      : 'needs a full PowerShell: install a .NET SDK and run `make test`',
  'minimal-host': () =>
    existsSync(minimalHost) ? undefined : 'needs the bundled host: install a .NET SDK and run `make build`',
  python3: () =>
    onPath('python3') === undefined ? 'needs Python 3.8 or later: put python3 on the PATH' : undefined,
  mounts: () =>
    spawnSync('unshare', ['-Urm', 'true']).status === 0
      ? undefined
      : 'needs file systems of its own: Linux, where `unshare -Urm` works',
  python: pythonProblem,
  sshd: () =>
    existsSync('/usr/sbin/sshd') && existsSync('/usr/bin/ssh-agent')
      ? undefined
      : 'needs an sshd: apt-get install openssh-server openssh-client',
  users: () =>
    process.getuid?.() === 0 && existsSync('/usr/sbin/useradd')
      ? undefined
      : 'needs to make users: root, and useradd',
  containers: () =>
    process.getuid?.() === 0 && onPath('podman') !== undefined && onPath('runc') !== undefined
      ? undefined
      : 'needs containers: root, and apt-get install podman runc conmon',
  mypy: () => (existsSync('/usr/bin/mypy') ? undefined : 'needs mypy: apt-get install mypy'),
};

function pythonProblem(): string | undefined {
  if (spawnSync(pythonForTests, ['-c', 'import grpc, google.protobuf']).status !== 0)
    return 'needs gRPC for /usr/bin/python3: apt-get install python3-grpcio python3-protobuf';
  return existsSync(pythonStubs)
    ? undefined
    : 'needs the generated Python: apt-get install protobuf-compiler, and run `make build`';
}

const pythonStubs = path.join(__dirname, '..', '..', 'clients', 'python', 'runspaced', 'gen', 'runspace');

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
