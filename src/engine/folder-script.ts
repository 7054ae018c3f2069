import { stringValue } from '../core/value';
import type { EngineName } from './engine';
import type { ScriptWithArguments } from './import-script';

/** A script that makes a folder the current one, as if the engine had been started in it. */
export function folderScript(engine: EngineName, folder: string): ScriptWithArguments {
  return { script: scripts[engine], arguments: [stringValue(folder)] };
}

const scripts: Readonly<Record<EngineName, string>> = {
  // The process's own directory is what a reset goes back to.
  powershell: `param($folder)
[Environment]::CurrentDirectory = $folder
$null = $ExecutionContext.SessionState.Path.SetLocation([Management.Automation.WildcardPattern]::Escape($folder))`,
  javascript: 'process.chdir(args[0])',
  python: '__import__("os").chdir(args[0])',
  bash: 'cd -- "$1" && unset OLDPWD',
};
