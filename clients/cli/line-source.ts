import { createInterface } from 'node:readline';
import type { History } from './history';

/** What came from the keyboard or the pipe. */
export type Line =
  | { readonly is: 'line'; readonly text: string }
  /** Ctrl-C at the prompt: what was typed so far is dropped. */
  | { readonly is: 'interrupted' }
  | { readonly is: 'end' };

/** Lines of input. */
export interface LineSource extends Disposable {
  /** Whether a person types them. */
  readonly isInteractive: boolean;
  /** The next line; the prompt is shown to a person only. */
  next(prompt: string): Promise<Line>;
}

/** What the Tab key offers: texts that could stand in place of the end of the line. */
export type CompleteLine = (line: string) => Promise<readonly [texts: string[], replaced: string]>;

/** Lines from standard input: typed with editing and history in a terminal, else as they are. */
export function lineSource(history: History, complete: CompleteLine): LineSource {
  return process.stdin.isTTY ? new TypedLines(history, complete) : new PipedLines();
}

class TypedLines implements LineSource {
  readonly isInteractive = true;
  readonly #history: History;
  readonly #complete: CompleteLine;
  #lines: string[];

  constructor(history: History, complete: CompleteLine) {
    this.#history = history;
    this.#complete = complete;
    this.#lines = [...history.read()];
  }

  /** Each line has its own interface, so that a command that runs has the terminal, and Ctrl-C, as usual. */
  next(prompt: string): Promise<Line> {
    return new Promise((resolve) => {
      const output = process.stdout.isTTY ? process.stdout : process.stderr;
      const editor = createInterface({
        input: process.stdin,
        output,
        prompt,
        history: this.#lines,
        historySize: 1_000,
        completer: (text: string, done: (error: null, found: [string[], string]) => void) => {
          void this.#complete(text).then(([texts, replaced]) => done(null, [texts, replaced]));
        },
      });
      let isFinished = false;
      const finish = (line: Line): void => {
        isFinished = true;
        resolve(line);
        editor.close();
      };
      editor.on('history', (lines) => (this.#lines = lines));
      editor.on('line', (text) => {
        this.#history.add(text);
        finish({ is: 'line', text });
      });
      editor.on('SIGINT', () => {
        output.write('^C\n');
        finish({ is: 'interrupted' });
      });
      editor.on('close', () => {
        if (!isFinished) output.write('\n'); // Ctrl-D: the shell's prompt begins a line of its own.
        resolve({ is: 'end' });
      });
      editor.prompt();
    });
  }

  [Symbol.dispose](): void {
    // Each line has closed its own interface.
  }
}

class PipedLines implements LineSource {
  readonly isInteractive = false;
  readonly #reader = createInterface({ input: process.stdin, crlfDelay: Infinity });
  readonly #lines = this.#reader[Symbol.asyncIterator]();

  async next(): Promise<Line> {
    const next: IteratorResult<string> = await this.#lines.next();
    return next.done === true ? { is: 'end' } : { is: 'line', text: next.value };
  }

  [Symbol.dispose](): void {
    this.#reader.close();
  }
}
