import { RunspaceError } from '../core/error';
import type { SessionOptions } from '../core/session-options';

/** What a caller chose; what is undefined gets its default. */
export type ChosenOptions = { readonly [Name in keyof SessionOptions]?: SessionOptions[Name] | undefined };

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const mebibyte = 1024 * 1024;

/** PowerShell's defaults where it has one (parity P59). */
export const defaultOptions: SessionOptions = {
  idleTimeoutMs: 2 * hour,
  connectedIdleTimeoutMs: undefined,
  lifetimeMs: undefined,
  outputBufferingMode: 'block',
  openTimeoutMs: 3 * minute,
  maximumReceivedObjectSize: 200 * mebibyte,
  unreadLimitBytes: 1024 * mebibyte,
  maximumRunTimeMs: undefined,
  hostCalls: 'wait',
  maximumReceivedDataSizePerCommand: undefined,
  cancelTimeoutMs: 5 * second,
  operationTimeoutMs: 3 * minute,
  culture: undefined,
  uiCulture: undefined,
  maximumConnectionRetryCount: undefined,
  skipCaCheck: false,
  skipCnCheck: false,
  skipRevocationCheck: false,
  maximumRedirection: undefined,
};

/** Inclusive bounds of each number; PowerShell's own limit of an idle timeout is 2^31-1 ms. */
const bounds: readonly { option: keyof SessionOptions; shown: string; least: number; most: number }[] = [
  { option: 'idleTimeoutMs', shown: 'IdleTimeout', least: minute, most: 0x7fffffff },
  {
    option: 'connectedIdleTimeoutMs',
    shown: 'ConnectedIdleTimeout',
    least: minute,
    most: Number.MAX_SAFE_INTEGER,
  },
  { option: 'lifetimeMs', shown: 'Lifetime', least: minute, most: Number.MAX_SAFE_INTEGER },
  { option: 'openTimeoutMs', shown: 'OpenTimeout', least: 1, most: 0x7fffffff },
  { option: 'maximumRunTimeMs', shown: 'MaximumRunTime', least: 1, most: Number.MAX_SAFE_INTEGER },
  {
    option: 'maximumReceivedObjectSize',
    shown: 'MaximumReceivedObjectSize',
    least: 1024,
    most: 1024 * mebibyte,
  },
  {
    option: 'maximumReceivedDataSizePerCommand',
    shown: 'MaximumReceivedDataSizePerCommand',
    least: 1024,
    most: Number.MAX_SAFE_INTEGER,
  },
  { option: 'cancelTimeoutMs', shown: 'CancelTimeout', least: 1, most: 0x7fffffff },
  { option: 'operationTimeoutMs', shown: 'OperationTimeout', least: 1, most: 0x7fffffff },
  {
    option: 'maximumConnectionRetryCount',
    shown: 'MaxConnectionRetryCount',
    least: 0,
    most: 0x7fffffff,
  },
  { option: 'maximumRedirection', shown: 'MaximumRedirection', least: 0, most: 0x7fffffff },
  { option: 'unreadLimitBytes', shown: 'UnreadLimit', least: 64 * 1024, most: Number.MAX_SAFE_INTEGER },
];

/** Fills in what `chosen` leaves open from `base`. Error: OPTION_OUT_OF_RANGE, naming the option and its bounds. */
export function completeOptions(
  chosen: ChosenOptions,
  base: SessionOptions = defaultOptions,
): SessionOptions {
  const given = Object.entries(chosen).filter(([, value]) => value !== undefined);
  const options: SessionOptions = { ...base, ...Object.fromEntries(given) };
  for (const { option, shown, least, most } of bounds) {
    const value = options[option];
    if (typeof value === 'number' && !(value >= least && value <= most))
      throw new RunspaceError(
        'OPTION_OUT_OF_RANGE',
        `${shown} is ${String(value)}; it must be from ${String(least)} to ${String(most)}${unitOf(option)}`,
        { facts: { option: shown, value: String(value), least: String(least), most: String(most) } },
      );
  }
  checkCulture('Culture', options.culture);
  checkCulture('UICulture', options.uiCulture);
  return options;
}

/** Its form only: which cultures there are is the engine's to say. */
function checkCulture(option: string, name: string | undefined): void {
  if (name === undefined || /^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$/.test(name)) return;
  throw new RunspaceError(
    'OPTION_OUT_OF_RANGE',
    `${option} is "${name}"; it must be the name of a culture, such as de-DE`,
    { facts: { option, value: name } },
  );
}

function unitOf(option: keyof SessionOptions): string {
  if (option === 'maximumConnectionRetryCount' || option === 'maximumRedirection') return '';
  return option.endsWith('Ms') ? ' milliseconds' : ' bytes';
}
