import type { Clock } from '../core/clock';
import { defaultQuotaLimits, planQuota, type PipelineUsage, type QuotaPlan } from '../journal/quota';
import { Doorbell } from './doorbell';
import type { Pipeline } from './pipeline';

/** The limits of a session that can be changed. */
export interface QuotaSettings {
  /** Bytes that may wait unread. */
  readonly unreadBytes: number;
  readonly whenFull: 'block' | 'drop';
}

/** What a session's quota is about. */
export interface QuotaParts {
  readonly clock: Clock;
  /** Oldest first. */
  readonly pipelines: () => Iterable<Pipeline>;
  readonly settings: QuotaSettings;
}

const longestStep = 1024 * 1024;

/**
 * Keeps a session's output within its limits, by what journal/quota.ts plans. The plan looks at every pipeline, so it
 * is made once per step of written bytes (a 16th of the limit, at most 1 MiB), not per batch: limits hold to a step.
 */
export class SessionQuota {
  readonly #parts: Omit<QuotaParts, 'settings'>;
  #settings: QuotaSettings;
  readonly #doorbell = new Doorbell();
  #writtenSinceReview = 0;
  #reads = 0;
  #answers = 0;
  #reviewing: Promise<QuotaPlan['writer']> | undefined;

  constructor(parts: QuotaParts) {
    this.#parts = parts;
    this.#settings = parts.settings;
  }

  /** New limits, at once. */
  configure(settings: QuotaSettings): void {
    this.#settings = settings;
    this.noteRead();
  }

  /** A host call was answered: whoever waits for it writes on, whatever waits unread. */
  noteAnswer(): void {
    this.#answers += 1;
    this.#doorbell.ring();
  }

  /** Something was acknowledged, or the limits changed: a writer that waits looks again. */
  noteRead(): void {
    this.#reads += 1;
    this.#doorbell.ring();
  }

  /**
   * Called after bytes were written: resolves when the pipeline may write on. A stop of the pipeline ends the wait, and
   * so does an answer to a host call of it.
   */
  async afterWrite(bytes: number, pipeline: Pipeline): Promise<void> {
    this.#writtenSinceReview += bytes;
    if (this.#writtenSinceReview < this.#step()) return;
    const answers = this.#answers;
    try {
      while (!(await this.#mayWrite())) {
        pipeline.setBlocked(true);
        await this.#readOrStopped(pipeline.stopSignal);
        if (pipeline.stopSignal.aborted || answers !== this.#answers) return;
      }
    } finally {
      pipeline.setBlocked(false);
    }
  }

  /** Called after a pipeline ended: frees what is too much. Its last batch counts here, and what came before once more. */
  async afterEnd({ journal }: Pipeline): Promise<void> {
    this.#writtenSinceReview += journal.numbers.bytes;
    if (this.#writtenSinceReview >= this.#step()) await this.review();
  }

  /** Frees what is over the limits or too old; says whether a running pipeline may write. */
  async review(): Promise<QuotaPlan['writer']> {
    this.#reviewing ??= this.#review().finally(() => {
      this.#reviewing = undefined;
    });
    return this.#reviewing;
  }

  async #review(): Promise<QuotaPlan['writer']> {
    this.#writtenSinceReview = 0;
    const pipelines = new Map(
      [...this.#parts.pipelines()].map((pipeline) => [pipeline.started.id as string, pipeline]),
    );
    const plan = planQuota({
      pipelines: [...pipelines.values()].map(usageOf).filter(({ bytes }) => bytes > 0),
      limits: { ...defaultQuotaLimits, unreadBytes: this.#settings.unreadBytes },
      whenFull: this.#settings.whenFull,
      nowMs: this.#parts.clock.now(),
    });
    for (const { id, upTo, bytes, reason } of plan.free) {
      await pipelines.get(id)?.journal.use((journal) => journal.free({ upTo: journal[upTo], bytes, reason }));
    }
    return plan.writer;
  }

  /** A read that came while the plan was made may have changed it: then it is made again. */
  async #mayWrite(): Promise<boolean> {
    for (;;) {
      const reads = this.#reads;
      if ((await this.review()) === 'mayWrite') return true;
      if (reads === this.#reads) return false;
    }
  }

  async #readOrStopped(stopped: AbortSignal): Promise<void> {
    try {
      await this.#doorbell.wait(stopped);
    } catch (thrown) {
      if (!stopped.aborted) throw thrown;
    }
  }

  #step(): number {
    return Math.min(longestStep, this.#settings.unreadBytes / 16);
  }
}

function usageOf({ started, journal, end }: Pipeline): PipelineUsage {
  const { bytes, unreadBytes } = journal.numbers;
  return { id: started.id, bytes, unreadBytes, finishedAtMs: end?.endedAt };
}
