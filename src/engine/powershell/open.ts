import { randomUUID } from 'node:crypto';
import type { SpawnTransport } from '../../transport/transport';
import type { Engine, EngineOptions } from '../engine';
import { PowerShellEngine } from './powershell-engine';

/** What the PowerShell engine needs of the process that opens it. */
export interface PowerShellRuntime {
  /** Starts a PowerShell: here, or wherever else one can be started. */
  readonly spawn: SpawnTransport;
}

/**
 * Opens a PowerShell runspace: `program -s` and the remoting protocol over its standard streams. Where the options name
 * no program it is the `pwsh` on the PATH of their environment.
 * Rejects with ENGINE_START_FAILED, ENGINE_TIMEOUT or ENGINE_PROTOCOL_ERROR; then nothing is left running.
 */
export async function openPowerShell(options: EngineOptions, runtime: PowerShellRuntime): Promise<Engine> {
  const transport = await runtime.spawn({
    program: options.program ?? 'pwsh',
    arguments: ['-s', '-NoLogo', '-NoProfile'],
    environment: options.environment,
    workingDirectory: options.workingDirectory,
  });
  const engine = new PowerShellEngine({ transport, options, runspaceId: randomUUID() });
  try {
    await engine.open();
    return engine;
  } catch (thrown) {
    await engine[Symbol.asyncDispose]();
    throw thrown;
  }
}
