import type { Value } from '../../core/value';
import { LocalProtocolError } from '../errors';

/**
 * Writes the payload of one PSRP message (MS-PSRP 2.2.5). A value that CLIXML can't say throws LocalProtocolError.
 */
export function writeClixml(value: Value): string {
  throw new LocalProtocolError('UNFINISHED', `writeClixml is being written (${value.type})`);
}
