import { RunspaceError } from '../../core/error';
import { nullValue, stringValue, type Value } from '../../core/value';
import { boolOf, entryOf, textOf } from '../../psrp/clixml/properties';
import type { Aside } from './aside';
import { evaluateUsingScript, listUsingScript } from './using-scripts';

/** Values by expression, the way callers give them: without `$Using:`. */
export type GivenUsing = readonly (readonly [expression: string, value: Value])[];

/** Values by the whole expression as the script has it, a plain variable in lower case: what PowerShell looks up. */
export type UsingValues = readonly (readonly [text: string, value: Value])[];

/** An expression that PowerShell found in a script. */
interface UsingExpression {
  /** As it is written, such as `$Using:x.Length`. */
  readonly text: string;
  /** The variable that it begins with. */
  readonly variable: string;
  readonly isPlain: boolean;
  /** It may be meant for a command inside the script. */
  readonly isOptional: boolean;
}

/** What is known of a script's expressions; `toEvaluate` are variables whose members or indexes it uses. */
export interface UsingPlan {
  readonly values: UsingValues;
  readonly toEvaluate: UsingValues;
}

const prefix = /[$@]\{?using:/i;

/** Whether a script may have such expressions at all. */
export function mayUse(script: string): boolean {
  return prefix.test(script);
}

/** Asks for the expressions of a script. */
export function listUsing(script: string): Aside {
  return { script: listUsingScript, arguments: [{ name: 'text', value: stringValue(script) }] };
}

/** Whether the answer is that the session's language forbids to parse. */
export function isUnknown([first]: readonly Value[]): boolean {
  return textOf(first) === 'unknown';
}

/** Asks for the values of members and indexes of these variables. */
export function evaluateUsing(script: string, variables: UsingValues): Aside {
  const entries = variables.map(([name, value]) => [stringValue(name), value] as const);
  return {
    script: evaluateUsingScript,
    arguments: [
      { name: 'text', value: stringValue(script) },
      { name: 'values', value: { type: 'dictionary', entries } },
    ],
  };
}

/**
 * What the values are, as far as they need no evaluation. Where the session may not parse, the given ones are taken for
 * the expressions that the script's text has. Error: USING_VARIABLE_UNDEFINED, naming every expression without a value.
 */
export function planUsing(
  script: string,
  given: GivenUsing,
  answer: readonly Value[] | undefined,
): UsingPlan {
  const names = new GivenNames(given);
  if (answer === undefined) return { values: names.asWritten(script), toEvaluate: [] };
  const values: (readonly [string, Value])[] = [];
  const toEvaluate = new Map<string, Value>();
  const missing: string[] = [];
  for (const expression of answer.map(expressionOf)) {
    const value = names.find(nameOf(expression.text));
    const root = expression.isPlain ? undefined : names.find(expression.variable);
    if (value !== undefined) values.push([lookedUp(expression), value]);
    else if (root !== undefined) toEvaluate.set(expression.variable, root);
    else if (!expression.isOptional) missing.push(expression.text);
  }
  if (missing.length > 0) throw undefinedUsing(missing);
  return { values: [...new Map(values)], toEvaluate: [...toEvaluate] };
}

/** The values that PowerShell evaluated, beside those that needed none. */
export function withEvaluated({ values }: UsingPlan, answer: readonly Value[]): UsingValues {
  const evaluated = answer.map(
    (table) => [textOf(entryOf(table, 'text')) ?? '', entryOf(table, 'value') ?? nullValue] as const,
  );
  return [...new Map([...evaluated, ...values])];
}

/** Names of expressions: the exact one first, then one that differs by case only. */
class GivenNames {
  readonly #exact: ReadonlyMap<string, Value>;
  readonly #folded: ReadonlyMap<string, Value>;

  constructor(given: GivenUsing) {
    const named = given.map(([expression, value]) => [nameOf(expression), value] as const);
    this.#exact = new Map(named);
    this.#folded = new Map(named.map(([name, value]) => [name.toLowerCase(), value]));
  }

  find(name: string): Value | undefined {
    return this.#exact.get(name) ?? this.#folded.get(name.toLowerCase());
  }

  /** Without a parser: wherever the text has one of the names, the expression ends with it. */
  asWritten(script: string): UsingValues {
    return [...this.#folded].flatMap(([name, value]) => {
      const isPlain = /^[\w?]+$/.test(name);
      const written = new RegExp(`[$@](using:${escaped(name)}|\\{using:${escaped(name)}\\})`, 'giu');
      const texts = [...script.matchAll(written)].map(([text]) => (isPlain ? text.toLowerCase() : text));
      return [...new Set(texts)].map((text) => [text, value] as const);
    });
  }
}

/** `$Using:x.Length` and `${Using:x}.Length` as `x.Length`. */
function nameOf(expression: string): string {
  const braced = /^[$@]\{using:([^}]*)\}/i;
  if (braced.test(expression)) return expression.replace(braced, '$1');
  return expression.replace(/^[$@]using:/i, '');
}

function lookedUp({ text, isPlain }: UsingExpression): string {
  return isPlain ? text.toLowerCase() : text;
}

function expressionOf(table: Value): UsingExpression {
  return {
    text: textOf(entryOf(table, 'text')) ?? '',
    variable: textOf(entryOf(table, 'variable')) ?? '',
    isPlain: boolOf(entryOf(table, 'isPlain')) ?? false,
    isOptional: boolOf(entryOf(table, 'isOptional')) ?? false,
  };
}

function undefinedUsing(texts: readonly string[]): RunspaceError {
  const unique = [...new Map(texts.map((text) => [text.toLowerCase(), text])).values()];
  const names = unique.map(nameOf).join(', ');
  return new RunspaceError(
    'USING_VARIABLE_UNDEFINED',
    `nothing ran: there is no value for ${unique.join(', ')}; give one in using_values (on the command line: --using NAME=VALUE)`,
    { facts: { names, fully_qualified_id: 'UsingVariableIsUndefined' } },
  );
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
