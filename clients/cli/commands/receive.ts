import type { Command } from '../command';

/** Shows what a command has written, and goes on with it. */
export const receive: Command = {
  name: 'receive',
  aliases: ['rcsn'],
  summary: 'show what a command wrote since it was last read, then follow it',
  details: `Goes on after the last record that was acknowledged, in the oldest command that is not read to its end; with
--after in the newest one. Records are acknowledged once they are written to standard output. Ctrl-C leaves, and the
command goes on. What it asks is asked at the terminal. With --out-target job the output goes into a job, which is shown in
its place; a command that a job has started goes into that job anyway, unless --out-target host says otherwise.`,
  examples: [
    'runspace receive work',
    'runspace receive work --after 0',
    'runspace receive work --pipeline 3 --keep',
    'runspace receive --host-name web1,web2',
    'runspace receive work --out-target job --job-name Work',
  ],
  flags: [
    'after',
    'pipeline',
    'keep',
    'no-follow',
    'reader',
    'out-target',
    'job-name',
    'exit-code',
    'host-calls',
    'idle-timeout',
    'session-option',
    'session',
    'computer-name',
    'host-name',
    'container-id',
    'configuration-name',
    'hide-computer-name',
    'gather',
    'diff',
    'output',
  ],
  positionals: [{ name: 'session', presence: 'optional', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { runReceive } = await import('../receive');
    return runReceive(context);
  },
};
