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

/** Host calls outside any command: what runs between commands asks. */
export class PoolCalls {
  readonly #parts: PoolCallsParts;

  constructor(parts: PoolCallsParts) {
    this.#parts = parts;
  }

  /** Takes a call that wants an answer. */
  ask(call: HostCall): void {
    const { pool, onHostCall } = this.#parts;
    if (!asksPerson(call.method)) {
      pool.respond(call, factOf(call));
    } else if (onHostCall === undefined) {
      pool.respond(call, answerOf(call, { is: 'unanswered' }));
    } else {
      onHostCall({ record: hostCallRecord(call), respond: this.#responderOf(call) });
    }
  }

  #responderOf(call: HostCall): (reply: HostReply) => void {
    let isWaiting = true;
    return (reply) => {
      if (!isWaiting) throw hostCallUnknown(call.callId);
      const answer = answerOf(call, reply);
      isWaiting = false;
      this.#parts.pool.respond(call, answer);
      this.#parts.flush();
    };
  }
}
