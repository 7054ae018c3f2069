import { RunspaceError } from '../../core/error';
import type { Value } from '../../core/value';

/** Whether a secure string is anywhere in a value. */
export function holdsSecureString(value: Value): boolean {
  switch (value.type) {
    case 'secureString':
      return true;
    case 'object':
      return (
        (value.base !== undefined && holdsSecureString(value.base)) ||
        value.adapted.some((property) => holdsSecureString(property.value)) ||
        value.extended.some((property) => holdsSecureString(property.value))
      );
    case 'list':
    case 'enumerable':
    case 'set':
    case 'stack':
    case 'queue':
      return value.items.some(holdsSecureString);
    case 'dictionary':
      return value.entries.some((entry) => entry.some(holdsSecureString));
    case 'null':
    case 'bool':
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
    case 'single':
    case 'double':
    case 'bigInteger':
    case 'decimal':
    case 'string':
    case 'char':
    case 'bytes':
    case 'dateTime':
    case 'duration':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
    case 'enum':
    case 'reference':
      return false;
  }
}

/** A PowerShell before 7.6 waits for a session key, which nobody has sent, and would hang. */
export function secureStringUnsupported(version: string): RunspaceError {
  return new RunspaceError(
    'UNSUPPORTED',
    `secure strings can not be sent to a PowerShell that speaks protocol version ${version}; use PowerShell 7.6 or later`,
  );
}
