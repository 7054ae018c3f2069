import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';
import { RunspaceError } from '../core/error';
import { findPowerShell } from '../engine/powershell/find';
import type { EngineProgram } from '../session/lifecycle';
import type { Environment } from './config';

/** An engine as the status shows it. */
export type FoundEngine =
  | { readonly name: string; readonly program: string }
  | { readonly name: string; readonly error: RunspaceError };

/** Where engines are looked for. */
export interface EnginePlaces {
  /** RUNSPACED_PWSH: a path, `minimal`, or undefined for `pwsh` on PATH. */
  readonly powershell: string | undefined;
  /** The bundled minimal host, whether or not it was built. */
  readonly minimalHostPath: string;
  readonly environment: Environment;
}

/** The engines of this machine. They are looked for anew each time: one may be installed while the daemon runs. */
export class Engines {
  readonly #places: EnginePlaces;

  constructor(places: EnginePlaces) {
    this.#places = places;
  }

  /** Every engine, found or not; PowerShell first. `callerPath` is looked through before the daemon's own PATH. */
  all(callerPath?: string): readonly FoundEngine[] {
    return [this.#powershell(callerPath), { name: 'javascript', program: process.execPath }];
  }

  /** The name of the engine that an empty name means: PowerShell where there is one, else JavaScript. */
  defaultName(callerPath?: string): string {
    return 'program' in this.#powershell(callerPath) ? 'powershell' : 'javascript';
  }

  /** The engine of this name. Errors: INVALID_ARGUMENT for an unknown name, ENGINE_NOT_FOUND. */
  find(name: string, callerPath?: string): EngineProgram {
    const wanted = name === '' ? this.defaultName(callerPath) : name.toLowerCase();
    const engine = this.all(callerPath).find((known) => known.name === wanted);
    if (engine === undefined)
      throw new RunspaceError(
        'INVALID_ARGUMENT',
        `there is no engine "${name}"; choose powershell or javascript`,
        {
          facts: { engine: name },
        },
      );
    if ('error' in engine) throw engine.error;
    return { engine: engine.name, program: engine.program };
  }

  #powershell(callerPath: string | undefined): FoundEngine {
    const { powershell, minimalHostPath, environment } = this.#places;
    const RUNSPACED_PWSH = powershell === undefined ? {} : { RUNSPACED_PWSH: powershell };
    const PATH = [callerPath, environment['PATH']].filter((path) => path !== undefined).join(delimiter);
    try {
      const program = findPowerShell({
        environment: { ...RUNSPACED_PWSH, PATH },
        minimalHostPath,
        isExecutable,
      });
      return { name: 'powershell', program };
    } catch (error) {
      if (error instanceof RunspaceError) return { name: 'powershell', error };
      throw error;
    }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Missing or not ours to run: either way it is not the program we look for.
  }
}
