import { RunspaceError } from '../core/error';
import type { Principal } from '../core/ids';
import type { Configuration } from './configuration';
import { keyOf } from './names';

/** A session as its configuration counts it. */
export interface CountedSession {
  readonly owner: Principal;
  /** Name of its configuration. */
  readonly configuration: string | undefined;
}

/** Refuses one session more where a quota is used up. Error: QUOTA_EXCEEDED, naming the quota, its limit and its use. */
export function checkSessionQuotas(
  { name, quotas }: Configuration,
  owner: Principal,
  open: readonly CountedSession[],
): void {
  const own = open.filter(
    ({ configuration }) => configuration !== undefined && keyOf(configuration) === keyOf(name),
  );
  check(name, { quota: 'sessions', limit: quotas.sessions, use: own.length, of: 'open sessions' });
  check(name, {
    quota: 'sessions_per_user',
    limit: quotas.sessionsPerUser,
    use: own.filter((session) => session.owner === owner).length,
    of: `open sessions of ${owner}`,
  });
}

function check(
  configuration: string,
  {
    quota,
    limit,
    use,
    of,
  }: { readonly quota: string; readonly limit: number; readonly use: number; readonly of: string },
): void {
  if (limit === 0 || use < limit) return;
  throw new RunspaceError(
    'QUOTA_EXCEEDED',
    `configuration "${configuration}" allows ${String(limit)} ${of} (${quota}), and there are ${String(use)}; remove one first`,
    { facts: { configuration, quota, limit: String(limit), use: String(use) } },
  );
}
