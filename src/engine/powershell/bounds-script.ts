import { stringValue } from '../../core/value';
import type { ScriptWithArguments } from '../import-script';

/** What a session's language may do, PowerShell's PSLanguageMode. */
export type LanguageMode = 'full' | 'constrained' | 'restricted' | 'none';

/** What callers are to be kept in. */
export interface Bounds {
  /** Names and patterns of the only commands that callers see; empty: all. */
  readonly visibleCommands: readonly string[];
  readonly languageMode: LanguageMode;
}

/**
 * A script that sets a session's bounds, the last that runs in it without any. Commands that are not to be seen become
 * Private: functions that are visible can still call them. Programs and scripts are visible if they are named; modules
 * are no longer loaded by the mere mention of their commands. It uses nothing but the language and the engine's own
 * types, since commands may be hidden, or missing in the bundled host.
 */
export function boundsScript({ visibleCommands, languageMode }: Bounds): ScriptWithArguments {
  return {
    script: `& {
  param([string]$mode, [string[]]$visible)
  $state = $ExecutionContext.SessionState
  if ($visible.Count -gt 0) {
    $state.PSVariable.Set([System.Management.Automation.PSVariable]::new('PSModuleAutoLoadingPreference', 'None', 'Constant, AllScope'))
    $commands = @($state.InvokeCommand.GetCommands('*', 'Alias, Cmdlet, Filter, Function, Configuration', $true))
    $programs = foreach ($name in $visible) {
      if ($name -eq '*') { '*' } else {
        foreach ($found in $state.InvokeCommand.GetCommands($name, 'Application, ExternalScript', $true)) { $found.Path }
        if ($name.Contains('/')) { $name }
      }
    }
    foreach ($command in $commands) {
      $isVisible = $false
      foreach ($name in $visible) { if ($command.Name -like $name) { $isVisible = $true } }
      if (-not $isVisible) { $command.Visibility = 'Private' }
    }
    foreach ($list in $state.Applications, $state.Scripts) {
      $list.Clear()
      foreach ($program in $programs) { $list.Add($program) }
    }
  }
  $state.LanguageMode = $mode
} $args[0] $args[1..$args.Count]`,
    arguments: [languageModes[languageMode], ...visibleCommands].map((text) => stringValue(text)),
  };
}

const languageModes: Readonly<Record<LanguageMode, string>> = {
  full: 'FullLanguage',
  constrained: 'ConstrainedLanguage',
  restricted: 'RestrictedLanguage',
  none: 'NoLanguage',
};
