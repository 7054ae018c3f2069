import { join } from 'node:path';
import { RunspaceError } from '../core/error';
import { isGuid, type KeeperId, type PipelineId, type SessionId } from '../core/ids';

/**
 * Where everything lies in a state folder:
 *
 *   version.json                     the version of this layout
 *   daemon.lock, daemon.log          held, and written, by the one daemon
 *   keepers/KEEPER/keeper.json       what a keeper is and where it listens; keeper.lock, keeper.log beside it,
 *                                    and engines/ with records of engines that no session has yet
 *   sessions/SESSION/session.json    and journal/ with the session's own records
 *   sessions/SESSION/pipelines/PIPELINE/pipeline.json    and journal/ with its records
 *   requests/, jobs/JOB/             what a request id has done; jobs
 *   job-counter.json                 the last number of a job; jobs/JOB/job.json and children.ndjson
 *   configurations.json              session configurations that came over the API
 *   tokens.ndjson                    what callers from other machines show, as digests
 *   audit/                           who did what
 *
 * Ids are checked: they come from callers, and a path must never lead out of the folder.
 */
export class StateLayout {
  /** The state folder itself. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get versionFile(): string {
    return join(this.root, 'version.json');
  }

  get daemonLock(): string {
    return join(this.root, 'daemon.lock');
  }

  get daemonLog(): string {
    return join(this.root, 'daemon.log');
  }

  get sessionsFolder(): string {
    return join(this.root, 'sessions');
  }

  get keepersFolder(): string {
    return join(this.root, 'keepers');
  }

  get requestsFolder(): string {
    return join(this.root, 'requests');
  }

  get configurationsFile(): string {
    return join(this.root, 'configurations.json');
  }

  get tokensFile(): string {
    return join(this.root, 'tokens.ndjson');
  }

  get auditFolder(): string {
    return join(this.root, 'audit');
  }

  get jobsFolder(): string {
    return join(this.root, 'jobs');
  }

  /** The last number of a job or a child. */
  get jobCounterFile(): string {
    return join(this.root, 'job-counter.json');
  }

  jobFolder(job: string): string {
    return join(this.jobsFolder, checked(job));
  }

  sessionFolder(session: SessionId): string {
    return join(this.sessionsFolder, checked(session));
  }

  sessionFile(session: SessionId): string {
    return join(this.sessionFolder(session), 'session.json');
  }

  /** Journal of the session's own records. */
  sessionJournal(session: SessionId): string {
    return join(this.sessionFolder(session), 'journal');
  }

  pipelinesFolder(session: SessionId): string {
    return join(this.sessionFolder(session), 'pipelines');
  }

  pipelineFolder(session: SessionId, pipeline: PipelineId): string {
    return join(this.pipelinesFolder(session), checked(pipeline));
  }

  pipelineFile(session: SessionId, pipeline: PipelineId): string {
    return join(this.pipelineFolder(session, pipeline), 'pipeline.json');
  }

  keeperFolder(keeper: KeeperId): string {
    return join(this.keepersFolder, checked(keeper));
  }

  keeperFile(keeper: KeeperId): string {
    return join(this.keeperFolder(keeper), 'keeper.json');
  }

  keeperLock(keeper: KeeperId): string {
    return join(this.keeperFolder(keeper), 'keeper.lock');
  }

  /** Where engines are on record that no session has yet. */
  preparedEnginesFolder(keeper: KeeperId): string {
    return join(this.keeperFolder(keeper), 'engines');
  }

  keeperLog(keeper: KeeperId): string {
    return join(this.keeperFolder(keeper), 'keeper.log');
  }
}

function checked(id: string): string {
  if (isGuid(id)) return id;
  throw new RunspaceError('INVALID_ARGUMENT', `'${id}' is no id: ids are GUIDs in lower case`, {
    facts: { id },
  });
}
