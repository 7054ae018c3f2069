import { StringDecoder } from 'node:string_decoder';

/** What came of a question at the terminal. */
export type Typed =
  | { readonly is: 'text'; readonly text: string }
  /** Ctrl-C. */
  | { readonly is: 'interrupted' }
  /** Ctrl-D on an empty line, or the terminal is gone. */
  | { readonly is: 'end' };

/** How what is typed is shown. */
export type Echo = 'shown' | 'masked';

/** Whether a person can be asked: what is typed comes from a terminal, and what is asked is shown on one. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Reads a line from the terminal, behind what stands in its line already. Its own small editor (backspace, Ctrl-U), since
 * a line editor redraws the whole line, and would wipe out what the script wrote before it asked.
 */
export function readTypedLine(
  { prompt, echo }: { readonly prompt: string; readonly echo: Echo },
  signal: AbortSignal,
): Promise<Typed> {
  silenceKeyboard(); // Before the prompt is there, so that no secret is shown that was typed at once.
  process.stderr.write(prompt);
  const line = new TypedLine(echo);
  return readTerminal(signal, (character) => line.take(character));
}

/** From now on the terminal itself shows nothing of what is typed; reading a line or a key ends that. */
export function silenceKeyboard(): void {
  process.stdin.setRawMode(true);
}

/** Reads one key, which is not shown. */
export function readTypedKey(signal: AbortSignal): Promise<Typed> {
  return readTerminal(signal, (character) =>
    character === interruptKey ? { is: 'interrupted' } : { is: 'text', text: character },
  );
}

const interruptKey = '\u0003';

/** Hands typed characters on until one of them finishes the question. What was typed beyond it stays for the next reader. */
function readTerminal(signal: AbortSignal, take: (character: string) => Typed | undefined): Promise<Typed> {
  const { stdin } = process;
  return new Promise((resolve) => {
    const decoder = new StringDecoder('utf8');
    const finish = (typed: Typed, rest = ''): void => {
      stdin.off('data', takeChunk).off('end', end);
      signal.removeEventListener('abort', leave);
      stdin.setRawMode(false);
      stdin.pause();
      if (rest !== '') stdin.unshift(Buffer.from(rest));
      resolve(typed);
    };
    const takeChunk = (chunk: Buffer): void => {
      const characters = Array.from(withoutSequences(decoder.write(chunk)));
      for (const [index, character] of characters.entries()) {
        const typed = take(character);
        if (typed === undefined) continue;
        finish(typed, characters.slice(index + 1).join(''));
        return;
      }
    };
    const end = (): void => finish({ is: 'end' });
    const leave = (): void => finish({ is: 'interrupted' });
    silenceKeyboard();
    stdin.on('data', takeChunk).on('end', end).resume();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
}

/** Arrow and function keys mean nothing here. */
function withoutSequences(text: string): string {
  return text.replace(/\u001b(\[[0-9;]*[A-Za-z~]|O[A-Z])/g, '');
}

class TypedLine {
  readonly #echo: Echo;
  readonly #characters: string[] = [];

  constructor(echo: Echo) {
    this.#echo = echo;
  }

  take(character: string): Typed | undefined {
    switch (character) {
      case '\r':
      case '\n':
        process.stderr.write('\n');
        return { is: 'text', text: this.#characters.join('') };
      case interruptKey:
        process.stderr.write('^C\n');
        return { is: 'interrupted' };
      case '\u0004':
        if (this.#characters.length > 0) return undefined;
        process.stderr.write('\n');
        return { is: 'end' };
      case '\u007f':
      case '\b':
        this.#erase(1);
        return undefined;
      case '\u0015':
        this.#erase(this.#characters.length);
        return undefined;
      default:
        this.#add(character);
        return undefined;
    }
  }

  #add(character: string): void {
    if (character < ' ' && character !== '\t') return;
    this.#characters.push(character);
    process.stderr.write(this.#echo === 'masked' ? '*' : character);
  }

  #erase(count: number): void {
    const erased = this.#characters.splice(Math.max(0, this.#characters.length - count));
    process.stderr.write('\b \b'.repeat(erased.length));
  }
}
