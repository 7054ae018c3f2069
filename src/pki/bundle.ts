import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunspaceError } from '../core/error';
import { makeFolder } from '../store/folder';
import type { CertificateUse } from './authority';
import type { Bundle } from './pki-folder';

/**
 * Writes a bundle the way a certificate folder is laid out, so that its content can be copied into one:
 * `ca.crt`, `crl.pem`, and `server.crt`/`server.key` or `client/NAME.crt`/`client/NAME.key`. The paths it wrote.
 * Error: INVALID_ARGUMENT where a key is there already.
 */
export function writeBundle(folder: string, use: CertificateUse, bundle: Bundle): readonly string[] {
  const base = join(folder, baseOf(use));
  if (existsSync(`${base}.key`))
    throw new RunspaceError(
      'INVALID_ARGUMENT',
      `${base}.key is there already; choose another folder (--out), or move it away`,
      { facts: { path: `${base}.key` } },
    );
  makeFolder(folder);
  if (use.is === 'client') makeFolder(join(folder, 'client'));
  const files = [
    [join(folder, 'ca.crt'), bundle.authority, 0o644],
    [join(folder, 'crl.pem'), bundle.revoked, 0o644],
    [`${base}.crt`, bundle.own.certificate, 0o644],
    [`${base}.key`, bundle.own.key, 0o600],
  ] as const;
  for (const [path, text, mode] of files) writeFileSync(path, text, { mode });
  return files.map(([path]) => path);
}

function baseOf(use: CertificateUse): string {
  switch (use.is) {
    case 'server':
      return 'server';
    case 'client':
      return join('client', use.name.replaceAll(/[^\w.@-]/g, '_'));
  }
}
