import { endedBy } from '../../src/keeper/ended-by';

async function* numbers(noteReturn: () => void): AsyncGenerator<number> {
  try {
    yield 1;
    yield 2;
  } finally {
    noteReturn();
  }
}

const never: AsyncIterable<number> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
};

test('the items of the source, all of them, and nothing more', async () => {
  const items: number[] = [];
  const all = endedBy(
    numbers(() => undefined),
    { signal: new AbortController().signal, last: () => 9 },
  );
  for await (const item of all) items.push(item);
  expect(items).toEqual([1, 2]);
});

test('an end from outside gives one last item while the source is silent', async () => {
  const over = new AbortController();
  const items = endedBy(never, { signal: over.signal, last: () => 9 });
  const next = items.next();
  over.abort();
  expect([await next, await items.next()]).toEqual([
    { value: 9, done: false },
    { value: undefined, done: true },
  ]);
});

test('who stops reading lets the source go', async () => {
  let isReturned = false;
  const source = numbers(() => {
    isReturned = true;
  });
  const items = endedBy(source, { signal: new AbortController().signal, last: () => 9 });
  await items.next();
  await items.return(undefined);
  expect(isReturned).toBe(true);
});
