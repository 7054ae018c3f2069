import { RunspaceError } from '../core/error';
import type { HostReply } from '../core/host-reply';
import type { RespondToHostCallRequest } from '../gen/runspace/keeper/v1/keeper';
import type { Secrets } from './secrets';
import { valueFromProto } from './value-from-proto';

/** Answers whose request ids are still known. */
const mostKnown = 1_000;

/**
 * The answers to one session's host calls: each request once. They are known here, not in the daemon, since a daemon
 * that dies in the middle doesn't know whether its answer arrived; when the keeper dies, so do the calls. Nothing of an
 * answer is kept but its digest.
 */
export class HostAnswers {
  readonly #fingerprints = new Map<string, string>();

  /** Answers unless this request did before. Throws REQUEST_ID_REUSED, and what `answer` throws: then nothing is noted. */
  once({ requestId, fingerprint }: RespondToHostCallRequest, answer: () => void): void {
    const before = this.#fingerprints.get(requestId);
    if (before === fingerprint) return;
    if (before !== undefined) throw reused(requestId);
    answer();
    this.#fingerprints.set(requestId, fingerprint);
    for (const oldest of this.#fingerprints.keys()) {
      if (this.#fingerprints.size <= mostKnown) return;
      this.#fingerprints.delete(oldest);
    }
  }
}

/** What the caller answers. A secure string in it is sealed from here on. Throws INVALID_ARGUMENT. */
export function replyOf({ answer }: RespondToHostCallRequest, secrets: Secrets): HostReply {
  switch (answer?.$case) {
    case 'value':
      return { is: 'value', value: valueFromProto(answer.value, 'value', secrets) };
    case 'error':
      return { is: 'refused', message: answer.value };
    case 'useDefault':
      return { is: 'default' };
    case 'unanswered':
      return { is: 'unanswered' };
    case undefined:
      throw new RunspaceError(
        'INVALID_ARGUMENT',
        'there is no answer: send a value, an error or use_default',
        { facts: { path: 'value' } },
      );
  }
}

function reused(requestId: string): RunspaceError {
  return new RunspaceError(
    'REQUEST_ID_REUSED',
    `request id "${requestId}" already answered a host call with another payload; use a new request id`,
    { facts: { request_id: requestId } },
  );
}
