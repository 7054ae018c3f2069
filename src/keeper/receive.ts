import type { Clock } from '../core/clock';
import { RunspaceError } from '../core/error';
import type { ReceivePipelineRequest } from '../gen/runspace/keeper/v1/keeper';
import { lastOf, type Gap, type JournalItem } from '../journal/item';
import type { Journal } from '../journal/journal';
import { abortReason, linkSignals } from './abort';
import { heartbeatMs } from './limits';
import type { Pipeline } from './pipeline';
import { gapToProto, type ReceiveMessage } from './receive-message';
import { finalBatch } from './record-to-proto';
import { streamFilter, trimBatch, type WantsRecord } from './record-filter';
import type { SessionHost } from './session-host';
import type { Sink } from './stream-sink';
import { within } from './within';
import { formOf, type FormRecord } from './value-form';

/** How long the snapshot of a new command waits for its first record. */
const shortCommandMs = 3;

/** Where a reader's messages go. */
export interface ReceiveParts {
  readonly host: SessionHost;
  readonly sink: Sink<ReceiveMessage>;
  readonly clock: Clock;
  /** Aborts when the call is over. */
  readonly signal: AbortSignal;
  /** The command has just been started: a short one's records are worth a moment's wait, to go out in one piece. */
  readonly isNew?: boolean;
}

/**
 * Hands out a pipeline's records: a snapshot, what is kept after the number asked for, then live, until the final
 * record. Errors: PIPELINE_NOT_FOUND, EXPIRED, RECORDS_BEYOND_END, INVALID_ARGUMENT, JOURNAL_DAMAGED,
 * JOURNAL_FULL where the final record could not be written.
 */
export async function receivePipeline(request: ReceivePipelineRequest, parts: ReceiveParts): Promise<void> {
  const { host } = parts;
  const wants = wantsOf(request);
  const form = formOf(request.format);
  const from = request.afterSequence === undefined ? 'acknowledged' : 'number';
  const pipeline = request.pipeline === '' ? host.chooseForReading(from) : host.find(request.pipeline);
  using linked = linkSignals(parts.signal, host.forgottenSignal);
  using _reading = host.reading(pipeline, request.reader);
  await pipeline.journal.use((journal) =>
    new PipelineReader({ ...parts, signal: linked.signal, pipeline, journal, wants, form }).read(request),
  );
}

/** Refuses what could not be handed out, before anything is started. Error: INVALID_ARGUMENT. */
export function checkReceive(request: ReceivePipelineRequest): void {
  wantsOf(request);
  formOf(request.format);
}

function wantsOf({ afterSequence, streams }: ReceivePipelineRequest): WantsRecord | undefined {
  if (afterSequence !== undefined && afterSequence < 0n) {
    throw new RunspaceError('INVALID_ARGUMENT', `after_sequence ${afterSequence.toString()} is below 0`, {
      facts: { path: 'after_sequence' },
    });
  }
  return streamFilter(streams);
}

interface ReaderParts extends ReceiveParts {
  readonly pipeline: Pipeline;
  readonly journal: Journal;
  readonly wants: WantsRecord | undefined;
  readonly form: FormRecord | undefined;
}

/** One reader of one pipeline. It holds the number it has come to, and nothing else. */
class PipelineReader {
  readonly #parts: ReaderParts;
  /** The last number that was sent, or left out by the filter. */
  #progress = 0n;
  #saidAt = 0;
  #cancelHeartbeat: () => void = () => undefined;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  async read({ afterSequence, noFollow }: ReceivePipelineRequest): Promise<void> {
    const { pipeline, journal } = this.#parts;
    this.#progress = afterSequence ?? journal.acknowledged;
    if (pipeline.isFinished && this.#progress > journal.last) throw beyondEnd(this.#progress, journal.last);
    try {
      if (noFollow) {
        await this.#sendSnapshot();
        await this.#catchUp();
      } else await this.#follow();
    } finally {
      this.#cancelHeartbeat();
    }
  }

  async #sendSnapshot(): Promise<void> {
    const { host, pipeline } = this.#parts;
    const value = host.snapshot(pipeline, this.#progress);
    await this.#send({ is: 'event', event: { $case: 'snapshot', value } }, 1_024);
    this.#beatLater(heartbeatMs);
  }

  /** Until the end of the pipeline, then the rest. Where its last record can't be written, the error comes after the rest. */
  async #follow(): Promise<void> {
    const { pipeline, journal, signal, clock, isNew } = this.#parts;
    using linked = linkSignals(signal, pipeline.endedSignal);
    const items = journal.read(this.#progress, linked.signal);
    try {
      const first = items.next();
      first.catch(() => undefined); // It is awaited again below.
      if (isNew === true) await within(clock, shortCommandMs, first);
      await this.#sendSnapshot();
      for (let next = await first; next.done !== true; next = await items.next())
        await this.#sendItem(next.value);
    } finally {
      // Not awaited: where sending failed, the next item may be long in coming.
      items.return(undefined).catch(() => undefined);
    }
    if (signal.aborted) throw abortReason(signal);
    await this.#catchUp();
    if (pipeline.unwrittenFinal !== undefined) throw pipeline.unwrittenFinal;
  }

  /** What is there now, without waiting for more. */
  async #catchUp(): Promise<void> {
    const { journal, signal } = this.#parts;
    const { last } = journal;
    if (this.#progress >= last) return;
    for await (const item of journal.read(this.#progress, signal)) {
      await this.#sendItem(item);
      if (this.#progress >= last) return;
    }
    if (signal.aborted) throw abortReason(signal);
  }

  async #sendItem(item: JournalItem): Promise<void> {
    const after = this.#progress;
    this.#progress = lastOf(item);
    switch (item.kind) {
      case 'gap':
        await this.#sendGap(item.gap);
        return;
      case 'batch': {
        const bytes = trimBatch(item.batch, { ...this.#parts, after });
        if (bytes !== undefined) await this.#send({ is: 'batch', bytes }, bytes.length);
        return;
      }
    }
  }

  /** The final record is known also where the records have been freed: it is never part of a gap. */
  async #sendGap(gap: Gap): Promise<void> {
    const { pipeline, journal } = this.#parts;
    const end = gap.to === journal.last ? pipeline.end : undefined;
    const to = end === undefined ? gap.to : gap.to - 1n;
    if (gap.from <= to) {
      const value = gapToProto({ ...gap, to });
      await this.#send({ is: 'event', event: { $case: 'gap', value } }, 32);
    }
    if (end === undefined) return;
    const bytes = finalBatch(gap.to, end);
    await this.#send({ is: 'batch', bytes }, bytes.length);
  }

  async #send(message: ReceiveMessage, bytes: number): Promise<void> {
    this.#saidAt = this.#parts.clock.now();
    await this.#parts.sink.write(message, bytes);
  }

  #beatLater(delayMs: number): void {
    this.#cancelHeartbeat = this.#parts.clock.after(delayMs, () => this.#beat());
  }

  /** A sign of life when nothing was said for a while, unless the reader has not taken the last thing yet. */
  #beat(): void {
    const { clock, sink, signal } = this.#parts;
    if (signal.aborted) return;
    const silentMs = clock.now() - this.#saidAt;
    if (silentMs >= heartbeatMs && sink.pendingBytes === 0) {
      const beat = this.#send(
        { is: 'event', event: { $case: 'heartbeat', value: { sequence: this.#progress } } },
        16,
      );
      // The call is over: the reading itself finds that out.
      beat.catch(() => undefined);
      this.#beatLater(heartbeatMs);
    } else this.#beatLater(Math.max(heartbeatMs - silentMs, 1_000));
  }
}

function beyondEnd(sequence: bigint, last: bigint): RunspaceError {
  const message = `there is no record ${sequence.toString()}: the pipeline ended with ${last.toString()}`;
  return new RunspaceError('RECORDS_BEYOND_END', message, {
    facts: { sequence: sequence.toString(), last: last.toString() },
  });
}
