import type { Engine } from '../engine/engine';

/** The same engine, with another reset. */
export function withReset(engine: Engine, reset: Engine['reset']): Engine {
  const complete: Engine['complete'] = engine.complete?.bind(engine);
  return {
    get info() {
      return engine.info;
    },
    ended: engine.ended,
    invoke: (invocation) => engine.invoke(invocation),
    stop: () => engine.stop(),
    close: () => engine.close(),
    reset,
    ...(complete === undefined ? {} : { complete }),
    ...(engine.respond === undefined ? {} : { respond: (callId, reply) => engine.respond?.(callId, reply) }),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
