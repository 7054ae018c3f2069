import { lastOf, type JournalItem } from './item';

/** What an item costs beside its bytes, about. */
const itemOverheadBytes = 256;

/** The newest items of a journal, for readers that keep up: they never touch the disk. */
export class Ring {
  readonly #limitBytes: number;
  #items: JournalItem[] = [];
  #head = 0;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Adds the newest item; the oldest leave. One larger than the whole ring is the only one in it. */
  push(item: JournalItem): void {
    this.#items.push(item);
    this.#bytes += costOf(item);
    while (this.#bytes > this.#limitBytes && this.#head < this.#items.length - 1) this.#dropOldest();
    if (this.#head > 1024 && this.#head > this.#items.length / 2) this.#compact();
  }

  /** The item that holds number `next`, if it is still here. */
  itemAt(next: bigint): JournalItem | undefined {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.#items[middle];
      if (item !== undefined && lastOf(item) < next) low = middle + 1;
      else high = middle;
    }
    const item = this.#items[low];
    return item !== undefined && firstOf(item) <= next ? item : undefined;
  }

  /** Whether the items are within the limit: false while one larger than the ring is in it. */
  get isWithinLimit(): boolean {
    return this.#bytes <= this.#limitBytes;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #dropOldest(): void {
    const item = this.#items[this.#head];
    if (item === undefined) return;
    this.#bytes -= costOf(item);
    // The array keeps its length until it is compacted, but must not keep the bytes.
    this.#items[this.#head] = freedItem;
    this.#head += 1;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

const freedItem: JournalItem = { kind: 'gap', gap: { from: 0n, to: 0n, reason: 'expired' } };

function costOf(item: JournalItem): number {
  return itemOverheadBytes + (item.kind === 'batch' ? item.batch.bytes.length : 0);
}

function firstOf(item: JournalItem): bigint {
  return item.kind === 'batch' ? item.batch.first : item.gap.from;
}
