import type { HostCallPolicy, SessionChoices } from '../typescript';
import { parseDuration } from './duration';
import { UsageError } from './failure';
import { hostCallPolicies, isHostCallPolicyName } from './host-call-policy';

/** Session options as they were written, read. */
export interface ReadOptions {
  readonly choices: Omit<SessionChoices, 'outputBufferingMode'>;
  readonly buffering: 'block' | 'drop' | undefined;
  /** One line for each option that means nothing for the session. */
  readonly warnings: readonly string[];
}

type TimeChoice =
  | 'idleTimeoutMs'
  | 'connectedIdleTimeoutMs'
  | 'lifetimeMs'
  | 'openTimeoutMs'
  | 'operationTimeoutMs'
  | 'cancelTimeoutMs'
  | 'maximumRunTimeMs';
type SizeChoice = 'maximumReceivedObjectSize' | 'maximumReceivedDataSizePerCommand' | 'unreadLimitBytes';

/** What an option's value is, and what it does here; without `sets` it is checked and has no effect on this machine. */
type Option = { readonly name: string; readonly aliases?: readonly string[] } & (
  | { readonly is: 'time'; readonly sets?: TimeChoice }
  | { readonly is: 'size'; readonly sets?: SizeChoice }
  | { readonly is: 'number'; readonly sets?: 'maximumConnectionRetryCount' | 'maximumRedirection' }
  | { readonly is: 'text'; readonly sets?: 'culture' | 'uiCulture' }
  | {
      readonly is: 'switch';
      readonly sets?: 'skipCaCheck' | 'skipCnCheck' | 'skipRevocationCheck';
    }
  | { readonly is: 'buffering' | 'arguments' | 'hostCalls' | 'refused' }
);

/** PowerShell's options by the names and aliases of New-PSSessionOption, then ours. */
const options: readonly Option[] = [
  { name: 'IdleTimeout', aliases: ['IdleTimeoutMSec'], is: 'time', sets: 'idleTimeoutMs' },
  { name: 'OpenTimeout', aliases: ['OpenTimeoutMSec'], is: 'time', sets: 'openTimeoutMs' },
  { name: 'OperationTimeout', aliases: ['OperationTimeoutMSec'], is: 'time', sets: 'operationTimeoutMs' },
  { name: 'CancelTimeout', aliases: ['CancelTimeoutMSec'], is: 'time', sets: 'cancelTimeoutMs' },
  { name: 'OutputBufferingMode', is: 'buffering' },
  {
    name: 'MaximumReceivedObjectSize',
    aliases: ['MaximumReceivedObjectSizeMB'],
    is: 'size',
    sets: 'maximumReceivedObjectSize',
  },
  {
    name: 'MaximumReceivedDataSizePerCommand',
    aliases: ['MaximumReceivedDataSizePerCommandMB'],
    is: 'size',
    sets: 'maximumReceivedDataSizePerCommand',
  },
  {
    name: 'MaximumRedirection',
    aliases: ['MaximumConnectionRedirectionCount'],
    is: 'number',
    sets: 'maximumRedirection',
  },
  { name: 'MaxConnectionRetryCount', is: 'number', sets: 'maximumConnectionRetryCount' },
  { name: 'ApplicationArguments', is: 'arguments' },
  { name: 'NoEncryption', is: 'refused' },
  { name: 'NoCompression', is: 'switch' },
  { name: 'NoMachineProfile', is: 'switch' },
  { name: 'SkipCACheck', is: 'switch', sets: 'skipCaCheck' },
  { name: 'SkipCNCheck', is: 'switch', sets: 'skipCnCheck' },
  { name: 'SkipRevocationCheck', is: 'switch', sets: 'skipRevocationCheck' },
  { name: 'UseUTF16', is: 'switch' },
  { name: 'IncludePortInSPN', is: 'switch' },
  { name: 'Culture', is: 'text', sets: 'culture' },
  { name: 'UICulture', is: 'text', sets: 'uiCulture' },
  { name: 'ProxyAccessType', is: 'text' },
  { name: 'ProxyAuthentication', is: 'text' },
  { name: 'ProxyCredential', is: 'text' },
  { name: 'ConnectedIdleTimeout', is: 'time', sets: 'connectedIdleTimeoutMs' },
  { name: 'Lifetime', is: 'time', sets: 'lifetimeMs' },
  { name: 'MaximumRunTime', is: 'time', sets: 'maximumRunTimeMs' },
  { name: 'UnreadLimit', is: 'size', sets: 'unreadLimitBytes' },
  { name: 'HostCalls', is: 'hostCalls' },
];

/** The names of all options, PowerShell's first. */
export const sessionOptionNames: readonly string[] = options.map(({ name }) => name);

/**
 * Reads options such as `IdleTimeout=12h,OutputBufferingMode=Drop`; the later of two wins. Names are compared without
 * regard to case. Throws UsageError: OPTION_UNKNOWN with the list of options, INVALID_ARGUMENT for a value.
 */
export function readSessionOptions(texts: readonly string[], transport = 'local'): ReadOptions {
  const read = texts
    .flatMap(splitOutside)
    .filter((part) => part !== '')
    .map((part) => readOption(part, transport));
  return {
    choices: Object.assign({}, ...read.map(({ choices }) => choices)) as ReadOptions['choices'],
    buffering: read.map(({ buffering }) => buffering).findLast((mode) => mode !== undefined),
    warnings: read.flatMap(({ warnings }) => warnings),
  };
}

/** One option, read; `unheeded` is its name where nothing is done for it. */
type PartRead = Omit<ReadOptions, 'warnings'> & { readonly unheeded?: string };

const nothing: PartRead = { choices: {}, buffering: undefined };

function readOption(part: string, transport: string): ReadOptions {
  const read = readPart(part);
  return { ...read, warnings: read.unheeded === undefined ? [] : [withoutEffect(read.unheeded, transport)] };
}

function readPart(part: string): PartRead {
  const equals = part.indexOf('=');
  const given = (equals < 0 ? part : part.slice(0, equals)).trim();
  const value = equals < 0 ? undefined : part.slice(equals + 1).trim();
  const option = findOption(given);
  switch (option.is) {
    case 'time':
      return readTime(option, valueOf(option, value));
    case 'size':
      return readSize(option, valueOf(option, value));
    case 'number':
      return readNumber(option, valueOf(option, value));
    case 'switch':
      if (!/^(true|false|\$true|\$false|0|1)$/i.test(value ?? 'true'))
        throw badValue(option, value, 'true or false');
      if (option.sets === undefined) return { ...nothing, unheeded: option.name };
      return { ...nothing, choices: { [option.sets]: !/^(false|\$false|0)$/i.test(value ?? 'true') } };
    case 'text':
      return readText(option, valueOf(option, value));
    case 'buffering':
      return { ...nothing, buffering: readBuffering(option, valueOf(option, value)) };
    case 'arguments':
      return { ...nothing, choices: { applicationArguments: readArguments(option, valueOf(option, value)) } };
    case 'hostCalls':
      return { ...nothing, choices: { hostCalls: readHostCalls(option, valueOf(option, value)) } };
    case 'refused':
      throw new UsageError(
        `the session option ${option.name} is refused: connections are never weakened`,
        'UNSUPPORTED',
        {
          metadata: { option: option.name },
        },
      );
  }
}

function findOption(given: string): Option {
  const name = given.toLowerCase();
  const found = options.find((option) =>
    [option.name, ...(option.aliases ?? [])].some((known) => known.toLowerCase() === name),
  );
  if (found !== undefined) return found;
  const message = `there is no session option '${given}'; there are: ${sessionOptionNames.join(', ')}`;
  throw new UsageError(message, 'OPTION_UNKNOWN', { metadata: { option: given } });
}

function valueOf(option: Option, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw badValue(option, value, 'a value');
}

function badValue(option: Option, value: string | undefined, wanted: string): UsageError {
  const message = `the session option ${option.name} needs ${wanted}, and got '${value ?? ''}'`;
  return new UsageError(message, 'INVALID_ARGUMENT', { metadata: { option: option.name } });
}

/** Of these 0 means to wait for ever. */
const endlessAtZero: ReadonlySet<TimeChoice> = new Set(['cancelTimeoutMs', 'operationTimeoutMs']);
const longestTimeMs = 0x7fffffff;

/** -1 is PowerShell's word for "as the configuration says". */
function readTime(option: Option & { readonly is: 'time' }, value: string): PartRead {
  const ms = parseDuration(value, `the session option ${option.name}`);
  if (option.sets === undefined) return { ...nothing, unheeded: option.name };
  if (ms === -1) return nothing;
  const isEndless = ms === 0 && endlessAtZero.has(option.sets);
  return { ...nothing, choices: { [option.sets]: isEndless ? longestTimeMs : ms } };
}

function readNumber(option: Option & { readonly is: 'number' }, value: string): PartRead {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 0x7fffffff) throw badValue(option, value, 'a whole number');
  if (option.sets === undefined) return { ...nothing, unheeded: option.name };
  return { ...nothing, choices: { [option.sets]: number } };
}

function readText(option: Option & { readonly is: 'text' }, value: string): PartRead {
  if (option.sets === undefined) return { ...nothing, unheeded: option.name };
  return { ...nothing, choices: { [option.sets]: value } };
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  kb: 2 ** 10,
  mb: 2 ** 20,
  gb: 2 ** 30,
  tb: 2 ** 40,
};

function readSize(option: Option & { readonly is: 'size' }, value: string): PartRead {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]b)?$/i.exec(value) ?? [];
  const bytes = Math.floor(Number(number) * (sizeUnits[unit.toLowerCase()] ?? 1));
  if (number === undefined || !Number.isSafeInteger(bytes))
    throw badValue(option, value, 'a size such as 10MB, or in bytes');
  return option.sets === undefined
    ? { ...nothing, unheeded: option.name }
    : { ...nothing, choices: { [option.sets]: bytes } };
}

function readBuffering(option: Option, value: string): 'block' | 'drop' {
  switch (value.toLowerCase()) {
    case 'none':
    case 'block':
      return 'block';
    case 'drop':
      return 'drop';
    default:
      throw badValue(option, value, 'None, Block or Drop');
  }
}

function readHostCalls(option: Option, value: string): HostCallPolicy {
  const name = value.toLowerCase();
  if (isHostCallPolicyName(name)) return hostCallPolicies[name];
  throw badValue(option, value, Object.keys(hostCallPolicies).join(', '));
}

function readArguments(option: Option, value: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Reported below, together with JSON that is no object.
  }
  throw badValue(option, value, 'a JSON object such as {"name":"value"}');
}

function withoutEffect(name: string, transport: string): string {
  const place = places[transport] ?? 'a session there';
  return `OPTION_HAS_NO_EFFECT: the session option ${name} means nothing for ${place} (transport ${transport})`;
}

const places: Readonly<Record<string, string>> = {
  local: 'a session on this machine',
  ssh: 'a session over ssh',
  container: 'a session in a container',
  daemon: 'a session at another daemon',
};

/** Splits at commas outside of brackets and quotes. */
function splitOutside(text: string): readonly string[] {
  const parts = [''];
  let depth = 0;
  let isQuoted = false;
  for (const letter of text) {
    if (letter === '"') isQuoted = !isQuoted;
    if (!isQuoted && '{['.includes(letter)) depth++;
    if (!isQuoted && '}]'.includes(letter)) depth--;
    if (letter === ',' && depth === 0 && !isQuoted) parts.push('');
    else parts.push((parts.pop() ?? '') + letter);
  }
  return parts.map((part) => part.trim());
}
