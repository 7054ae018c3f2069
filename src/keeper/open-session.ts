import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Clock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import { asKeeperId, asSessionId, type KeeperId } from '../core/ids';
import type { Log } from '../core/log';
import type { StreamRecord } from '../core/record';
import type { EngineName, SessionHostCall } from '../engine/engine';
import type { AdoptSessionRequest, OpenSessionRequest } from '../gen/runspace/keeper/v1/keeper';
import { makeFolder } from '../store/folder';
import { acquireLock, type Lock } from '../store/lock';
import { delegationSocketPath, tunnelSocketPath } from '../store/runtime-folder';
import type { StateLayout } from '../store/state-layout';
import type { Containers } from '../transport/container/containers';
import type { ProcessUser } from '../transport/transport';
import { fromProblem } from '../status/problem';
import { delegating } from './delegation';
import { endPipeline, readFinal } from './end-pipeline';
import { enginePlan } from './engine-plan';
import type { EnginePool } from './engine-pool';
import { endEngine, readEngineRecord, removeEngineRecord } from './engine-record';
import type { Pipeline } from './pipeline';
import { preparationOf, prepared, type Preparation } from './preparation';
import { PipelineTable } from './pipeline-table';
import type { ProcessTable } from './processes-of-session';
import { runningAs } from './running-as';
import { Runspace, type EnginePlace, type Engines, type OpenEngine } from './runspace';
import type { SealingKey } from './sealing-key';
import { Secrets } from './secrets';
import { sessionFiles, type SessionFiles } from './session-files';
import { SessionHost, type HostParts } from './session-host';
import { SessionJournal } from './session-journal';
import { applicationArguments, journalOptions, settingsOf } from './session-settings';
import { agentSocketOf, toCredential, toTarget } from './target-terms';

const lockAttempts = 20;
const lockRetryMs = 100;
/** PowerShell's MaxConnectionRetryCount. */
const usualAttempts = 5;
const usualRedirections = 5;

/** What sessions get from their keeper. */
export interface SessionSurroundings {
  readonly layout: StateLayout;
  readonly keeperId: KeeperId;
  /** Where this keeper's sockets are. */
  readonly socketFolder: string;
  /** The engines that can be opened at a place. Errors: UNSUPPORTED for one that engines can't be opened at. */
  readonly enginesAt: (place: EnginePlace) => Engines;
  readonly sealingKey: SealingKey;
  readonly clock: Clock;
  readonly log: Log;
  /** Where engines of dead keepers may go on. */
  readonly containers: Pick<Containers, 'endMarked'>;
  /** Which processes are whose, for quotas. */
  readonly processes: ProcessTable;
  /** Engines that are open already. */
  readonly enginePool: EnginePool;
  /** Called after each change of a session that Watch shows. */
  readonly changed: (sessionId: string) => void;
}

/**
 * A new session, whose engine begins to open. Errors: ENGINE_NOT_FOUND for an engine that this keeper can't open,
 * INVALID_ARGUMENT, JOURNAL_FULL, STATE_FOLDER_UNUSABLE.
 */
export async function openSession(
  request: OpenSessionRequest,
  around: SessionSurroundings,
): Promise<SessionHost> {
  const { layout, keeperId, sealingKey, clock, log } = around;
  const preparation = preparationOf(request.preparation);
  const user = userOf(request.runAs);
  const target = toTarget(request.place);
  const engines = around.enginesAt({
    target,
    agentSocket: agentSocketOf(request.place),
    credential: toCredential(request.credential),
    ask: (call) => host.ask(call),
    tunnelSocket: request.findDaemon
      ? tunnelSocketPath(around.socketFolder, around.keeperId, request.sessionId)
      : undefined,
    mostAttempts: request.options?.maximumConnectionRetryCount || usualAttempts,
    // A name that is wrong is told at once, unless the caller wants to wait for the place.
    openingAttempts: request.options?.maximumConnectionRetryCount ?? 0,
    skipped: {
      authority: request.options?.skipCaCheck ?? false,
      name: request.options?.skipCnCheck ?? false,
      revocation: request.options?.skipRevocationCheck ?? false,
    },
    maximumRedirection: request.options?.maximumRedirection ?? usualRedirections,
  });
  const isDelegated = request.delegatedToken !== '';
  const own = preparedBy(preparation, runningAs(user, engineOf(request.engine, engines)));
  const open = !isDelegated
    ? own
    : delegating(own, {
        token: request.delegatedToken,
        socketPath: delegationSocketPath(around.socketFolder, around.keeperId, request.sessionId),
      });
  const files = sessionFiles(layout, asSessionId(request.sessionId));
  const secrets = new Secrets({ key: sealingKey, sessionId: request.sessionId, engine: request.engine });
  const args = applicationArguments(request.options, secrets);
  const settings = settingsOf(request.options);
  makeFolder(files.pipelines);
  const journal = SessionJournal.create(files.journal, { secrets, clock, log });
  const options = {
    program: request.program === '' ? undefined : request.program,
    environment: request.environment,
    workingDirectory: request.workingDirectory,
    openTimeoutMs: settings.openTimeoutMs,
    maximumReceivedObjectSize: settings.maximumReceivedObjectSize,
    applicationArguments: args,
    user,
    sessionConfigurationFile: preparation?.sessionConfigurationFile,
    culture: settings.culture,
    uiCulture: settings.uiCulture,
    onNotice: (record: StreamRecord): void => journal.notice(record),
    onHostCall: (call: SessionHostCall): void => host.ask(call),
  };
  // An engine that is ready knows of no delegation.
  const plan = isDelegated ? undefined : enginePlan(request, { open, options });
  const ready = plan === undefined ? undefined : around.enginePool.take(plan);
  const engineNonce = ready?.nonce ?? randomUUID();
  const host = new SessionHost({
    ...hostParts(request, around, { files, journal, secrets }),
    quotas: request.quotas,
    form: preparation?.languageMode === 'none' ? 'commands' : 'scripts',
    isBounded: preparation !== undefined && preparation.languageMode !== 'full',
    engineNonce,
  });
  const beginning = Runspace.begin({
    open: plan === undefined ? open : around.enginePool.opener(plan, ready),
    options,
    recordFile: files.engineRecord,
    record: {
      keeperId,
      nonce: engineNonce,
      engine: request.engine,
      container: target.is === 'container' ? target : undefined,
    },
    clock,
    log,
    changed: (state) => host.runspaceIs(state),
  });
  try {
    host.setRunspace(await beginning);
  } catch (thrown) {
    await ready?.[Symbol.asyncDispose]();
    await host.forget();
    throw thrown;
  }
  return host;
}

/**
 * Takes over what a dead keeper left of a session: ends its engine's processes, cuts torn tails, and ends unfinished
 * pipelines with the problem given. The session is broken, its records whole. Where the process dies in the middle,
 * the next adoption goes on: each step finds done what is done. Error: STATE_FOLDER_LOCKED while that keeper lives.
 */
export async function adoptSession(
  request: AdoptSessionRequest,
  around: SessionSurroundings,
): Promise<SessionHost> {
  const { layout, sealingKey, clock, log } = around;
  using _lock = await lockOf(request.formerKeeperId, around);
  const files = sessionFiles(layout, asSessionId(request.sessionId));
  await endFormerEngine(files.engineRecord, around);
  const problem =
    request.problem === undefined
      ? new RunspaceError('KEEPER_LOST', 'the keeper of this session died; open a new session to go on')
      : fromProblem(request.problem);
  const secrets = new Secrets({ key: sealingKey, sessionId: request.sessionId, engine: '' });
  makeFolder(files.pipelines);
  const journal = await SessionJournal.open(files.journal, { secrets, clock, log });
  const parts = hostParts(request, around, { files, journal, secrets });
  for (const pipeline of parts.table.all) {
    await settle(pipeline, problem, parts);
  }
  const host = new SessionHost(parts);
  host.runspaceIs({ is: 'broken', problem });
  return host;
}

function preparedBy(preparation: Preparation | undefined, open: OpenEngine): OpenEngine {
  return preparation === undefined ? open : prepared(open, preparation);
}

function userOf(runAs: OpenSessionRequest['runAs']): ProcessUser | undefined {
  return runAs === undefined ? undefined : { uid: Number(runAs.uid), gid: Number(runAs.gid) };
}

function engineOf(name: string, engines: Engines): OpenEngine {
  const names = Object.keys(engines);
  const known = names.find((each): each is EngineName => each === name);
  const open = known === undefined ? undefined : engines[known];
  if (open !== undefined) return open;
  throw new RunspaceError(
    'ENGINE_NOT_FOUND',
    `there is no engine "${name}" here; there are: ${names.join(', ')}`,
    {
      facts: { engine: name },
    },
  );
}

interface OwnParts {
  readonly files: SessionFiles;
  readonly journal: SessionJournal;
  readonly secrets: Secrets;
}

function hostParts(
  request: OpenSessionRequest | AdoptSessionRequest,
  { clock, log, changed, processes }: SessionSurroundings,
  { files, journal, secrets }: OwnParts,
): HostParts {
  const noteChange = (): void => changed(request.sessionId);
  const table = PipelineTable.open({
    folder: files.pipelines,
    logFile: files.pipelineLog,
    journals: journalOptions(settingsOf(request.options)),
    log,
    changed: noteChange,
  });
  return {
    id: asSessionId(request.sessionId),
    name: request.sessionName,
    target: request.target,
    options: request.options,
    quotas: undefined,
    form: 'scripts',
    isBounded: false,
    processes,
    engineNonce: '',
    table,
    journal,
    secrets,
    clock,
    log,
    changed: noteChange,
  };
}

/**
 * The lock of a keeper that must be dead; held while its session is taken over. Whoever looks whether that keeper lives
 * has it for a moment too, and a dying process may give it back a moment after its connections.
 */
async function lockOf(
  former: string,
  { layout, clock }: Pick<SessionSurroundings, 'layout' | 'clock'>,
): Promise<Lock | undefined> {
  if (former === '') return undefined;
  const keeperId = asKeeperId(former);
  for (let attempt = 1; existsSync(layout.keeperFolder(keeperId)); attempt += 1) {
    const result = acquireLock(layout.keeperLock(keeperId));
    if (result.is === 'acquired') return result.lock;
    if (attempt === lockAttempts) throw stillRuns(keeperId, result.pid);
    await new Promise<void>((resolve) => clock.after(lockRetryMs, resolve));
  }
  return undefined;
}

function stillRuns(keeperId: KeeperId, pid: number | undefined): RunspaceError {
  return new RunspaceError(
    'STATE_FOLDER_LOCKED',
    `keeper ${keeperId} still runs, and this session is its own`,
    { facts: { keeper: keeperId, pid: String(pid ?? '') } },
  );
}

/** What can't be ended now is left to the daemon, which looks for it again and again. */
async function endFormerEngine(
  recordFile: string,
  { containers, log }: Pick<SessionSurroundings, 'containers' | 'log'>,
): Promise<void> {
  const found = await readEngineRecord(recordFile);
  switch (found.is) {
    case 'missing':
      return;
    case 'broken':
      log.warn('engine record unreadable', { path: found.path, why: found.error.message });
      return;
    case 'read':
      try {
        const groups = await endEngine(found.value, containers);
        log.info('orphaned engine ended', { groups, engine: found.value.engine });
        await removeEngineRecord(recordFile);
      } catch (thrown) {
        log.warn('orphaned engine not ended', { engine: found.value.engine, why: toError(thrown).message });
      }
  }
}

/** Gives a pipeline of a dead keeper its end. One that can't be read ends as JOURNAL_DAMAGED and stops no other. */
async function settle(pipeline: Pipeline, problem: RunspaceError, parts: HostParts): Promise<void> {
  const { clock, log, table } = parts;
  const wasFinished = pipeline.isFinished;
  try {
    const isFinal = await pipeline.journal.use((journal) => journal.isFinal);
    if (!isFinal && !wasFinished) {
      await endPipeline(pipeline, { stream: 'final', state: 'failed', reason: problem }, parts);
    } else if (!wasFinished) {
      // The former keeper wrote the final record and died before it wrote down the end.
      const final = await pipeline.journal.use(readFinal);
      pipeline.begin(pipeline.started.createdAt);
      pipeline.finish(final, clock.now());
    }
  } catch (thrown) {
    log.error('pipeline unreadable', thrown, { pipeline: pipeline.started.id });
    if (pipeline.isFinished) return;
    const reason =
      thrown instanceof RunspaceError
        ? thrown
        : new RunspaceError('JOURNAL_DAMAGED', toError(thrown).message);
    if (pipeline.end === undefined)
      pipeline.finish({ stream: 'final', state: 'failed', reason }, clock.now());
  }
  if (wasFinished) table.released(pipeline);
  else table.ended(pipeline);
}
