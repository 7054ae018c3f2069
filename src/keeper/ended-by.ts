/**
 * The items of `source`; when `end` settles while an item is awaited, its value is the last one. (Racing the two
 * promises anew for each item would leave a reaction per item on the one that lives long.)
 */
export async function* endedBy<T>(source: AsyncIterable<T>, end: Promise<T>): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  let last: IteratorYieldResult<T> | undefined;
  let wake: (last: IteratorYieldResult<T>) => void = () => undefined;
  void end.then((value) => {
    last = { value, done: false };
    wake(last);
  });
  while (last === undefined) {
    const result = await new Promise<IteratorResult<T>>((resolve, reject) => {
      wake = resolve;
      items.next().then(resolve, reject);
    });
    if (result.done === true) return;
    yield result.value;
  }
}
