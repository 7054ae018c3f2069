import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunspaceError } from '../../core/error';

/** A certificate by which a caller shows who it is, with its key. Both PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** The environment variable that tells a keeper where the folder is. */
export const certificatesVariable = 'RUNSPACED_CERTIFICATES';

/**
 * The certificates of one user: `ca.crt` whom to trust, `crl.pem` what is revoked, `client/NAME.crt` and `.key` who the
 * user is to daemons. It is read anew for each connection.
 */
export class CertificateFolder {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whom to trust; undefined: the authorities that everybody trusts. */
  get authority(): string | undefined {
    return this.#read('ca.crt');
  }

  /** What is revoked; undefined: there is no list. */
  get revoked(): string | undefined {
    return this.#read('crl.pem');
  }

  /** The certificate with this SHA-1 or SHA-256 thumbprint. Error: CERTIFICATE_NOT_FOUND. */
  client(thumbprint: string): ClientCertificate {
    const wanted = thumbprint.replaceAll(/[\s:]/g, '').toLowerCase();
    for (const found of this.#clients()) {
      const { fingerprint, fingerprint256 } = new X509Certificate(found.certificate);
      const prints = [fingerprint, fingerprint256].map((print) => print.replaceAll(':', '').toLowerCase());
      if (prints.includes(wanted)) return found;
    }
    throw new RunspaceError(
      'CERTIFICATE_NOT_FOUND',
      `no certificate in ${join(this.#path, 'client')} has the thumbprint ${thumbprint}`,
      { facts: { thumbprint, folder: this.#path } },
    );
  }

  /** The one that is used where nobody says which: the only one there. */
  usualClient(): ClientCertificate | undefined {
    const all = this.#clients();
    return all.length === 1 ? all[0] : undefined;
  }

  #clients(): readonly ClientCertificate[] {
    const folder = join(this.#path, 'client');
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => name.endsWith('.crt'));
    return names.flatMap((name) => {
      const certificate = this.#read(join('client', name));
      const key = this.#read(join('client', name.replace(/\.crt$/, '.key')));
      return certificate === undefined || key === undefined ? [] : [{ certificate, key }];
    });
  }

  #read(name: string): string | undefined {
    const path = join(this.#path, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }
}
