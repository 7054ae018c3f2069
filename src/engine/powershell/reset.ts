import { RunspaceError } from '../../core/error';
import type { ProtocolVersion } from '../../psrp/capability';
import { abilitiesAt } from './abilities';
import type { AvailabilityAnswer } from '../../psrp/pool-messages';
import { deferred } from './deferred';

/** A question to PowerShell whether it gave its runspace its first state back; the pool's event answers it. */
export class ResetQuestion {
  readonly #answer = deferred<AvailabilityAnswer>();
  #callId: bigint | undefined;

  get answered(): Promise<AvailabilityAnswer> {
    return this.#answer.promise;
  }

  /** It was sent under this id. */
  sent(callId: bigint): void {
    this.#callId = callId;
  }

  /** An answer came, to this question or to another one. */
  take(callId: bigint, answer: AvailabilityAnswer): void {
    if (callId === this.#callId) this.#answer.resolve(answer);
  }
}

/** Refuses where the other side is too old to know of resets. Error: UNSUPPORTED. */
export function requireReset(version: ProtocolVersion | undefined): void {
  if (abilitiesAt(version).includes('reset')) return;
  throw new RunspaceError(
    'UNSUPPORTED',
    `this PowerShell speaks protocol ${version ?? 'unknown'} and can't reset a runspace (5.0 and later can); open a new session`,
    { facts: { protocol: version ?? '' } },
  );
}

/** Throws unless the runspace was reset. Errors: ENGINE_TIMEOUT, ENGINE_LOST, ENGINE_PROTOCOL_ERROR. */
export function checkReset(
  outcome: AvailabilityAnswer | 'ended' | undefined,
  { timeoutMs, lost }: { readonly timeoutMs: number; readonly lost: RunspaceError | undefined },
): void {
  if (outcome === true) return;
  if (outcome === 'ended') throw lost ?? new RunspaceError('ENGINE_LOST', 'the engine is closed');
  if (outcome === undefined) {
    throw new RunspaceError(
      'ENGINE_TIMEOUT',
      `the powershell engine did not answer a reset within ${timeoutMs} ms; variables may be as before or as at the start: try again, or open a new session`,
      { facts: { phase: 'reset' } },
    );
  }
  throw new RunspaceError(
    'ENGINE_PROTOCOL_ERROR',
    'the powershell engine refused to reset its runspace; open a new session',
  );
}
