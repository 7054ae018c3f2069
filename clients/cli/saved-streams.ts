import { closeSync, openSync, writeSync } from 'node:fs';
import { recordToJson, type RecordStream, type SessionRecord } from '../typescript';
import type { Context } from './context';
import { UsageError } from './failure';

/** The streams that can be saved. */
const savedStreamNames = [
  'output',
  'error',
  'warning',
  'verbose',
  'debug',
  'information',
  'progress',
] as const satisfies readonly RecordStream[];

/**
 * Files that get the records of a stream, one JSON object a line, as they come: PowerShell's ErrorVariable and its
 * kin. They are shown as ever beside it. Throws UsageError for an unknown stream or a file that can't be written.
 */
export class SavedStreams implements Disposable {
  readonly #files: readonly { readonly stream: string; readonly descriptor: number; readonly path: string }[];

  constructor(context: Context) {
    this.#files = context.texts('save').map(openFile);
  }

  /** Writes the records that are asked for. */
  save(batch: readonly SessionRecord[]): void {
    for (const { stream, descriptor, path } of this.#files) {
      const lines = batch
        .filter((record) => record.stream === stream)
        .map((record) => `${JSON.stringify(recordToJson(record))}\n`);
      if (lines.length === 0) continue;
      try {
        writeSync(descriptor, lines.join(''));
      } catch (error) {
        throw new UsageError(`--save can't write ${path}: ${String(error)}`, 'INVALID_ARGUMENT', {
          cause: error,
        });
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { descriptor } of this.#files) closeSync(descriptor);
  }
}

/** `error=FILE`, or `error=+FILE` to go on at its end. */
function openFile(text: string): { stream: string; descriptor: number; path: string } {
  const equals = text.indexOf('=');
  const stream = text.slice(0, Math.max(equals, 0)).toLowerCase();
  if (!savedStreamNames.some((name) => name === stream)) {
    throw new UsageError(
      `--save needs STREAM=FILE with one of ${savedStreamNames.join(', ')}, and got '${text}'`,
    );
  }
  const file = text.slice(equals + 1);
  const path = file.startsWith('+') ? file.slice(1) : file;
  if (path === '') throw new UsageError(`--save ${stream}= needs a file`);
  try {
    return { stream, path, descriptor: openSync(path, path === file ? 'w' : 'a') };
  } catch (error) {
    throw new UsageError(`--save can't write ${path}: ${String(error)}`, 'INVALID_ARGUMENT', {
      cause: error,
    });
  }
}
