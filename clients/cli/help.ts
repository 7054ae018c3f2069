import type { Command, Positional } from './command';
import { flagOf, type FlagName } from './flags';
import { globalFlags } from './flag-groups';

/** The list of commands. */
export function generalHelp(commands: readonly Command[]): string {
  const shown = commands.filter(({ isHidden }) => isHidden !== true);
  const names = shown.map(({ name, aliases }) => [name, ...aliases].join(', '));
  const width = Math.max(...names.map((name) => name.length));
  const lines = shown.map(({ summary }, index) => `  ${(names[index] ?? '').padEnd(width)}  ${summary}`);
  return `runspace: kept sessions for PowerShell, JavaScript, Python and bash

Usage: runspace COMMAND [FLAGS] [WORDS] [-- SCRIPT]

Commands
${lines.join('\n')}

Flags of every command
${flagLines(globalFlags).join('\n')}

Times are written as 12h, 30m, 45s or 1h30m; a bare number is milliseconds.
More about a command: runspace help COMMAND
`;
}

/** All about one command. */
export function commandHelp(command: Command): string {
  const { name, aliases, summary, details, examples = [] } = command;
  const sections = [
    `runspace ${name}: ${summary}`,
    `Usage: ${usageOf(command)}`,
    ...(aliases.length === 0 ? [] : [`Also: ${aliases.join(', ')}`]),
    ...(details === undefined ? [] : [details]),
    `Flags\n${flagLines([...command.flags, ...globalFlags]).join('\n')}`,
    ...(examples.length === 0 ? [] : [`Examples\n${examples.map((example) => `  ${example}`).join('\n')}`]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function usageOf({ name, positionals, rest }: Command): string {
  const words = positionals.map(wordOf);
  return ['runspace', name, '[FLAGS]', ...words, ...(rest === undefined ? [] : ['[-- SCRIPT]'])].join(' ');
}

function wordOf({ name, presence }: Positional): string {
  const shown = name.toUpperCase();
  switch (presence) {
    case 'required':
      return shown;
    case 'optional':
      return `[${shown}]`;
    case 'many':
      return `[${shown}…]`;
  }
}

function flagLines(names: readonly FlagName[]): readonly string[] {
  const shown = names.map((name) => ({ left: leftOf(name), summary: flagOf(name).summary }));
  const width = Math.max(...shown.map(({ left }) => left.length));
  return shown.map(({ left, summary }) => `  ${left.padEnd(width)}  ${summary}`);
}

function leftOf(name: FlagName): string {
  const { letter, value, aliases = [] } = flagOf(name);
  const names = [`--${name}`, ...aliases.map((alias) => `--${alias}`)].join(', ');
  return `${letter === undefined ? '    ' : `-${letter}, `}${names}${value === undefined ? '' : ` ${value}`}`;
}
