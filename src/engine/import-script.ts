import { basename, extname, isAbsolute } from 'node:path';
import { RunspaceError } from '../core/error';
import { stringValue, type Value } from '../core/value';
import type { EngineName } from './engine';

/** A script with its positional arguments. */
export interface ScriptWithArguments {
  readonly script: string;
  readonly arguments: readonly Value[];
}

/**
 * A script that imports these modules, by name or absolute path, into the session: as PowerShell modules, or under the
 * module's own name. Error: UNSUPPORTED for an engine that has none.
 */
export function importScript(engine: EngineName, modules: readonly string[]): ScriptWithArguments {
  switch (engine) {
    case 'powershell':
      return {
        script: 'foreach ($name in $args) { Import-Module -Name $name -Scope Global -ErrorAction Stop }',
        arguments: modules.map((name) => stringValue(name)),
      };
    case 'javascript':
      return { script: modules.map(javaScriptImport).join('\n'), arguments: [] };
    case 'python':
      return { script: modules.map(pythonImport).join('\n'), arguments: [] };
    case 'bash':
      throw new RunspaceError('UNSUPPORTED', 'bash has no modules; source files in the start-up script');
  }
}

/** `require` takes what it can, `import` the rest. */
function javaScriptImport(name: string): string {
  const identifier = ownName(name)
    .replace(/^node:/, '')
    .replace(/[^\p{ID_Continue}$]+/gu, '_');
  const [target, module] = [JSON.stringify(identifier), JSON.stringify(name)];
  return `globalThis[${target}] = await (async () => {
  try { return require(${module}); } catch (error) {
    if (error?.code !== 'ERR_REQUIRE_ESM') throw error;
    return await import(${module});
  }
})();
undefined;`;
}

function pythonImport(name: string): string {
  if (!isAbsolute(name)) {
    if (/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(name)) return `import ${name}`;
    throw new RunspaceError('ENGINE_START_FAILED', `${name} is no name of a Python module`);
  }
  const [target, path] = [JSON.stringify(ownName(name)), JSON.stringify(name)];
  return [
    `__spec = __import__('importlib.util', fromlist=['util']).spec_from_file_location(${target}, ${path})`,
    `globals()[${target}] = __import__('importlib.util', fromlist=['util']).module_from_spec(__spec)`,
    `__import__('sys').modules[${target}] = globals()[${target}]`,
    `__spec.loader.exec_module(globals()[${target}])`,
    'del __spec',
  ].join('\n');
}

/** The name of a module in a file. */
function ownName(name: string): string {
  return isAbsolute(name) ? basename(name, extname(name)) : name;
}
