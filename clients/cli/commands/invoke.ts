import type { Command } from '../command';
import { commandFlags, fanOutFlags, sessionFlags, targetFlags } from '../flag-groups';

/** Runs a script in a session and shows what it writes. */
export const invoke: Command = {
  name: 'invoke',
  aliases: ['icm'],
  summary: 'run a script in a session and show what it writes',
  details: `Without a session the script runs in your own kept session 'default', made on first use, in a scope of its own.
Output goes to standard output, all other streams to standard error. Ctrl-C stops the script and keeps the session;
a second Ctrl-C leaves, and the script goes on. What the script asks is asked at the terminal; without one the
script waits for runspace respond, unless --host-calls says otherwise.
With --host-name, --container-id, --computer-name … the script runs in a session that is made there and closed with it; with
several targets, or with --session 'web*', on all of them at once, the name of each before what it writes.`,
  examples: [
    "runspace invoke work -- '$p = 40'",
    "runspace invoke work -o ndjson -- '1..3'",
    'runspace invoke work -f report.ps1 --arg January',
    'runspace invoke --host-name alice@web1,alice@web2 --engine bash -- uptime',
    "runspace invoke --session 'web*' -- '$p'",
    'runspace invoke work --using Log=System -- \'"$Using:Log has $($Using:Log.Length) letters"\'',
    "grep -l TODO *.txt | runspace invoke work -- 'process { [IO.File]::ReadAllLines($_).Count }'",
    'runspace invoke work --verbose --error-action Stop --save error=errors.ndjson -f setup.ps1',
  ],
  flags: [
    'command',
    'file-path',
    'params',
    ...commandFlags,
    'input-format',
    'input-object-json',
    'save',
    'no-new-scope',
    'no-wait',
    'timeout',
    'output-timeout',
    'detach',
    'exit-code',
    'host-calls',
    'take-over',
    'output',
    ...sessionFlags,
    ...targetFlags,
    ...fanOutFlags,
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
