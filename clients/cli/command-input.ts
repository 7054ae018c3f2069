import { asObjects, Clixml, parseJson, type InputSource } from '../typescript';
import type { Context } from './context';
import { decodeScript, encodingOf } from './decode-script';
import { UsageError } from './failure';

/** The forms in which standard input is read. */
const inputFormats = ['lines', 'ndjson', 'clixml', 'none'] as const;

type InputFormat = (typeof inputFormats)[number];

/**
 * A command's pipeline input: what --input-object-json gives, or standard input, where --input-format asks for it or the
 * script reads its input and something is piped in. Undefined: the command has none.
 */
export function commandInput(context: Context, script: string): InputSource | undefined {
  const objects = context.texts('input-object-json').map(objectIn);
  const format = formatOf(context);
  const isScript = context.texts('file-path').includes('-');
  if (objects.length > 0 && format !== undefined && format !== 'none')
    throw new UsageError('the input was given twice, by --input-object-json and by --input-format');
  if (objects.length > 0) return objects;
  if (format !== undefined && format !== 'none' && isScript)
    throw new UsageError('standard input is the script (-f -): it can not be the input too');
  if (format === undefined) return !isScript && isPiped() && readsInput(script) ? lines() : undefined;
  switch (format) {
    case 'none':
      return undefined;
    case 'lines':
      return lines();
    case 'ndjson':
      return jsonLines();
    case 'clixml':
      return clixml();
  }
}

function formatOf(context: Context): InputFormat | undefined {
  const text = context.text('input-format');
  if (text === undefined) return undefined;
  const format = inputFormats.find((known) => known === text.toLowerCase());
  if (format !== undefined) return format;
  throw new UsageError(`there is no input format '${text}'; there are: ${inputFormats.join(', ')}`);
}

function objectIn(json: string): unknown {
  try {
    return asObjects(parseJson(json));
  } catch (cause) {
    throw new UsageError(`--input-object-json needs JSON, and got '${json}'`, 'INVALID_ARGUMENT', { cause });
  }
}

/** Whether standard input is no terminal. What is piped in is read only where the script asks for it, or it would wait. */
function isPiped(): boolean {
  return !process.stdin.isTTY;
}

function readsInput(script: string): boolean {
  const isOthers = /\$input\b|\bprocess\s*\{|\bpipeline_input\b|\bsys\.stdin\b/i.test(script);
  return (
    isOthers || /\bwhile\s+(IFS=\S*\s+)?read\b|\bread -\w|\b(mapfile|readarray)\b|\/dev\/stdin\b/.test(script)
  );
}

/** Lines as they come; the line ends (`\n`, `\r\n`) are left out. */
async function* lines(): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const text of texts()) {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) yield withoutReturn(line);
  }
  if (rest !== '') yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

async function* jsonLines(): AsyncGenerator<unknown, void, undefined> {
  let number = 0;
  for await (const line of lines()) {
    number++;
    if (line.trim() !== '') yield parsedLine(line, number);
  }
}

function parsedLine(line: string, number: number): unknown {
  try {
    return asObjects(parseJson(line));
  } catch (cause) {
    const message = `line ${String(number)} of standard input is no JSON: ${cause instanceof Error ? cause.message : ''}`;
    throw new UsageError(message, 'INVALID_ARGUMENT', { cause });
  }
}

async function* clixml(): AsyncGenerator<Clixml, void, undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  yield new Clixml(decodeScript(Buffer.concat(chunks), 'standard input'));
}

/** Standard input as text: UTF-8, or UTF-16 where it begins with that byte order mark. */
async function* texts(): AsyncGenerator<string, void, undefined> {
  const decode = textDecoder();
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    const text = decode(chunk, 'more');
    if (text !== '') yield text;
  }
  yield decode(Buffer.alloc(0), 'end');
}

/** Decodes piece by piece; the first two bytes, which may be a mark, are waited for. */
function textDecoder(): (bytes: Uint8Array, then: 'more' | 'end') => string {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let waiting: Uint8Array = Buffer.alloc(0);
  return (bytes, then) => {
    const all = Buffer.concat([waiting, bytes]);
    waiting = Buffer.alloc(0);
    if (decoder === undefined && all.length < 2 && then === 'more') {
      waiting = all;
      return '';
    }
    decoder ??= new TextDecoder(encodingOf(all), { fatal: true });
    try {
      return decoder.decode(all, { stream: then === 'more' });
    } catch (cause) {
      const message = 'standard input is no UTF-8, nor UTF-16 with a byte order mark';
      throw new UsageError(message, 'INVALID_ARGUMENT', { cause });
    }
  };
}
