import type { Command } from '../command';
import { flagOf, type Completion, type FlagName } from '../flags';
import { findCommand, knownFlags, longNames } from '../parse';

/** What could stand at the end of a line: words, or files, which the shell knows better. */
export type Candidates =
  { readonly is: 'words'; readonly words: readonly string[] } | { readonly is: 'files' };

/** What completion needs to know. */
export interface CompletionSource {
  readonly commands: readonly Command[];
  /** Names of the sessions there are. */
  readonly sessions: () => Promise<readonly string[]>;
  /** Names of the session configurations there are. */
  readonly configurations: () => Promise<readonly string[]>;
}

/** What could stand in place of the last word. `words` are those after the program's name; the last may be empty. */
export async function candidatesFor(words: readonly string[], source: CompletionSource): Promise<Candidates> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  if (before.includes('--')) return { is: 'words', words: [] };
  const line = readBefore(before, source.commands);
  const assigned = /^--([^=]+)=/.exec(last);
  const candidates = await complete(completionAt(line, last), source, line.command);
  if (candidates.is === 'files') return candidates;
  const offered =
    assigned === null ? candidates.words : candidates.words.map((word) => `${assigned[0]}${word}`);
  return { is: 'words', words: offered.filter((word) => word.startsWith(last)) };
}

interface LineSoFar {
  readonly command: Command | undefined;
  readonly positionals: readonly string[];
  /** The flag that waits for its value. */
  readonly pending: FlagName | undefined;
}

function readBefore(words: readonly string[], commands: readonly Command[]): LineSoFar {
  let line: LineSoFar = { command: undefined, positionals: [], pending: undefined };
  for (const word of words) line = afterWord(line, word, commands);
  return line;
}

function afterWord(line: LineSoFar, word: string, commands: readonly Command[]): LineSoFar {
  if (line.pending !== undefined) return { ...line, pending: undefined };
  if (word.startsWith('-') && word !== '-') return { ...line, pending: pendingAfter(word, line.command) };
  if (line.command === undefined) return { ...line, command: findCommand(commands, word) };
  return { ...line, positionals: [...line.positionals, word] };
}

function pendingAfter(word: string, command: Command | undefined): FlagName | undefined {
  const flag = knownFlags(command).find(
    (name) =>
      longNames(name).some((long) => `--${long}` === word) || `-${flagOf(name).letter ?? ''}` === word,
  );
  return flag !== undefined && flagOf(flag).value !== undefined ? flag : undefined;
}

type Wanted = Completion | { readonly is: 'flags' };

/** The word that a command is about: that it must have, or the only one that it takes. */
function mainWord(words: Command['positionals']): Command['positionals'][number] | undefined {
  return words.find(({ presence }) => presence === 'required') ?? (words.length === 1 ? words[0] : undefined);
}

function completionAt({ command, positionals, pending }: LineSoFar, last: string): Wanted {
  const [, assigned] = /^--([^=]+)=/.exec(last) ?? [];
  const flag =
    pending ??
    knownFlags(command).find((name) => assigned !== undefined && longNames(name).includes(assigned));
  if (flag !== undefined) return flagOf(flag).completion ?? { is: 'nothing' };
  if (last.startsWith('-')) return { is: 'flags' };
  if (command === undefined) return { is: 'commands' };
  const word =
    command.positionals[positionals.length] ??
    command.positionals.findLast(({ presence }) => presence === 'many');
  const completion = word?.completion ?? mainWord(command.positionals)?.completion;
  return typeof completion === 'function' ? completion(positionals) : (completion ?? { is: 'nothing' });
}

async function complete(
  wanted: Wanted,
  source: CompletionSource,
  command: Command | undefined,
): Promise<Candidates> {
  switch (wanted.is) {
    case 'files':
      return { is: 'files' };
    case 'flags':
      return {
        is: 'words',
        words: knownFlags(command)
          .flatMap(longNames)
          .map((name) => `--${name}`),
      };
    case 'commands':
      return {
        is: 'words',
        words: source.commands.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name),
      };
    case 'sessions':
      return { is: 'words', words: await source.sessions() };
    case 'configurations':
      return { is: 'words', words: await source.configurations() };
    case 'values':
      return { is: 'words', words: wanted.values };
    case 'nothing':
      return { is: 'words', words: [] };
  }
}
