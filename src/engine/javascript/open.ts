import type { SpawnTransport } from '../../transport/transport';
import type { Engine, EngineOptions } from '../engine';
import { openScriptEngine } from '../script/script-engine';
import { bootstrapBytes, bootstrapScript } from './bootstrap';

/** Variables that change how node itself starts. The interpreter's `process.env` has them, its own start must not. */
const lateVariables = new Set(['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NODE_CHANNEL_FD']);

/** What the JavaScript engine needs of the process that opens it. */
export interface JavaScriptRuntime {
  /** Starts the runner: here, or wherever else a `node` can be started. */
  readonly spawn: SpawnTransport;
  /** The text of `dist/lib/javascript-runner.js`, read once, when the keeper starts. */
  readonly runnerSource: string;
  /** The node to use where the options name no program. */
  readonly nodePath: string;
}

/**
 * Opens a JavaScript runspace: two node processes, the runner and its child, the interpreter (README.md).
 * Rejects with ENGINE_START_FAILED or ENGINE_TIMEOUT; then nothing is left running.
 */
export async function openJavaScript(options: EngineOptions, runtime: JavaScriptRuntime): Promise<Engine> {
  const { early, late } = splitEnvironment(options.environment);
  const transport = await runtime.spawn({
    program: options.program ?? runtime.nodePath,
    arguments: ['-e', bootstrapScript(0)],
    environment: early,
    workingDirectory: options.workingDirectory,
    user: options.user,
  });
  return openScriptEngine({
    engine: 'javascript',
    transport,
    bootstrap: bootstrapBytes(runtime.runnerSource),
    lateEnvironment: late,
    options,
  });
}

type Environment = Readonly<Record<string, string>>;

function splitEnvironment(environment: Environment): {
  readonly early: Environment;
  readonly late: Environment;
} {
  const entries = Object.entries(environment);
  return {
    early: Object.fromEntries(entries.filter(([name]) => !lateVariables.has(name))),
    late: Object.fromEntries(entries.filter(([name]) => lateVariables.has(name))),
  };
}
