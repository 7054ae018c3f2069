import type { Command } from '../command';
import { exitCodes } from '../exit-code';
import { productVersion } from '../version';

/** Prints the version of this program. */
export const version: Command = {
  name: 'version',
  aliases: [],
  summary: 'print the version of this program',
  flags: [],
  positionals: [],
  run: async (context) => {
    await context.terminal.out(`${productVersion}\n`);
    return exitCodes.ok;
  },
};
