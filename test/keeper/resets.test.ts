import { Resets } from '../../src/keeper/resets';

/** Counts the resets that took place; each ends when the test says so. */
class Played {
  readonly resets = new Resets();
  count = 0;
  readonly #ends: ((error?: Error) => void)[] = [];

  ask(requestId: string): Promise<void> {
    return this.resets.once(requestId, () => {
      this.count += 1;
      return new Promise<void>((resolve, reject) => {
        this.#ends.push((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      });
    });
  }

  end(error?: Error): void {
    this.#ends.shift()?.(error);
  }
}

test('P111 a request resets once, also when it is made again by a daemon that came back', async () => {
  const played = new Played();
  const first = played.ask('a');
  played.end();
  await first;
  await played.ask('a');
  expect(played.count).toBe(1);
});

test('who asks while a reset is under way shares it, and it is over for all', async () => {
  const played = new Played();
  const asked = [played.ask('a'), played.ask('b'), played.ask('a')];
  expect(played.resets.isActive).toBe(true);
  played.end();
  await Promise.all(asked);
  expect([played.count, played.resets.isActive]).toEqual([1, false]);
});

test('a reset that failed is tried again by the same request', async () => {
  const played = new Played();
  const failing = played.ask('a');
  played.end(new Error('no'));
  await expect(failing).rejects.toThrow('no');
  const second = played.ask('a');
  played.end();
  await second;
  expect(played.count).toBe(2);
});

test('of many requests the latest are remembered', async () => {
  const played = new Played();
  for (let n = 1; n <= 101; n += 1) {
    const asked = played.ask(String(n));
    played.end();
    await asked;
  }
  await played.ask('2');
  expect(played.count).toBe(101);
  const forgotten = played.ask('1');
  played.end();
  await forgotten;
  expect(played.count).toBe(102);
});
