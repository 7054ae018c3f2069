import fc from 'fast-check';
import { pageOf } from '../../src/rpc/paging';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('pages of any size hand out everything once, in order', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.integer({ min: 1, max: 120 }), (count, pageSize) => {
      const seen: number[] = [];
      let pageToken = '';
      do {
        const page = pageOf(numbers(count), (item) => item, { pageSize, pageToken });
        seen.push(...page.items);
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(seen).toEqual(numbers(count));
    }),
  );
});

test('a page has 100 items unless told, and 1000 at most', () => {
  const sizes = [0, 5000].map(
    (pageSize) => pageOf(numbers(3000), (n) => n, { pageSize, pageToken: '' }).items.length,
  );
  expect(sizes).toEqual([100, 1000]);
});

test.each(['nonsense', 'YWZ0ZXI6', Buffer.from('after:1x').toString('base64url')])(
  'the page token %p is refused, and the error says what to send',
  (pageToken) => {
    expect(() => pageOf(numbers(3), (n) => n, { pageSize: 1, pageToken })).toThrow(
      /page_token .* is not one of ours/,
    );
  },
);

test('a negative page size is refused', () => {
  expect(() => pageOf(numbers(3), (n) => n, { pageSize: -1, pageToken: '' })).toThrow(/page_size is -1/);
});
