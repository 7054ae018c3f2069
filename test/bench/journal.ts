import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { Journal } from '../../src/journal/journal';
import { temporaryFolder } from '../support/temporary-folder';
import { interleave, perSecond, Series } from './measure';
import type { Part, Row, Setting } from './result';

const megabytes = 64;
const sizes = [
  { what: 'batches of 64 KB', bytes: 64 * 1024 },
  { what: 'batches of 1 KB', bytes: 1024 },
] as const;

/** Our journal beside plain writes to, and reads from, one file. */
export const journal: Part = {
  name: 'journal',
  how: `${megabytes} MB a round, made final and synced; 5 rounds, 1 to warm up. Limit: write or read of the same pieces to one file`,
  run: async ({ effort }: Setting) => {
    const rows: Row[] = [];
    for (const { what, bytes } of sizes) {
      const piece = Buffer.alloc(bytes, 'x');
      const count = (megabytes * 2 ** 20) / bytes;
      const replay = new Series(async () => []);
      const append = new Series(async () => {
        const { appendMs, replayMs } = await journalRound(piece, count);
        replay.add([perSecond(megabytes, replayMs)]);
        return [perSecond(megabytes, appendMs)];
      });
      const read = new Series(async () => []);
      const write = new Series(async () => {
        const { writeMs, readMs } = plainRound(piece, count);
        read.add([perSecond(megabytes, readMs)]);
        return [perSecond(megabytes, writeMs)];
      });
      await interleave([append, write], { rounds: Math.ceil(5 * effort), warmUp: 1 });
      rows.push(
        { what: `journal append, ${what}`, unit: 'MB/s', ours: append.median, limit: write.median },
        { what: `journal replay, ${what}`, unit: 'MB/s', ours: replay.median, limit: read.median },
      );
    }
    return rows;
  },
};

async function journalRound(piece: Buffer, count: number): Promise<{ appendMs: number; replayMs: number }> {
  using folder = temporaryFolder();
  const start = performance.now();
  await using written = Journal.create(path.join(folder.path, 'journal'));
  for (let done = 1; done < count; done += 1) written.append(1, () => piece);
  await written.finish(1, () => piece);
  const appended = performance.now();
  let last = 0n;
  for await (const item of written.read(0n, new AbortController().signal)) {
    if (item.kind === 'batch') last = item.batch.last;
  }
  if (last !== BigInt(count)) throw new Error(`the journal gave ${last} of ${count} batches`);
  return { appendMs: appended - start, replayMs: performance.now() - appended };
}

function plainRound(piece: Buffer, count: number): { writeMs: number; readMs: number } {
  using folder = temporaryFolder();
  const file = openSync(path.join(folder.path, 'plain'), 'w+');
  const start = performance.now();
  for (let done = 0; done < count; done += 1) writeSync(file, piece);
  fsyncSync(file);
  const written = performance.now();
  const into = Buffer.alloc(256 * 1024);
  let position = 0;
  for (let read = 1; read > 0; position += read) read = readSync(file, into, 0, into.length, position);
  const end = performance.now();
  closeSync(file);
  return { writeMs: written - start, readMs: end - written };
}
