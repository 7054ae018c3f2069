import type { Command } from '../command';
import { completionScripts, shells } from '../completion/scripts';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';

/** Prints what a shell needs to complete command lines. */
export const completion: Command = {
  name: 'completion',
  aliases: [],
  summary: 'print what a shell needs to complete commands, flags and sessions',
  details: `bash: add to ~/.bashrc       source <(runspace completion bash)
zsh:  add to ~/.zshrc        source <(runspace completion zsh)
fish: once                   runspace completion fish > ~/.config/fish/completions/runspace.fish`,
  flags: [],
  positionals: [{ name: 'shell', presence: 'required', completion: { is: 'values', values: shells } }],
  run: async (context) => {
    const [word] = context.positionals;
    const shell = shells.find((known) => known === word);
    if (shell === undefined)
      throw new UsageError(`there is no completion for '${word ?? ''}'; there is for: ${shells.join(', ')}`);
    await context.terminal.out(completionScripts[shell]);
    return exitCodes.ok;
  },
};
