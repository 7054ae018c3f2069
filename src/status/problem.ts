import { errorCodes, RunspaceError, type ErrorCode, type Problem as ErrorAsData } from '../core/error';
import type { Problem } from '../gen/runspace/v1/error';

/** An error as the data that records, sessions and pipelines carry. */
export function toProblem(error: ErrorAsData): Problem {
  return { reason: error.code, message: wellFormed(error.message), metadata: { ...error.facts } };
}

/** The error that a Problem stands for; a reason of a newer version becomes INTERNAL and is kept as fact `reason`. */
export function fromProblem(problem: Problem): RunspaceError {
  const { reason, message, metadata } = problem;
  if (isErrorCode(reason)) return new RunspaceError(reason, message, { facts: { ...metadata } });
  return new RunspaceError('INTERNAL', message, { facts: { ...metadata, reason } });
}

/** Whether the text is one of our reasons. */
function isErrorCode(text: string): text is ErrorCode {
  return knownCodes.has(text);
}

const knownCodes: ReadonlySet<string> = new Set(errorCodes);

/** The text with each lone surrogate replaced: UTF-8, and so gRPC, can't carry one. */
export function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
