import { RunspaceError } from '../../core/error';
import { nullValue, stringValue, type Value } from '../../core/value';
import type { EngineCommand } from '../engine';
import { numberIn } from './number-text';

/**
 * Takes the text of a command line apart where a session's language is off: one pipeline of commands with constant
 * arguments, read as PowerShell reads it. PowerShell itself can't be asked, since it refuses any script there.
 * Error: INVALID_ARGUMENT, which says what can't be sent, and where.
 */
export function parseSimplePipeline(text: string): readonly EngineCommand[] {
  const reader = new Reader(text);
  const commands = [reader.command()];
  while (reader.takePipe()) commands.push(reader.command());
  reader.requireEnd();
  return commands;
}

type Argument = EngineCommand['arguments'][number];

/** Words that begin a statement of the language. */
const keywords: ReadonlySet<string> = new Set(
  (
    'begin break catch class clean continue data define do dynamicparam else elseif end enum exit filter finally for ' +
    'foreach from function if in param process return switch throw trap try until using var while workflow'
  ).split(' '),
);

const singleQuotes = "'\u2018\u2019\u201a\u201b";
const doubleQuotes = '"\u201c\u201d\u201e';
const dashes = '-\u2013\u2014\u2015';
const blanks = ' \t\f\v\u00a0\u0085';

/** What ends a word that stands without quotes. */
const wordEnds = `${blanks}\r\n|;&(){},<>`;

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  command(): EngineCommand {
    this.#skipLines();
    if (this.#next === '&') {
      this.#at += 1;
      this.#skipBlanks();
      return { name: this.#calledName(), arguments: this.#arguments() };
    }
    const start = this.#at;
    if (this.#isEnd()) throw this.#refused('a command is missing', start);
    if (this.#isQuote() || '$@(){};<>,|'.includes(this.#next))
      throw this.#refused(`${this.#shown(start)} is an expression, not a command`, start);
    const name = this.#word();
    if (numberIn(name) !== undefined || `${dashes}![`.includes(name.charAt(0)))
      throw this.#refused(`${this.#shown(start)} is an expression, not a command`, start);
    if (name === '.') throw this.#refused("a script can't be dot-sourced", start);
    if (keywords.has(name.toLowerCase()))
      throw this.#refused(`${name} is a statement of the language`, start);
    return { name, arguments: this.#arguments() };
  }

  takePipe(): boolean {
    if (this.#text.startsWith('||', this.#at)) throw this.#refused('|| joins two pipelines', this.#at);
    if (this.#next !== '|') return false;
    this.#at += 1;
    return true;
  }

  requireEnd(): void {
    this.#skipLines();
    if (this.#isEnd()) return;
    throw this.#refused(`${this.#shown(this.#at)} is more than one pipeline of commands`, this.#at);
  }

  #calledName(): string {
    const start = this.#at;
    if (this.#isEnd()) throw this.#refused('a command is missing', start);
    return this.#isQuote() ? this.#quoted() : this.#word();
  }

  #arguments(): readonly Argument[] {
    const all: Argument[] = [];
    for (;;) {
      this.#skipBlanks();
      if (this.#isEnd() || '|\r\n;&'.includes(this.#next) || this.#startsComment()) return all;
      all.push(this.#argument());
    }
  }

  #argument(): Argument {
    const start = this.#at;
    if (!this.#isParameter()) return { value: this.#value() };
    this.#at += 1;
    const name = `-${this.#parameterName()}`;
    if (this.#next !== ':') return { name, value: nullValue };
    this.#at += 1;
    this.#skipBlanks();
    if (this.#isEnd() || '|\r\n;&'.includes(this.#next))
      throw this.#refused(`the parameter ${name}: has no value`, start);
    return { name: `${name}:`, value: this.#value() };
  }

  #isParameter(): boolean {
    return dashes.includes(this.#next) && /^[\p{L}_?]/u.test(this.#text.slice(this.#at + 1));
  }

  #parameterName(): string {
    const start = this.#at;
    while (!this.#isEnd() && !`${wordEnds}:${singleQuotes}${doubleQuotes}.[`.includes(this.#next)) {
      if (this.#next === '$') throw this.#refused('variables can not be sent', this.#at);
      this.#at += 1;
    }
    return this.#text.slice(start, this.#at);
  }

  /** One value, or several with commas between: then a list. */
  #value(): Value {
    const items = [this.#item()];
    for (;;) {
      const before = this.#at;
      this.#skipBlanks();
      if (this.#next !== ',') {
        this.#at = before;
        break;
      }
      this.#at += 1;
      this.#skipLines();
      items.push(this.#item());
    }
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { type: 'list', items };
  }

  #item(): Value {
    const start = this.#at;
    if (this.#isEnd()) throw this.#refused('a value is missing', start);
    if (this.#isQuote()) return stringValue(this.#quoted());
    if (this.#next === '$') return this.#constant();
    if ('(){}<>,;|&'.includes(this.#next)) throw this.#refused(`${this.#shown(start)} is no constant`, start);
    if (this.#next === '@') throw this.#refused('what begins with @ can not be sent', start);
    const isPlain = /^[^`"']+$/.test(this.#text.slice(start).split(/[\s|;&(){},<>]/, 1)[0] ?? '');
    const word = this.#word();
    if (word === '--' || word === '--%') throw this.#refused(`${word} can not be sent`, start);
    return (isPlain ? numberIn(word) : undefined) ?? stringValue(word);
  }

  #constant(): Value {
    const start = this.#at;
    const [name = ''] = /^\$[\w:?^$]*/.exec(this.#text.slice(start)) ?? [];
    this.#at += name.length;
    const isWhole = this.#isEnd() || wordEnds.includes(this.#next);
    switch (isWhole ? name.toLowerCase() : '') {
      case '$true':
        return { type: 'bool', value: true };
      case '$false':
        return { type: 'bool', value: false };
      case '$null':
        return nullValue;
      default:
        throw this.#refused(`${this.#shown(start)} is no constant; variables can not be sent`, start);
    }
  }

  /** A word without quotes around it; in its middle there may be some. */
  #word(): string {
    let word = '';
    while (!this.#isEnd() && !wordEnds.includes(this.#next)) {
      if (this.#isQuote()) word += this.#quoted();
      else word += this.#letter();
    }
    if ('<>'.includes(this.#next) && this.#next !== '')
      throw this.#refused('output can not be redirected', this.#at);
    if ('(){}'.includes(this.#next) && this.#next !== '')
      throw this.#refused(`${this.#shown(this.#at)} is no constant`, this.#at);
    return word;
  }

  #quoted(): string {
    const start = this.#at;
    const isSingle = singleQuotes.includes(this.#next);
    const quotes = isSingle ? singleQuotes : doubleQuotes;
    this.#at += 1;
    for (let text = ''; !this.#isEnd();) {
      if (quotes.includes(this.#next)) {
        this.#at += 1;
        if (this.#isEnd() || !quotes.includes(this.#next)) return text;
        text += this.#next;
        this.#at += 1;
      } else if (isSingle) {
        text += this.#next;
        this.#at += 1;
      } else text += this.#letter();
    }
    throw this.#refused('the text has no closing quote', start);
  }

  /** One letter where backticks and variables have their meaning. */
  #letter(): string {
    const start = this.#at;
    const letter = this.#next;
    this.#at += 1;
    if (letter === '$' && /^[\w({:?^$]/.test(this.#next))
      throw this.#refused(`${this.#shown(start)} is no constant; variables can not be sent`, start);
    if (letter !== '`') return letter;
    const escaped = this.#next;
    if (escaped === '') throw this.#refused('the line ends with a backtick', start);
    const [whole, digits] = /^u\{([0-9a-f]{1,6})\}/i.exec(this.#text.slice(this.#at)) ?? [];
    if (whole !== undefined && digits !== undefined && Number.parseInt(digits, 16) <= 0x10ffff) {
      this.#at += whole.length;
      return String.fromCodePoint(Number.parseInt(digits, 16));
    }
    this.#at += 1;
    return escapes[escaped] ?? escaped;
  }

  #skipBlanks(): void {
    for (;;) {
      if (this.#next !== '' && blanks.includes(this.#next)) this.#at += 1;
      else if (/^`\r?\n/.test(this.#text.slice(this.#at, this.#at + 3)))
        this.#at = this.#text.indexOf('\n', this.#at) + 1;
      else return;
    }
  }

  /** Blanks, ends of lines and comments. */
  #skipLines(): void {
    for (;;) {
      this.#skipBlanks();
      if (this.#next === '\n' || this.#next === '\r') this.#at += 1;
      else if (this.#startsComment()) this.#skipComment();
      else return;
    }
  }

  #startsComment(): boolean {
    return this.#next === '#' || this.#text.startsWith('<#', this.#at);
  }

  #skipComment(): void {
    const end = this.#next === '#' ? '\n' : '#>';
    const found = this.#text.indexOf(end, this.#at);
    this.#at = found < 0 ? this.#text.length : found + end.length;
  }

  get #next(): string {
    return this.#text.charAt(this.#at);
  }

  #isEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #isQuote(): boolean {
    return this.#next !== '' && (singleQuotes.includes(this.#next) || doubleQuotes.includes(this.#next));
  }

  #shown(at: number): string {
    const [word = ''] = /^\S{1,30}/.exec(this.#text.slice(at)) ?? [];
    return `"${word}"`;
  }

  #refused(why: string, at: number): RunspaceError {
    return new RunspaceError(
      'INVALID_ARGUMENT',
      `the language of this session is off (NoLanguage), so only commands can be sent to it: ${why} (at character ` +
        `${String(at + 1)}). Write one pipeline of commands with constant arguments, such as Get-Log -Newest 5 | Select-Log 'web'`,
      { facts: { field: 'command.script', position: String(at + 1) } },
    );
  }
}
