import { builtInConfiguration } from '../../src/configuration/configuration';
import { checkSessionQuotas, type CountedSession } from '../../src/configuration/quotas';
import { asPrincipal } from '../../src/core/ids';

const [ann, bob] = ['local:1', 'local:2'].map(asPrincipal);

function configurationWith(quotas: { readonly sessions?: number; readonly sessionsPerUser?: number }) {
  const configuration = builtInConfiguration('Ops', 'javascript');
  return { ...configuration, quotas: { ...configuration.quotas, ...quotas } };
}

function sessionsOf(...owners: readonly (typeof ann)[]): readonly CountedSession[] {
  return owners.flatMap((owner) => (owner === undefined ? [] : [{ owner, configuration: 'ops' }]));
}

test('P43 the quota of sessions counts those of all owners together, by whatever case the name was written', () => {
  const configuration = configurationWith({ sessions: 3 });
  expect(() => {
    checkSessionQuotas(configuration, asPrincipal('local:3'), sessionsOf(ann, bob));
  }).not.toThrow();
  expect(() => {
    checkSessionQuotas(configuration, asPrincipal('local:3'), sessionsOf(ann, bob, bob));
  }).toThrow(/allows 3 open sessions \(sessions\), and there are 3/);
});

test('P43 the quota for a user counts his own, and no session of another configuration counts', () => {
  const configuration = configurationWith({ sessionsPerUser: 1, sessions: 2 });
  const others = [{ owner: asPrincipal('local:1'), configuration: 'other' }];
  expect(() => {
    checkSessionQuotas(configuration, asPrincipal('local:1'), [...sessionsOf(bob), ...others]);
  }).not.toThrow();
  expect(() => {
    checkSessionQuotas(configuration, asPrincipal('local:2'), sessionsOf(bob));
  }).toThrow(/allows 1 open sessions of local:2 \(sessions_per_user\)/);
});
