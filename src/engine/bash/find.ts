import path from 'node:path';
import { RunspaceError } from '../../core/error';

/** Where a bash is looked for. */
export interface BashPlaces {
  /** The folders to look through, as in PATH. */
  readonly searchPath: string;
  readonly isExecutable: (file: string) => boolean;
}

/** The bash to run, as an absolute path. Throws ENGINE_NOT_FOUND, which says how to get one. */
export function findBash({ searchPath, isExecutable }: BashPlaces): string {
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => path.resolve(folder, 'bash')).find(isExecutable);
  if (found !== undefined) return found;
  throw new RunspaceError(
    'ENGINE_NOT_FOUND',
    'there is no bash on PATH; install bash 4.4 or later, or put the folder that has it on the PATH',
    { facts: { engine: 'bash' } },
  );
}
