import type { Ability } from '../core/ability';
import type { RunspaceError } from '../core/error';
import type { Tunnel } from '../core/kept-session';
import type { HostReply } from '../core/host-reply';
import type { HostCallRecord, StreamRecord } from '../core/record';
import type { Value } from '../core/value';
import type { ProcessUser } from '../transport/transport';

/** What an engine is, once it is open. */
export interface EngineInfo {
  readonly engine: EngineName;
  /** Version of the engine itself, such as `7.6.9` or `v20.20.2`. */
  readonly version: string;
  /** The engine's own id of its live environment, a lower-case GUID. */
  readonly runspaceId: string;
  readonly processId: number | undefined;
  /** What it can do, with what it is now known of the other side. */
  readonly abilities: readonly Ability[];
  /** It is no engine, but the way to a daemon that has one. */
  readonly tunnel?: Tunnel;
}

/** The engines there are. */
export type EngineName = 'powershell' | 'javascript' | 'python' | 'bash';

/** Named or positional argument of an invocation. */
export interface Argument {
  readonly name?: string;
  readonly value: Value;
}

/** What a command does when it writes to a stream, PowerShell's names. */
export type ActionPreference = 'SilentlyContinue' | 'Stop' | 'Continue' | 'Inquire' | 'Ignore';

/** The streams that have a preference. */
export const preferenceNames = ['verbose', 'debug', 'error', 'warning', 'information', 'progress'] as const;

/** Preferences of one command; a stream that is left out is as the session has it. */
export type Preferences = {
  readonly [Name in (typeof preferenceNames)[number]]?: ActionPreference;
};

/** One command of a pipeline, by name: what can be sent where the language of a session is off. */
export interface EngineCommand {
  readonly name: string;
  /** A name begins with a dash as it was written; a parameter that stands alone has the value null. */
  readonly arguments: readonly Argument[];
}

/** One command for an engine. */
export interface Invocation {
  /** A lower-case GUID. */
  readonly pipelineId: string;
  readonly script: string;
  /** The script taken apart, where the session's language lets nothing but commands through; only PowerShell's can. */
  readonly commands?: readonly EngineCommand[];
  readonly arguments: readonly Argument[];
  /** Run in a scope of its own: variables set there are gone afterwards (P01). */
  readonly newScope: boolean;
  /** Pipeline input; undefined: the command has none. Pulled at the engine's pace. */
  readonly input: AsyncIterable<Value> | undefined;
  /** Values for `$Using:` expressions, by expression without `$Using:`. Only PowerShell has such expressions. */
  readonly usingValues?: readonly (readonly [expression: string, value: Value])[];
  /** For this command only. Only PowerShell has preferences; other engines pass over them. */
  readonly preferences?: Preferences;
  /** Records say where they were written. Only PowerShell can. */
  readonly invocationInfo?: boolean;
  /** The terminal of whoever runs it, for engines that have a screen; left out: as it was. */
  readonly terminal?: TerminalFacts;
  /** Output is to come as display records too, this wide; only PowerShell can, where it has its formatters. */
  readonly display?: { readonly columns: number };
}

/** What a client says of its terminal, in characters. */
export interface TerminalFacts {
  readonly columns: number;
  readonly rows: number;
}

/** A host call that the engine makes outside any command: a start-up script asks something. */
export interface SessionHostCall {
  readonly record: HostCallRecord;
  /** Answers it, once. Throws as `Engine.respond` does. */
  respond(reply: HostReply): void;
}

/** Texts that could stand in place of a part of a line. */
export interface InputCompletions {
  readonly completions: readonly string[];
  /** Where the replaced part begins, and where it ends, in UTF-16 units. */
  readonly replaceFrom: number;
  readonly replaceTo: number;
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
  /**
   * Answers a host call of the running command, which came as a record. Throws HOST_CALL_UNKNOWN where no such call
   * waits, and INVALID_ARGUMENT that says what is expected: then the call goes on waiting. Left out by engines that ask
   * nobody anything.
   */
  respond?(callId: bigint, reply: HostReply): void;
  /** Asks the running command to end. Returns at once; the answer is the `final` record. A no-op when idle. */
  stop(): void;
  /**
   * What may stand at the cursor (in UTF-16 units) of a line of input. Only while no command runs; leaves no trace. Left
   * out by engines that can't. Errors: SESSION_BUSY, UNSUPPORTED, ENGINE_TIMEOUT, ENGINE_LOST.
   */
  complete?(
    input: { readonly text: string; readonly cursor: number },
    timeoutMs: number,
  ): Promise<InputCompletions>;
  /**
   * Gives the variables of the runspace their first values back, and its current directory; functions, modules and the
   * process stay. Only while no command runs. Errors: SESSION_BUSY, UNSUPPORTED, ENGINE_TIMEOUT, ENGINE_LOST, ENGINE_PROTOCOL_ERROR.
   */
  reset(timeoutMs: number): Promise<void>;
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
  /** Empty: where the place that it runs at begins; never so on this machine. */
  readonly workingDirectory: string;
  /** The engine must answer within this time. */
  readonly openTimeoutMs: number;
  /** Largest single object the engine may send, in bytes of its wire form. */
  readonly maximumReceivedObjectSize: number;
  /** `-Culture`-like settings and the PowerShell application arguments, where the engine has them. */
  readonly applicationArguments: readonly (readonly [name: string, value: Value])[];
  /** The user that its processes run as; undefined: this process's own. */
  readonly user?: ProcessUser | undefined;
  /** Path of a `.pssc` that PowerShell opens its runspace by. */
  readonly sessionConfigurationFile?: string | undefined;
  /** `$PSCulture` and `$PSUICulture`, for PowerShell; undefined or left out: the engine's own. */
  readonly culture?: string | undefined;
  readonly uiCulture?: string | undefined;
  /** Aborts when nobody wants the engine any more: who tries again and again to reach its place gives up. */
  readonly unwanted?: AbortSignal;
  /** Called with records that belong to no pipeline: noise between commands, engine events. Must not throw. */
  readonly onNotice: (record: StreamRecord) => void;
  /** Called with host calls outside any command that wait for a person; left out: nobody answers. Must not throw. */
  readonly onHostCall?: (call: SessionHostCall) => void;
}
