import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lines that were typed at the prompt. */
export interface History {
  /** The newest first. */
  read(): readonly string[];
  add(line: string): void;
}

const mostLines = 1_000;

/** History in the file `history` of the state folder, readable by its owner only; without a folder, none is kept. */
export function toHistory(folder: string | undefined): History {
  return folder !== undefined && existsSync(folder) ? new FileHistory(join(folder, 'history')) : noHistory;
}

const noHistory: History = { read: () => [], add: () => undefined };

class FileHistory implements History {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): readonly string[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    if (lines.length > 2 * mostLines)
      writeFileSync(this.#path, `${lines.slice(-mostLines).join('\n')}\n`, { mode: 0o600 });
    return lines.slice(-mostLines).reverse();
  }

  add(line: string): void {
    if (line.trim() !== '') appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
  }
}
