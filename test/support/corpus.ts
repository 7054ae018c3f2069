import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The records of a `.jsonl` file in test/corpus; the caller says what they look like (test/corpus/README.md). */
export function corpusRecords(file: string): readonly unknown[] {
  const lines = readFileSync(join(__dirname, '..', 'corpus', file), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}
