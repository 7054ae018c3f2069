import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { userInfo } from 'node:os';
import { temporaryFolder } from './temporary-folder';

type TemporaryFolder = ReturnType<typeof temporaryFolder>;

const program = '/usr/sbin/sshd';

/** How one sshd is set up; what is left out is as a plain one has it. */
export interface SshdChoices {
  /** Lines of sshd_config, which come first and so win. */
  readonly lines?: readonly string[];
  /** Its `powershell` subsystem. */
  readonly powershell?: string;
  /** Variables that its sessions get, such as SHLVL=5, with which bash reads no start-up file. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A real sshd on 127.0.0.1 with a key of its own, and a client's side: a key that it accepts, and a known_hosts file that
 * knows it. It writes each connection to its log.
 */
export class Sshd implements AsyncDisposable {
  readonly port: number;
  /** The client's private key, which is authorized. */
  readonly key: string;
  readonly knownHosts: string;
  readonly folder: string;
  readonly log: string[] = [];
  readonly #folder: TemporaryFolder;
  #process: ChildProcess;
  readonly #config: string;

  private constructor(parts: {
    folder: TemporaryFolder;
    port: number;
    config: string;
    process: ChildProcess;
  }) {
    this.#folder = parts.folder;
    this.folder = parts.folder.path;
    this.port = parts.port;
    this.#config = parts.config;
    this.#process = parts.process;
    this.key = join(this.folder, 'client');
    this.knownHosts = join(this.folder, 'known_hosts');
    this.#readLog();
  }

  /** Starts one. */
  static async start(choices: SshdChoices = {}): Promise<Sshd> {
    mkdirSync('/run/sshd', { recursive: true });
    const folder = temporaryFolder();
    const port = await freePort();
    makeKey(join(folder.path, 'host'));
    makeKey(join(folder.path, 'client'));
    const publicKey = readFileSync(join(folder.path, 'client.pub'), 'utf8');
    writeFileSync(join(folder.path, 'authorized_keys'), publicKey, { mode: 0o600 });
    const [type, key] = readFileSync(join(folder.path, 'host.pub'), 'utf8').split(' ');
    writeFileSync(
      join(folder.path, 'known_hosts'),
      `[127.0.0.1]:${String(port)} ${String(type)} ${String(key)}\n`,
    );
    const environment = Object.entries({ SHLVL: '5', ...choices.environment });
    const config = join(folder.path, 'sshd_config');
    writeFileSync(
      config,
      [
        ...(choices.lines ?? []),
        `Port ${String(port)}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${join(folder.path, 'host')}`,
        `PidFile ${join(folder.path, 'pid')}`,
        `AuthorizedKeysFile ${join(folder.path, 'authorized_keys')}`,
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PrintMotd no',
        'MaxStartups 200',
        'LogLevel VERBOSE',
        `SetEnv ${environment.map(([name, value]) => `${name}="${value}"`).join(' ')}`,
        ...(choices.powershell === undefined ? [] : [`Subsystem powershell ${choices.powershell}`]),
        '',
      ].join('\n'),
    );
    const child = run(config);
    await listening(child);
    return new Sshd({ folder, port, config, process: child });
  }

  /** Connections so far, by what the log says of each. */
  get connections(): number {
    return this.log.filter((line) => line.startsWith('Connection from')).length;
  }

  /** The current user, who is the only one that most of these know. */
  get userName(): string {
    return userInfo().username;
  }

  /** Makes the host show another key from now on. */
  async changeKey(): Promise<void> {
    await this.stop();
    execFileSync('rm', ['-f', join(this.folder, 'host'), join(this.folder, 'host.pub')]);
    makeKey(join(this.folder, 'host'));
    await this.startAgain();
  }

  /** After a stop: at the same port, as it was. */
  async startAgain(): Promise<void> {
    this.#process = run(this.#config);
    await listening(this.#process);
    this.#readLog();
  }

  /** Processes of its sessions' connections (not the listener). */
  connectionProcesses(): readonly number[] {
    const children = (parent: number): number[] => {
      const file = `/proc/${String(parent)}/task/${String(parent)}/children`;
      return readFileSync(file, 'utf8')
        .split(' ')
        .filter((pid) => pid !== '')
        .map(Number);
    };
    return this.#process.pid === undefined
      ? []
      : children(this.#process.pid).flatMap((pid) => [pid, ...children(pid)]);
  }

  /** Ends it; its sessions go on until their connections end. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.connectionProcesses()) tryKill(pid);
    await this.stop();
    this.#folder[Symbol.dispose]();
  }

  #readLog(): void {
    const { stderr } = this.#process;
    if (stderr !== null) createInterface({ input: stderr }).on('line', (line) => this.log.push(line));
  }
}

function run(config: string): ChildProcess {
  return spawn(program, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function listening(child: ChildProcess): Promise<void> {
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const { stderr } = child;
    if (stderr === null) return;
    const reader = createInterface({ input: stderr });
    reader.on('line', (line) => {
      lines.push(line);
      if (line.includes('Server listening')) {
        reader.close();
        resolve();
      }
    });
    child.once('exit', () => reject(new Error(`sshd did not start: ${lines.join('\n')}`)));
  });
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
