/** Which kind of interruption: Ctrl-C, or a wish that this program ends. */
export type Interruption = 'interrupt' | 'end';

const signals = { SIGINT: 'interrupt', SIGTERM: 'end', SIGHUP: 'end' } as const;

/** Takes the signals that would end this program, for as long as it is not disposed. */
export class Interrupts implements Disposable {
  readonly #listeners: readonly (readonly [signal: keyof typeof signals, listener: () => void])[];

  constructor(onInterruption: (interruption: Interruption) => void) {
    this.#listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => [
      signal,
      () => onInterruption(signals[signal]),
    ]);
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }
}
