import type { Command } from '../command';

/** Shows what a command has written, and goes on with it. */
export const receive: Command = {
  name: 'receive',
  aliases: ['rcsn'],
  summary: 'show what a command wrote since it was last read, then follow it',
  details: `Goes on after the last record that was acknowledged, in the oldest command that is not read to its end; with
--after in the newest one. Records are acknowledged once they are written to standard output. Ctrl-C leaves, and the
command goes on.`,
  examples: [
    'runspace receive work',
    'runspace receive work --after 0',
    'runspace receive work --pipeline 3 --keep',
  ],
  flags: ['after', 'pipeline', 'keep', 'no-follow', 'reader', 'exit-code', 'output'],
  positionals: [{ name: 'session', presence: 'required', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { runReceive } = await import('../receive');
    return runReceive(context);
  },
};
