import 'reflect-metadata'; // The library's own way of joining its parts needs it.
import { randomBytes, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';
import { RunspaceError } from '../core/error';

type CryptoKey = webcrypto.CryptoKey;

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

/** What a certificate is for. */
export type CertificateUse =
  | {
      readonly is: 'server';
      /** Names and addresses; the first is the subject. */ readonly names: readonly string[];
    }
  | { readonly is: 'client'; readonly name: string };

/** A certificate that is valid no longer. */
export interface Revocation {
  /** Hexadecimal digits. */
  readonly serial: string;
  readonly at: Date;
}

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
/** Browsers accept no more for a server, and it is a good measure. */
const certificateDays = 397;
/** A list that is older is taken for none: whoever revokes nothing for a year makes a new one. */
const listDays = 366;
/** Clocks of a fleet differ. */
const earlierMs = 60 * 60 * 1000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const { subtle } = webcrypto;

/** A new authority of this name. */
export async function createAuthority(name: string, now: Date): Promise<KeyPair> {
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [name] }],
    ...validity(now, authorityDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), key: await keyPem(keys.privateKey) };
}

/** A certificate of this authority with a new key. Error: INVALID_ARGUMENT for a name that none can have. */
export async function issue(authority: KeyPair, use: CertificateUse, now: Date): Promise<KeyPair> {
  const names = use.is === 'server' ? use.names : [use.name];
  const [subject = ''] = names;
  names.forEach(checkName);
  const issuer = new X509Certificate(authority.certificate);
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [subject] }],
    issuer: issuer.subjectName,
    ...validity(now, certificateDays),
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority),
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([
        use.is === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth,
      ]),
      ...(use.is === 'server' ? [alternativeNames(use.names)] : []),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), key: await keyPem(keys.privateKey) };
}

/** The list of what is revoked, PEM, signed by this authority. `number` is greater than that of the list before. */
export async function revocationList(
  authority: KeyPair,
  revoked: readonly Revocation[],
  { now, number }: { readonly now: Date; readonly number: number },
): Promise<string> {
  const issuer = new X509Certificate(authority.certificate);
  const list = await X509CrlGenerator.create({
    issuer: issuer.subjectName,
    thisUpdate: new Date(now.getTime() - earlierMs),
    nextUpdate: new Date(now.getTime() + listDays * dayMs),
    entries: revoked.map(({ serial, at }) => ({
      serialNumber: serial,
      revocationDate: at,
      reason: X509CrlReason.unspecified,
    })),
    extensions: [await AuthorityKeyIdentifierExtension.create(issuer.publicKey), crlNumber(number)],
    signingAlgorithm: algorithm,
    signingKey: await signingKey(authority),
  });
  return `${PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
}

/** What people want to know of a certificate. */
export interface CertificateFacts {
  /** Lower-case hexadecimal digits. */
  readonly serial: string;
  readonly subject: string;
  readonly notAfter: Date;
  /** SHA-256, lower-case hexadecimal digits. */
  readonly thumbprint: string;
}

/** Reads a PEM certificate. */
export function factsOf(certificate: string): CertificateFacts {
  const { serialNumber, subject, validTo, fingerprint256 } = new NodeCertificate(certificate);
  return {
    serial: serialNumber.toLowerCase(),
    subject: subject.replace(/^CN=/, ''),
    notAfter: new Date(validTo),
    thumbprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - earlierMs),
    notAfter: new Date(now.getTime() + days * dayMs),
  };
}

function alternativeNames(names: readonly string[]): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension(
    names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
  );
}

function checkName(name: string): void {
  const longest = 253;
  if (/^[A-Za-z0-9*._@:-]+$/.test(name) && name.length <= longest) return;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `"${name}" is no name for a certificate; use letters, digits and . _ @ - : (a host name, an address, a user)`,
    { facts: { name } },
  );
}

/** Positive, and never met again. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** The number of a list, as an extension (RFC 5280, 5.2.3). */
function crlNumber(number: number): Extension {
  const digits = number.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  const positive = Number.parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even;
  const value = Buffer.from(positive, 'hex');
  return new Extension('2.5.29.20', false, Buffer.concat([Buffer.from([0x02, value.length]), value]));
}

function signingKey({ key }: KeyPair): Promise<CryptoKey> {
  return subtle.importKey('pkcs8', PemConverter.decodeFirst(key), algorithm, false, ['sign']);
}

async function keyPem(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
