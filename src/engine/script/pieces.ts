import type { Transport } from '../../transport/transport';

/** Bytes of a runner, and the descriptor they came from. */
export interface Piece {
  readonly descriptor: 1 | 2;
  readonly bytes: Uint8Array;
}

/** What comes from a runner's descriptors, as it comes; a flood of one does not hold up the other. */
export async function* piecesOf({ output, errors }: Transport): AsyncGenerator<Piece> {
  const sources = [sourceOf(1, output), ...(errors === undefined ? [] : [sourceOf(2, errors)])];
  while (sources.length > 0) {
    const [source, result] = await Promise.race(sources.map(({ next }) => next));
    sources.splice(sources.indexOf(source), 1);
    if (result.done === true) continue;
    yield { descriptor: source.descriptor, bytes: result.value };
    // At the end: the others come first.
    sources.push(source);
    source.advance();
  }
}

interface Source {
  readonly descriptor: 1 | 2;
  next: Promise<readonly [Source, IteratorResult<Uint8Array, unknown>]>;
  advance(): void;
}

function sourceOf(descriptor: 1 | 2, bytes: AsyncIterable<Uint8Array>): Source {
  const iterator: AsyncIterator<Uint8Array, unknown> = bytes[Symbol.asyncIterator]();
  const advance = (): Source['next'] => iterator.next().then((result) => [source, result] as const);
  const source: Source = {
    descriptor,
    // Set at once, below: it names the source.
    next: Promise.race([]),
    advance: () => {
      source.next = advance();
    },
  };
  source.advance();
  return source;
}
