import type { Value } from '../gen/runspace/v1/value';
import { invalidArgument } from '../error';

const credentialType = 'System.Management.Automation.PSCredential';

/** A secret that a session wrote, as a natural value: opaque, to be given back to that session or revealed there. */
export class Secret {
  readonly secretId: string;

  constructor(secretId: string) {
    this.secretId = secretId;
  }
}

/** A PowerShell SecureString with this text; the keeper of the session seals it as it arrives. */
export function secureString(text: string): Value {
  return {
    kind: { $case: 'secureString', value: { secretId: '', textUtf16: Buffer.from(text, 'utf16le') } },
  };
}

/** A PowerShell PSCredential; the password as text, or a secret of the same session. */
export function credential(userName: string, password: string | Secret): Value {
  if (userName === '') throw invalidArgument('a credential needs a user name');
  const secret = typeof password === 'string' ? secureString(password) : secretValue(password);
  const property = (name: string, value: Value) => ({ name, value, isMemberSet: false });
  return {
    kind: {
      $case: 'object',
      value: {
        typeNames: [credentialType, 'System.Object'],
        text: credentialType,
        base: undefined,
        adapted: [
          property('UserName', { kind: { $case: 'string', value: userName } }),
          property('Password', secret),
        ],
        extended: [],
        referenceId: 0,
      },
    },
  };
}

/** The parts of a PSCredential; undefined for any other value. */
export function credentialOf(
  value: Value | undefined,
): { readonly userName: string; readonly password: Secret } | undefined {
  const kind = value?.kind;
  if (kind?.$case !== 'object') return undefined;
  const { typeNames, adapted } = kind.value;
  if (!typeNames.some((name) => name.replace(/^Deserialized\./, '') === credentialType)) return undefined;
  const partOf = (name: string) => adapted.find((property) => property.name === name)?.value;
  const userName = partOf('UserName')?.kind;
  const password = secretOf(partOf('Password'));
  if (userName?.$case !== 'string' || password === undefined) return undefined;
  return { userName: userName.value, password };
}

/** The secret that a value is; undefined for any other value. */
export function secretOf(value: Value | undefined): Secret | undefined {
  const kind = value?.kind;
  return kind?.$case === 'secureString' ? new Secret(kind.value.secretId) : undefined;
}

/** A secret as a value, for the session that it comes from. */
export function secretValue({ secretId }: Secret): Value {
  return { kind: { $case: 'secureString', value: { secretId, textUtf16: new Uint8Array() } } };
}
