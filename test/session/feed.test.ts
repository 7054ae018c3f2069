import { Feed } from '../../src/session/feed';

async function take<T>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

test('a watcher gets what changes after it subscribed', async () => {
  const feed = new Feed<string>();
  feed.push('before');
  const changes = feed.subscribe(new AbortController().signal);
  feed.push('after');
  expect(await take(changes, 1)).toEqual(['after']);
});

test('a thing that changes often while a watcher is slow waits for it once', async () => {
  const feed = new Feed<string>();
  const changes = feed.subscribe(new AbortController().signal);
  for (const thing of ['a', 'b', 'a', 'a', 'c']) feed.push(thing);
  expect(await take(changes, 3)).toEqual(['a', 'b', 'c']);
});

test('a watcher that waits is woken by a change', async () => {
  const feed = new Feed<string>();
  const taking = take(feed.subscribe(new AbortController().signal), 1);
  await Promise.resolve();
  feed.push('a');
  expect(await taking).toEqual(['a']);
});

test('a watcher ends when its signal aborts, waiting or not', async () => {
  const feed = new Feed<string>();
  const leaving = new AbortController();
  const taking = take(feed.subscribe(leaving.signal), 1);
  leaving.abort();
  expect([await taking, await take(feed.subscribe(leaving.signal), 1)]).toEqual([[], []]);
});
