import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { RunspaceError, toError } from '../core/error';
import { ByteTail } from './byte-tail';
import type { ProcessSpec, Transport, TransportEnd } from './transport';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const diagnosticsLimit = 64 * 1024;
/** How long a disposed process may take to leave on SIGTERM. */
const leaveGraceMs = 2_000;
/** How long a silent stdout is believed to hold more once the process is gone: someone outside its group has it open. */
const drainGraceMs = 500;
/** How long killed orphans may take to vanish; where process 1 reaps nothing they stay as zombies for ever. */
const orphanGraceMs = 250;

/**
 * Runs a program as the leader of a process group of its own, with its standard streams as a transport.
 * Rejects with ENGINE_START_FAILED, which names the program or the folder that is at fault.
 * Whoever called this owns the transport and disposes it.
 */
export async function spawnStdio(spec: ProcessSpec): Promise<Transport> {
  requireFolder(spec.workingDirectory);
  const child = start(spec);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      reject(startFailed(spec, error));
    });
  });
  return new StdioTransport(child, spec.standardError ?? 'diagnostics');
}

function requireFolder(path: string): void {
  const facts = { folder: path };
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new RunspaceError(
      'ENGINE_START_FAILED',
      `the working directory ${path} does not exist; create it or name another`,
      { facts },
    );
  if (!stats.isDirectory())
    throw new RunspaceError('ENGINE_START_FAILED', `the working directory ${path} is not a folder`, {
      facts,
    });
}

function start(spec: ProcessSpec): Child {
  try {
    return spawn(spec.program, spec.arguments, {
      cwd: spec.workingDirectory,
      env: spec.environment,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...spec.user,
    });
  } catch (thrown) {
    throw startFailed(spec, toError(thrown));
  }
}

function startFailed(spec: ProcessSpec, cause: Error): RunspaceError {
  const facts = { program: spec.program, folder: spec.workingDirectory };
  const why: Record<string, string> = {
    ENOENT: 'there is no such program (or its #! interpreter is missing)',
    EACCES: `it is not executable${spec.user === undefined ? '' : ` for user ${String(spec.user.uid)}`}, or the folder ${spec.workingDirectory} may not be entered`,
    EPERM: 'only root may start it as another user',
  };
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return new RunspaceError(
    'ENGINE_START_FAILED',
    `cannot start ${spec.program}: ${why[code] ?? cause.message}`,
    { facts, cause },
  );
}

class StdioTransport implements Transport {
  readonly processId: number | undefined;
  readonly output: AsyncIterable<Uint8Array>;
  readonly errors?: AsyncIterable<Uint8Array>;
  readonly ended: Promise<TransportEnd>;

  readonly #child: Child;
  readonly #stderr = new ByteTail(diagnosticsLimit);
  readonly #exited: Promise<TransportEnd>;
  #hasExited = false;
  #disposed: Promise<void> | undefined;
  readonly #wakers = new Set<() => void>();

  constructor(child: Child, standardError: 'diagnostics' | 'carried') {
    this.#child = child;
    this.processId = child.pid;
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        // Orphans in the group go too: while one lives, its number is no other's; later it may be, so this is the last signal.
        this.signal('SIGKILL');
        this.#hasExited = true;
        this.#wake();
        resolve({ is: 'exited', code: code ?? undefined, signal: signal ?? undefined });
      });
    });
    child.on('error', ignoreError);
    this.#watch(child.stdout);
    if (standardError === 'carried') {
      this.#watch(child.stderr);
      this.errors = this.#read(child.stderr);
    } else {
      child.stderr.on('data', (bytes: Buffer) => {
        this.#stderr.push(bytes);
      });
      child.stderr.on('error', ignoreError);
    }
    // Every write reports its own failure; a pipe broken between writes is told by `ended`.
    child.stdin.on('error', ignoreError);
    this.output = this.#read(child.stdout);
    this.ended = this.#end();
  }

  diagnostics(): string {
    return this.#stderr.text();
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.stdin.write(bytes, (error) => {
        if (error)
          reject(new RunspaceError('ENGINE_LOST', 'the process no longer reads its input', { cause: error }));
        else resolve();
      });
    });
  }

  end(): void {
    this.#child.stdin.end();
  }

  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
    if (!this.#hasExited) signalGroup(this.#child.pid, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    this.signal('SIGTERM');
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    const patience = new AbortController();
    const killLater = delay(leaveGraceMs, undefined, { signal: patience.signal }).then(() => {
      this.signal('SIGKILL');
    }, ignoreError);
    await this.#exited;
    patience.abort();
    await killLater;
    await this.ended;
    await groupGone(this.#child.pid);
  }

  /** A listener that stays keeps node from throwing unread output away when the process exits. */
  #watch(stream: Readable): void {
    for (const event of ['readable', 'end', 'close', 'error'])
      stream.on(event, () => {
        this.#wake();
      });
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }

  async *#read(stream: Readable): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk: unknown = stream.read();
        if (chunk instanceof Uint8Array) yield chunk;
        else if (stream.readableEnded || stream.destroyed) return;
        else await this.#nextChange(stream);
      }
    } finally {
      stream.destroy();
    }
  }

  /** Until there is news; a stream that stays silent although the process is gone is given up. */
  async #nextChange(stream: Readable): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#wakers.add(resolve);
    });
    const giveUp = this.#hasExited ? setTimeout(() => stream.destroy(), drainGraceMs) : undefined;
    await changed;
    clearTimeout(giveUp);
  }

  async #end(): Promise<TransportEnd> {
    const { stdin, stdout, stderr } = this.#child;
    const end = await this.#exited;
    await Promise.all([
      closed(stdout),
      Promise.race([closed(stderr), delay(drainGraceMs, undefined, { ref: false })]),
    ]);
    stderr.destroy();
    stdin.destroy();
    return end;
  }
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableEnded || stream.destroyed) resolve();
    stream.once('close', resolve);
    stream.once('end', resolve);
  });
}

function signalGroup(leader: number | undefined, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (leader === undefined) return false;
  try {
    return process.kill(-leader, signal);
  } catch {
    // ESRCH: all gone already. EPERM: only processes that became another user's are left.
    return false;
  }
}

async function groupGone(leader: number | undefined): Promise<void> {
  const deadline = Date.now() + orphanGraceMs;
  while (signalGroup(leader, 0) && Date.now() < deadline) await delay(10);
}

function ignoreError(): void {
  // Told elsewhere, as said where this is used.
}
