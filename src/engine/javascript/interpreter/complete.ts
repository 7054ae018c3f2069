/**
 * What may stand at the end of a line of input. Looks without running anything that could be noticed: the inspector evaluates what
 * stands before a dot only as long as that has no side effects, and lists properties without reading them.
 */
import { readdirSync } from 'node:fs';
import { Session, type Runtime } from 'node:inspector';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { tokenizer, tokTypes, type Options, type Token } from 'acorn';
import { importName } from './prepare-script';

/** Texts in the place of `replaced`, which is the end of the line. */
interface Completions {
  readonly texts: readonly string[];
  readonly replaced: string;
}

/** How long looking may take. */
const patienceMs = 500;
const none: Completions = { texts: [], replaced: '' };
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const identifierAtEnd = /[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const keywords = (
  'async await break case catch class const continue debugger default delete do else export extends false finally for function ' +
  'if import in instanceof let new null of return static super switch this throw true try typeof var void while with yield'
).split(' ');
const options: Options = { ecmaVersion: 'latest', allowHashBang: true };

/** The completions of a line that ends here. */
export function completionsOf(line: string): Completions {
  const { tokens, rest } = tokensOf(line);
  if (rest !== '') return moduleNames(tokens, rest);
  const replaced = identifierAtEnd.exec(line)?.[0] ?? '';
  // What is no token of its own is in a comment, or part of a number.
  if (replaced !== '' && tokens.at(-1)?.start !== line.length - replaced.length) return none;
  const before = replaced === '' ? tokens : tokens.slice(0, -1);
  const last = before.at(-1);
  if (replaced === '' && isInComment(line, last)) return none;
  const isMember = last?.type === tokTypes.dot || last?.type === tokTypes.questionDot;
  const names = isMember ? memberNames(sourceBefore(line, before.slice(0, -1))) : globalNames();
  return { texts: startingWith(replaced, names), replaced };
}

/** The tokens of the line, and what is none: a text or a comment that has no end yet. */
function tokensOf(line: string): { readonly tokens: readonly Token[]; readonly rest: string } {
  const tokens: Token[] = [];
  try {
    for (const token of tokenizer(line, options)) tokens.push(token);
  } catch {
    return { tokens, rest: line.slice(tokens.at(-1)?.end ?? 0).trimStart() };
  }
  return { tokens, rest: '' };
}

function isInComment(line: string, last: Token | undefined): boolean {
  return /^\s*(?:\/\/|\/\*)/.test(line.slice(last?.end ?? 0)) && !/\n\s*$/.test(line);
}

/** The operand that ends with these tokens: names, calls and indexes joined by dots; undefined where there is none. */
function sourceBefore(line: string, tokens: readonly Token[]): string | undefined {
  let start = tokens.length;
  let expectsOperand = true;
  while (start > 0) {
    const type = tokens[start - 1]?.type;
    const isDot = type === tokTypes.dot || type === tokTypes.questionDot;
    if (isDot && !expectsOperand) {
      expectsOperand = true;
      start -= 1;
      continue;
    }
    const opened = openedBy(tokens, start - 1);
    if (opened !== undefined) {
      if (!expectsOperand) break;
      start = opened;
      // What is called or indexed stands before it, if anything does.
      expectsOperand = isOperandEnd(tokens[start - 1]);
      continue;
    }
    if (!expectsOperand || !isOperand(tokens[start - 1])) break;
    expectsOperand = false;
    start -= 1;
  }
  const [first, last] = [tokens[start], tokens.at(-1)];
  return first === undefined || last === undefined ? undefined : line.slice(first.start, last.end);
}

function isOperand(token: Token | undefined): boolean {
  const { name, string, num, regexp, bigint, _this, _true, _false } = tokTypes as typeof tokTypes & {
    readonly bigint?: unknown;
  };
  return [name, string, num, regexp, bigint, _this, _true, _false].some(
    (type) => type !== undefined && token?.type === type,
  );
}

function isOperandEnd(token: Token | undefined): boolean {
  return isOperand(token) || token?.type === tokTypes.parenR || token?.type === tokTypes.bracketR;
}

/** The index of the bracket that the one at `end` closes; undefined where none is there. */
function openedBy(tokens: readonly Token[], end: number): number | undefined {
  const { parenL, parenR, bracketL, bracketR, braceL, braceR, dollarBraceL } = tokTypes;
  const opening = [parenL, bracketL, braceL, dollarBraceL];
  const closing = [parenR, bracketR, braceR];
  if (![parenR, bracketR].some((type) => tokens[end]?.type === type)) return undefined;
  let depth = 0;
  for (let index = end; index >= 0; index -= 1) {
    const type = tokens[index]?.type;
    if (closing.some((one) => one === type)) depth += 1;
    if (opening.some((one) => one === type)) depth -= 1;
    if (depth === 0) return index;
  }
  return undefined;
}

function globalNames(): string[] {
  return withInspector((session) => [
    ...lexicalNames(session),
    ...propertyNames(session, 'globalThis'),
    ...keywords,
  ]);
}

function memberNames(source: string | undefined): string[] {
  return source === undefined ? [] : withInspector((session) => propertyNames(session, source));
}

function lexicalNames(session: Session): readonly string[] {
  let names: readonly string[] = [];
  session.post('Runtime.globalLexicalScopeNames', {}, (error, answer) => {
    if (error === null) names = answer.names;
  });
  return names;
}

/** Names of the properties of an expression's value, also those that it has from its prototypes. */
function propertyNames(session: Session, expression: string): readonly string[] {
  const value = evaluated(session, `(${expression}\n)`);
  if (value === undefined || value.subtype === 'proxy') return [];
  const id = value.objectId ?? evaluated(session, `Object(${expression}\n)`)?.objectId;
  if (id === undefined) return [];
  let names: readonly string[] = [];
  session.post('Runtime.getProperties', { objectId: id, ownProperties: false }, (error, answer) => {
    if (error === null)
      names = answer.result.flatMap(({ name, symbol }) => (symbol === undefined ? [name] : []));
  });
  return names;
}

/** The inspector answers these questions before `post` returns. */
function evaluated(session: Session, expression: string): Runtime.RemoteObject | undefined {
  let found: Runtime.RemoteObject | undefined;
  // What node's types don't know of: V8's protocol has them.
  const careful = { throwOnSideEffect: true, timeout: patienceMs };
  const parameters: Runtime.EvaluateParameterType = { expression, silent: true, ...careful };
  session.post('Runtime.evaluate', parameters, (error, answer) => {
    const { exceptionDetails, result } = answer;
    const isNothing = result.type === 'undefined' || result.subtype === 'null';
    if (error === null && exceptionDetails === undefined && !isNothing) found = result;
  });
  return found;
}

function withInspector(look: (session: Session) => readonly string[]): string[] {
  const session = new Session();
  session.connect();
  try {
    return [...look(session)];
  } finally {
    session.disconnect();
  }
}

/** In a text that has no end yet: the name of a module, where one is expected. */
function moduleNames(tokens: readonly Token[], rest: string): Completions {
  const quote = rest.slice(0, 1);
  const [first, second] = [tokens.at(-1), tokens.at(-2)];
  const isCall = first?.type === tokTypes.parenL && isNamed(second, ['require', 'import']);
  if (!/^['"]/.test(quote) || !(isCall || isNamed(first, ['from', 'import']))) return none;
  const written = rest.slice(1);
  return { texts: startingWith(written, modulesLike(written)), replaced: written };
}

function isNamed(token: Token | undefined, names: readonly string[]): boolean {
  if (token === undefined) return false;
  // A keyword's text is its type's.
  const text = token.type === tokTypes.name ? String(Reflect.get(token, 'value')) : token.type.keyword;
  return text !== undefined && names.includes(text);
}

function modulesLike(written: string): string[] {
  if (/^\.{0,2}\//.test(written)) return filesLike(written);
  const builtin = builtinModules.filter((name) => !name.startsWith('_'));
  return [...builtin, ...builtin.map((name) => `node:${name}`), ...installedPackages()];
}

function filesLike(written: string): string[] {
  const folder = written.slice(0, written.lastIndexOf('/') + 1);
  return entriesOf(path.resolve(process.cwd(), folder)).flatMap(({ name, isFolder }) => {
    if (name.startsWith('.')) return [];
    if (isFolder) return [`${folder}${name}/`];
    return /\.(?:[cm]?js|json|node)$/.test(name) ? [folder + name] : [];
  });
}

function installedPackages(): string[] {
  const found: string[] = [];
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    const modules = path.join(folder, 'node_modules');
    for (const { name } of entriesOf(modules)) {
      if (name.startsWith('.')) continue;
      if (name.startsWith('@'))
        found.push(...entriesOf(path.join(modules, name)).map((scoped) => `${name}/${scoped.name}`));
      else found.push(name);
    }
    if (folder === path.dirname(folder)) return found;
  }
}

function entriesOf(folder: string): { readonly name: string; readonly isFolder: boolean }[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch {
    // It is not there, or nobody may look.
    return [];
  }
}

function startingWith(start: string, names: readonly string[]): string[] {
  const isText = /[/'".:@-]/.test(start);
  const fitting = names.filter(
    (name) =>
      name.startsWith(start) &&
      name !== importName &&
      (isText || identifier.test(name) || /[/:-]/.test(name)),
  );
  return [...new Set(fitting)].sort();
}
