import type { Command } from '../command';
import { sessionFlags } from '../flags';

/** Runs a script in a session and shows what it writes. */
export const invoke: Command = {
  name: 'invoke',
  aliases: ['icm'],
  summary: 'run a script in a session and show what it writes',
  details: `Without a session the script runs in your own kept session 'default', made on first use, in a scope of its own.
Output goes to standard output, all other streams to standard error. Ctrl-C stops the script and keeps the session;
a second Ctrl-C leaves, and the script goes on.`,
  examples: [
    "runspace invoke work -- '$p = 40'",
    "runspace invoke work -o ndjson -- '1..3'",
    'runspace invoke work -f report.ps1 --arg January',
  ],
  flags: [
    'command',
    'file-path',
    'arg',
    'args-json',
    'no-new-scope',
    'no-wait',
    'timeout',
    'output-timeout',
    'detach',
    'exit-code',
    'take-over',
    'output',
    ...sessionFlags,
  ],
  positionals: [
    { name: 'session', presence: 'optional', completion: { is: 'sessions' } },
    { name: 'script', presence: 'optional' },
  ],
  rest: 'the script',
  run: async (context) => {
    const { runInvoke } = await import('../invoke');
    return runInvoke(context);
  },
};
