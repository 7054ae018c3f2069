import { RunspaceError } from '../core/error';
import type { SessionOptions } from '../core/session-options';
import { completeOptions, defaultOptions, type ChosenOptions } from '../session/options';
import type { Configuration, ConfigurationLimits } from './configuration';

/** Whose limits hold. */
export interface Limiting {
  readonly name: string;
  readonly limits: ConfigurationLimits;
}

/** Most engines that are kept ready. */
export const mostPrepared = 16;

interface Bound {
  readonly limit: Exclude<keyof ConfigurationLimits, 'outputBufferingModes'>;
  readonly option: Exclude<
    keyof SessionOptions,
    | 'skipCaCheck'
    | 'skipCnCheck'
    | 'skipRevocationCheck'
    | 'outputBufferingMode'
    | 'hostCalls'
    | 'culture'
    | 'uiCulture'
  >;
  readonly shown: string;
  readonly side: 'least' | 'most';
}

const bounds: readonly Bound[] = [
  { limit: 'minimumIdleTimeoutMs', option: 'idleTimeoutMs', shown: 'IdleTimeout', side: 'least' },
  { limit: 'maximumIdleTimeoutMs', option: 'idleTimeoutMs', shown: 'IdleTimeout', side: 'most' },
  { limit: 'maximumLifetimeMs', option: 'lifetimeMs', shown: 'Lifetime', side: 'most' },
  { limit: 'maximumRunTimeMs', option: 'maximumRunTimeMs', shown: 'MaximumRunTime', side: 'most' },
  {
    limit: 'maximumReceivedObjectSize',
    option: 'maximumReceivedObjectSize',
    shown: 'MaximumReceivedObjectSize',
    side: 'most',
  },
  {
    limit: 'maximumReceivedDataSizePerCommand',
    option: 'maximumReceivedDataSizePerCommand',
    shown: 'MaximumReceivedDataSizePerCommand',
    side: 'most',
  },
  { limit: 'maximumUnreadBytes', option: 'unreadLimitBytes', shown: 'UnreadLimit', side: 'most' },
];

/**
 * A new session's options: what the caller chose, then the configuration's defaults, then ours clipped to its limits.
 * Error: OPTION_OUT_OF_RANGE, naming the option, its value, and the limit that it goes beyond.
 */
export function optionsFor(
  chosen: ChosenOptions,
  configuration: Pick<Configuration, 'name' | 'defaults' | 'limits'>,
): SessionOptions {
  checkLimits(chosen, configuration);
  const own = { ...clipped(defaultOptions, configuration.limits), ...given(configuration.defaults) };
  return completeOptions(chosen, own);
}

/** Refuses options beyond the limits. Error: OPTION_OUT_OF_RANGE. */
export function checkLimits(chosen: ChosenOptions, { name, limits }: Limiting): void {
  for (const { limit, option, shown, side } of bounds) {
    const value = chosen[option];
    const bound = limits[limit];
    if (typeof value !== 'number' || bound === undefined) continue;
    if (side === 'most' ? value <= bound : value >= bound) continue;
    const unit = option.endsWith('Ms') ? ' ms' : ' bytes';
    throw outOfRange(name, {
      option: shown,
      value: String(value),
      message: `${shown} is ${String(value)}${unit}, and configuration "${name}" allows ${side === 'most' ? 'at most' : 'at least'} ${String(bound)}${unit}`,
      bound: [side, String(bound)],
    });
  }
  const mode = chosen.outputBufferingMode;
  const modes = limits.outputBufferingModes;
  if (mode === undefined || modes.length === 0 || modes.includes(mode)) return;
  throw outOfRange(name, {
    option: 'OutputBufferingMode',
    value: mode,
    message: `OutputBufferingMode is ${mode}, and configuration "${name}" allows ${modes.join(', ')}`,
    bound: ['allowed', modes.join(',')],
  });
}

function given(chosen: ChosenOptions): Partial<SessionOptions> {
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
}

function clipped(options: SessionOptions, limits: ConfigurationLimits): SessionOptions {
  const changed: Partial<Record<Bound['option'], number>> = {};
  for (const { limit, option, side } of bounds) {
    const bound = limits[limit];
    if (bound === undefined) continue;
    const value = changed[option] ?? options[option];
    changed[option] =
      typeof value === 'number' ? (side === 'most' ? Math.min : Math.max)(value, bound) : bound;
  }
  const modes = limits.outputBufferingModes;
  const mode = modes.includes(options.outputBufferingMode) ? undefined : modes[0];
  return { ...options, ...changed, ...(mode === undefined ? {} : { outputBufferingMode: mode }) };
}

function outOfRange(
  configuration: string,
  about: {
    readonly option: string;
    readonly value: string;
    readonly message: string;
    readonly bound: readonly [string, string];
  },
): RunspaceError {
  const [side, bound] = about.bound;
  return new RunspaceError('OPTION_OUT_OF_RANGE', about.message, {
    facts: { option: about.option, value: about.value, configuration, [side]: bound },
  });
}
