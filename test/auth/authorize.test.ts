import { authorize, type Action } from '../../src/auth/authorize';
import { asPrincipal } from '../../src/core/ids';

const ann = asPrincipal('local:1');
const bob = asPrincipal('local:2');
const rules = { administrator: ann };
const actions: Action[] = ['see', 'read', 'reveal', 'invoke', 'answer', 'stop', 'connect', 'remove'];

test.each(actions)('an owner may %s a session', (action) => {
  expect(authorize(rules, bob, { action, resource: { is: 'session', owner: bob } }).is).toBe('allowed');
});

test.each(actions)('nobody else may %s a session, not even the administrator', (action) => {
  expect(authorize(rules, ann, { action, resource: { is: 'session', owner: bob } })).toEqual({
    is: 'denied',
    reason: 'the session belongs to local:2; you are local:1',
  });
});

test('only whoever runs the daemon may administer it', () => {
  const request = { action: 'administer' as const, resource: { is: 'daemon' as const } };
  expect([authorize(rules, ann, request).is, authorize(rules, bob, request).is]).toEqual([
    'allowed',
    'denied',
  ]);
});

test('everyone who reaches the daemon may create a session', () => {
  expect(authorize(rules, bob, { action: 'create', resource: { is: 'daemon' } }).is).toBe('allowed');
});
