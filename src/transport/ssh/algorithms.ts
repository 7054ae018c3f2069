import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';
import type { AlgorithmChoices } from './settings';

/** ssh2's own order, with the newest first. */
const hostKeyTypes: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** What is offered to a host: keys of the types that are known of it first, so that it shows one that can be checked. */
export function algorithmsFor(choices: AlgorithmChoices, knownTypes: readonly string[]): Algorithms {
  const isKnown = (algorithm: string): boolean => knownTypes.includes(typeOf(algorithm));
  const ordered = [...hostKeyTypes.filter(isKnown), ...hostKeyTypes.filter((type) => !isKnown(type))];
  return {
    serverHostKey: choices.hostKeys === undefined ? ordered : ordered.filter(chosenBy(choices.hostKeys)),
    ...(choices.compression === true ? { compress: ['zlib@openssh.com', 'zlib', 'none'] } : {}),
    ...(choices.ciphers === undefined ? {} : { cipher: changeOf(choices.ciphers) }),
    ...(choices.kex === undefined ? {} : { kex: changeOf(choices.kex) }),
    ...(choices.macs === undefined ? {} : { hmac: changeOf(choices.macs) }),
  } as Algorithms; // Names that ssh2 does not know are its own to refuse.
}

/** The key type of a signature algorithm: RSA keys sign in several ways. */
function typeOf(algorithm: string): string {
  return algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm;
}

function chosenBy(list: string): (algorithm: string) => boolean {
  const { sign, names } = signed(list);
  return (algorithm) =>
    sign === '-' ? !names.includes(algorithm) : sign !== '' || names.includes(algorithm);
}

/** OpenSSH's `+`, `-` and `^` before a list, as ssh2 says them. */
function changeOf(list: string): unknown {
  const { sign, names } = signed(list);
  switch (sign) {
    case '+':
      return { append: names };
    case '^':
      return { prepend: names };
    case '-':
      return { remove: names };
    default:
      return names;
  }
}

function signed(list: string): { readonly sign: string; readonly names: string[] } {
  const [, sign = '', rest = ''] = /^([-+^]?)(.*)$/.exec(list.trim()) ?? [];
  return {
    sign,
    names: rest
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  };
}
