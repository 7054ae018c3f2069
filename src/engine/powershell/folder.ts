import type { Engine, EngineOptions } from '../engine';
import { RunspaceError } from '../../core/error';
import { answerFrom } from './aside';

const script = '$ExecutionContext.SessionState.Path.SetLocation([Environment]::CurrentDirectory)';

/**
 * Where nobody named a folder PowerShell begins where its process does, as every other program. A session
 * configuration file says itself where it begins. Error: ENGINE_START_FAILED.
 */
export async function enterFolder(
  engine: Engine,
  pipelineId: string,
  { workingDirectory, sessionConfigurationFile }: EngineOptions,
): Promise<void> {
  if (workingDirectory !== '' || sessionConfigurationFile !== undefined) return;
  const { final, errors } = await answerFrom(
    engine.invoke({ pipelineId, script, arguments: [], newScope: false, input: undefined }),
  );
  const why = errors[0]?.message ?? final.reason?.message;
  if (why === undefined) return;
  throw new RunspaceError(
    'ENGINE_START_FAILED',
    `PowerShell can't enter the folder that it began in: ${why}`,
  );
}
