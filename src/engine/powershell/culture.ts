import { RunspaceError } from '../../core/error';
import { nullValue, stringValue } from '../../core/value';
import type { Engine, EngineOptions } from '../engine';
import { answerFrom } from './aside';

/** Threads get it when they start; each command of a session has one of its own. */
const script = `param($culture, $uiCulture)
if ($null -ne $culture) { [cultureinfo]::DefaultThreadCurrentCulture = [cultureinfo]::GetCultureInfo($culture) }
if ($null -ne $uiCulture) { [cultureinfo]::DefaultThreadCurrentUICulture = [cultureinfo]::GetCultureInfo($uiCulture) }`;

/** Sets `$PSCulture` and `$PSUICulture` of a new session, where they are chosen. Error: ENGINE_START_FAILED. */
export async function setCultures(
  engine: Engine,
  pipelineId: string,
  { culture, uiCulture }: EngineOptions,
): Promise<void> {
  if (culture === undefined && uiCulture === undefined) return;
  const values = [culture, uiCulture].map((name) => (name === undefined ? nullValue : stringValue(name)));
  const { final, errors } = await answerFrom(
    engine.invoke({
      pipelineId,
      script,
      arguments: values.map((value) => ({ value })),
      newScope: true,
      input: undefined,
    }),
  );
  const why = errors[0]?.message ?? final.reason?.message;
  if (why === undefined) return;
  throw new RunspaceError(
    'ENGINE_START_FAILED',
    `PowerShell can't have the culture ${[culture, uiCulture].filter((name) => name !== undefined).join(', ')}: ${why}`,
    { facts: { option: culture === undefined ? 'UICulture' : 'Culture' } },
  );
}
