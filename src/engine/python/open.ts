import type { SpawnTransport } from '../../transport/transport';
import type { Engine, EngineOptions } from '../engine';
import { openScriptEngine } from '../script/script-engine';
import { bootstrapBytes, bootstrapScript } from './bootstrap';

/** What the Python engine needs of the process that opens it. */
export interface PythonRuntime {
  /** Starts the runner: here, or wherever else a `python3` can be started. */
  readonly spawn: SpawnTransport;
  /** The text of `dist/lib/python-runner.py`, read once, when the keeper starts. */
  readonly runnerSource: string;
}

/** What is started where the options name no program: the first on the engine's own PATH. */
const defaultProgram = 'python3';

/**
 * Opens a Python runspace: two Python processes, the runner and its child, the interpreter (README.md).
 * Rejects with ENGINE_START_FAILED or ENGINE_TIMEOUT; then nothing is left running.
 */
export async function openPython(options: EngineOptions, runtime: PythonRuntime): Promise<Engine> {
  const transport = await runtime.spawn({
    program: options.program ?? defaultProgram,
    // The runner is to see nothing of what the environment says to Python, nor wait for site packages.
    arguments: ['-I', '-S', '-c', bootstrapScript(0)],
    environment: options.environment,
    workingDirectory: options.workingDirectory,
    user: options.user,
  });
  return openScriptEngine({
    engine: 'python',
    transport,
    bootstrap: bootstrapBytes(runtime.runnerSource),
    lateEnvironment: {},
    options,
  });
}
