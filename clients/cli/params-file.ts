import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { systemCode, UsageError } from './failure';
import type { FlagName } from './flags';
import { flagsOfObject } from './named-parameters';
import type { GivenFlag } from './words';

/**
 * The flags of a line with those of its `--params FILE` behind them (PowerShell's splatting): what the line gives itself wins.
 * The file is a map in JSON or YAML. Throws UsageError for a file that can't be read, and for what is no flag of the command.
 */
export function withParams(given: readonly GivenFlag[], known: readonly FlagName[]): readonly GivenFlag[] {
  const path = given.find(({ name }) => name === 'params')?.value;
  if (path === undefined) return given;
  const own = new Set(given.map(({ name }) => name));
  const possible = known.filter((name) => name !== 'params');
  const more = flagsOfObject(mapIn(path), possible, `--params ${path}`);
  return [...given, ...more.filter(({ name }) => !own.has(name) && !own.has(siblings[name] ?? name))];
}

/** Arguments of the line, typed or not, stand for those of the file. */
const siblings: Readonly<Partial<Record<FlagName, FlagName>>> = {
  arg: 'args-json',
  'args-json': 'arg',
  param: 'params-json',
  'params-json': 'param',
  command: 'file-path',
  'file-path': 'command',
};

function mapIn(path: string): object {
  let content: unknown;
  try {
    content = parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
  } catch (error) {
    const why = systemCode(error) ?? (error instanceof Error ? error.message : String(error));
    throw new UsageError(`--params: '${path}' can't be read: ${why}`, 'INVALID_ARGUMENT', {
      metadata: { path, fully_qualified_id: 'PathNotFound' },
      cause: error,
    });
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  throw new UsageError(`--params: '${path}' holds no map of parameters, such as {"ThrottleLimit": 8}`);
}
