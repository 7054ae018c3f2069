import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { UsageError } from './failure';

const controls = {
  interrupt: '\x03',
  end: '\x04',
  backspace: '\b',
  delete: '\x7f',
  line: ['\r', '\n'],
} as const;

/**
 * Asks the person at the terminal for a line that nobody sees: not its standard input, which may be the command's. Each
 * character shows as a star. Error: where there is no terminal, or the person does not want to.
 */
export async function askMasked(prompt: string, otherwise: string): Promise<string> {
  const descriptor = openTerminal(otherwise);
  const input = new ReadStream(descriptor);
  // A descriptor of its own: each stream closes the one that it has.
  const output = new WriteStream(openTerminal(otherwise, 'w'));
  try {
    input.setRawMode(true);
    output.write(prompt);
    return await typedLine(input, output);
  } finally {
    input.setRawMode(false);
    output.write('\n');
    input.destroy();
    output.destroy();
  }
}

async function typedLine(input: ReadStream, output: WriteStream): Promise<string> {
  const typed: string[] = [];
  for await (const character of charactersOf(input)) {
    if (controls.line.some((end) => end === character)) return typed.join('');
    if (character === controls.interrupt || character === controls.end) throw notGiven();
    if (character === controls.backspace || character === controls.delete) {
      if (typed.pop() !== undefined) output.write('\b \b');
    } else if (character >= ' ') {
      typed.push(character);
      output.write('*');
    }
  }
  throw notGiven();
}

async function* charactersOf(input: ReadStream): AsyncGenerator<string, void, undefined> {
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) yield* chunk;
}

function notGiven(): UsageError {
  return new UsageError('the secret was not given, so nothing was run');
}

function openTerminal(otherwise: string, mode: 'r' | 'w' = 'r'): number {
  try {
    return openSync('/dev/tty', mode);
  } catch {
    throw new UsageError(`there is no terminal to ask for a secret on: ${otherwise}`);
  }
}
