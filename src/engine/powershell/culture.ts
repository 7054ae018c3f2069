import { randomUUID } from 'node:crypto';
import { RunspaceError } from '../../core/error';
import { nullValue, stringValue } from '../../core/value';
import type { Engine, EngineOptions } from '../engine';
import { answerFrom } from './aside';

/**
 * Each command gets a thread of its own, with the culture that `pwsh` had at its start whatever the default for threads
 * is. So from the second of these scripts on all commands share one thread, and that is given the culture.
 */
const scripts = [
  "[runspace]::DefaultRunspace.ThreadOptions = 'ReuseThread'",
  `param($culture, $uiCulture)
if ($null -ne $culture) { [cultureinfo]::DefaultThreadCurrentCulture = [cultureinfo]::CurrentCulture = $culture }
if ($null -ne $uiCulture) { [cultureinfo]::DefaultThreadCurrentUICulture = [cultureinfo]::CurrentUICulture = $uiCulture }`,
];

/** Sets `$PSCulture` and `$PSUICulture` of a new session, where they are chosen. Error: ENGINE_START_FAILED. */
export async function setCultures(engine: Engine, { culture, uiCulture }: EngineOptions): Promise<void> {
  if (culture === undefined && uiCulture === undefined) return;
  const values = [culture, uiCulture].map((name) => (name === undefined ? nullValue : stringValue(name)));
  for (const script of scripts) {
    const { final, errors } = await answerFrom(
      engine.invoke({
        pipelineId: randomUUID(),
        script,
        arguments: values.map((value) => ({ value })),
        newScope: true,
        input: undefined,
      }),
    );
    const why = errors[0]?.message ?? final.reason?.message;
    if (why === undefined) continue;
    throw new RunspaceError(
      'ENGINE_START_FAILED',
      `PowerShell can't have the culture ${[culture, uiCulture].filter((name) => name !== undefined).join(', ')}: ${why}`,
      { facts: { option: culture === undefined ? 'UICulture' : 'Culture' } },
    );
  }
}
