import type { Command } from './command';
import { completeCommand } from './commands/complete';
import { completion } from './commands/completion';
import { configuration } from './commands/configuration';
import { connect } from './commands/connect';
import { describe } from './commands/describe';
import { disconnect } from './commands/disconnect';
import { enter } from './commands/enter';
import { helpCommand } from './commands/help';
import { invoke } from './commands/invoke';
import { job } from './commands/job';
import { list } from './commands/list';
import { create } from './commands/new';
import { pipelines } from './commands/pipelines';
import { receive } from './commands/receive';
import { remove } from './commands/remove';
import { respond } from './commands/respond';
import { rename } from './commands/rename';
import { reset } from './commands/reset';
import { reveal } from './commands/reveal';
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
  describe,
  pipelines,
  watch,
  job,
  connect,
  disconnect,
  respond,
  stop,
  rename,
  reset,
  reveal,
  remove,
  configuration,
  status,
  completion,
  version,
  helpCommand(() => commands),
  completeCommand(() => commands),
];
