import { abilityNames, type Ability } from '../../core/ability';
import { isAtLeast, type ProtocolVersion } from '../../psrp/capability';

/** What a PowerShell can do that speaks this version of the protocol. */
export function abilitiesAt(version: ProtocolVersion | undefined): readonly Ability[] {
  const canReset = version !== undefined && isAtLeast(version, '2.3');
  return abilityNames.filter((name) => name !== 'reset' || canReset);
}
