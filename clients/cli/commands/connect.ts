import type { Command } from '../command';
import { exitCodes } from '../exit-code';

/** PowerShell's clients stay connected until they end; a terminal has no such end. */
const leaseMs = 8 * 3_600_000;

/** Connects this terminal to a session. */
export const connect: Command = {
  name: 'connect',
  aliases: ['cnsn'],
  summary: 'connect this terminal to a session, so that no other client can use it',
  details: 'The connection holds until runspace disconnect, or until its lease ends without another call.',
  flags: ['take-over', 'lease', 'idle-timeout', 'session-option', 'output'],
  positionals: [{ name: 'session', presence: 'required', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { printOne } = await import('../output/objects');
    const { sessionView } = await import('../output/session-view');
    const { warnOfFixedOptions } = await import('../fixed-options');
    const lease = context.duration('lease') ?? leaseMs;
    await warnOfFixedOptions(context);
    using client = await context.connect();
    const takeOver = context.has('take-over');
    const session = await client.sessions.connect(context.positionals[0] ?? '', { leaseMs: lease, takeOver });
    await printOne(context, session.info, { view: sessionView, own: 'name' });
    return exitCodes.ok;
  },
};
