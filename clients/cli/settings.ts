import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Settings } from './setting-keys';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Path of the configuration file: `runspaced/config.yaml` in XDG_CONFIG_HOME or `~/.config`. */
function settingsPath(environment: Environment): string {
  const { XDG_CONFIG_HOME: given, HOME: home = homedir() } = environment;
  const base = given !== undefined && isAbsolute(given) ? given : join(home, '.config');
  return join(base, 'runspaced', 'config.yaml');
}

/** The configuration file's settings; none where there is no file. Throws UsageError (CONFIGURATION_INVALID). */
export async function readSettings(environment: Environment): Promise<Settings> {
  const path = settingsPath(environment);
  if (!existsSync(path)) return {};
  const { parseSettings } = await import('./settings-file'); // YAML is loaded only where there is some.
  return parseSettings(path);
}
