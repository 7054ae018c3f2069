import type { Pipeline } from '../../psrp/pipeline';
import type { AvailabilityAnswer } from '../../psrp/pool-messages';
import type { RunspacePool } from '../../psrp/runspace-pool';

/** Questions after which a Signal is sent whatever the answers were; each takes a round trip. */
const mostQuestions = 500;

/**
 * Stops a pipeline without losing the runspace. A Signal that reaches PowerShell (7.6 at least) after it took the
 * pipeline and before it began to run it leaks the only runspace: the pipeline is said to be stopped, and no later one
 * ever starts. So the Signal waits for a sign that it runs: something it wrote, or the answer that no runspace is free.
 */
export class SafeStop {
  readonly #pool: RunspacePool;
  readonly #pipeline: Pipeline;
  #hasBegun = false;
  #isWanted = false;
  #question: bigint | undefined;
  #questions = 0;

  constructor(pool: RunspacePool, pipeline: Pipeline) {
    this.#pool = pool;
    this.#pipeline = pipeline;
  }

  /** Stops the pipeline as soon as that is safe. */
  request(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    if (this.#hasBegun) this.#pipeline.stop();
    else this.#ask();
  }

  /** The pipeline has written something, so it runs. */
  begun(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    if (this.#isWanted) this.#pipeline.stop();
  }

  /** How many runspaces are free, as the pool's event tells it. */
  answered(callId: bigint, answer: AvailabilityAnswer): void {
    if (callId !== this.#question || this.#hasBegun || this.#pipeline.isOver) return;
    if (answer === 0n || this.#questions >= mostQuestions) this.begun();
    else this.#ask();
  }

  #ask(): void {
    if (this.#pool.state !== 'opened') return;
    this.#questions++;
    this.#question = this.#pool.getAvailableRunspaces();
  }
}
