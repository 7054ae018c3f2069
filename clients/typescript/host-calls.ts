import type { PipelineSnapshot } from './gen/runspace/v1/pipeline';
import type { HostCall } from './gen/runspace/v1/record';
import { answerOf, isTooLate, type Host } from './host';
import { questionOf } from './host-question';
import type { SessionRecord } from './record';
import type { HostCallAnswer } from './respond';

type CallOf<Record> = Record extends { readonly stream: 'hostCall' } ? Record : never;

/** A record of a command that asks its host something. */
export type HostCallRecord = CallOf<SessionRecord>;

/**
 * Which host calls of a pipeline still wait, seen from its records: of those that were written before the stream was
 * opened the snapshot tells, later ones are new.
 */
export class WaitingCalls {
  #snapshotSequence = 0n;
  #waitingThen = new Set<bigint>();

  /** A stream begins with this. */
  snapshot({ pipeline }: PipelineSnapshot): void {
    this.#snapshotSequence = pipeline?.lastSequence ?? 0n;
    this.#waitingThen = new Set((pipeline?.pendingHostCalls ?? []).map(({ callId }) => callId));
  }

  /** Whether this record is a call that nobody has answered, as far as is known. */
  isWaiting(record: SessionRecord): record is HostCallRecord {
    if (record.stream !== 'hostCall' || !record.needsResponse) return false;
    return record.sequence > this.#snapshotSequence || this.#waitingThen.has(record.callId);
  }
}

/** Answers the calls of a pipeline by a host, each in its turn, until it is disposed of. */
export class HostDesk implements Disposable {
  readonly #host: Host;
  readonly #respond: (callId: bigint, answer: HostCallAnswer) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #ending = new AbortController();

  /** @param failed Called with what went wrong with an answer, so that the reader of the records learns of it. */
  constructor(
    host: Host,
    respond: (callId: bigint, answer: HostCallAnswer) => Promise<void>,
    failed: (error: unknown) => void,
  ) {
    this.#host = host;
    this.#respond = respond;
    this.#failed = failed;
  }

  /** Begins to answer calls. */
  take(calls: readonly Pick<HostCall, 'callId' | 'method' | 'parameters'>[]): void {
    for (const call of calls) this.#answer(call).catch(this.#failed);
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  async #answer(call: Pick<HostCall, 'callId' | 'method' | 'parameters'>): Promise<void> {
    const { signal } = this.#ending;
    const answer = await answerOf(this.#host, questionOf(call), signal);
    if (answer === undefined || signal.aborted) return;
    try {
      await this.#respond(call.callId, answer);
    } catch (error) {
      if (!isTooLate(error)) throw error;
    }
  }
}
