import type { Command } from '../command';

/** Stops commands. */
export const stop: Command = {
  name: 'stop',
  aliases: [],
  summary: 'stop the running command of sessions; sessions and variables stay',
  examples: ['runspace stop work', 'runspace stop work --pipeline 3', "runspace stop 'web*' --what-if"],
  flags: ['pipeline', 'force', 'what-if', 'output'],
  positionals: [
    { name: 'session', presence: 'required', completion: { is: 'sessions' } },
    { name: 'session', presence: 'many' },
  ],
  run: async (context) => {
    const { forEachSession } = await import('../each-session');
    const { pipelineView } = await import('../output/session-view');
    const { stoppedPipeline } = await import('../stopped-pipeline');
    const pipeline = context.text('pipeline') ?? '';
    return forEachSession(context, {
      participle: 'asked to stop its command',
      apply: async (client, { id }) =>
        stoppedPipeline(await client.pipelines.stop(id, { pipeline, force: context.has('force') })),
      view: pipelineView,
    });
  },
};
