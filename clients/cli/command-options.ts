import {
  parseJson,
  preferenceNames,
  type CommandPreferences,
  type PreferenceName,
  type StartOptions,
} from '../typescript';
import type { Context } from './context';
import { UsageError } from './failure';
import type { FlagName } from './flags';

/** What a command gets beside its script: arguments, values for `$Using:`, preferences. */
export function commandOptions(context: Context): StartOptions {
  return {
    arguments: positionalArguments(context),
    namedArguments: {
      ...namedValues(context, { text: 'param', json: undefined }),
      ...tableOf(context, 'params-json'),
    },
    using: namedValues(context, { text: 'using', json: 'using-json' }),
    preferences: preferencesOf(context),
    invocationInfo: context.has('invocation-info'),
  };
}

function positionalArguments(context: Context): readonly unknown[] {
  return context
    .given('arg', 'args-json')
    .flatMap(({ name, value }) => (name === 'arg' ? [value] : listIn(value)));
}

function listIn(json: string): readonly unknown[] {
  const list = parsed(json);
  if (Array.isArray(list.value)) return list.value;
  throw new UsageError(`--args-json needs a JSON list such as '[1,true,null]', and got '${json}'${list.why}`);
}

/** The members of JSON objects; a name that comes twice has its last value. */
function tableOf(context: Context, flag: FlagName): Readonly<Record<string, unknown>> {
  const tables = context.texts(flag).map((json) => {
    const { value, why } = parsed(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw new UsageError(
      `--${flag} needs a JSON object such as '{"Name":"a","Count":2}', and got '${json}'${why}`,
    );
  });
  return Object.assign({}, ...tables) as Readonly<Record<string, unknown>>;
}

/** Values given as NAME=TEXT by one flag, and as NAME=JSON by another. */
function namedValues(
  context: Context,
  flags: { readonly text: FlagName; readonly json: FlagName | undefined },
): Readonly<Record<string, unknown>> {
  const names = flags.json === undefined ? [flags.text] : [flags.text, flags.json];
  const pairs = context.given(...names).map(({ name: flag, value }) => {
    const { name, text } = splitPair(flag, value);
    if (flag === flags.text) return [name, text] as const;
    const { value: parsedValue, why } = parsed(text);
    if (why !== '') throw new UsageError(`--${flag} needs JSON after ${name}=, and got '${text}'${why}`);
    return [name, parsedValue] as const;
  });
  return Object.fromEntries(pairs);
}

/** The parts of NAME=VALUE. */
export function splitPair(flag: FlagName, pair: string): { readonly name: string; readonly text: string } {
  const equals = pair.indexOf('=');
  if (equals > 0) return { name: pair.slice(0, equals), text: pair.slice(equals + 1) };
  throw new UsageError(`--${flag} needs NAME=VALUE, and got '${pair}'`);
}

function parsed(json: string): { readonly value: unknown; readonly why: string } {
  try {
    return { value: parseJson(json), why: '' };
  } catch (error) {
    return { value: undefined, why: ` (${error instanceof Error ? error.message : String(error)})` };
  }
}

function preferencesOf(context: Context): CommandPreferences {
  const given: { readonly [Name in keyof CommandPreferences]: PreferenceName | undefined } = {
    verbose: context.has('verbose') ? 'Continue' : undefined,
    debug: context.has('debug') ? 'Continue' : undefined,
    error: actionOf(context, 'error-action'),
    warning: actionOf(context, 'warning-action'),
    information: actionOf(context, 'information-action'),
    progress: actionOf(context, 'progress-action'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, preference]) => preference !== undefined));
}

function actionOf(context: Context, flag: FlagName): PreferenceName | undefined {
  const text = context.text(flag);
  if (text === undefined) return undefined;
  const name = preferenceNames.find((known) => known.toLowerCase() === text.toLowerCase());
  if (name !== undefined) return name;
  throw new UsageError(`--${flag} needs one of ${preferenceNames.join(', ')}, and got '${text}'`);
}
