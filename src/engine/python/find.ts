import { RunspaceError } from '../../core/error';
import { findOnPath } from '../find-on-path';

/**
 * The Python to run, as an absolute path: the first `python3` of a PATH, so that a virtual environment that is active for the caller
 * counts. Throws ENGINE_NOT_FOUND, which says how to get one.
 */
export function findPython(folders: string, isExecutable: (file: string) => boolean): string {
  const program = findOnPath('python3', folders, isExecutable);
  if (program !== undefined) return program;
  const message = 'there is no python3 on PATH; install Python 3.8 or later, or put it on the PATH';
  throw new RunspaceError('ENGINE_NOT_FOUND', message, { facts: { engine: 'python' } });
}
