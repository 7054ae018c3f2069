import { closeSync, fdatasync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { readIfThere } from './read-if-there';

const syncData = promisify(fdatasync);

/**
 * A small file of JSON lines that only grows, until its owner rewrites it. Lines survive the death of the process
 * (they are written, not synced); a torn last line, which a crash can leave, is passed over.
 */
export class LineLog implements Disposable {
  readonly #path: string;
  #descriptor: number;
  /** The file ends in a piece of a line, left by a crash or a full disk: the next line must not be joined to it. */
  #isTorn: boolean;

  private constructor(path: string, isTorn: boolean) {
    this.#path = path;
    this.#isTorn = isTorn;
    this.#descriptor = openSync(path, 'a', 0o600);
  }

  /** Opens the file, making it where it is missing, and gives what its lines held. */
  static open(path: string): { readonly log: LineLog; readonly entries: readonly unknown[] } {
    const text = readIfThere(path);
    const log = new LineLog(path, text !== '' && !text.endsWith('\n'));
    return { log, entries: entriesOf(text) };
  }

  /** Throws what the disk said, ENOSPC for instance; a line that was not written whole is never read. */
  append(entry: unknown): void {
    const line = Buffer.from(`${this.#isTorn ? '\n' : ''}${JSON.stringify(entry)}\n`);
    this.#isTorn = true;
    if (writeSync(this.#descriptor, line) < line.length)
      throw new Error(`cannot write a whole line to ${this.#path}`);
    this.#isTorn = false;
  }

  /** Waits until what was appended is on the disk itself. */
  async synced(): Promise<void> {
    await syncData(this.#descriptor);
  }

  /** Replaces the whole file, atomically. */
  rewrite(entries: readonly unknown[]): void {
    const next = `${this.#path}.next`;
    writeFileSync(next, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 });
    renameSync(next, this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#path, 'a', 0o600);
    this.#isTorn = false;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

function entriesOf(text: string): readonly unknown[] {
  return text
    .split('\n')
    .map(parsed)
    .filter((entry) => entry !== undefined);
}

function parsed(line: string): unknown {
  try {
    return line === '' ? undefined : (JSON.parse(line) as unknown);
  } catch {
    return undefined; // A torn line: its call was never answered.
  }
}
