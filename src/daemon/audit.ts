import { Audit } from '../audit/audit';
import { AuditFiles } from '../audit/audit-files';
import type { CommandOutcome } from '../audit/entry';
import { OpenCommands, type OpenCommand } from '../audit/open-commands';
import { readAudit } from '../audit/read';
import type { Clock } from '../core/clock';
import { asSessionId } from '../core/ids';
import type { Log } from '../core/log';
import { PipelineState } from '../gen/runspace/v1/pipeline';
import type { Lifecycle } from '../session/lifecycle';
import type { SessionTable } from '../session/table';
import { makeFolder } from '../store/folder';
import type { StateLayout } from '../store/state-layout';
import type { DaemonConfig } from './config';

/** At most 96 MiB in all. */
const bounds = { bytesPerFile: 16 * 1024 * 1024, olderFiles: 5 };

/** The audit log of a daemon, and the commands whose end it waits for. */
export interface AuditTrail {
  readonly audit: Audit;
  readonly openCommands: OpenCommands;
  /** The file behind it. */
  readonly files: Disposable;
}

/** What an audit log is built from. */
interface TrailParts {
  readonly layout: StateLayout;
  readonly config: DaemonConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly table: SessionTable;
  readonly lifecycle: () => Lifecycle;
}

/** Opens the audit log, with the commands that a former daemon did not see the end of. */
export function openAudit({ layout, config, clock, log, table, lifecycle }: TrailParts): AuditTrail {
  makeFolder(layout.auditFolder);
  // Commands that began longer ago are few, and every start of a daemon would pay for them.
  const found = readAudit(layout.auditFolder, {}, 1);
  const files = new AuditFiles(layout.auditFolder, bounds);
  const audit = new Audit({
    clock,
    log,
    scripts: config.auditScripts,
    append: (entry) => files.append(entry),
  });
  const openCommands = new OpenCommands({
    audit,
    log,
    outcomeOf: (command) => outcomeOf(command, table, lifecycle()),
  });
  openCommands.restore(found);
  return { audit, openCommands, files };
}

/** Takes down how commands end, until the signal aborts. */
export async function followCommands(
  { table, openCommands }: { readonly table: SessionTable; readonly openCommands: OpenCommands },
  signal: AbortSignal,
): Promise<void> {
  const changes = table.changes(signal);
  const settle = (id: string): void => {
    const running = table.get(asSessionId(id))?.kept?.running;
    void openCommands.settle(id, running?.id ?? '');
  };
  openCommands.sessions().forEach(settle);
  for await (const id of changes) settle(id);
}

async function outcomeOf(
  { pipeline, where }: OpenCommand,
  table: SessionTable,
  lifecycle: Lifecycle,
): Promise<CommandOutcome | undefined> {
  const session = table.get(asSessionId(where.session));
  if (session === undefined || session.stored.problem?.code === 'REMOVED')
    return { state: 'stopped', reason: 'REMOVED' };
  const patienceMs = 30_000;
  const signal = AbortSignal.timeout(patienceMs);
  const keeper = await lifecycle.readable(session, signal);
  const { pipeline: found } = await keeper.getPipeline({ sessionId: session.id, pipeline }, signal);
  const state = found === undefined ? 'unknown' : states[found.state];
  if (state === undefined) return undefined;
  const reason = found?.problem?.reason ?? '';
  return { state, reason, ...(found?.exitCode === undefined ? {} : { exitCode: found.exitCode }) };
}

/** The final ones; others have not ended. */
const states: Readonly<Partial<Record<PipelineState, CommandOutcome['state']>>> = {
  [PipelineState.PIPELINE_STATE_COMPLETED]: 'completed',
  [PipelineState.PIPELINE_STATE_FAILED]: 'failed',
  [PipelineState.PIPELINE_STATE_STOPPED]: 'stopped',
};
