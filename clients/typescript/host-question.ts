import type { HostCall } from './gen/runspace/v1/record';
import type { Value } from './gen/runspace/v1/value';
import { fromValue } from './value/from-value';

/** One of the answers to choose from. */
export interface HostChoice {
  /** Without the `&` that stands before the letter to press. */
  readonly label: string;
  /** The letter to press, in upper case; empty: the whole label. */
  readonly key: string;
  readonly help: string;
}

/** One value that is asked for. */
export interface HostField {
  readonly name: string;
  /** What to show; the name where the script gives no label. */
  readonly label: string;
  /** Full name of its .NET type, such as `System.Int32` or `System.String[]`. */
  readonly type: string;
  /** Its type is SecureString: what is typed must not be shown. */
  readonly isSecret: boolean;
  /** Its type is PSCredential. */
  readonly isCredential: boolean;
  /** Several values, one after the other. */
  readonly isList: boolean;
  readonly help: string;
  /** Undefined: it has none. */
  readonly defaultValue: Value | undefined;
}

interface Captioned {
  readonly caption: string;
  readonly message: string;
}

/** What a command asks, as a program or a person can answer it. */
export type HostQuestion =
  | { readonly kind: 'line' | 'secret' | 'key' }
  | (Captioned & { readonly kind: 'fields'; readonly fields: readonly HostField[] })
  | (Captioned & { readonly kind: 'credential'; readonly userName: string; readonly targetName: string })
  /** `defaultChoice` undefined: one must be chosen. */
  | (Captioned & {
      readonly kind: 'choice';
      readonly choices: readonly HostChoice[];
      readonly defaultChoice: number | undefined;
    })
  | (Captioned & {
      readonly kind: 'choices';
      readonly choices: readonly HostChoice[];
      readonly defaultChoices: readonly number[];
    })
  /** Nothing that is answered with a value known here. */
  | { readonly kind: 'other' };

/** What a host call asks. */
export function questionOf({ method, parameters }: Pick<HostCall, 'method' | 'parameters'>): HostQuestion {
  const [first, second, third, fourth] = parameters;
  const captioned = { caption: textOf(first), message: textOf(second) };
  switch (method) {
    case 'ReadLine':
      return { kind: 'line' };
    case 'ReadLineAsSecureString':
      return { kind: 'secret' };
    case 'ReadKey':
      return { kind: 'key' };
    case 'Prompt':
      return { kind: 'fields', ...captioned, fields: itemsOf(third).map(fieldOf) };
    case 'PromptForCredential1':
    case 'PromptForCredential2':
      return { kind: 'credential', ...captioned, userName: textOf(third), targetName: textOf(fourth) };
    case 'PromptForChoice': {
      const byDefault = Number(natural(fourth) ?? -1);
      const defaultChoice = byDefault < 0 ? undefined : byDefault;
      return { kind: 'choice', ...captioned, choices: itemsOf(third).map(choiceOf), defaultChoice };
    }
    case 'PromptForChoiceMultipleSelection': {
      const defaultChoices = itemsOf(fourth).map((item) => Number(natural(item)));
      return { kind: 'choices', ...captioned, choices: itemsOf(third).map(choiceOf), defaultChoices };
    }
    default:
      return { kind: 'other' };
  }
}

/** The number of the choice that a person means by its key, its label or the beginning of neither; undefined: none. */
export function choiceNamed(choices: readonly HostChoice[], text: string): number | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return undefined;
  const byKey = choices.findIndex(({ key }) => key.toLowerCase() === wanted);
  const index = byKey >= 0 ? byKey : choices.findIndex(({ label }) => label.toLowerCase() === wanted);
  return index < 0 ? undefined : index;
}

function fieldOf(description: Value): HostField {
  const text = (name: string): string => textOf(memberOf(description, name));
  const type = text('parameterTypeFullName');
  const isList = type.endsWith('[]');
  const element = isList ? type.slice(0, -2) : type;
  const defaultValue = memberOf(description, 'defaultValue');
  const isNone = defaultValue === undefined || natural(defaultValue) === null;
  return {
    name: text('name'),
    label: unmarked(text('label')) || text('name'),
    type,
    isSecret: element === 'System.Security.SecureString',
    isCredential: element === 'System.Management.Automation.PSCredential',
    isList,
    help: text('helpMessage'),
    defaultValue: isNone ? undefined : defaultValue,
  };
}

function choiceOf(description: Value): HostChoice {
  const label = textOf(memberOf(description, 'label'));
  const mark = label.indexOf('&');
  const key = mark < 0 ? '' : label.slice(mark + 1, mark + 2).toUpperCase();
  return { label: unmarked(label), key, help: textOf(memberOf(description, 'helpMessage')) };
}

function unmarked(label: string): string {
  return label.replace('&', '');
}

function memberOf({ kind }: Value, name: string): Value | undefined {
  if (kind?.$case !== 'object') return undefined;
  return [...kind.value.extended, ...kind.value.adapted].find((property) => property.name === name)?.value;
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return value?.kind?.$case === 'list' ? value.kind.value.items : [];
}

function textOf(value: Value | undefined): string {
  const text = natural(value);
  return typeof text === 'string' ? text : '';
}

function natural(value: Value | undefined): unknown {
  return value === undefined ? null : fromValue(value);
}
