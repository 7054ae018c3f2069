import type { Command } from '../command';
import { exitCodes } from '../exit-code';

/** Shows the daemon. */
export const status: Command = {
  name: 'status',
  aliases: [],
  summary: 'show the daemon, its keepers and its engines',
  flags: ['output'],
  positionals: [],
  run: async (context) => {
    const { renderOne } = await import('../output/objects');
    const { renderJson } = await import('../output/facts');
    const { toJson } = await import('../../typescript');
    const format = await context.format('table');
    using client = await context.connect();
    const json = toJson(await client.daemon.status(), 'emit');
    const view = { columns: [], name: () => client.address, json: () => json };
    await context.terminal.out(format === 'table' ? renderJson(json) : await renderOne(json, view, format));
    return exitCodes.ok;
  },
};
