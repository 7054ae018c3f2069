import fc from 'fast-check';
import { RemoteProtocolError } from '../../src/psrp/errors';
import { fragmentsOf, Reassembler } from '../../src/psrp/fragment';

const message = Buffer.from('0123456789');

/** Fragments of 21 bytes of head and 4 of message: 0123, 4567, 89. */
function threeFragments(objectId = 1): Uint8Array[] {
  return fragmentsOf(message, objectId, 25);
}

function reassembled(data: readonly Uint8Array[], limit = 1000): string[] {
  const reassembler = new Reassembler(limit);
  return data
    .flatMap((piece) => reassembler.receive(piece))
    .map((item) => (item.is === 'message' ? Buffer.from(item.bytes).toString() : `too large: ${item.size}`));
}

function changed(fragment: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = Uint8Array.from(fragment);
  copy[offset] = value;
  return copy;
}

test('a small message is one fragment that starts and ends', () => {
  const [fragment, ...others] = fragmentsOf(Buffer.from('ab'), 7);
  expect(others).toHaveLength(0);
  expect(Buffer.from(fragment ?? []).toString('hex')).toBe(
    '0000000000000007' + '0000000000000000' + '03' + '00000002' + '6162',
  );
});

test('an empty message is one fragment', () => {
  expect(reassembled(fragmentsOf(new Uint8Array(0), 1))).toEqual(['']);
});

test('fragments of one message are put together', () => {
  expect(reassembled(threeFragments())).toEqual(['0123456789']);
});

test('several fragments may share one Data', () => {
  const data = Buffer.concat([...threeFragments(1), ...threeFragments(2)]);
  expect(reassembled([data])).toEqual(['0123456789', '0123456789']);
});

test('a message over the limit is said once and skipped, and the next one is read', () => {
  expect(reassembled([...threeFragments(1), ...fragmentsOf(Buffer.from('ok'), 2)], 5)).toEqual([
    'too large: 8',
    'ok',
  ]);
});

test('a message over the limit in one fragment is skipped', () => {
  expect(reassembled([...fragmentsOf(message, 1), ...fragmentsOf(Buffer.from('ok'), 2)], 5)).toEqual([
    'too large: 10',
    'ok',
  ]);
});

const [first, second, third] = threeFragments() as [Uint8Array, Uint8Array, Uint8Array];

test.each([
  ['a fragment is missing', [first, third]],
  ['a fragment comes twice', [first, second, second]],
  ['the first fragment is missing', [second, third]],
  ['an object starts before the last has ended', [first, ...fragmentsOf(message, 2)]],
  ['the object id changes', [first, changed(second, 7, 9)]],
  ['an object starts with another fragment than 0', [changed(first, 15, 1)]],
  ['a fragment is longer than its Data', [changed(first, 20, 200)]],
  ['a length is negative', [changed(first, 17, 0x80)]],
  ['a header is cut off', [first.subarray(0, 20)]],
  ['an object id is 0', [changed(first, 7, 0)]],
  ['an object id is negative', [changed(first, 0, 0x80)]],
  ['a fragment id is beyond all counting', [changed(second, 8, 0x7f)]],
])('%s: the protocol is broken', (_, data) => {
  expect(() => reassembled(data)).toThrow(RemoteProtocolError);
});

test('any message survives fragments of any size in any grouping', () => {
  const cut = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2000 }),
      fc.integer({ min: 22, max: 500 }),
      cut,
      (bytes, size, groups) => {
        const fragments = fragmentsOf(bytes, 3, size);
        const data: Uint8Array[] = [];
        for (let index = 0, turn = 0; index < fragments.length; turn++) {
          const count = groups[turn % groups.length] ?? 1;
          data.push(Buffer.concat(fragments.slice(index, index + count)));
          index += count;
        }
        const reassembler = new Reassembler(5000);
        expect(data.flatMap((piece) => reassembler.receive(piece))).toEqual([{ is: 'message', bytes }]);
      },
    ),
  );
});

test('a hundred megabytes in small fragments cost linear time', () => {
  const fragments = fragmentsOf(new Uint8Array(100 * 1024 * 1024), 1);
  const reassembler = new Reassembler(200 * 1024 * 1024);
  const start = performance.now();
  const results = fragments.flatMap((fragment) => reassembler.receive(fragment));
  expect(results.map((item) => (item.is === 'message' ? item.bytes.length : 0))).toEqual([100 * 1024 * 1024]);
  expect(performance.now() - start).toBeLessThan(20_000);
}, 60_000);
