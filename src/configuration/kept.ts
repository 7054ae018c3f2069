import { noLimits, type ConfigurationLimits, type KeptConfiguration } from './configuration';

/** Reads what a session's file says of its configuration. Throws an Error that says what is wrong with it. */
export function toKeptConfiguration(json: unknown): KeptConfiguration {
  const { name, version, limits, withoutEffect } = fieldsOf(json, 'configuration');
  if (typeof name !== 'string') throw new Error('configuration has no name');
  if (typeof version !== 'number') throw new Error('configuration has no version');
  return {
    name,
    version,
    limits: toLimits(fieldsOf(limits, 'limits of the configuration')),
    ...(Array.isArray(withoutEffect) ? { withoutEffect: withoutEffect.map(String) } : {}),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function toLimits(fields: Fields): ConfigurationLimits {
  const modes = fields['outputBufferingModes'];
  const numbers = Object.keys(noLimits).flatMap((name) => {
    const value = fields[name];
    return typeof value === 'number' ? [[name, value] as const] : [];
  });
  return {
    ...noLimits,
    ...Object.fromEntries(numbers),
    outputBufferingModes: Array.isArray(modes)
      ? modes.filter((mode): mode is 'block' | 'drop' => mode === 'block' || mode === 'drop')
      : [],
  };
}

function fieldsOf(json: unknown, what: string): Fields {
  if (typeof json !== 'object' || json === null) throw new Error(`${what} is not an object`);
  return json as Fields;
}
