import { join } from 'node:path';
import type { SessionId } from '../core/ids';
import type { StateLayout } from '../store/state-layout';

/** Where a keeper writes what it keeps of one session, beside the daemon's own session.json. */
export interface SessionFiles {
  /** Folders of the pipelines, one each, with their journals. */
  readonly pipelines: string;
  /** Which pipelines there were, see PipelineLog. */
  readonly pipelineLog: string;
  /** The session's own records. */
  readonly journal: string;
  /** There while there may be an engine, see engine-record.ts. */
  readonly engineRecord: string;
}

/** The files of a session. Throws INVALID_ARGUMENT for an id that is none. */
export function sessionFiles(layout: StateLayout, session: SessionId): SessionFiles {
  const folder = layout.sessionFolder(session);
  return {
    pipelines: layout.pipelinesFolder(session),
    pipelineLog: join(folder, 'pipelines.log'),
    journal: layout.sessionJournal(session),
    engineRecord: join(folder, 'engine.json'),
  };
}
