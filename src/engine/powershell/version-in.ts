import type { Value } from '../../core/value';
import { entryOf, textOf } from '../../psrp/clixml/properties';

/** PowerShell's version, from what it says of itself when its runspace opens; empty where it does not. */
export function versionIn(privateData: Value): string {
  return textOf(entryOf(entryOf(privateData, 'PSVersionTable'), 'PSVersion')) ?? '';
}
