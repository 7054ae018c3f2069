import type { SessionInfo } from '../../typescript';
import type { Command } from '../command';
import { exitCodes } from '../exit-code';
import { UsageError } from '../failure';
import { sessionStates } from '../flags';

/** Lists sessions. */
export const list: Command = {
  name: 'list',
  aliases: ['ls', 'gsn'],
  summary: 'list sessions',
  details:
    'Sessions are named by number, id, name or pattern (web*). State and availability are as seen from here.',
  examples: ['runspace ls', "runspace ls 'web*' --state broken", 'runspace ls --host-name web1,web2'],
  flags: [
    'all',
    'state',
    'engine',
    'configuration-name',
    'computer-name',
    'host-name',
    'container-id',
    'output',
  ],
  positionals: [{ name: 'session', presence: 'many', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { printMany } = await import('../output/objects');
    const { sessionView } = await import('../output/session-view');
    const { SessionState } = await import('../../typescript');
    const states = Object.values(SessionState);
    const wanted = context.has('all')
      ? states.slice(1, -1)
      : context.texts('state').map((text) => stateOf(states, text));
    const engine = context.text('engine');
    using client = await context.connect();
    const sessions: readonly SessionInfo[] = await client.sessions.list({
      sessions: context.positionals,
      states: wanted,
      ...(engine === undefined ? {} : { engine }),
    });
    const { atTargets } = await import('../targets/at-targets');
    await printMany(context, atTargets(context, sessions), { view: sessionView, own: 'table' });
    return exitCodes.ok;
  },
};

function stateOf<State extends string>(states: readonly State[], text: string): State {
  const found = states.find((state) => state === `SESSION_STATE_${text.toUpperCase()}`);
  if (found !== undefined && text.toLowerCase() !== 'unspecified') return found;
  throw new UsageError(`there is no session state '${text}'; there are: ${sessionStates.join(', ')}`);
}
