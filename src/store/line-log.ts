import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

/**
 * A small file of JSON lines that only grows, until its owner rewrites it. Lines survive the death of the process
 * (they are written, not synced); a torn last line, which a crash can leave, is passed over.
 */
export class LineLog implements Disposable {
  readonly #path: string;
  #descriptor: number;

  private constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'a', 0o600);
  }

  /** Opens the file, making it where it is missing, and gives what its lines held. */
  static open(path: string): { readonly log: LineLog; readonly entries: readonly unknown[] } {
    const log = new LineLog(path);
    return { log, entries: entriesOf(readFileSync(path, 'utf8')) };
  }

  append(entry: unknown): void {
    writeSync(this.#descriptor, `${JSON.stringify(entry)}\n`);
  }

  /** Replaces the whole file, atomically. */
  rewrite(entries: readonly unknown[]): void {
    const next = `${this.#path}.next`;
    writeFileSync(next, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 });
    renameSync(next, this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#path, 'a', 0o600);
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
