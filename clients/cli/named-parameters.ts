import { UsageError } from './failure';
import { flagOf, flags, type FlagName } from './flags';
import type { GivenFlag } from './words';

/** PowerShell's parameters that take a list of typed values, and the flag that takes those as JSON. */
const jsonFlags: Readonly<Partial<Record<FlagName, FlagName>>> = {
  arg: 'args-json',
  param: 'params-json',
  'input-object-json': 'input-object-json',
};

/** Parameters that are no flag by their own name. */
const otherNames: Readonly<Record<string, FlagName>> = {
  inputobject: 'input-object-json',
  parameters: 'param',
};

/**
 * The flags that an object means, whose keys are PowerShell's names of parameters (`ComputerName`, `ThrottleLimit`), their
 * aliases, or our flags, in any case. True gives a flag without a value, false and null leave it out; a list gives a
 * flag several times. Throws UsageError, which says `what` it is, for a key that none of the `known` flags has.
 */
export function flagsOfObject(
  object: object,
  known: readonly FlagName[],
  what: string,
): readonly GivenFlag[] {
  const found = new Map<FlagName, string>();
  return (Object.entries(object) as (readonly [string, unknown])[]).flatMap(([key, value]) => {
    const name = flagNamed(key, known);
    if (name === undefined) throw wrong(what, `there is no parameter "${key}"; there are ${namesOf(known)}`);
    const before = found.get(name);
    if (before !== undefined) throw wrong(what, `"${before}" and "${key}" are the same: give one of them`);
    found.set(name, key);
    return givenBy(name, value, (problem) => wrong(what, `"${key}" ${problem}`));
  });
}

type Wrong = (problem: string) => UsageError;

function givenBy(name: FlagName, value: unknown, wrongValue: Wrong): readonly GivenFlag[] {
  if (value === null || value === undefined) return [];
  const json = jsonFlags[name];
  if (json !== undefined && typeof value !== 'string') return [{ name: json, value: jsonOf(name, value) }];
  const { value: takes, repeats } = flagOf(name);
  if (takes === undefined) {
    if (typeof value !== 'boolean') throw wrongValue('is a switch: it must be true or false');
    return value ? [{ name, value: '' }] : [];
  }
  if (name === 'session-option' && isMap(value)) return [{ name, value: pairsOf(value, wrongValue) }];
  if (name === 'options' && isMap(value))
    return pairsOf(value, wrongValue)
      .split(',')
      .map((pair) => ({ name, value: pair }));
  if (name === 'ssh-connection' && typeof value === 'object') return [{ name, value: JSON.stringify(value) }];
  if (Array.isArray(value)) {
    if (repeats !== true) throw wrongValue('takes one value, not a list');
    return (value as readonly unknown[]).map((item) => ({ name, value: scalar(item, wrongValue) }));
  }
  return [{ name, value: scalar(value, wrongValue) }];
}

/** One argument may stand without a list around it. */
function jsonOf(name: FlagName, value: unknown): string {
  return JSON.stringify(name === 'arg' && !Array.isArray(value) ? [value] : value);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pairsOf(map: Readonly<Record<string, unknown>>, wrongValue: Wrong): string {
  return Object.entries(map)
    .map(([name, value]) => (value === true ? name : `${name}=${scalar(value, wrongValue)}`))
    .join(',');
}

function scalar(value: unknown, wrongValue: Wrong): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrongValue('must be a text that is not blank, or a number');
}

function flagNamed(key: string, known: readonly FlagName[]): FlagName | undefined {
  const wanted = plain(key);
  return known.find(
    (name) =>
      [name, ...(flagOf(name).aliases ?? [])].some((each) => plain(each) === wanted) ||
      otherNames[wanted] === name,
  );
}

function plain(name: string): string {
  return name.replaceAll('-', '').toLowerCase();
}

/** As PowerShell writes them: `ThrottleLimit`. */
function namesOf(known: readonly FlagName[]): string {
  return Object.keys(flags)
    .filter((name) => (known as readonly string[]).includes(name))
    .map((name) => name.replaceAll(/(^|-)(.)/g, (_all, _dash, letter: string) => letter.toUpperCase()))
    .join(', ');
}

function wrong(what: string, problem: string): UsageError {
  return new UsageError(`${what}: ${problem}`, 'INVALID_ARGUMENT', {
    metadata: { fully_qualified_id: 'NamedParameterNotFound' },
  });
}
