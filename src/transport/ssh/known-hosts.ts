import { createHash, createHmac, randomBytes } from 'node:crypto';

/** A line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** Patterns, or a hash of one name. */
  readonly hosts: string;
  readonly keyType: string;
  /** Base64. */
  readonly key: string;
  readonly file: string;
  readonly line: number;
}

/** What known_hosts says of the key that a host shows. */
export type HostKeyVerdict =
  | { readonly is: 'known' }
  | {
      readonly is: 'unknown';
      /** Other keys of this host that are known. */ readonly others: readonly KnownHost[];
    }
  | { readonly is: 'changed'; readonly entry: KnownHost }
  | { readonly is: 'revoked'; readonly entry: KnownHost }
  /** Only an authority for this host is known, and ssh2 has no host certificates. */
  | { readonly is: 'authority'; readonly entry: KnownHost };

/** The lines of one file; what is no entry is passed over, as ssh does. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((content, index) => {
    const words = content.trim().split(/\s+/);
    if (content.trim() === '' || content.trimStart().startsWith('#')) return [];
    const marker = markerOf(words[0]);
    const [hosts, keyType, key] = words[0]?.startsWith('@') === true ? words.slice(1) : words;
    if (hosts === undefined || keyType === undefined || key === undefined) return [];
    if (words[0]?.startsWith('@') === true && marker === undefined) return [];
    return [{ marker, hosts, keyType, key, file, line: index + 1 }];
  });
}

/** The name under which a host is known: with its port where that is not the usual one. */
export function knownName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${String(port)}`;
}

/** Types of keys that are known of this host: a host is asked for those first. */
export function knownKeyTypes(entries: readonly KnownHost[], name: string): readonly string[] {
  const types = entries
    .filter((entry) => entry.marker === undefined && isFor(entry, name))
    .map(({ keyType }) => keyType);
  return [...new Set(types)];
}

/** What the entries say of a key (in its wire form) that the host of this name shows. */
export function judgeHostKey(entries: readonly KnownHost[], name: string, key: Uint8Array): HostKeyVerdict {
  const keyType = keyTypeOf(key);
  const encoded = Buffer.from(key).toString('base64');
  const own = entries.filter((entry) => isFor(entry, name));
  const isSame = (entry: KnownHost): boolean => entry.key === encoded;
  const revoked = own.find((entry) => entry.marker === 'revoked' && isSame(entry));
  if (revoked !== undefined) return { is: 'revoked', entry: revoked };
  const plain = own.filter(({ marker }) => marker === undefined);
  if (plain.some(isSame)) return { is: 'known' };
  const changed = plain.find((entry) => entry.keyType === keyType);
  if (changed !== undefined) return { is: 'changed', entry: changed };
  const [authority] = own.filter(({ marker }) => marker === 'cert-authority');
  if (authority !== undefined && plain.length === 0) return { is: 'authority', entry: authority };
  return { is: 'unknown', others: plain };
}

/** `ssh-ed25519` …: the first text of a key's wire form (RFC 4253, 6.6). */
export function keyTypeOf(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  if (bytes.length < 4) return '';
  return bytes.toString('latin1', 4, 4 + bytes.readUInt32BE(0));
}

/** As ssh shows it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Uint8Array | string): string {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : key;
  return `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`;
}

/** A line that makes a key known. */
export function knownHostLine(name: string, key: Uint8Array, form: 'plain' | 'hashed'): string {
  const host = form === 'plain' ? name : hashed(name, randomBytes(20));
  return `${host} ${keyTypeOf(key)} ${Buffer.from(key).toString('base64')}\n`;
}

function markerOf(word: string | undefined): KnownHost['marker'] {
  if (word === '@revoked') return 'revoked';
  return word === '@cert-authority' ? 'cert-authority' : undefined;
}

function isFor({ hosts }: KnownHost, name: string): boolean {
  const [, magic, salt] = /^\|(1)\|([^|]+)\|/.exec(hosts) ?? [];
  if (magic !== undefined && salt !== undefined) return hashed(name, Buffer.from(salt, 'base64')) === hosts;
  const patterns = hosts.toLowerCase().split(',');
  const isNegated = patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), name));
  return !isNegated && patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern, name));
}

function hashed(name: string, salt: Uint8Array): string {
  const digest = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${Buffer.from(salt).toString('base64')}|${digest}`;
}

function matches(pattern: string, name: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(name);
}
