import type { Clock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import type { Log } from '../core/log';
import type { Credential, Target } from '../core/target';
import type { Engine, EngineName, EngineOptions, SessionHostCall } from '../engine/engine';
import type { SkippedChecks } from '../transport/daemon/connect';
import { removeEngineRecord, writeEngineRecord, type EngineRecord } from './engine-record';
import { engineNonceVariable, groupsWithNonce, killGroup } from './processes';
import { within } from './within';

/** Opens an engine; rejects with ENGINE_NOT_FOUND, ENGINE_START_FAILED or ENGINE_TIMEOUT. */
export type OpenEngine = (options: EngineOptions) => Promise<Engine>;

/** Where engines are to run, and what it takes to get there. */
export interface EnginePlace {
  readonly target: Target;
  /** The caller's ssh agent; empty: none. */
  readonly agentSocket: string;
  readonly credential: Credential | undefined;
  /** Asks whoever is connected to the session that opens: a password, a code. */
  readonly ask: (call: SessionHostCall) => void;
  /** Where the way to a daemon of the place begins; undefined: engines are opened without it. */
  readonly tunnelSocket: string | undefined;
  /** Attempts to reach the place again after its connection was lost. */
  readonly mostAttempts: number;
  /** Attempts to reach the place after a first one that failed, while the session opens. */
  readonly openingAttempts: number;
  /** Checks of another daemon's certificate that are switched off. */
  readonly skipped: SkippedChecks;
  readonly maximumRedirection: number;
}

/** The engines that this keeper can open. */
export type Engines = Readonly<Partial<Record<EngineName, OpenEngine>>>;

/** The states of a runspace, with what belongs to each. `gone` aborts with the reason a while after the engine is. */
export type RunspaceState =
  | { readonly is: 'opening' }
  | { readonly is: 'opened'; readonly engine: Engine; readonly gone: AbortSignal }
  | { readonly is: 'closing' }
  | { readonly is: 'closed'; readonly problem: RunspaceError }
  | { readonly is: 'broken'; readonly problem: RunspaceError };

/** What a runspace needs. */
export interface RunspaceParts {
  readonly open: OpenEngine;
  readonly options: EngineOptions;
  /** Written while there is an engine, see engine-record.ts. */
  readonly recordFile: string;
  readonly record: Omit<EngineRecord, 'process'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each change of state. */
  readonly changed: (state: RunspaceState) => void;
}

/** After an engine is gone the last record of its command must come within this time, or it is made up. */
const lastWordsMs = 2_000;
/** How often the processes of an engine that is to be ended while it opens are looked for. */
const lookAgainMs = 250;

/** The engine of one session from its opening to its end; its state is assigned here only. */
export class Runspace {
  readonly #parts: RunspaceParts;
  #state: RunspaceState = { is: 'opening' };
  #opening: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  readonly #unwanted = new AbortController();

  private constructor(parts: RunspaceParts) {
    this.#parts = parts;
  }

  /** Writes the intent, then begins to open the engine; resolves between the two. */
  static async begin(parts: RunspaceParts): Promise<Runspace> {
    await writeEngineRecord(parts.recordFile, parts.record);
    const runspace = new Runspace(parts);
    runspace.#opening = runspace.#open();
    return runspace;
  }

  get state(): RunspaceState {
    return this.#state;
  }

  /**
   * Ends the engine, after what `stopCommands` does; resolves when it is gone. A broken runspace becomes closed.
   * Idempotent: the first problem counts.
   */
  close(problem: RunspaceError, stopCommands: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(problem, stopCommands);
    return this.#closing;
  }

  /** Kills the engine, which does not answer; resolves when it is gone. */
  async break(problem: RunspaceError): Promise<void> {
    const state = this.#state;
    if (state.is !== 'opened') return;
    this.#become({ is: 'broken', problem });
    await state.engine[Symbol.asyncDispose]();
    await removeEngineRecord(this.#parts.recordFile);
  }

  async #open(): Promise<void> {
    const { open, options, record, recordFile, log } = this.#parts;
    try {
      const environment = { ...options.environment, [engineNonceVariable]: record.nonce };
      const engine = await open({ ...options, environment, unwanted: this.#unwanted.signal });
      await this.#notePid(engine);
      if (this.#state.is === 'opening') this.#hold(engine);
      else await engine[Symbol.asyncDispose]();
    } catch (thrown) {
      if (!(thrown instanceof RunspaceError))
        log.error('engine not opened', thrown, { engine: record.engine });
      await removeEngineRecord(recordFile);
      if (this.#state.is === 'opening') this.#become({ is: 'broken', problem: startFailed(thrown) });
    }
  }

  /** Where that fails the engine can still be found by its nonce. */
  async #notePid({ info }: Engine): Promise<void> {
    const { record, recordFile, log } = this.#parts;
    try {
      await writeEngineRecord(recordFile, record, info.processId);
    } catch (thrown) {
      log.warn('engine pid not written', { engine: record.engine, why: toError(thrown).message });
    }
  }

  /** An engine that is still opening can't be asked to leave: its processes are ended, and its opening fails. */
  async #endOpening(): Promise<void> {
    const { record, clock } = this.#parts;
    this.#unwanted.abort();
    const opening = this.#opening.then(() => 'over' as const);
    do {
      groupsWithNonce(record.nonce).forEach(killGroup);
    } while ((await within(clock, lookAgainMs, opening)) === undefined);
  }

  #hold(engine: Engine): void {
    const gone = new AbortController();
    this.#become({ is: 'opened', engine, gone: gone.signal });
    void engine.ended.then(async (end) => {
      const problem =
        end.is === 'lost'
          ? end.error
          : new RunspaceError('ENGINE_LOST', 'the engine left; open a new session');
      this.#parts.clock.after(lastWordsMs, () => gone.abort(problem));
      if (this.#state.is !== 'opened') return;
      this.#become({ is: 'broken', problem });
      await removeEngineRecord(this.#parts.recordFile);
    });
  }

  async #close(problem: RunspaceError, stopCommands: () => Promise<void>): Promise<void> {
    const state = this.#state;
    if (state.is === 'opening' || state.is === 'opened') this.#become({ is: 'closing' });
    await stopCommands();
    if (state.is === 'opening') await this.#endOpening();
    if (state.is === 'opened') await this.#endEngine(state.engine);
    await removeEngineRecord(this.#parts.recordFile);
    this.#become({ is: 'closed', problem });
  }

  async #endEngine(engine: Engine): Promise<void> {
    try {
      await engine.close();
    } catch (thrown) {
      this.#parts.log.warn('engine not closed', { why: toError(thrown).message });
    }
    await engine[Symbol.asyncDispose]();
  }

  #become(state: RunspaceState): void {
    const { log, changed, record } = this.#parts;
    const problem = 'problem' in state ? state.problem.code : undefined;
    log.info('runspace', { from: this.#state.is, to: state.is, engine: record.engine, problem });
    this.#state = state;
    changed(state);
  }
}

function startFailed(thrown: unknown): RunspaceError {
  if (thrown instanceof RunspaceError) return thrown;
  return new RunspaceError('ENGINE_START_FAILED', `the engine did not start: ${toError(thrown).message}`, {
    cause: thrown,
  });
}
