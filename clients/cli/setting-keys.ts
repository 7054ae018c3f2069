import { UsageError } from './failure';

/** Keys of the configuration file that this program reads; `home`, `pwsh` and `log-level` are the daemon's as well. */
const keys = [
  'home',
  'address',
  'autostart',
  'output',
  'engine',
  'configuration-name',
  'session-option',
  'pwsh',
  'log-level',
] as const;

/** A key of the configuration file. */
export type SettingKey = (typeof keys)[number];

/** What the configuration file says, as text. */
export type Settings = Readonly<Partial<Record<SettingKey, string>>>;

/** Whether a text is a key of the configuration file. */
export function isSettingKey(text: string): text is SettingKey {
  return keys.some((key) => key === text);
}

/** The error for a configuration file that can't be used. */
export function invalidSettings(path: string, why: string, cause?: unknown): UsageError {
  const message = `the configuration file ${path} can't be used: ${why}`;
  return new UsageError(message, 'CONFIGURATION_INVALID', { metadata: { path }, cause });
}

/** Every key of the configuration file, for messages. */
export const settingKeys: readonly string[] = keys;
