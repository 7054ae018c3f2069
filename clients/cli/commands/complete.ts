import type { RunspaceClient } from '../../typescript';
import type { Command } from '../command';
import { candidatesFor } from '../completion/candidates';
import type { Context } from '../context';
import { exitCodes } from '../exit-code';

/** What the shell's completion asks; made from the list of commands that it is part of. */
export function completeCommand(commands: () => readonly Command[]): Command {
  return {
    name: '__complete',
    aliases: [],
    summary: 'answer what could stand at the end of a line',
    flags: [],
    positionals: [],
    rest: 'the words so far',
    isHidden: true,
    run: async (context) => {
      const source = {
        commands: commands(),
        sessions: () => namesIn(context, (client) => client.sessions.list({ timeoutMs: patienceMs })),
        configurations: () =>
          namesIn(context, (client) => client.configurations.list({ timeoutMs: patienceMs })),
      };
      const candidates = await candidatesFor(context.rest ?? [''], source);
      const lines = candidates.is === 'files' ? [':files'] : candidates.words;
      await context.terminal.out(lines.map((line) => `${line}\n`).join(''));
      return exitCodes.ok;
    },
  };
}

const patienceMs = 1_000;

/** Pressing Tab must be quick, start nothing and say nothing: without a daemon there are no names. */
async function namesIn(
  context: Context,
  list: (client: RunspaceClient) => Promise<readonly { readonly name: string }[]>,
): Promise<readonly string[]> {
  let client: RunspaceClient | undefined;
  try {
    client = await context.connect('never');
    return (await list(client)).map(({ name }) => name);
  } catch {
    return [];
  } finally {
    client?.close();
  }
}
