import type { Clock } from '../core/clock';
import type { Engine, SessionHostCall } from '../engine/engine';
import { hostCallUnknown } from '../engine/host-call-unknown';
import type { RespondToHostCallRequest } from '../gen/runspace/keeper/v1/keeper';
import type { HostCall } from '../gen/runspace/v1/record';
import { HostAnswers, replyOf } from './host-answers';
import type { Pipeline } from './pipeline';
import { hostCallToProto } from './record-to-proto';
import type { Secrets } from './secrets';

/** Who asked what is answered. */
interface Asker {
  /** Undefined: the session itself. */
  readonly pipeline: Pipeline | undefined;
  readonly engine: Engine | undefined;
}

/** The host calls of one session: those of its own that wait, and the answers to all of them. */
export class HostCalls {
  readonly #parts: { readonly secrets: Secrets; readonly clock: Clock };
  readonly #answers = new HostAnswers();
  /** By id. */
  readonly #waiting = new Map<bigint, { readonly shown: HostCall; readonly call: SessionHostCall }>();

  constructor(parts: { readonly secrets: Secrets; readonly clock: Clock }) {
    this.#parts = parts;
  }

  /** The session's own calls that wait for an answer, oldest first. */
  get waiting(): readonly HostCall[] {
    return [...this.#waiting.values()].map(({ shown }) => shown);
  }

  /** The engine asks outside any command. */
  ask(call: SessionHostCall): void {
    this.#waiting.set(call.record.callId, { call, shown: hostCallToProto(call.record, this.#parts.secrets) });
  }

  /** The engine is gone: nobody waits any more. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Answers a call, once per request id. Throws HOST_CALL_UNKNOWN, REQUEST_ID_REUSED, INVALID_ARGUMENT. */
  respond(request: RespondToHostCallRequest, { pipeline, engine }: Asker): void {
    this.#answers.once(request, () => {
      if (pipeline === undefined) this.#respondForSession(request);
      else this.#respondForPipeline(pipeline, request, engine);
    });
  }

  #respondForSession(request: RespondToHostCallRequest): void {
    const waiting = this.#waiting.get(request.callId);
    if (waiting === undefined) throw hostCallUnknown(request.callId);
    waiting.call.respond(replyOf(request, this.#parts.secrets.forQuestions()));
    this.#waiting.delete(request.callId);
  }

  #respondForPipeline(
    pipeline: Pipeline,
    request: RespondToHostCallRequest,
    engine: Engine | undefined,
  ): void {
    const { callId } = request;
    if (!pipeline.hostCalls.some((call) => call.callId === callId)) throw hostCallUnknown(callId);
    engine?.respond?.(callId, replyOf(request, this.#parts.secrets));
    pipeline.answered(callId, this.#parts.clock.now());
  }
}
