import type { Command } from './command';
import type { GivenFlag, Words } from './words';
import { UsageError } from './failure';
import { flagOf, type Flag, type FlagName } from './flags';
import { globalFlags } from './flag-groups';

/** A command line, taken apart. */
export interface ParsedLine extends Words {
  /** Undefined: no command was named. */
  readonly command: Command | undefined;
}

/** Takes a command line apart by the tables. Throws UsageError, naming what is wrong and what there is instead. */
export function parseLine(words: readonly string[], commands: readonly Command[]): ParsedLine {
  const end = words.indexOf('--');
  const line = new LineParser(commands);
  for (const word of end < 0 ? words : words.slice(0, end)) line.take(word);
  return line.finish(end < 0 ? undefined : words.slice(end + 1));
}

class LineParser {
  readonly #commands: readonly Command[];
  readonly #given: GivenFlag[] = [];
  readonly #positionals: string[] = [];
  #command: Command | undefined;
  #pending: { readonly name: FlagName; readonly shown: string } | undefined;

  constructor(commands: readonly Command[]) {
    this.#commands = commands;
  }

  take(word: string): void {
    if (this.#pending !== undefined) this.#giveValue(this.#pending.name, word);
    else if (word.startsWith('--')) this.#takeLong(word);
    else if (word.startsWith('-') && word !== '-') this.#takeLetters(word);
    else if (this.#command === undefined) this.#command = this.#findCommand(word);
    else this.#positionals.push(word);
  }

  finish(rest: readonly string[] | undefined): ParsedLine {
    if (this.#pending !== undefined) throw missingValue(this.#pending.shown, this.#pending.name);
    const line = { command: this.#command, given: this.#given, positionals: this.#positionals, rest };
    if (
      this.#command !== undefined &&
      !this.#given.some(({ name }) => name === 'help' || name === 'version')
    ) {
      checkWords(this.#command, line);
    }
    return line;
  }

  #takeLong(word: string): void {
    const [, shown = word, value] = /^(--[^=]*)(?:=([^]*))?$/.exec(word) ?? [];
    const name = this.#findFlag(shown, (candidate) =>
      longNames(candidate).includes(shown.slice(2).toLowerCase()),
    );
    this.#giveOrWait(name, shown, value);
  }

  /** `-o json`, `-ojson`, `-o=json`, `-ad`. */
  #takeLetters(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      const shown = `-${letter}`;
      const name = this.#findFlag(shown, (candidate) => flagOf(candidate).letter === letter);
      if (flagOf(name).value === undefined) {
        this.#giveOrWait(name, shown, undefined);
        continue;
      }
      const attached = word.slice(at + 1).replace(/^=/, '');
      this.#giveOrWait(name, shown, attached === '' ? undefined : attached);
      return;
    }
  }

  #giveOrWait(name: FlagName, shown: string, value: string | undefined): void {
    const takesValue = flagOf(name).value !== undefined;
    if (!takesValue && value !== undefined)
      throw new UsageError(`${shown} takes no value, and got '${value}'`);
    if (takesValue && value === undefined) this.#pending = { name, shown };
    else this.#giveValue(name, value ?? '');
  }

  #giveValue(name: FlagName, value: string): void {
    this.#pending = undefined;
    const flag: Flag = flagOf(name);
    if (
      flag.repeats !== true &&
      flag.value !== undefined &&
      this.#given.some((other) => other.name === name)
    ) {
      throw new UsageError(`--${name} was given twice`);
    }
    this.#given.push({ name, value });
  }

  #findFlag(shown: string, isMeant: (name: FlagName) => boolean): FlagName {
    const known = knownFlags(this.#command);
    const found = known.find(isMeant);
    if (found !== undefined) return found;
    const near = nearest(shown.replace(/^-+/, ''), known.flatMap(longNames));
    const hint = near === undefined ? '' : ` (did you mean --${near}?)`;
    const where = this.#command === undefined ? 'runspace' : `runspace ${this.#command.name}`;
    throw new UsageError(`${where} has no flag ${shown}${hint}; its flags: ${where} --help`);
  }

  #findCommand(word: string): Command {
    const found = findCommand(this.#commands, word);
    if (found !== undefined) return found;
    const names = this.#commands
      .filter(({ isHidden }) => isHidden !== true)
      .flatMap(({ name, aliases }) => [name, ...aliases]);
    const near = nearest(word, names);
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    throw new UsageError(`there is no command '${word}'${hint}; see: runspace help`);
  }
}

/** The command of that name or alias. */
export function findCommand(commands: readonly Command[], word: string): Command | undefined {
  const name = word.toLowerCase();
  return commands.find((command) => command.name === name || command.aliases.includes(name));
}

/** The flags that may stand in a line of this command; before any command, the global ones. */
export function knownFlags(command: Command | undefined): readonly FlagName[] {
  return [...(command?.flags ?? []), ...globalFlags];
}

/** All long names of a flag. */
export function longNames(name: FlagName): readonly string[] {
  return [name, ...(flagOf(name).aliases ?? [])];
}

function missingValue(shown: string, name: FlagName): UsageError {
  return new UsageError(`${shown} needs a value: ${shown} ${flagOf(name).value ?? ''}`);
}

function checkWords(command: Command, { positionals, rest }: ParsedLine): void {
  const least = command.positionals.filter(({ presence }) => presence === 'required').length;
  const missing = command.positionals[positionals.length];
  if (positionals.length < least && missing !== undefined) {
    throw new UsageError(
      `runspace ${command.name} needs a ${missing.name}; see: runspace ${command.name} --help`,
    );
  }
  const hasMany = command.positionals.some(({ presence }) => presence === 'many');
  const surplus = positionals[command.positionals.length];
  if (!hasMany && surplus !== undefined) {
    const remedy = command.rest === undefined ? '' : `; write ${command.rest} after --`;
    throw new UsageError(`runspace ${command.name} does not take '${surplus}'${remedy}`);
  }
  if (rest !== undefined && rest.length > 0 && command.rest === undefined) {
    throw new UsageError(`runspace ${command.name} takes nothing after --`);
  }
}

/** The name that is at most two letters away. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: distanceOf(word.toLowerCase(), name) }))
    .sort((left, right) => left.distance - right.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= 2 && best.distance < best.name.length ? best.name : undefined;
}

/** Levenshtein's distance, row by row. */
function distanceOf(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [at, letter] of Array.from(left).entries()) {
    const next = [at + 1];
    for (const [index, other] of Array.from(right).entries()) {
      const change = (row[index] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
