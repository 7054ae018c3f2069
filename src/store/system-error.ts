import { RunspaceError } from '../core/error';

/** `ENOSPC`, `ENOENT` … of an error that the operating system gave, also one from another realm. */
export function systemCodeOf(thrown: unknown): string | undefined {
  const hasCode = typeof thrown === 'object' && thrown !== null && 'code' in thrown;
  return hasCode && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Something of ours on disk that can't be used. */
export interface Unusable {
  readonly path: string;
  readonly why: string;
  /** What a person can do. */
  readonly remedy: string;
  readonly cause?: unknown;
}

/** STATE_FOLDER_UNUSABLE, saying what, why and what to do. */
export function unusable({ path, why, remedy, cause }: Unusable): RunspaceError {
  return new RunspaceError('STATE_FOLDER_UNUSABLE', `cannot use ${path}: ${why}; ${remedy}`, {
    facts: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
