import { connectError, placeName } from './errors';
import type { RunspaceError } from '../../core/error';
import type { SshSettings } from './settings';

/** What a connection goes through, in its order. */
export type Phase = keyof typeof silences;

/** What a peer does that never gets any further. */
const silences = {
  name: 'its name was not resolved',
  port: 'nobody took the connection',
  banner: 'what listens there says nothing; is it an sshd?',
  hostKey: 'it did not show its key',
  authentication: 'it did not answer to authentication',
  channel: 'it opened no channel',
};

/** Whole time of connecting, which stands still while a person is asked; its end names the phase in which it came. */
export class Phases implements Disposable {
  readonly #settings: SshSettings;
  readonly #late: (error: RunspaceError) => void;
  #phase: Phase = 'name';
  #leftMs: number;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #waiting = 0;

  constructor(settings: SshSettings, late: (error: RunspaceError) => void) {
    this.#settings = settings;
    this.#late = late;
    this.#leftMs = settings.connectTimeoutMs;
    this.#run();
  }

  get phase(): Phase {
    return this.#phase;
  }

  enter(phase: Phase): void {
    this.#phase = phase;
  }

  /** The time that this takes does not count. */
  async pausedFor<T>(waiting: Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.#halt();
    try {
      return await waiting;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#run();
    }
  }

  [Symbol.dispose](): void {
    this.#halt();
    this.#leftMs = Number.POSITIVE_INFINITY;
  }

  #run(): void {
    if (this.#leftMs === Number.POSITIVE_INFINITY) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => {
      const settings = this.#settings;
      const message = `${placeName(settings)} was not reached within ${String(settings.connectTimeoutMs)} ms (ConnectingTimeout): ${silences[this.#phase]}`;
      this.#late(connectError('CONNECT_TIMEOUT', message, { settings, phase: this.#phase }));
    }, this.#leftMs);
  }

  #halt(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs -= performance.now() - this.#startedAt;
  }
}
