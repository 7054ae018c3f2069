import type { Command } from '../command';

/** Ends the connection to sessions. */
export const disconnect: Command = {
  name: 'disconnect',
  aliases: ['dnsn'],
  summary: 'disconnect this terminal from sessions; their commands go on',
  details: 'Options of the session that may change at disconnect: IdleTimeout and OutputBufferingMode.',
  examples: ['runspace disconnect work --idle-timeout 12h', "runspace disconnect 'web*' --what-if"],
  flags: ['idle-timeout', 'session-option', 'take-over', 'what-if', 'output'],
  positionals: [
    { name: 'session', presence: 'required', completion: { is: 'sessions' } },
    { name: 'session', presence: 'many' },
  ],
  run: async (context) => {
    const { forEachSession } = await import('../each-session');
    const { disconnectOptions } = await import('../disconnect-options');
    const { sessionView } = await import('../output/session-view');
    const options = await disconnectOptions(context);
    return forEachSession(context, {
      participle: 'disconnected',
      apply: async (client, { id }) => (await client.sessions.disconnect(id, options)).info,
      view: sessionView,
    });
  },
};
