import type { Api } from './api';
import { RunspaceError } from './error';
import { methods } from './methods';

/** Acknowledges records on reader `owner`: one call at a time, each with the newest number. */
export class AcknowledgeSender {
  readonly #api: Api;
  readonly #keyNow: () => { readonly session: string; readonly pipeline: string };
  #wanted = 0n;
  #sent = 0n;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(api: Api, keyNow: () => { readonly session: string; readonly pipeline: string }) {
    this.#api = api;
    this.#keyNow = keyNow;
  }

  /** Records up to this number are safe. Does not wait; throws what an earlier acknowledgement failed with. */
  upTo(sequence: bigint): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (sequence > this.#wanted) this.#wanted = sequence;
    if (!this.#isSending) this.#sending = this.#send();
  }

  /** Settles when the newest number is acknowledged. */
  async flush(): Promise<void> {
    await this.#sending;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    try {
      while (this.#sent < this.#wanted) {
        const sequence = this.#wanted;
        await this.#tell(sequence);
        this.#sent = sequence;
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#isSending = false;
    }
  }

  async #tell(sequence: bigint): Promise<void> {
    const { clientId } = this.#api;
    try {
      await this.#api.unary(methods.acknowledgeRecords, { clientId, ...this.#keyNow(), sequence });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

/** What was removed meanwhile needs no acknowledging any more. */
function isGone(error: unknown): boolean {
  return error instanceof RunspaceError && gone.has(error.reason);
}

const gone: ReadonlySet<string> = new Set(['EXPIRED', 'SESSION_NOT_FOUND', 'PIPELINE_NOT_FOUND']);
