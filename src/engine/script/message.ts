import type { WireValue } from './wire-value';

/** What the engine tells the interpreter. Each travels as a JSON text. */
export type Command =
  /** Always first: what the runspace is to have. */
  | {
      readonly is: 'open';
      /** Variables that the interpreter was started without, since they would change its own start. */
      readonly environment: Readonly<Record<string, string>>;
      /** Most bytes of JSON that one message may have. */
      readonly maximumMessageLength: number;
    }
  | RunCommand
  | { readonly is: 'input'; readonly run: number; readonly value: WireValue }
  /** The pipeline's input has ended, or broke for the reason in `error`. */
  | { readonly is: 'inputEnd'; readonly run: number; readonly error?: string }
  /** What may stand at the end of a line? Only between runs. */
  | { readonly is: 'complete'; readonly id: number; readonly line: string }
  /** Urgent. */
  | { readonly is: 'stop'; readonly run: number };

/** One command to run; runs are numbered from 1 upwards. */
export interface RunCommand {
  readonly is: 'run';
  readonly run: number;
  readonly script: string;
  readonly positional: readonly WireValue[];
  readonly named: readonly (readonly [name: string, value: WireValue])[];
  readonly newScope: boolean;
  readonly hasInput: boolean;
  /** Bytes, as ASCII, to write to descriptors 1 and 2 when all is done: what comes before them belongs to this run. */
  readonly mark: string;
}

/** What the interpreter tells the engine. `run` is 0 for what belongs to none. */
export type Report =
  /** Always first. */
  | {
      readonly is: 'ready';
      readonly version: string;
      readonly runspaceId: string;
    }
  /** Text for stdout (1) or stderr (2), in pieces of any size. */
  | { readonly is: 'text'; readonly run: number; readonly descriptor: 1 | 2; readonly text: string }
  | {
      readonly is: 'message';
      readonly run: number;
      readonly stream: 'warning' | 'debug' | 'verbose';
      readonly text: string;
    }
  | { readonly is: 'value'; readonly run: number; readonly value: WireValue }
  | ErrorReport
  /** The command wants one more item of its input. */
  | { readonly is: 'pull'; readonly run: number }
  /** Something was larger than `maximumMessageLength`, and is not sent. */
  | { readonly is: 'tooLarge'; readonly run: number }
  | CompletionsReport
  | DoneReport;

/** What may stand in the place of `replaced`, which is the end of the line that was asked about. */
export interface CompletionsReport {
  readonly is: 'completions';
  readonly id: number;
  readonly texts: readonly string[];
  readonly replaced: string;
}

/** Something was thrown and not caught. */
export interface ErrorReport {
  readonly is: 'error';
  readonly run: number;
  readonly message: string;
  /** Class of what was thrown. */
  readonly type: string;
  readonly errorId: string;
  /** A name of PowerShell's ErrorCategory. */
  readonly category: string;
  readonly stack: string;
  /** What was thrown. */
  readonly value: WireValue;
}

/** A run's end. */
export interface DoneReport {
  readonly is: 'done';
  readonly run: number;
  readonly state: 'completed' | 'failed' | 'stopped';
  readonly exitCode?: number;
  /** Why it failed. */
  readonly reason?: string;
  /** The descriptors to which the mark was written. */
  readonly marked: readonly number[];
}

/** What the engine asks of the runner: to signal what the interpreter started in the last `ageMs`. */
export interface SignalChildren {
  readonly is: 'signalChildren';
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL';
  readonly ageMs: number;
}

/** What the runner tells of the interpreter: it is gone, and everything that it wrote came before this. */
export interface InterpreterExited {
  readonly is: 'exited';
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** The reason, where the runner knows one. */
  readonly why?: string | undefined;
}
