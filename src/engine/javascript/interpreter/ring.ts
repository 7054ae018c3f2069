/**
 * Bytes from the main thread to the worker, through shared memory.
 *
 * Why not straight into the pipe: a stop ends the main thread's code at any point, so also between a system call and the note of how much
 * it wrote, and then the rest of the stream would be torn. Here a frame is there once the one store of `tail` has happened, and
 * not before. And a main thread that waits for room in here can be stopped; one that waits in a system call can't.
 */
export interface SharedState {
  readonly control: Int32Array;
  readonly bytes: Uint8Array;
}

/** What each number of `control` is. Positions count bytes and wrap at 32 bits. */
export const slot = {
  /** Where the worker reads next. */
  head: 0,
  /** Where the main thread writes next. */
  tail: 1,
  /** 1 while the worker sleeps and wants to be woken. */
  isReaderAsleep: 2,
  /** The last run that has ended. */
  settledRun: 3,
  /** The run that is to be stopped. */
  stopRequested: 4,
  /** Up to where the pipe has taken what the worker read. */
  written: 5,
  /** Never changes: for waiting. */
  never: 6,
} as const;

/** A power of two, so that positions may wrap. */
const capacity = 128 * 1024;

/** The memory that both threads have. */
export function newSharedState(): SharedState {
  return {
    control: new Int32Array(new SharedArrayBuffer(8 * Int32Array.BYTES_PER_ELEMENT)),
    bytes: new Uint8Array(new SharedArrayBuffer(capacity)),
  };
}

/** The main thread's end. */
export class RingWriter {
  readonly #state: SharedState;
  readonly #wakeReader: () => void;

  constructor(state: SharedState, wakeReader: () => void) {
    this.#state = state;
    this.#wakeReader = wakeReader;
  }

  /** Writes a frame, which must be smaller than the ring, as a whole; waits for room. */
  write(frame: Uint8Array): void {
    const { control, bytes } = this.#state;
    const tail = Atomics.load(control, slot.tail);
    this.#waitForRoom(tail, frame.length);
    const start = tail & (capacity - 1);
    const untilEnd = Math.min(frame.length, capacity - start);
    bytes.set(frame.subarray(0, untilEnd), start);
    bytes.set(frame.subarray(untilEnd), 0);
    Atomics.store(control, slot.tail, (tail + frame.length) | 0);
    if (Atomics.exchange(control, slot.isReaderAsleep, 0) === 1) this.#wakeReader();
  }

  /** Waits until the pipe has taken all that was written here, but no longer than `patienceMs`. */
  flush(patienceMs: number): void {
    const { control } = this.#state;
    const tail = Atomics.load(control, slot.tail);
    for (const until = Date.now() + patienceMs; Date.now() < until;) {
      const written = Atomics.load(control, slot.written);
      if (written === tail) return;
      Atomics.wait(control, slot.written, written, 10);
    }
  }

  #waitForRoom(tail: number, length: number): void {
    const { control } = this.#state;
    for (;;) {
      const head = Atomics.load(control, slot.head);
      if (capacity - ((tail - head) | 0) >= length) return;
      // The time limit is for a wake-up that a stop cut off.
      if (Atomics.wait(control, slot.head, head, 100) === 'timed-out') this.#wakeReader();
    }
  }
}

/** The worker's end. */
export class RingReader {
  readonly #state: SharedState;

  constructor(state: SharedState) {
    this.#state = state;
  }

  /** All that is there, and makes room; undefined: nothing is, and the writer wakes the reader when it writes. */
  take(): Uint8Array | undefined {
    const { control } = this.#state;
    const taken = this.#takeNow();
    if (taken !== undefined) return taken;
    Atomics.store(control, slot.isReaderAsleep, 1);
    return this.#takeNow();
  }

  /** The pipe has taken this many bytes more. */
  noteWritten(count: number): void {
    Atomics.add(this.#state.control, slot.written, count);
    Atomics.notify(this.#state.control, slot.written);
  }

  #takeNow(): Uint8Array | undefined {
    const { control, bytes } = this.#state;
    const head = Atomics.load(control, slot.head);
    const tail = Atomics.load(control, slot.tail);
    const length = (tail - head) | 0;
    if (length === 0) return undefined;
    const start = head & (capacity - 1);
    const untilEnd = Math.min(length, capacity - start);
    const taken = new Uint8Array(length);
    taken.set(bytes.subarray(start, start + untilEnd));
    taken.set(bytes.subarray(0, length - untilEnd), untilEnd);
    Atomics.store(control, slot.head, tail);
    Atomics.notify(control, slot.head);
    return taken;
  }
}
