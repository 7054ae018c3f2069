import { RunspaceError } from '../../src/core/error';
import { readListener } from '../../src/daemon/listener-config';

const settings = (values: Readonly<Record<string, string>>) => (key: string) => values[key];

test('the listener is off by default', () => {
  expect([readListener(settings({})), readListener(settings({ listen: '' }))]).toEqual([
    undefined,
    undefined,
  ]);
});

test('an address may be IPv4 or IPv6', () => {
  const read = [{ listen: '0.0.0.0:7441' }, { listen: '[::]:1' }].map((values) =>
    readListener(settings(values)),
  );
  expect(read.map((listener) => [listener?.host, listener?.port])).toEqual([
    ['0.0.0.0', 7441],
    ['::', 1],
  ]);
});

test.each([
  { listen: '7441' },
  { listen: 'host:7441' },
  { listen: '0.0.0.0:70000' },
  { listen: '0.0.0.0:1', 'listen-redirect': 'grpc://other' },
  { listen: '0.0.0.0:1', 'listen-redirect': 'https://other/x' },
])('%j is refused', (values) => {
  expect(() => readListener(settings(values))).toThrow(RunspaceError);
});
