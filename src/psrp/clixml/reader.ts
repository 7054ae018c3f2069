import type { Value } from '../../core/value';
import { LocalProtocolError } from '../errors';

/**
 * Reads the payload of one PSRP message (MS-PSRP 2.2.5): one value, no `<Objs>` root; an empty text is null.
 * Anything malformed throws RemoteProtocolError.
 */
export function readClixml(text: string): Value {
  throw new LocalProtocolError('UNFINISHED', `readClixml is being written (${String(text.length)})`);
}
