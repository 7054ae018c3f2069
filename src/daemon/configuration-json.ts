import {
  Configuration,
  ConfigurationLimits,
  LanguageMode,
  Quotas,
  languageModeFromJSON,
} from '../gen/runspace/v1/configuration';
import type { Duration } from '../gen/google/protobuf/duration';
import {
  HostCallPolicy,
  OutputBufferingMode,
  SessionOptions,
  hostCallPolicyFromJSON,
  outputBufferingModeFromJSON,
} from '../gen/runspace/v1/session';

/**
 * A configuration from JSON (or YAML) with the API's field names, as `limits.maximum_run_time` or in lowerCamelCase.
 * Times are written `90s`, `30m`, `2h`, or `1h30m`; enums by name, with or without their prefix. What is not known is
 * refused. Throws an Error that names the field and what is wrong with it.
 */
export function configurationFromJson(json: unknown): Configuration {
  return { ...Configuration.fromPartial({}), ...messageOf(json, '', configurationFields) };
}

type Reader<Value> = (value: unknown, path: string) => Value;
type Fields<Message> = { readonly [Name in keyof Message]?: Reader<Message[Name]> };

const sessionOptionsFields: Fields<SessionOptions> = {
  idleTimeout: duration,
  connectedIdleTimeout: duration,
  lifetime: duration,
  outputBufferingMode: bufferingMode,
  openTimeout: duration,
  maximumReceivedObjectSize: bigInteger,
  unreadLimitBytes: bigInteger,
  maximumRunTime: duration,
  maximumReceivedDataSizePerCommand: bigInteger,
  culture: text,
  uiCulture: text,
  cancelTimeout: duration,
  operationTimeout: duration,
  maximumConnectionRetryCount: integer,
  hostCalls: (value, path) =>
    enumOf(value, path, { prefix: 'HOST_CALL_POLICY_', read: hostCallPolicyFromJSON, all: HostCallPolicy }),
};

const limitsFields: Fields<ConfigurationLimits> = {
  minimumIdleTimeout: duration,
  maximumIdleTimeout: duration,
  maximumLifetime: duration,
  maximumRunTime: duration,
  maximumReceivedObjectSize: bigInteger,
  maximumReceivedDataSizePerCommand: bigInteger,
  maximumUnreadBytes: bigInteger,
  outputBufferingModes: listOf(bufferingMode),
};

const quotasFields: Fields<Quotas> = {
  sessionsPerUser: integer,
  sessions: integer,
  commandsPerSession: integer,
  outputBytesPerCommand: bigInteger,
  memoryBytesPerSession: bigInteger,
  processesPerSession: integer,
};

const configurationFields: Fields<Configuration> = {
  name: text,
  description: text,
  engine: text,
  enginePath: text,
  targetEnginePath: text,
  startupScript: text,
  modules: listOf(text),
  environment: textMap,
  workingDirectory: text,
  languageMode: (value, path) =>
    enumOf(value, path, { prefix: 'LANGUAGE_MODE_', read: languageModeFromJSON, all: LanguageMode }),
  visibleCommands: listOf(text),
  sessionConfigurationFile: text,
  runAsUser: text,
  defaults: (value, path) => ({
    ...SessionOptions.fromPartial({}),
    ...messageOf(value, path, sessionOptionsFields),
  }),
  limits: (value, path) => ({
    ...ConfigurationLimits.fromPartial({}),
    ...messageOf(value, path, limitsFields),
  }),
  quotas: (value, path) => ({ ...Quotas.fromPartial({}), ...messageOf(value, path, quotasFields) }),
  allowedPrincipals: listOf(text),
  warmPoolSize: integer,
};

function messageOf<Message>(json: unknown, path: string, fields: Fields<Message>): Partial<Message> {
  const message: Partial<Message> = {};
  for (const [key, value] of Object.entries(objectOf(json, path))) {
    const name = key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    const shown = path === '' ? key : `${path}.${key}`;
    if (!isFieldOf(fields, name))
      throw new Error(`there is no field ${shown}; there are: ${snakeNames(fields)}`);
    if (Object.hasOwn(message, name)) throw new Error(`${shown} is given twice`);
    const read = fields[name];
    if (value !== null && value !== undefined && read !== undefined) message[name] = read(value, shown);
  }
  return message;
}

function isFieldOf<Message>(fields: Fields<Message>, name: PropertyKey): name is keyof Message {
  return Object.hasOwn(fields, name);
}

function snakeNames(fields: object): string {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.keys(fields).map(snake).join(', ');
}

function objectOf(json: unknown, path: string): object {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  throw new Error(path === '' ? 'it must hold fields with values' : `${path} must hold fields with values`);
}

function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${path} must be a text`);
}

function integer(value: unknown, path: string): number {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && Math.abs(number) <= 0x7fffffff) return number;
  throw new Error(`${path} must be a whole number up to 2147483647`);
}

const sizeUnits: Readonly<Record<string, bigint>> = { '': 1n, kb: 1n << 10n, mb: 1n << 20n, gb: 1n << 30n };

function bigInteger(value: unknown, path: string): bigint {
  const shown = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const [, digits, unit = ''] = /^(\d{1,15})\s*([kmg]b)?$/i.exec(shown) ?? [];
  const factor = sizeUnits[unit.toLowerCase()];
  if (digits !== undefined && factor !== undefined) return BigInt(digits) * factor;
  throw new Error(`${path} must be a number of bytes, such as 1048576 or 1MB`);
}

function listOf<Item>(read: Reader<Item>): Reader<Item[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Error(`${path} must be a list`);
    return value.map((item: unknown, index) => read(item, `${path}[${String(index)}]`));
  };
}

function textMap(value: unknown, path: string): Record<string, string> {
  const entries = Object.entries(objectOf(value, path)) as [string, unknown][];
  return Object.fromEntries(entries.map(([name, item]) => [name, text(item, `${path}.${name}`)]));
}

const durationUnits: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

function duration(value: unknown, path: string): Duration {
  const parts = typeof value === 'string' ? [...value.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)] : [];
  const whole = parts.map(([part]) => part).join('');
  if (whole === '' || whole !== value)
    throw new Error(`${path} must be a time such as 90s, 30m, 2h or 1h30m`);
  const ms = parts.reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (durationUnits[unit] ?? 0),
    0,
  );
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: Math.round((ms % 1_000) * 1e6) };
}

function bufferingMode(value: unknown, path: string): OutputBufferingMode {
  return enumOf(value, path, {
    prefix: 'OUTPUT_BUFFERING_MODE_',
    read: outputBufferingModeFromJSON,
    all: OutputBufferingMode,
  });
}

function enumOf<Value>(
  value: unknown,
  path: string,
  {
    prefix,
    read,
    all,
  }: { readonly prefix: string; readonly read: (json: unknown) => Value; readonly all: object },
): Value {
  const names = Object.keys(all).filter((name) => name.startsWith(prefix));
  const upper = typeof value === 'string' ? value.toUpperCase() : '';
  const name = names.find((known) => known === upper || known === `${prefix}${upper}`);
  if (name !== undefined) return read(name);
  throw new Error(`${path} must be one of ${names.map((known) => known.slice(prefix.length)).join(', ')}`);
}
