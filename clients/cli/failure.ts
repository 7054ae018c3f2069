/** Facts about a failure that go beside its message. */
export interface FailureFacts {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The command line is wrong, or names something on this side that can't be used: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** A reason as the daemon's errors have one. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(message: string, reason = 'INVALID_ARGUMENT', facts: FailureFacts = {}) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.reason = reason;
    this.metadata = facts.metadata ?? {};
  }
}

/** Whoever reads our standard output has gone: not a failure. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

/** The code of an error of the system, such as `ENOENT`; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : undefined;
}
