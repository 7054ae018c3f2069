import type { Command } from '../command';

/** Answers what a command asks. */
export const respond: Command = {
  name: 'respond',
  aliases: [],
  summary: 'answer what a command asks (Read-Host, a password, a choice)',
  details: `Answers the question that waits in the session: of its running command, of --pipeline, or of its start-up script.
Without an answer on the line it is asked at the terminal. Secrets are read from standard input with --stdin, never from
the command line. Of several fields each is answered with --text NAME=VALUE.`,
  examples: [
    'runspace respond work --text Ada',
    'runspace respond work --choice Y',
    'pass show db | runspace respond work --user admin --stdin',
    'runspace respond work --default',
  ],
  flags: ['text', 'choice', 'user', 'stdin', 'default', 'error', 'pipeline', 'call'],
  positionals: [{ name: 'session', presence: 'required', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { runRespond } = await import('../respond');
    return runRespond(context);
  },
};
