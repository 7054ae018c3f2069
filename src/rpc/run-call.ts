import { RunspaceError } from '../core/error';
import type { ReceivePipelineRequest } from '../gen/runspace/keeper/v1/keeper';
import { ReceivePipelineResponse, ValueFormat, type InvokeStart } from '../gen/runspace/v1/pipeline';
import type { KeeperClient } from '../keeper/client';
import { tellStart, type Tell } from './start-pipeline';

/** How the caller wants the records. */
export type Wanted = Pick<InvokeStart, 'afterSequence' | 'reader' | 'streams' | 'format'>;

/**
 * Starts a command and reads its records, in one call to the keeper: where the answer to the start had to come back
 * before the records are asked for, a short command would wait for one more turn of both processes. Keepers that have no
 * such call (earlier ones, other daemons) get two. Disposing leaves the records; the command goes on.
 */
export class RunCall implements Disposable {
  readonly #wanted: Wanted;
  readonly #reading = new AbortController();
  #begun: { readonly first: Uint8Array; readonly rest: AsyncIterator<Uint8Array> } | undefined;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /** Starts the command; resolves when it is on the keeper's disk. Not cancelled: what is begun is known to its caller. */
  readonly tell: Tell = async (keeper, start) => {
    if (keeper.runPipelineRaw === undefined) return tellStart(keeper, start);
    const receive = this.#receiving('', '');
    try {
      const rest = keeper.runPipelineRaw({ start, receive }, this.#reading.signal)[Symbol.asyncIterator]();
      const first = await rest.next();
      if (first.done === true) return undefined;
      this.#begun = { first: first.value, rest };
      const { event } = ReceivePipelineResponse.decode(first.value);
      return event?.$case === 'snapshot' ? event.value.pipeline : undefined;
    } catch (error) {
      if (!(error instanceof RunspaceError && error.code === 'UNIMPLEMENTED')) throw error;
      return tellStart(keeper, start);
    }
  };

  /** The snapshot and the records, encoded; once. Ends with the signal's reason when that aborts. */
  async *records(
    keeper: KeeperClient,
    { session, pipeline }: { readonly session: string; readonly pipeline: string },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    if (this.#begun === undefined) {
      yield* keeper.receivePipelineRaw(this.#receiving(session, pipeline), signal);
      return;
    }
    const follow = (): void => this.#reading.abort(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', follow, { once: true });
    try {
      const { first, rest } = this.#begun;
      yield first;
      for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
    } finally {
      signal.removeEventListener('abort', follow);
    }
  }

  [Symbol.dispose](): void {
    this.#reading.abort(left);
  }

  #receiving(sessionId: string, pipeline: string): ReceivePipelineRequest {
    const { afterSequence, reader, streams, format } = this.#wanted;
    return {
      sessionId,
      pipeline,
      afterSequence,
      reader,
      streams,
      format: format ?? ValueFormat.VALUE_FORMAT_UNSPECIFIED,
      noFollow: false,
    };
  }
}

/** Made once: each would carry a stack. */
const left = new DOMException('the records were left', 'AbortError');
