/** Why a transport ended. */
export type TransportEnd =
  | { readonly is: 'exited'; readonly code: number | undefined; readonly signal: string | undefined }
  | { readonly is: 'lost'; readonly error: Error };

/**
 * Bytes in, bytes out, and why it ended: a child process here, an ssh channel or a container exec.
 * It knows nothing of what it carries.
 */
export interface Transport extends AsyncDisposable {
  /** The process id on this machine, where there is one. */
  readonly processId: number | undefined;
  /** Bytes from the engine. One consumer; nothing is read from the engine while that consumer is busy. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Bytes from the engine's standard error, where the spec asked for them; otherwise as `output`. */
  readonly errors?: AsyncIterable<Uint8Array>;
  /** What the engine wrote to its standard error, at most the last 64 KiB; for error messages. Empty where `errors` carries it. */
  diagnostics(): string;
  /** Resolves when the bytes are accepted (back-pressure); rejects when the transport has ended. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the input; the engine is expected to leave by itself. */
  end(): void;
  /** Interrupts (SIGINT) or kills (SIGKILL) the engine with its whole process group. Never throws for "already gone". */
  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
  /** Settles once, when the process is gone and its output is drained. Never rejects. */
  readonly ended: Promise<TransportEnd>;
}

/** A user of this machine that a process runs as: in its main group, and in no other. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
}

/** A program to run as an engine: on this machine, at the far end of an ssh channel or in a container. */
export interface ProcessSpec {
  /** An absolute path, or a name that is looked up in the PATH of `environment`. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** The whole environment on this machine; at another place what is added to its own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Empty, away from this machine: where that place itself begins. */
  readonly workingDirectory: string;
  /** The user that it runs as, where that is not this process's own; only root can do that. */
  readonly user?: ProcessUser | undefined;
  /** What its standard error is: words for error messages (the default), or bytes to carry like those of its output. */
  readonly standardError?: 'diagnostics' | 'carried';
}

/** Starts a program and joins its standard streams; rejects with ENGINE_START_FAILED where it can't be started. */
export type SpawnTransport = (spec: ProcessSpec) => Promise<Transport>;
