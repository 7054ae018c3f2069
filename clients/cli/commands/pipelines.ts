import type { Command } from '../command';
import { exitCodes } from '../exit-code';

/** Lists a session's commands. */
export const pipelines: Command = {
  name: 'pipelines',
  aliases: ['history'],
  summary: 'list the commands of a session, oldest first',
  flags: ['output'],
  positionals: [{ name: 'session', presence: 'required', completion: { is: 'sessions' } }],
  run: async (context) => {
    const { printMany } = await import('../output/objects');
    const { pipelineView } = await import('../output/session-view');
    using client = await context.connect();
    const all = await client.pipelines.list(context.positionals[0] ?? '');
    await printMany(context, all, { view: pipelineView, own: 'table' });
    return exitCodes.ok;
  },
};
