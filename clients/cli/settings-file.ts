import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { invalidSettings, isSettingKey, settingKeys, type Settings } from './setting-keys';

/** Reads the configuration file: a map of text, numbers and switches; `session-option` may be a map itself. */
export function parseSettings(path: string): Settings {
  const content = readYaml(path);
  if (content === null) return {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw invalidSettings(path, 'it is no map of keys to values');
  const settings: Record<string, string> = {};
  for (const [key, value] of Object.entries(content) as [string, unknown][]) {
    if (!isSettingKey(key))
      throw invalidSettings(path, `there is no key '${key}'; there are: ${settingKeys.join(', ')}`);
    settings[key] = key === 'session-option' ? optionsText(value, path) : scalarText(key, value, path);
  }
  return settings;
}

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8')) ?? null;
  } catch (error) {
    throw invalidSettings(path, error instanceof Error ? error.message : String(error), error);
  }
}

function scalarText(key: string, value: unknown, path: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw invalidSettings(path, `${key} needs one value`);
}

/** The same text as --session-option takes. */
function optionsText(value: unknown, path: string): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return scalarText('session-option', value, path);
  const pairs = Object.entries(value) as [string, unknown][];
  return pairs.map(([name, option]) => `${name}=${scalarText(name, option, path)}`).join(',');
}
