import type { HostReply } from '../../core/host-reply';
import type { HostCall } from '../../psrp/host-call';
import type { RunspacePool } from '../../psrp/runspace-pool';
import type { EngineOptions } from '../engine';
import { hostCallUnknown } from '../host-call-unknown';
import { factOf } from './host';
import { answerOf, asksPerson, hostCallRecord } from './host-question';

/** What the calls of a pool need of its engine. */
interface PoolCallsParts {
  readonly pool: RunspacePool;
  /** Left out: nobody answers. */
  readonly onHostCall: EngineOptions['onHostCall'];
  /** Writes what the protocol has to send. */
  readonly flush: () => void;
}

/** Host calls outside any command: a start-up script asks, or what runs between commands. */
export class PoolCalls {
  readonly #parts: PoolCallsParts;
  #waiting = 0;

  constructor(parts: PoolCallsParts) {
    this.#parts = parts;
  }

  /** Whether one waits for a person. */
  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  /** Takes a call that wants an answer. */
  ask(call: HostCall): void {
    const { pool, onHostCall } = this.#parts;
    if (!asksPerson(call.method)) {
      pool.respond(call, factOf(call));
    } else if (onHostCall === undefined) {
      pool.respond(call, answerOf(call, { is: 'unanswered' }));
    } else {
      this.#waiting += 1;
      onHostCall({ record: hostCallRecord(call), respond: this.#responderOf(call) });
    }
  }

  #responderOf(call: HostCall): (reply: HostReply) => void {
    let isWaiting = true;
    return (reply) => {
      if (!isWaiting) throw hostCallUnknown(call.callId);
      const answer = answerOf(call, reply);
      isWaiting = false;
      this.#waiting -= 1;
      this.#parts.pool.respond(call, answer);
      this.#parts.flush();
    };
  }
}
