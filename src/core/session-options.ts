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
}
