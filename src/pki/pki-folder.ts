import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunspaceError } from '../core/error';
import { makeFolder } from '../store/folder';
import { LineLog } from '../store/line-log';
import {
  createAuthority,
  factsOf,
  issue,
  revocationList,
  type CertificateFacts,
  type CertificateUse,
  type KeyPair,
  type Revocation,
} from './authority';

/** A certificate as the folder remembers it. */
export interface IssuedCertificate extends CertificateFacts {
  readonly use: 'server' | 'client';
  readonly revokedAt: Date | undefined;
}

/** What a machine or a person gets. */
export interface Bundle {
  readonly authority: string;
  readonly revoked: string;
  readonly own: KeyPair;
}

/** The folder of an authority. Whoever can read it can make certificates: it belongs on one safe machine. */
export class PkiFolder {
  readonly #folder: string;
  readonly #now: () => Date;

  constructor(folder: string, now: () => Date) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Makes the authority. Error: INVALID_ARGUMENT where there is one. */
  async init(name: string): Promise<CertificateFacts> {
    if (existsSync(this.#path('ca.key')))
      throw new RunspaceError('INVALID_ARGUMENT', `there is an authority in ${this.#folder} already`, {
        facts: { folder: this.#folder },
      });
    makeFolder(this.#folder);
    const authority = await createAuthority(name, this.#now());
    writeNew(this.#path('ca.key'), authority.key);
    writeNew(this.#path('ca.crt'), authority.certificate);
    await this.#writeList([]);
    return factsOf(authority.certificate);
  }

  /** A certificate with all that goes with it. Errors: INVALID_ARGUMENT. */
  async issue(use: CertificateUse): Promise<Bundle> {
    const authority = this.#authority();
    const own = await issue(authority, use, this.#now());
    this.#append({ is: 'issued', use: use.is, ...factsOf(own.certificate) });
    return { authority: authority.certificate, revoked: readFileSync(this.#path('crl.pem'), 'utf8'), own };
  }

  /**
   * Revokes the certificate with this serial number or thumbprint, or all valid ones of this subject; the new list is
   * in `crl.pem`. Error: INVALID_ARGUMENT where none is meant.
   */
  async revoke(reference: string): Promise<readonly IssuedCertificate[]> {
    const wanted = reference.replaceAll(/[\s:]/g, '').toLowerCase();
    const issued = this.issued();
    const meant = issued.filter(
      ({ serial, thumbprint, subject, revokedAt }) =>
        revokedAt === undefined &&
        (serial === wanted || thumbprint === wanted || subject.toLowerCase() === reference.toLowerCase()),
    );
    if (meant.length === 0)
      throw new RunspaceError(
        'INVALID_ARGUMENT',
        `no valid certificate is or has "${reference}"; list them (runspaced pki list)`,
        { facts: { certificate: reference } },
      );
    for (const { serial } of meant) this.#append({ is: 'revoked', serial, at: this.#now() });
    await this.#writeList(this.#revocations());
    return meant;
  }

  /** Signs the list of revoked certificates anew: one that is older than a year counts no longer. */
  async renewList(): Promise<string> {
    await this.#writeList(this.#revocations());
    return this.#path('crl.pem');
  }

  /** Every certificate that was issued, the oldest first. */
  issued(): readonly IssuedCertificate[] {
    const entries = this.#entries();
    const revoked = new Map(
      entries.flatMap((entry) =>
        entry.is === 'revoked' ? [[entry.serial, new Date(entry.at)] as const] : [],
      ),
    );
    return entries.flatMap((entry) =>
      entry.is === 'issued'
        ? [{ ...entry, notAfter: new Date(entry.notAfter), revokedAt: revoked.get(entry.serial) }]
        : [],
    );
  }

  #revocations(): readonly Revocation[] {
    return this.issued().flatMap(({ serial, revokedAt }) =>
      revokedAt === undefined ? [] : [{ serial, at: revokedAt }],
    );
  }

  async #writeList(revoked: readonly Revocation[]): Promise<void> {
    const now = this.#now();
    // Grows with every list, and needs no memory.
    const number = Math.floor(now.getTime() / 1000);
    const list = await revocationList(this.#authority(), revoked, { now, number });
    writeFileSync(this.#path('crl.pem'), list, { mode: 0o644 });
  }

  #authority(): KeyPair {
    if (!existsSync(this.#path('ca.key')))
      throw new RunspaceError(
        'INVALID_ARGUMENT',
        `there is no authority in ${this.#folder}; make one (runspaced pki init)`,
        { facts: { folder: this.#folder } },
      );
    const read = (name: string): string => readFileSync(this.#path(name), 'utf8');
    return { certificate: read('ca.crt'), key: read('ca.key') };
  }

  #append(entry: unknown): void {
    this.#authority();
    const { log } = LineLog.open(this.#path('issued.ndjson'));
    using _log = log;
    log.append(entry);
  }

  #entries(): readonly StoredEntry[] {
    this.#authority();
    const { log, entries } = LineLog.open(this.#path('issued.ndjson'));
    log[Symbol.dispose]();
    return entries as readonly StoredEntry[];
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

/** What the file holds; it is written here only. */
type StoredEntry =
  | ({ readonly is: 'issued'; readonly use: 'server' | 'client'; readonly notAfter: string } & Omit<
      CertificateFacts,
      'notAfter'
    >)
  | { readonly is: 'revoked'; readonly serial: string; readonly at: string };

/** Only its owner can read it; one that is there is never overwritten. */
function writeNew(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
}
