import type { Ability } from '../core/ability';
import type { Clock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import type { SessionId } from '../core/ids';
import type { Log } from '../core/log';
import type { Engine, SessionHostCall } from '../engine/engine';
import type {
  KeptSession,
  RespondToHostCallRequest,
  SendPipelineInputRequest,
  StartPipelineRequest,
  StopPipelineRequest,
  StopPipelineResponse,
} from '../gen/runspace/keeper/v1/keeper';
import type { Pipeline as ProtoPipeline, PipelineSnapshot } from '../gen/runspace/v1/pipeline';
import type { SessionOptions } from '../gen/runspace/v1/session';
import { fromProblem, toProblem } from '../status/problem';
import { EngineAsides } from './engine-asides';
import { HostCalls } from './host-calls';
import { ConfiguredQuotas, type ConfiguredQuotasParts } from './configured-quotas';
import { CommandQueue, type QueuedCommand } from './command-queue';
import { mostQueued } from './limits';
import { lostInput, readInput } from './pipeline-input';
import { OwnerReaders } from './owner-readers';
import type { Pipeline } from './pipeline';
import type { MadePipeline, PipelineTable } from './pipeline-table';
import { pipelineToProto, snapshotOf } from './pipeline-view';
import {
  noPipelines,
  notOpen,
  notRunning,
  queueFull,
  sessionBusy,
  stopped,
  stopUnanswered,
} from './session-errors';
import type { Runspace, RunspaceState } from './runspace';
import type { Secrets } from './secrets';
import type { SessionJournal } from './session-journal';
import { SessionQuota } from './session-quota';
import { settingsOf, type SessionSettings } from './session-settings';
import { keptSession, type RunspaceFacts } from './session-view';
import { wantedCommand } from './start-command';
import { withLongestRun } from './run-clock';
import { Stops } from './stops';

/** What an engine does by a script, which a bounded language may not let through. */
const takesScripts: ReadonlySet<Ability> = new Set(['completeInput', 'usingValues']);

/** What a session is made of; open-session.ts puts it together. */
export interface HostParts extends ConfiguredQuotasParts {
  readonly id: SessionId;
  readonly name: string;
  readonly target: string;
  readonly options: SessionOptions | undefined;
  /** What its language lets through. */
  readonly form: 'scripts' | 'commands';
  /** Its language is not whole: what takes a script of ours can't be done. */
  readonly isBounded: boolean;
  readonly table: PipelineTable;
  readonly journal: SessionJournal;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each change that Watch shows. */
  readonly changed: () => void;
}

/** One session: its runspace, its commands, what they wrote. It outlives its engine until it is forgotten. */
export class SessionHost {
  readonly id: SessionId;
  readonly journal: SessionJournal;
  readonly #parts: HostParts;
  readonly #queue: CommandQueue;
  readonly #quota: SessionQuota;
  readonly #quotas: ConfiguredQuotas;
  readonly #stops: Stops;
  readonly #forgotten = new AbortController();
  #name: string;
  #settings: SessionSettings;
  #runspace: Runspace | undefined;
  #state: RunspaceState = { is: 'opening' };
  /** The engine, until it is gone: also while it is closing. */
  #engine: Engine | undefined;
  #facts: RunspaceFacts = { runspaceId: '', engineVersion: '', abilities: [], tunnel: undefined };
  readonly asides: EngineAsides;
  readonly #hostCalls: HostCalls;
  readonly #ownerReaders: OwnerReaders;
  #activityAt: number;

  constructor(parts: HostParts) {
    const { table, clock } = parts;
    this.id = parts.id;
    this.journal = parts.journal;
    this.#parts = parts;
    this.#name = parts.name;
    this.#settings = settingsOf(parts.options);
    this.#activityAt = clock.now();
    this.#hostCalls = new HostCalls(parts);
    this.#ownerReaders = new OwnerReaders(parts.changed);
    this.#quota = new SessionQuota({ clock, pipelines: () => table.all, settings: this.#settings.quota });
    this.#quotas = new ConfiguredQuotas(parts, () => this.#name);
    this.#stops = new Stops({
      clock,
      queue: () => this.#queue,
      engine: () => this.#engine,
      graceMs: () => this.#settings.cancelMs,
      break: (problem) => this.#runspace?.break(problem) ?? Promise.resolve(),
    });
    this.asides = new EngineAsides({
      name: () => this.#name,
      state: () => this.#state,
      busyWith: () => (this.isIdle ? undefined : (this.#queue.running?.started.id ?? '')),
      operationMs: () => this.#settings.operationMs,
      changed: () => {
        this.#touch();
        this.#queue.advance();
      },
    });
    this.#queue = new CommandQueue({
      ...parts,
      quota: this.#quota,
      outputQuota: this.#quotas.output,
      engine: () => (this.#state.is === 'opened' && !this.asides.isActive ? this.#state : undefined),
      ended: (pipeline) => this.#ended(pipeline),
    });
  }

  /** Where the session's runspace is. */
  get state(): RunspaceState['is'] {
    return this.#state.is;
  }

  /** Whether nothing runs and nothing waits. */
  get isIdle(): boolean {
    return this.#queue.running === undefined && this.#queue.length === 0;
  }

  /** Aborts with EXPIRED when the session is forgotten: readers end then. */
  get forgottenSignal(): AbortSignal {
    return this.#forgotten.signal;
  }

  /** Gives the session its runspace, which tells its states to `runspaceIs`. */
  setRunspace(runspace: Runspace): void {
    this.#runspace = runspace;
  }

  /** The runspace's state changed. A session without a runspace of its own (an adopted one) is told it once. */
  runspaceIs(state: RunspaceState): void {
    this.#state = state;
    if (state.is === 'opened') {
      this.#engine = state.engine;
      this.#quotas.watch(state.engine.info, this.#stops);
      const { runspaceId, version: engineVersion, abilities, tunnel } = state.engine.info;
      const held = this.#parts.isBounded ? abilities.filter((name) => !takesScripts.has(name)) : abilities;
      this.#facts = { runspaceId, engineVersion, abilities: held, tunnel };
    }
    if (state.is === 'broken' || state.is === 'closed') {
      this.#engine = undefined;
      this.#quotas.engineGone();
      this.#hostCalls.clear();
      const how = state.is === 'broken' ? 'failed' : 'stopped';
      void this.#queue.endAll({ stream: 'final', state: how, reason: state.problem });
    }
    this.#parts.changed();
    this.#queue.advance();
  }

  /**
   * Starts a command or queues it, once per request id. Errors: INVALID_ARGUMENT, UNSUPPORTED, REQUEST_ID_REUSED,
   * EXPIRED, SESSION_BROKEN, SESSION_CLOSED, SESSION_BUSY, QUEUE_FULL, JOURNAL_FULL.
   */
  async start(request: StartPipelineRequest): Promise<ProtoPipeline> {
    const { pipeline, recorded } =
      this.#parts.table.madeBy(request.requestId, request.fingerprint) ?? this.#make(request);
    await recorded;
    return this.describe(pipeline);
  }

  /**
   * Takes input items; answers with the last accepted number when there is room for more. Errors:
   * PIPELINE_NOT_FOUND, INVALID_ARGUMENT, INPUT_OUT_OF_ORDER, PIPELINE_FINISHED.
   */
  async sendInput(request: SendPipelineInputRequest, bytes: number, signal: AbortSignal): Promise<bigint> {
    const pipeline = this.find(request.pipelineId);
    this.#touch();
    const accepted = await readInput(pipeline, { request, bytes, secrets: this.#parts.secrets, signal });
    if (request.clientLost && lostInput(pipeline) === 'stop') this.#stops.request(pipeline, stopped());
    this.#touch();
    return accepted;
  }

  /** The engine asks something outside any command: a start-up script. */
  ask(call: SessionHostCall): void {
    this.journal.notice(call.record);
    this.#hostCalls.ask(call);
    this.#parts.changed();
  }

  /**
   * Answers a host call of a command or of the session itself, once per request id. Errors: HOST_CALL_UNKNOWN,
   * PIPELINE_NOT_FOUND, REQUEST_ID_REUSED, and INVALID_ARGUMENT for what does not fit: then the call goes on waiting.
   */
  respond(request: RespondToHostCallRequest): void {
    const pipeline = request.pipeline === '' ? undefined : this.find(request.pipeline);
    this.#hostCalls.respond(request, { pipeline, engine: this.#engine });
    this.#touch();
    this.#quota.noteAnswer();
    this.#parts.changed();
  }

  /** Stops a command; answers when it has ended, or after CancelTimeout. Errors: PIPELINE_NOT_FOUND, PIPELINE_NOT_RUNNING. */
  async stop(request: StopPipelineRequest): Promise<StopPipelineResponse> {
    const pipeline = request.pipeline === '' ? this.#runningPipeline() : this.find(request.pipeline);
    const problem = request.problem === undefined ? stopped() : fromProblem(request.problem);
    if (this.#queue.placeOf(pipeline) > 0) {
      await this.#queue.end(pipeline, { stream: 'final', state: 'stopped', reason: problem });
    } else this.#stops.request(pipeline, problem);
    if (await this.#stops.inTime(pipeline)) return { pipeline: this.describe(pipeline), problem: undefined };
    const unanswered = stopUnanswered(this.#name, this.#settings.cancelMs);
    if (request.force) await this.#stops.killEngine(pipeline, unanswered);
    return { pipeline: this.describe(pipeline), problem: toProblem(unanswered) };
  }

  /** What reader `owner` has. Errors: PIPELINE_NOT_FOUND, RECORDS_BEYOND_END, JOURNAL_DAMAGED, JOURNAL_FULL. */
  async acknowledge(reference: string, sequence: bigint): Promise<bigint> {
    const pipeline = this.find(reference);
    try {
      return await pipeline.journal.use((journal) => {
        journal.acknowledge(sequence);
        return journal.acknowledged;
      });
    } finally {
      this.#quota.noteRead();
      this.#parts.table.released(pipeline);
    }
  }

  /** By id, its beginning, or number. Errors: PIPELINE_NOT_FOUND, EXPIRED, INVALID_ARGUMENT. */
  find(reference: string): Pipeline {
    return this.#parts.table.find(reference);
  }

  /**
   * The pipeline to read where none is named: with a number to go on from the newest, without one the oldest that
   * reader `owner` has not finished (and where it has finished all, the newest). Error: PIPELINE_NOT_FOUND.
   */
  chooseForReading(from: 'number' | 'acknowledged'): Pipeline {
    const chosen = this.#parts.table.chooseForReading(from);
    if (chosen === undefined) throw noPipelines(this.#name);
    return chosen;
  }

  /** A reader begins; its end is the disposal. While a reader named `owner` is there Watch says so. */
  reading(pipeline: Pipeline, reader: string): Disposable {
    return this.#ownerReaders.begin(reader, () => {
      this.#parts.table.released(pipeline);
    });
  }

  /** A pipeline as listings show it. */
  describe(pipeline: Pipeline): ProtoPipeline {
    return pipelineToProto(pipeline, { sessionId: this.id, queuePlace: this.#queue.placeOf(pipeline) });
  }

  /** All pipelines, oldest first. */
  list(): ProtoPipeline[] {
    return this.#parts.table.all.map((pipeline) => this.describe(pipeline));
  }

  /** What begins a stream of records that go on after this number. */
  snapshot(pipeline: Pipeline, afterSequence: bigint): PipelineSnapshot {
    return snapshotOf(this.describe(pipeline), {
      target: this.#parts.target,
      runspaceId: this.#facts.runspaceId,
      sessionName: this.#name,
      afterSequence,
    });
  }

  /** The session as Watch shows it. */
  kept(): KeptSession {
    const running = this.#queue.running;
    return keptSession({
      id: this.id,
      state: this.#state,
      facts: this.#facts,
      enginePid: this.#engine?.info.processId,
      running: running === undefined ? undefined : this.describe(running),
      queued: this.#queue.length,
      ownerReaders: this.#ownerReaders.count,
      hostCalls: this.#hostCalls.waiting,
      activityAt: this.#activityAt,
    });
  }

  /** New limits and name, at once. */
  configure(name: string, options: SessionOptions | undefined): void {
    if (name !== '') this.#name = name;
    this.#settings = settingsOf(options);
    this.#quota.configure(this.#settings.quota);
  }

  /** Ends the engine; what runs or waits is stopped for this reason. Idempotent. */
  async close(problem: RunspaceError): Promise<void> {
    if (this.#runspace === undefined) this.runspaceIs({ is: 'closed', problem });
    else await this.#runspace.close(problem, () => this.#stops.all(problem));
    // Its last record comes at the latest a while after the engine is gone.
    await this.#queue.running?.whenEnded;
  }

  /** Lets go of a closed session's files. */
  async forget(): Promise<void> {
    this.#forgotten.abort(new RunspaceError('EXPIRED', `session "${this.#name}" was removed`));
    await this.#parts.table.close(new RunspaceError('EXPIRED', `session "${this.#name}" was removed`));
    await this.journal.journal.close();
    this.#parts.table[Symbol.dispose]();
  }

  /** Frees what has grown too old. */
  async housekeep(): Promise<void> {
    await this.#quota.review();
  }

  /** A secret's clear text, as UTF-16LE. Errors: INVALID_ARGUMENT, SECRET_LOST. */
  reveal(secretId: string): Uint8Array {
    return this.#parts.secrets.reveal(secretId, 'secret_id');
  }

  #make(request: StartPipelineRequest): MadePipeline {
    const { table, clock } = this.#parts;
    const wanted = wantedCommand(request, this.#parts);
    this.#requireRoom(wanted.mayQueue);
    const made = table.make({ ...wanted.pipeline, createdAt: clock.now() });
    const { pipeline } = made;
    const command: QueuedCommand = {
      pipeline,
      invocation: { ...wanted.invocation, input: pipeline.input?.values() },
      timeouts: withLongestRun(wanted.timeouts, this.#settings.maximumRunMs),
      dataLimitBytes: this.#settings.dataLimitBytes,
      isRecorded: false,
    };
    this.#touch();
    this.#queue.add(command);
    made.recorded.then(
      () => {
        command.isRecorded = true;
        this.#queue.advance();
      },
      () => this.#queue.take(pipeline),
    );
    return made;
  }

  #requireRoom(mayQueue: boolean): void {
    const { running, length } = this.#queue;
    if (this.#state.is !== 'opening' && this.#state.is !== 'opened') throw notOpen(this.#name, this.#state);
    this.#quotas.requireCommand(length + (running === undefined ? 0 : 1));
    if (!mayQueue && !this.isIdle) throw sessionBusy(this.#name, running?.started.id ?? '');
    const waiting = running === undefined ? length - 1 : length;
    if (waiting >= mostQueued) throw queueFull(this.#name, mostQueued);
  }

  #runningPipeline(): Pipeline {
    const { running } = this.#queue;
    if (running === undefined) throw notRunning(this.#name);
    return running;
  }

  #ended(pipeline: Pipeline): void {
    const { table, log } = this.#parts;
    table.ended(pipeline);
    this.#touch();
    this.#quota.afterEnd(pipeline).catch((thrown: unknown) => {
      log.warn('limits not applied', { session: this.id, why: toError(thrown).message });
    });
  }

  #touch(): void {
    this.#activityAt = this.#parts.clock.now();
  }
}
