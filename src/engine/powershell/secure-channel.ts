import { RunspaceError } from '../../core/error';
import type { Value } from '../../core/value';
import type { ProtocolVersion } from '../../psrp/capability';
import { holdsSecureString } from '../../psrp/secure-strings';

/**
 * Refuses application arguments with a secure string where PowerShell turns out to be older than 7.6: they travel before
 * a session key can, and it would wait for that key for ever. Error: ENGINE_START_FAILED.
 */
export function requireSecureChannel(
  applicationArguments: readonly (readonly [name: string, value: Value])[],
  version: ProtocolVersion,
): void {
  if (version === '2.4') return;
  const secret = applicationArguments.find(([, value]) => holdsSecureString(value));
  if (secret === undefined) return;
  const [name] = secret;
  throw new RunspaceError(
    'ENGINE_START_FAILED',
    `the application argument "${name}" is or holds a secure string, and a PowerShell that speaks protocol version ${version} takes none there; use PowerShell 7.6 or later, or pass it to a command`,
    { facts: { option: 'ApplicationArguments', argument: name } },
  );
}
