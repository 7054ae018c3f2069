import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, type RunspaceClient } from '../../../clients/typescript';
import { powershellForTests } from '../../support/requirements';
import { temporaryFolder } from '../../support/temporary-folder';
import { eventually, Unfulfilled, within } from './eventually';
import { isAlive, processesWith, signal, type FoundProcess, type ProcessKind } from './processes';

/** The built programs. */
export const distFolder = join(__dirname, '..', '..', '..', 'dist');

/** A daemon process. */
export interface DaemonProcess {
  readonly pid: number;
  /** Resolves when it takes callers, its sessions not yet brought back. */
  readonly listens: Promise<void>;
  /** Resolves when its sessions are back. */
  readonly ready: Promise<void>;
  /** Sends a signal, and resolves with its exit code or the signal that ended it. */
  end(name: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** A program that ran to its end. */
export interface Ran {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * One user's runspaced with a state folder and sockets of its own, made to be killed: every process of it, whoever
 * started it, can be found, and none is left when the machine is disposed of.
 */
export class Machine implements AsyncDisposable {
  readonly home: string;
  /** Where the sockets are; in the environment of all its processes. */
  readonly runtimeFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #folder = temporaryFolder();
  readonly #clients: RunspaceClient[] = [];
  #daemon: ChildProcess | undefined;

  /** By default no engine is kept ready: tests count the processes of their engines. `more`: variables that its processes have too. */
  constructor({
    warmPool = 0,
    more = {},
  }: { readonly warmPool?: number; readonly more?: Readonly<Record<string, string>> } = {}) {
    this.home = join(this.#folder.path, 'home');
    this.runtimeFolder = join(this.#folder.path, 'run');
    mkdirSync(this.runtimeFolder, { mode: 0o700 });
    chmodSync(this.runtimeFolder, 0o700);
    this.environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.#folder.path,
      XDG_RUNTIME_DIR: this.runtimeFolder,
      RUNSPACED_HOME: this.home,
      RUNSPACED_WARM_POOL: String(warmPool),
      RUNSPACED_PWSH: powershellForTests() ?? 'minimal',
      ...(process.env['DOTNET_ROOT'] === undefined ? {} : { DOTNET_ROOT: process.env['DOTNET_ROOT'] }),
      ...more,
    };
  }

  /** A file or folder of this machine that the tests may use. */
  path(name: string): string {
    return join(this.#folder.path, name);
  }

  /** Starts the daemon of these built programs. */
  startDaemon(dist = distFolder): DaemonProcess {
    const child = spawn(process.execPath, [join(dist, 'bin', 'runspaced')], {
      env: this.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#daemon = child;
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const { saw } = linesOf(child, exited);
    return {
      pid: child.pid ?? 0,
      listens: saw('daemon listens'),
      ready: saw('daemon ready'),
      end: async (name) => {
        child.kill(name);
        const [code, by] = await within(`the daemon ends by ${name}`, 15_000, exited);
        return code ?? by ?? -1;
      },
    };
  }

  /** A daemon that has brought its sessions back. */
  async startReadyDaemon(dist = distFolder): Promise<DaemonProcess> {
    const daemon = this.startDaemon(dist);
    await within('the daemon is ready', 30_000, daemon.ready);
    return daemon;
  }

  /** A client of its own; closed with the machine. */
  client(clientId?: string): RunspaceClient {
    const client = connect({
      environment: this.environment,
      connectTimeoutMs: 30_000,
      ...(clientId === undefined ? {} : { clientId }),
    });
    this.#clients.push(client);
    return client;
  }

  /** A client that never tries twice. The caller closes it. */
  impatientClient(): RunspaceClient {
    return connect({ environment: this.environment, connectTimeoutMs: 0, retryLimitMs: 0 });
  }

  /** Names of the sockets that are there. */
  sockets(): readonly string[] {
    return readdirSync(this.runtimeFolder).filter((name) => name.endsWith('.sock'));
  }

  /** Starts a program of dist/bin. */
  start(program: 'runspace' | 'runspaced', args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [join(distFolder, 'bin', program), ...args], {
      env: { ...this.environment, RUNSPACED_AUTOSTART: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs a program of dist/bin to its end, which the test's own limit is for. */
  async run(program: 'runspace' | 'runspaced', args: readonly string[]): Promise<Ran> {
    const child = this.start(program, args);
    const output = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    const [code, by] = await within(`${program} ${args.join(' ')} ends`, 280_000, closed);
    return { ...output, code: code ?? by ?? -1 };
  }

  /** Its processes now, of one kind or all. */
  processes(kind?: ProcessKind): readonly FoundProcess[] {
    const found = processesWith(`XDG_RUNTIME_DIR=${this.runtimeFolder}`);
    return kind === undefined ? found : found.filter((process) => process.kind === kind);
  }

  /** Waits until it has this many processes of a kind. */
  async untilProcesses(kind: ProcessKind, count: number, limitMs?: number): Promise<void> {
    await eventually(
      `${String(count)} processes of kind ${kind}`,
      () => {
        const found = this.processes(kind);
        return found.length === count ? true : new Unfulfilled(found);
      },
      limitMs,
    );
  }

  /** Ends everything that is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#daemon?.kill('SIGKILL');
    await eventually('all processes of the machine end', () => {
      const left = this.processes();
      for (const { pid } of left) signal(pid, 'SIGKILL');
      return left.length === 0 ? true : new Unfulfilled(left);
    });
    this.#folder[Symbol.dispose]();
  }
}

/** Kills a process that is no child of ours, and waits until it is gone. */
export async function kill(pid: number, name: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  signal(pid, name);
  await eventually(`process ${String(pid)} ends by ${name}`, () =>
    isAlive(pid) ? new Unfulfilled('it runs') : true,
  );
}

/** Lines of a daemon's log, waited for by their event. */
function linesOf(
  child: ChildProcess,
  exited: Promise<unknown>,
): { readonly saw: (event: string) => Promise<void> } {
  const lines: string[] = [];
  const waiting = new Map<string, () => void>();
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      waiting.get(eventOf(line))?.();
    });
  const saw = (event: string): Promise<void> => {
    const seen = new Promise<void>((resolve, reject) => {
      waiting.set(event, resolve);
      void exited.then(() => {
        reject(
          new Error(`the daemon ended before "${event}"; its log ends with:\n${lines.slice(-5).join('\n')}`),
        );
      });
    });
    seen.catch(() => undefined); // Not every test waits for it.
    return seen;
  };
  return { saw };
}

function eventOf(line: string): string {
  return /"message":"([^"]*)"/.exec(line)?.[1] ?? '';
}
