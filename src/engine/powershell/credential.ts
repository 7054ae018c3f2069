import { stringValue, type Value } from '../../core/value';
import { entryOf, propertyOf, textOf } from '../../psrp/clixml/properties';

/**
 * A PSCredential from anything that has a user name and a secure string for the password: an object or a dictionary.
 * Undefined where one of them is missing.
 */
export function credentialOf(value: Value): Value | undefined {
  const member = (name: string): Value | undefined => propertyOf(value, name) ?? entryOf(value, name);
  const userName = textOf(member('UserName'));
  const password = member('Password');
  if (userName === undefined || password?.type !== 'secureString') return undefined;
  return {
    type: 'object',
    typeNames: ['System.Management.Automation.PSCredential', 'System.Object'],
    adapted: [
      { name: 'UserName', value: stringValue(userName) },
      { name: 'Password', value: password },
    ],
    extended: [],
  };
}
