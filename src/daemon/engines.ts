import { accessSync, constants, statSync } from 'node:fs';
import { delimiter } from 'node:path';
import { RunspaceError } from '../core/error';
import { findBash } from '../engine/bash/find';
import { findPowerShell } from '../engine/powershell/find';
import { findPython } from '../engine/python/find';
import type { EngineProgram } from '../session/new-session';
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
    return [
      this.#powershell(callerPath),
      { name: 'javascript', program: process.execPath },
      found('python', () => findPython(this.#path(callerPath), isExecutable)),
      found('bash', () => findBash({ searchPath: this.#path(callerPath), isExecutable })),
    ];
  }

  /** The name of the engine that an empty name means: PowerShell where there is one, else JavaScript. */
  defaultName(callerPath?: string): string {
    return 'program' in this.#powershell(callerPath) ? 'powershell' : 'javascript';
  }

  /** The engine of this name, at `path` where that is not empty. Errors: INVALID_ARGUMENT for an unknown name, ENGINE_NOT_FOUND. */
  find(
    name: string,
    { path = '', callerPath }: { readonly path?: string; readonly callerPath?: string | undefined } = {},
  ): EngineProgram {
    const wanted = name === '' ? this.defaultName(callerPath) : name.toLowerCase();
    if (path !== '') return { engine: wanted, program: programAt(path, wanted) };
    const all = this.all(callerPath);
    const engine = all.find((known) => known.name === wanted);
    if (engine === undefined) {
      const names = all.map((known) => known.name);
      const choices = `${names.slice(0, -1).join(', ')} or ${String(names.at(-1))}`;
      throw new RunspaceError('INVALID_ARGUMENT', `there is no engine "${name}"; choose ${choices}`, {
        facts: { engine: name },
      });
    }
    if ('error' in engine) throw engine.error;
    return { engine: engine.name, program: engine.program };
  }

  #powershell(callerPath: string | undefined): FoundEngine {
    const { powershell, minimalHostPath } = this.#places;
    const RUNSPACED_PWSH = powershell === undefined ? {} : { RUNSPACED_PWSH: powershell };
    const environment = { ...RUNSPACED_PWSH, PATH: this.#path(callerPath) };
    return found('powershell', () => findPowerShell({ environment, minimalHostPath, isExecutable }));
  }

  #path(callerPath: string | undefined): string {
    const { environment } = this.#places;
    return [callerPath, environment['PATH']].filter((path) => path !== undefined).join(delimiter);
  }
}

function found(name: string, find: () => string): FoundEngine {
  try {
    return { name, program: find() };
  } catch (error) {
    if (error instanceof RunspaceError) return { name, error };
    throw error;
  }
}

function programAt(path: string, engine: string): string {
  if (isExecutable(path)) return path;
  throw new RunspaceError(
    'ENGINE_NOT_FOUND',
    `there is no program at ${path}, where the ${engine} engine should be`,
    {
      facts: { engine, program: path },
    },
  );
}

/** Whether it is a program that we may run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Missing or not ours to run: either way it is not the program we look for.
  }
}
