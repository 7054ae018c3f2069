import type { RunspaceError } from './error';
import type { FinalPipelineState } from './pipeline-state';
import type { Value } from './value';

/**
 * One item that a pipeline wrote, before it has a sequence number (the journal gives it one).
 * The last record of every pipeline is its `final`.
 */
export type StreamRecord =
  | OutputStreamRecord
  | DisplayRecord
  | ErrorStreamRecord
  | {
      readonly stream: 'warning' | 'verbose' | 'debug';
      readonly message: string;
      readonly invocation?: Value;
    }
  | InformationStreamRecord
  | ProgressStreamRecord
  | HostCallRecord
  | FinalRecord;

/** A value on the output stream. */
export interface OutputStreamRecord {
  readonly stream: 'output';
  readonly value: Value;
  readonly tag?: 'stdout';
  /** What a terminal shows of it is in display records. */
  readonly displayed?: boolean;
}

/** Output as the engine's own formatters lay it out: whole lines, without the last one's end. */
export interface DisplayRecord {
  readonly stream: 'display';
  readonly text: string;
}

/** An error that did not end the pipeline, or that did and comes right before the final record. */
export interface ErrorStreamRecord {
  readonly stream: 'error';
  /** The message a person reads. */
  readonly message: string;
  /** .NET, JavaScript or Python class of the exception, such as `System.DivideByZeroException`. */
  readonly exceptionType?: string;
  readonly fullyQualifiedErrorId?: string;
  /** PowerShell's ErrorCategory by name, such as `InvalidOperation`. */
  readonly category?: string;
  readonly categoryMessage?: string;
  readonly scriptStackTrace?: string;
  readonly recommendedAction?: string;
  readonly targetObject?: Value;
  /** The error record as the engine sent it, with everything that has no field here. */
  readonly value?: Value;
}

/** Write-Information, Write-Host, and the standard error of script engines (tag `stderr`). */
export interface InformationStreamRecord {
  readonly stream: 'information';
  readonly value: Value;
  /** The text a terminal shows. */
  readonly message: string;
  readonly tags: readonly string[];
  readonly source?: string;
  /** When the text was written by Write-Host: its colours and whether a line end follows. */
  readonly host?: { readonly foreground?: number; readonly background?: number; readonly noNewLine: boolean };
}

/** A progress bar's new state, as Write-Progress has it. */
export interface ProgressStreamRecord {
  readonly stream: 'progress';
  readonly activity: string;
  readonly activityId: number;
  /** -1: no parent. */
  readonly parentActivityId: number;
  readonly statusDescription: string;
  readonly currentOperation: string;
  /** 0 … 100, or -1: unknown. */
  readonly percentComplete: number;
  /** -1: unknown. */
  readonly secondsRemaining: number;
  readonly completed: boolean;
}

/** The engine asks the person something (or tells a host something that is no record). */
export interface HostCallRecord {
  readonly stream: 'hostCall';
  /** Numbered by the engine; an answer names it. */
  readonly callId: bigint;
  /** PowerShell's host method name, such as `PromptForChoice`. */
  readonly method: string;
  readonly parameters: readonly Value[];
  readonly needsResponse: boolean;
}

/** How a pipeline ended. */
export interface FinalRecord {
  readonly stream: 'final';
  readonly state: FinalPipelineState;
  /** Why it failed or was stopped. */
  readonly reason?: RunspaceError;
  /** `exit N`, or a native program's or shell's code, where the engine reports one. */
  readonly exitCode?: number;
}
