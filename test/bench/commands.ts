/** Reads a command's records to its final one, and fails where that doesn't come. */
export async function readToEnd(records: AsyncIterable<{ readonly stream: string }>): Promise<void> {
  let last: string | undefined;
  for await (const { stream } of records) last = stream;
  if (last !== 'final') throw new Error(`a command ended with ${last ?? 'nothing'}`);
}
