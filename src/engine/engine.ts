import type { RunspaceError } from '../core/error';
import type { StreamRecord } from '../core/record';
import type { Value } from '../core/value';

/** What an engine is, once it is open. */
export interface EngineInfo {
  readonly engine: EngineName;
  /** Version of the engine itself, such as `7.6.9` or `v20.20.2`. */
  readonly version: string;
  /** The engine's own id of its live environment, a lower-case GUID. */
  readonly runspaceId: string;
  readonly processId: number | undefined;
}

/** The engines there are. */
export type EngineName = 'powershell' | 'javascript' | 'python' | 'bash';

/** Named or positional argument of an invocation. */
export interface Argument {
  readonly name?: string;
  readonly value: Value;
}

/** One command for an engine. */
export interface Invocation {
  /** A lower-case GUID. */
  readonly pipelineId: string;
  readonly script: string;
  readonly arguments: readonly Argument[];
  /** Run in a scope of its own: variables set there are gone afterwards (P01). */
  readonly newScope: boolean;
  /** Pipeline input; undefined: the command has none. Pulled at the engine's pace. */
  readonly input: AsyncIterable<Value> | undefined;
}

/** Why an engine is no more. `closed`: it was asked to. */
export type EngineEnd = { readonly is: 'closed' } | { readonly is: 'lost'; readonly error: RunspaceError };

/**
 * A live environment that runs one pipeline at a time (the keeper queues).
 * Disposing ends the engine and its whole process group, whatever state it is in, and waits until it is gone.
 */
export interface Engine extends AsyncDisposable {
  readonly info: EngineInfo;
  /**
   * Runs one command. Yields batches of records as they arrive; the very last record is the `final` one, always:
   * also when the script is broken, the engine dies (state failed, reason ENGINE_LOST) or a stop was asked for.
   * Nothing is read from the engine while the consumer is busy (back-pressure).
   */
  invoke(invocation: Invocation): AsyncIterable<readonly StreamRecord[]>;
  /** Asks the running command to end. Returns at once; the answer is the `final` record. A no-op when idle. */
  stop(): void;
  /** Asks the engine to leave, and waits for it; at most a few seconds, then its process group is killed. */
  close(): Promise<void>;
  /** Settles once, when the engine is gone. Never rejects. */
  readonly ended: Promise<EngineEnd>;
}

/** What the keeper hands to an engine's `open`. */
export interface EngineOptions {
  /** Absolute path of the engine's program; undefined: the engine's own way of finding it in `environment`. */
  readonly program: string | undefined;
  /** The engine's whole environment; nothing of the keeper's own is added. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** The engine must answer within this time. */
  readonly openTimeoutMs: number;
  /** Largest single object the engine may send, in bytes of its wire form. */
  readonly maximumReceivedObjectSize: number;
  /** `-Culture`-like settings and the PowerShell application arguments, where the engine has them. */
  readonly applicationArguments: readonly (readonly [name: string, value: Value])[];
  /** Called with records that belong to no pipeline: noise between commands, engine events. Must not throw. */
  readonly onNotice: (record: StreamRecord) => void;
}
