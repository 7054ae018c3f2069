import { abortReason } from './abort';

/** Wakes everyone who waits for something to change; they look again for themselves. */
export class Doorbell {
  #waiting: (() => void)[] = [];

  ring(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves at the next ring. Rejects with the signal's reason when that aborts first. */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    if (signal.aborted) return Promise.reject(abortReason(signal));
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting = this.#waiting.filter((each) => each !== wake);
        reject(abortReason(signal));
      };
      const wake = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
