/** What becomes of a host call that nobody is connected to answer. */
export type HostCallPolicy = 'wait' | 'fail' | 'default';

/** A session's choices with every default filled in. Times in milliseconds, sizes in bytes. */
export interface SessionOptions {
  readonly idleTimeoutMs: number;
  /** undefined: a connected client may be idle for ever. */
  readonly connectedIdleTimeoutMs: number | undefined;
  /** undefined: no end. */
  readonly lifetimeMs: number | undefined;
  readonly outputBufferingMode: 'block' | 'drop';
  readonly openTimeoutMs: number;
  readonly maximumReceivedObjectSize: number;
  readonly unreadLimitBytes: number;
  /** undefined: a command may run for ever. */
  readonly maximumRunTimeMs: number | undefined;
  /** What becomes of host calls that nobody is connected to answer, where the command doesn't say. */
  readonly hostCalls: HostCallPolicy;
  /** Bytes of records that one command may write; undefined: no limit. */
  readonly maximumReceivedDataSizePerCommand: number | undefined;
  /** How long a stop waits before it is reported unanswered. */
  readonly cancelTimeoutMs: number;
  /** How long the engine may take to answer what is no command. */
  readonly operationTimeoutMs: number;
  /** `$PSCulture`; undefined: the engine's own. */
  readonly culture: string | undefined;
  /** `$PSUICulture`; undefined: the engine's own. */
  readonly uiCulture: string | undefined;
  /** Attempts to reach a target again; undefined: nobody chose. */
  readonly maximumConnectionRetryCount: number | undefined;
  /** Another daemon's certificate is taken whoever signed it. */
  readonly skipCaCheck: boolean;
  /** … whatever name it has. */
  readonly skipCnCheck: boolean;
  /** … even if it is revoked. */
  readonly skipRevocationCheck: boolean;
  /** Redirections that are followed; undefined: nobody chose. */
  readonly maximumRedirection: number | undefined;
}
