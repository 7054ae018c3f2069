import fc from 'fast-check';
import { asClientId } from '../../src/core/ids';
import {
  atTime,
  freeConnection,
  otherClient,
  withLease,
  withoutStream,
  withStream,
  type Connection,
} from '../../src/session/connection';

const ann = asClientId('ann');
const bob = asClientId('bob');

test('a lease holds the connection until it ends', () => {
  const connection = withLease(freeConnection, ann, 100);
  expect([atTime(connection, 99).is, atTime(connection, 100).is]).toEqual(['held', 'free']);
});

test('a stream holds the connection after the lease has ended', () => {
  const connection = withStream(withLease(freeConnection, ann, 100), ann);
  expect(atTime(connection, 200)).toEqual({ is: 'held', client: ann, leaseUntil: undefined, streams: 1 });
});

test('the last stream to end frees the connection', () => {
  const two = withStream(withStream(freeConnection, ann), ann);
  const one = withoutStream(two, ann);
  expect([one.is, withoutStream(one, ann).is]).toEqual(['held', 'free']);
});

test('a stream that ends after a take-over takes nothing from the new client', () => {
  const taken = withStream(withStream(freeConnection, ann), bob);
  expect(withoutStream(taken, ann)).toEqual(taken);
});

test('only another client is in the way', () => {
  const connection = withStream(freeConnection, ann);
  expect([otherClient(connection, ann), otherClient(connection, bob)]).toEqual([undefined, ann]);
});

test('whatever happens, a held connection has something that holds it', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('lease' as const), client: fc.constantFrom(ann, bob), until: fc.nat(50) }),
    fc.record({ kind: fc.constantFrom('open' as const, 'end' as const), client: fc.constantFrom(ann, bob) }),
    fc.record({ kind: fc.constant('time' as const), now: fc.nat(50) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let connection: Connection = freeConnection;
      for (const each of steps) {
        switch (each.kind) {
          case 'lease':
            connection = withLease(connection, each.client, each.until);
            break;
          case 'open':
            connection = withStream(connection, each.client);
            break;
          case 'end':
            connection = withoutStream(connection, each.client);
            break;
          case 'time':
            connection = atTime(connection, each.now);
            break;
        }
        expect(
          connection.is === 'free' || connection.streams > 0 || connection.leaseUntil !== undefined,
        ).toBe(true);
      }
    }),
  );
});
