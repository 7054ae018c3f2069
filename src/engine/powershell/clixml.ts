import { RunspaceError } from '../../core/error';
import type { Value } from '../../core/value';
import { readClixmlDocument, writeClixmlDocument } from '../../psrp/clixml/document';
import { readClixml } from '../../psrp/clixml/reader';
import { LocalProtocolError, RemoteProtocolError } from '../../psrp/errors';
import { holdsSecureString } from '../../psrp/secure-strings';

/**
 * The objects of a CLIXML text: a document as Export-Clixml writes it, or one bare value without `<Objs>`. Throws
 * INVALID_ARGUMENT that says where it is malformed; also for a secure string, which means something only to its writer.
 */
export function valuesFromClixml(text: string, path: string): readonly Value[] {
  const values = parsed(text, path);
  if (!values.some(holdsSecureString)) return values;
  throw refused(path, 'it holds a secure string, which only its writer can read; send SecureString values');
}

/** A value as the document that ConvertFrom-/Import-Clixml read; undefined for what CLIXML can't say. */
export function clixmlDocumentOf(value: Value): string | undefined {
  try {
    return writeClixmlDocument([{ value }]);
  } catch (thrown) {
    if (thrown instanceof LocalProtocolError) return undefined;
    throw thrown;
  }
}

function parsed(text: string, path: string): readonly Value[] {
  try {
    if (/<Objs[\s>/]/.test(text)) return readClixmlDocument(text).map(({ value }) => value);
    return [readClixml(text.trim())];
  } catch (thrown) {
    if (thrown instanceof RemoteProtocolError) throw refused(path, thrown.message, thrown);
    throw thrown;
  }
}

function refused(path: string, why: string, cause?: unknown): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `${path} is no CLIXML that can be taken: ${why}`, {
    facts: { path },
    cause,
  });
}
