import { randomUUID } from 'node:crypto';
import type { ProtocolVersion } from '../../psrp/capability';
import type { SpawnTransport } from '../../transport/transport';
import type { Engine, EngineOptions } from '../engine';
import { setCultures } from './culture';
import { enterFolder } from './folder';
import { PowerShellEngine } from './powershell-engine';

/** What the PowerShell engine needs of the process that opens it. */
export interface PowerShellRuntime {
  /** Starts a PowerShell: here, or wherever else one can be started. */
  readonly spawn: SpawnTransport;
  /** The newest version of the protocol to speak; 2.4 unless said. */
  readonly offeredVersion?: ProtocolVersion;
}

/**
 * Opens a PowerShell runspace: `program -s` and the remoting protocol over its standard streams. Where the options name
 * no program it is the `pwsh` on the PATH of their environment.
 * Rejects with ENGINE_START_FAILED, ENGINE_TIMEOUT or ENGINE_PROTOCOL_ERROR; then nothing is left running.
 */
export async function openPowerShell(options: EngineOptions, runtime: PowerShellRuntime): Promise<Engine> {
  const transport = await runtime.spawn({
    program: options.program ?? 'pwsh',
    arguments: ['-s', '-NoLogo', '-NoProfile', ...folderOf(options), ...configurationOf(options)],
    environment: options.environment,
    workingDirectory: options.workingDirectory,
    user: options.user,
  });
  const { offeredVersion = '2.4' } = runtime;
  const engine = new PowerShellEngine({ transport, options, runspaceId: randomUUID(), offeredVersion });
  try {
    await engine.open();
    await enterFolder(engine, randomUUID(), options);
    await setCultures(engine, options);
    return engine;
  } catch (thrown) {
    await engine[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** Without -wd PowerShell begins at the user's home, wherever its process was started. */
function folderOf({ workingDirectory: folder }: EngineOptions): readonly string[] {
  return folder === '' ? [] : ['-wd', folder];
}

function configurationOf({ sessionConfigurationFile: file }: EngineOptions): readonly string[] {
  return file === undefined ? [] : ['-ConfigurationFile', file];
}
