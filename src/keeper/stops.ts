import type { Clock } from '../core/clock';
import type { RunspaceError } from '../core/error';
import type { Engine } from '../engine/engine';
import type { CommandQueue } from './command-queue';
import { closeGraceMs } from './limits';
import type { Pipeline } from './pipeline';
import { within } from './within';

/** What is stopped. */
export interface StopParts {
  readonly clock: Clock;
  readonly queue: () => CommandQueue;
  readonly engine: () => Engine | undefined;
  /** How long an engine may take to answer a stop before callers are told STOP_UNANSWERED. */
  readonly graceMs: () => number;
  /** Ends the engine, for this reason. */
  readonly break: (problem: RunspaceError) => Promise<void>;
}

/** How the commands of a session, and its engine, are made to end. */
export class Stops {
  readonly #parts: StopParts;

  constructor(parts: StopParts) {
    this.#parts = parts;
  }

  /** Asks a command to end. */
  request(pipeline: Pipeline, problem: RunspaceError): void {
    const at = this.#parts.clock.now();
    if (pipeline.requestStop({ problem, at, endsEngine: false })) this.#parts.engine()?.stop();
  }

  /** Whether it ends in time after being asked to; who asks again later waits for what is left of them. */
  async inTime(pipeline: Pipeline): Promise<boolean> {
    if (pipeline.isFinished) return true;
    const { clock } = this.#parts;
    const asked = pipeline.stop?.at ?? clock.now();
    await within(clock, asked + this.#parts.graceMs() - clock.now(), pipeline.whenEnded);
    return pipeline.isFinished;
  }

  /** Ends the engine under a command that does not end. */
  async killEngine(pipeline: Pipeline, problem: RunspaceError): Promise<void> {
    pipeline.requestStop({ problem, at: this.#parts.clock.now(), endsEngine: true });
    await this.#parts.break(problem);
    await pipeline.whenEnded;
  }

  /** Ends what waits and what runs, since the engine is about to end. */
  async all(problem: RunspaceError): Promise<void> {
    const { clock, queue, engine } = this.#parts;
    await queue().endAll({ stream: 'final', state: 'stopped', reason: problem });
    const { running } = queue();
    if (running === undefined) return;
    if (running.requestStop({ problem, at: clock.now(), endsEngine: true })) engine()?.stop();
    await within(clock, closeGraceMs, running.whenEnded);
  }

  /** Ends the engine, and with it what runs. */
  async endEngine(problem: RunspaceError): Promise<void> {
    const { running } = this.#parts.queue();
    if (running === undefined) await this.#parts.break(problem);
    else await this.killEngine(running, problem);
  }

  /** How long ago the running command began, which is asked to end; undefined where none runs. */
  endCommand(problem: RunspaceError): number | undefined {
    const { running } = this.#parts.queue();
    if (running === undefined) return undefined;
    this.request(running, problem);
    const now = this.#parts.clock.now();
    return now - (running.startedAt ?? now);
  }
}
