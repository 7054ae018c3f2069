import type { StreamRecord } from '../../core/record';
import { Collector } from './collector';

/** Most text, in UTF-16 units, that background work may write between two commands. */
const limit = 1024 * 1024;

/** What comes while no command runs, or from one that is over: timers, child processes left behind. */
export class Notices {
  readonly collector = new Collector();
  readonly #deliver: (record: StreamRecord) => void;
  #size = 0;

  constructor(deliver: (record: StreamRecord) => void) {
    this.#deliver = deliver;
  }

  /** Hands on what is whole. Beyond the limit it is dropped, which is said once. */
  deliver(): void {
    if (this.collector.partialLength > limit) this.collector.flush();
    for (const record of this.collector.take()) {
      if (this.#size > limit) continue;
      this.#size += sizeOf(record);
      this.#deliver(record);
      if (this.#size > limit) this.#deliver({ stream: 'warning', message: dropped });
    }
  }

  /** A command begins: lines that were begun end here, and the count starts again. */
  flush(): void {
    this.collector.flush();
    this.deliver();
    this.#size = 0;
  }
}

const dropped = `more than ${limit} characters were written between two commands; the rest until the next command is dropped`;

function sizeOf(record: StreamRecord): number {
  const envelope = 64;
  switch (record.stream) {
    case 'output':
      return envelope + (record.value.type === 'string' ? record.value.value.length : envelope);
    case 'error':
    case 'warning':
    case 'verbose':
    case 'debug':
    case 'information':
      return envelope + record.message.length;
    case 'display':
      return envelope + record.text.length;
    case 'progress':
    case 'hostCall':
    case 'final':
      return envelope;
  }
}
