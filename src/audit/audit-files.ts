import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemCodeOf } from '../store/system-error';
import { readIfThere } from '../store/read-if-there';

/** How much is kept. */
export interface AuditBounds {
  /** A file that reaches this size is put aside, and a new one begun. */
  readonly bytesPerFile: number;
  /** Files kept beside the current one; the oldest goes. */
  readonly olderFiles: number;
}

/** `audit.ndjson`, and the older `audit.1.ndjson` (the newest of them) … in one folder, readable by the owner alone. */
export class AuditFiles implements Disposable {
  readonly #folder: string;
  readonly #bounds: AuditBounds;
  #descriptor: number;
  #size: number;
  /** The file ends in a piece of a line, left by a crash or a full disk. */
  #isTorn: boolean;

  constructor(folder: string, bounds: AuditBounds) {
    this.#folder = folder;
    this.#bounds = bounds;
    this.#isTorn = endsTorn(pathOf(folder, 0));
    this.#descriptor = openSync(pathOf(folder, 0), 'a', 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  /** Adds a line. Throws what the disk said. */
  append(entry: unknown): void {
    if (this.#size >= this.#bounds.bytesPerFile) this.#putAside();
    const line = Buffer.from(`${this.#isTorn ? '\n' : ''}${JSON.stringify(entry)}\n`);
    this.#isTorn = true;
    const written = writeSync(this.#descriptor, line);
    this.#size += written;
    if (written < line.length) throw new Error('the disk took a part of an audit entry only');
    this.#isTorn = false;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #putAside(): void {
    const { olderFiles } = this.#bounds;
    closeSync(this.#descriptor);
    rmSync(pathOf(this.#folder, olderFiles), { force: true });
    for (let age = olderFiles - 1; age >= 0; age -= 1) moveIfThere(this.#folder, age);
    this.#descriptor = openSync(pathOf(this.#folder, 0), 'a', 0o600);
    this.#size = 0;
    this.#isTorn = false;
  }
}

/** The texts of the files, the oldest first. */
export function* auditTexts(folder: string, mostFiles: number): Generator<string> {
  for (let age = mostFiles; age >= 0; age -= 1) {
    const text = readIfThere(pathOf(folder, age));
    if (text !== '') yield text;
  }
}

function pathOf(folder: string, age: number): string {
  return join(folder, age === 0 ? 'audit.ndjson' : `audit.${String(age)}.ndjson`);
}

function moveIfThere(folder: string, age: number): void {
  try {
    renameSync(pathOf(folder, age), pathOf(folder, age + 1));
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
  }
}

function endsTorn(path: string): boolean {
  const text = readIfThere(path);
  return text !== '' && !text.endsWith('\n');
}
