import type { Tunnel } from '../core/kept-session';
import { RunspaceError } from '../core/error';
import type { Engine, EngineEnd, EngineInfo, EngineName, EngineOptions } from '../engine/engine';
import type { OpenEngine } from './runspace';

/** A way to a daemon at another place. */
interface OpenTunnel extends Tunnel, AsyncDisposable {}

/** Opens the way to another daemon, whichever engine is asked for. */
export function farEngine(
  engine: EngineName,
  openTunnel: (options: EngineOptions) => Promise<OpenTunnel>,
): OpenEngine {
  return async (options) => new FarEngine(engine, await openTunnel(options));
}

/** Opens the way to a place's daemon, where it has one, else the engine. */
export function orFarEngine(
  engine: EngineName,
  open: OpenEngine,
  openTunnel: (options: EngineOptions) => Promise<OpenTunnel | undefined>,
): OpenEngine {
  return async (options) => {
    const tunnel = await openTunnel(options);
    return tunnel === undefined ? open(options) : new FarEngine(engine, tunnel);
  };
}

/**
 * Stands for an engine that the daemon at the other side has: it holds the way there for as long as the session lives,
 * and runs nothing itself.
 */
class FarEngine implements Engine {
  readonly info: EngineInfo;
  readonly ended: Promise<EngineEnd>;
  readonly #tunnel: OpenTunnel;
  #settleEnded: (end: EngineEnd) => void = () => undefined;

  constructor(engine: EngineName, tunnel: OpenTunnel) {
    const { socketPath, version, authorization } = tunnel;
    this.#tunnel = tunnel;
    this.info = {
      engine,
      version: '',
      runspaceId: '',
      processId: undefined,
      abilities: [],
      tunnel: { socketPath, version, authorization },
    };
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
  }

  invoke(): never {
    throw runsElsewhere();
  }

  stop(): void {
    // Nothing runs here.
  }

  reset(): Promise<void> {
    return Promise.reject(runsElsewhere());
  }

  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnel[Symbol.asyncDispose]();
    this.#settleEnded({ is: 'closed' });
  }
}

function runsElsewhere(): RunspaceError {
  return new RunspaceError('INTERNAL', 'the session is at the daemon of the other side');
}
