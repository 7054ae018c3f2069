import path from 'node:path';
import { RunspaceError } from '../../core/error';
import { findOnPath } from '../find-on-path';

/** Where a PowerShell is looked for. */
export interface PowerShellPlaces {
  /** RUNSPACED_PWSH and PATH are read from it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The bundled minimal host, whether or not it was built. */
  readonly minimalHostPath: string;
  readonly isExecutable: (file: string) => boolean;
}

/**
 * The PowerShell to run, as an absolute path: what RUNSPACED_PWSH says (a path, a name on PATH, or `minimal` for the
 * bundled host), else `pwsh` on PATH. Throws ENGINE_NOT_FOUND, which says how to get one.
 */
export function findPowerShell(places: PowerShellPlaces): string {
  const wanted = places.environment['RUNSPACED_PWSH'] ?? '';
  if (wanted === 'minimal') return findMinimalHost(places);
  if (wanted === '') return findByName('pwsh', places) ?? notFound('there is no pwsh on PATH', remedy);
  const found = path.isAbsolute(wanted) ? findFile(wanted, places) : findByName(wanted, places);
  return found ?? notFound(`RUNSPACED_PWSH names ${wanted}, which is no program`, 'correct it, or unset it');
}

const remedy =
  'install PowerShell (https://learn.microsoft.com/powershell/scripting/install), or set RUNSPACED_PWSH to its path, ' +
  'or to "minimal" for the bundled host';

function findMinimalHost(places: PowerShellPlaces): string {
  const { minimalHostPath } = places;
  return (
    findFile(minimalHostPath, places) ??
    notFound(
      `RUNSPACED_PWSH asks for the bundled minimal host, which is not built at ${minimalHostPath}`,
      'install a .NET SDK (10 or later) and run `make build`',
    )
  );
}

function findByName(name: string, { environment, isExecutable }: PowerShellPlaces): string | undefined {
  return findOnPath(name, environment['PATH'] ?? '', isExecutable);
}

function findFile(file: string, places: PowerShellPlaces): string | undefined {
  return places.isExecutable(file) ? file : undefined;
}

function notFound(problem: string, whatToDo: string): never {
  throw new RunspaceError('ENGINE_NOT_FOUND', `${problem}; ${whatToDo}`, { facts: { engine: 'powershell' } });
}
