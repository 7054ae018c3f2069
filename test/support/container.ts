import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually, Unfulfilled } from '../e2e/support/eventually';

const run = promisify(execFile);

/** What a test container may have otherwise than usual. */
export interface ContainerChoices {
  /** Arguments of `podman run`. */
  readonly options?: readonly string[];
  /** Whether a `pwsh` is on its PATH. */
  readonly powershell?: boolean;
}

/**
 * Real containers of podman, with a storage and a root file system of their own, made of this machine's files: no image
 * is fetched. They have this machine's bash, node and python3, and the bundled minimal host for a `pwsh`.
 */
export class ContainerBed implements AsyncDisposable {
  /** What finds these containers, and no others. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'runspaced-pod-'));

  constructor() {
    this.#makeRoot();
    const storage = path.join(this.#folder, 'storage.conf');
    const graph = path.join(this.#folder, 'graph');
    writeFileSync(
      storage,
      `[storage]\ndriver="overlay"\ngraphroot="${graph}"\nrunroot="${path.join(this.#folder, 'run')}"\n`,
    );
    this.environment = { CONTAINERS_STORAGE_CONF: storage };
  }

  /** Starts a container; the answer is its id. */
  async start(name: string, { options = [], powershell = false }: ContainerChoices = {}): Promise<string> {
    const searched = `${powershell ? '/opt/bin:' : ''}${path.dirname(process.execPath)}:/usr/bin:/bin`;
    const id = await this.podman(
      // Others refuse the cgroups and the limits that test machines have.
      ...['--runtime', 'runc', 'run', '-d', '--name', name, '--network=none'],
      ...['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'],
      ...['-v', '/usr:/usr:ro', ...mountsBeside('/usr'), '-e', `PATH=${searched}`, ...options],
      ...['--rootfs', path.join(this.#folder, 'root'), '/usr/bin/sleep', '3600'],
    );
    return id;
  }

  /** Runs podman; the answer is what it says. */
  async podman(...words: string[]): Promise<string> {
    const { stdout } = await run('podman', words, { env: { ...process.env, ...this.environment } });
    return stdout.trim();
  }

  /** The command lines of what runs in a container, its first process left out. */
  async processes(name: string): Promise<readonly string[]> {
    const listed = await this.podman('exec', name, 'ps', '-eo', 'pid=,ppid=,stat=,args=');
    const lines = listed.split('\n').map((line) => line.trim().split(/\s+/));
    return lines
      .filter(([pid, , stat]) => pid !== '1' && stat?.startsWith('Z') === false)
      .map(([, , , ...words]) => words.join(' '))
      .filter((line) => !line.startsWith('ps -eo'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.podman('rm', '--all', '--force', '--time', '0');
    // What cleans up after each exec would make the folder anew.
    await eventually('podman has cleaned up', () => {
      const left = spawnSync('pgrep', ['-f', this.#folder], { encoding: 'utf8' }).stdout;
      return left === '' ? true : new Unfulfilled(left);
    });
    // The overlay driver mounts it on itself.
    spawnSync('umount', ['-l', path.join(this.#folder, 'graph', 'overlay')]);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #makeRoot(): void {
    const root = path.join(this.#folder, 'root');
    for (const name of [
      'usr',
      'etc',
      'tmp',
      'proc',
      'sys',
      'dev',
      'root',
      'run',
      'var',
      'opt/bin',
      'opt/host',
    ])
      mkdirSync(path.join(root, name), { recursive: true });
    chmodSync(path.join(root, 'tmp'), 0o1777);
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path.join(root, name));
    for (const name of ['passwd', 'group', 'nsswitch.conf', 'ld.so.cache'])
      copyFileSync(`/etc/${name}`, path.join(root, 'etc', name));
    cpSync('/etc/alternatives', path.join(root, 'etc/alternatives'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    const dotnet = process.env['DOTNET_ROOT'];
    const settings = dotnet === undefined ? '' : `export DOTNET_ROOT='${dotnet}'\n`;
    const pwsh = path.join(root, 'opt/bin/pwsh');
    writeFileSync(pwsh, `#!/bin/sh\n${settings}exec /opt/host/minimal-host "$@"\n`);
    chmodSync(pwsh, 0o755);
  }
}

/** What the engines need and is elsewhere: node, the .NET runtime, the minimal host. */
function mountsBeside(folder: string): readonly string[] {
  const host = path.join(__dirname, '..', '..', 'dist', 'minimal-host');
  const elsewhere = [path.dirname(process.execPath), process.env['DOTNET_ROOT']].filter(
    (each) => each !== undefined && !each.startsWith(`${folder}/`),
  );
  return [`${host}:/opt/host:ro`, ...elsewhere.map((each) => `${String(each)}:${String(each)}:ro`)].flatMap(
    (mount) => ['-v', mount],
  );
}
