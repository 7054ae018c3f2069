import type { InputCompletions } from '../engine/engine';
import { RunspaceError } from '../core/error';
import { Resets } from './resets';
import type { RunspaceState } from './runspace';
import { busyForReset, notOpen } from './session-errors';

/** What asides need of their session. */
export interface AsidesParts {
  readonly name: () => string;
  readonly state: () => RunspaceState;
  /** Id of the command that runs or waits; undefined: none does. */
  readonly busyWith: () => string | undefined;
  readonly operationMs: () => number;
  /** Called as one begins and ends. */
  readonly changed: () => void;
}

/** What a session's engine is asked beside its commands: a reset, completions. Commands wait while one is under way. */
export class EngineAsides {
  readonly #parts: AsidesParts;
  readonly #resets = new Resets();
  #completing = 0;

  constructor(parts: AsidesParts) {
    this.#parts = parts;
  }

  /** Whether one is under way. */
  get isActive(): boolean {
    return this.#resets.isActive || this.#completing > 0;
  }

  /**
   * Gives the runspace its first state back, once per request id. Errors: SESSION_BUSY, SESSION_BROKEN, SESSION_CLOSED,
   * UNSUPPORTED, ENGINE_TIMEOUT.
   */
  async reset(requestId: string): Promise<void> {
    try {
      await this.#resets.once(requestId, async () => this.#engine().reset(this.#parts.operationMs()));
    } finally {
      this.#parts.changed();
    }
  }

  /** What may stand at the cursor. Errors: SESSION_BUSY, SESSION_BROKEN, SESSION_CLOSED, UNSUPPORTED, ENGINE_TIMEOUT. */
  async complete(text: string, cursor: number): Promise<InputCompletions> {
    if (!(cursor >= 0 && cursor <= text.length))
      throw new RunspaceError('INVALID_ARGUMENT', `cursor ${cursor} is outside of the text`, {
        facts: { path: 'cursor' },
      });
    const engine = this.#engine();
    if (this.isActive) throw busyForReset(this.#parts.name(), '');
    if (engine.complete === undefined) throw unsupported(engine.info.engine);
    this.#completing += 1;
    try {
      return await engine.complete({ text, cursor }, this.#parts.operationMs());
    } finally {
      this.#completing -= 1;
      this.#parts.changed();
    }
  }

  #engine() {
    const { name, state, busyWith, changed } = this.#parts;
    const runspace = state();
    if (runspace.is !== 'opened') throw notOpen(name(), runspace);
    const busy = busyWith();
    if (busy !== undefined) throw busyForReset(name(), busy);
    changed();
    return runspace.engine;
  }
}

function unsupported(engine: string): RunspaceError {
  return new RunspaceError('UNSUPPORTED', `the ${engine} engine completes no input`, { facts: { engine } });
}
