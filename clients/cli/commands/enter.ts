import type { Command } from '../command';
import { sessionFlags, targetFlags } from '../flag-groups';

/** Opens an interactive prompt in a session. */
export const enter: Command = {
  name: 'enter',
  aliases: ['etsn'],
  summary: 'open a prompt in a session: every line runs there',
  details: `Input that is not finished (an open bracket or quote, a line that ends in a backtick or backslash) goes on in the next
line; an empty line sends it as it is. Ctrl-C stops the command and not the session. Ctrl-D or exit leaves: the session stays.
With --host-name, --container-id … a session is made there, and closed when you leave.`,
  examples: ['runspace enter work', 'runspace enter --host-name alice@web1 --engine bash'],
  flags: ['take-over', 'host-calls', ...sessionFlags, ...targetFlags, 'credential'],
  positionals: [{ name: 'session', presence: 'optional', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { runEnter } = await import('../enter');
    return runEnter(context);
  },
};
