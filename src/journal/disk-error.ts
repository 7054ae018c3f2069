import { RunspaceError, toError } from '../core/error';

const spaceCodes: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** The error that tells a caller that a write to the journal failed and that nothing of it stayed. */
export function journalFull(path: string, thrown: unknown): RunspaceError {
  const cause = toError(thrown);
  const reason = systemCodeOf(thrown);
  const remedy = spaceCodes.includes(reason)
    ? 'free space there or raise the limit'
    : 'look at that disk and folder';
  return new RunspaceError(
    'JOURNAL_FULL',
    `cannot write to ${path}: ${cause.message}; what was written before is kept; ${remedy}`,
    { facts: { path, reason: reason ?? 'unknown' }, cause },
  );
}

/** The error of a journal that can't be read at all, or not now. */
export function journalDamaged(path: string, why: string, cause?: unknown): RunspaceError {
  return new RunspaceError('JOURNAL_DAMAGED', `cannot read the journal ${path}: ${why}`, {
    facts: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** `ENOSPC`, `ENOENT` … of an error that the operating system gave, also one from another realm. */
export function systemCodeOf(thrown: unknown): string | undefined {
  const hasCode = typeof thrown === 'object' && thrown !== null && 'code' in thrown;
  return hasCode && typeof thrown.code === 'string' ? thrown.code : undefined;
}
