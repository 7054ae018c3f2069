import { commands } from './commands';
import { run } from './run';
import { Terminal } from './terminal';

/** The program `runspace`. */
async function main(): Promise<void> {
  const { stdout, stderr, env, argv } = process;
  const colours = (env['NO_COLOR'] ?? '') === '' ? 'coloured' : 'plain';
  const terminal = new Terminal({ stdout, stderr }, colours);
  // Not by letting the event loop run out: a source of input or a connection may still be open.
  process.exit(await run(argv.slice(2), { commands, environment: env, terminal }));
}

void main();
