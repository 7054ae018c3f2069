import type { Command } from '../command';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { commandHelp, generalHelp } from '../help';
import { findCommand } from '../parse';

/** Shows help; made from the list of commands that it is part of. */
export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    aliases: [],
    summary: 'show help about a command',
    flags: [],
    positionals: [{ name: 'command', presence: 'optional', completion: { is: 'commands' } }],
    run: async (context) => {
      const [word] = context.positionals;
      await context.terminal.out(
        word === undefined ? generalHelp(commands()) : commandHelp(named(commands(), word)),
      );
      return exitCodes.ok;
    },
  };
}

function named(commands: readonly Command[], word: string): Command {
  const command = findCommand(commands, word);
  if (command !== undefined) return command;
  throw new UsageError(`there is no command '${word}'; see: runspace help`);
}
