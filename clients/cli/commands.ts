import type { Command } from './command';
import { completeCommand } from './commands/complete';
import { completion } from './commands/completion';
import { connect } from './commands/connect';
import { disconnect } from './commands/disconnect';
import { enter } from './commands/enter';
import { helpCommand } from './commands/help';
import { invoke } from './commands/invoke';
import { list } from './commands/list';
import { create } from './commands/new';
import { pipelines } from './commands/pipelines';
import { receive } from './commands/receive';
import { remove } from './commands/remove';
import { rename } from './commands/rename';
import { show } from './commands/show';
import { status } from './commands/status';
import { stop } from './commands/stop';
import { version } from './commands/version';
import { watch } from './commands/watch';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  create,
  invoke,
  receive,
  enter,
  list,
  show,
  pipelines,
  watch,
  connect,
  disconnect,
  stop,
  rename,
  remove,
  status,
  completion,
  version,
  helpCommand(() => commands),
  completeCommand(() => commands),
];
