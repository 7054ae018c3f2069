import { parseArgs } from 'node:util';
import { RunspaceError, toError } from '../core/error';
import type { CertificateUse } from '../pki/authority';
import { writeBundle } from '../pki/bundle';
import { PkiFolder, type IssuedCertificate } from '../pki/pki-folder';
import { pkiFolder, type Environment } from './config';

/** What `runspaced pki --help` prints. */
const pkiUsage = `runspaced pki: certificates for the daemons and users of a small fleet

  runspaced pki init [--name NAME]                   make the authority, once, on one safe machine
  runspaced pki server NAME [ADDRESS …] --out FOLDER a daemon's certificate, for all names and addresses it is called by
  runspaced pki client NAME --out FOLDER             a user's certificate: to daemons the user is cert:NAME
  runspaced pki revoke NAME|SERIAL|THUMBPRINT        it is valid no longer; copy the new crl.pem to all daemons and users
  runspaced pki list                                 what was issued
  runspaced pki crl                                  sign the list of revoked ones anew; it counts for a year

  --folder FOLDER     where the authority is kept (else ~/.config/runspaced/pki)
  --out FOLDER        what is in it afterwards belongs into the other machine's certificate folder,
                      ~/.config/runspaced/certificates
`;

const options = {
  name: { type: 'string' },
  folder: { type: 'string' },
  out: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Runs `runspaced pki …`: what to print. Errors: INVALID_ARGUMENT. */
export async function runPki(
  args: readonly string[],
  environment: Environment,
  now: () => Date,
): Promise<string> {
  const { values, positionals } = parsed(args);
  const [command, ...names] = positionals;
  if (values.help === true || command === undefined) return pkiUsage;
  const folder = new PkiFolder(values.folder ?? pkiFolder(environment), now);
  switch (command) {
    case 'init': {
      const { subject, notAfter } = await folder.init(values.name ?? 'runspaced');
      return `the authority "${subject}" is valid until ${dayOf(notAfter)}; keep its folder safe\n`;
    }
    case 'server':
    case 'client':
      return issue(folder, useOf(command, names), values.out);
    case 'revoke':
      return revoke(folder, names);
    case 'list':
      return folder.issued().map(lineOf).join('');
    case 'crl':
      return `${await folder.renewList()}\n`;
    default:
      throw misuse(`there is no command "pki ${command}"`);
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw misuse(toError(error).message);
  }
}

function useOf(command: 'server' | 'client', names: readonly string[]): CertificateUse {
  const [name, ...others] = names;
  if (name === undefined) throw misuse(`pki ${command} needs a name`);
  if (command === 'server') return { is: 'server', names };
  if (others.length > 0) throw misuse('pki client takes one name');
  return { is: 'client', name };
}

async function issue(folder: PkiFolder, use: CertificateUse, out: string | undefined): Promise<string> {
  if (out === undefined) throw misuse('--out is missing: the folder to write the certificate and its key to');
  const paths = writeBundle(out, use, await folder.issue(use));
  return paths.map((path) => `${path}\n`).join('');
}

async function revoke(folder: PkiFolder, references: readonly string[]): Promise<string> {
  if (references.length === 0) throw misuse('pki revoke needs a name, a serial number or a thumbprint');
  const lines: string[] = [];
  for (const reference of references) lines.push(...(await folder.revoke(reference)).map(revokedLine));
  return lines.join('');
}

function revokedLine({ subject, serial }: IssuedCertificate): string {
  return `revoked: ${subject} (${serial})\n`;
}

function lineOf({ use, subject, serial, thumbprint, notAfter, revokedAt }: IssuedCertificate): string {
  const state = revokedAt === undefined ? `valid until ${dayOf(notAfter)}` : `revoked on ${dayOf(revokedAt)}`;
  return `${use}  ${subject}  ${state}  serial ${serial}  thumbprint ${thumbprint}\n`;
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function misuse(problem: string): RunspaceError {
  return new RunspaceError('INVALID_ARGUMENT', `${problem}; see runspaced pki --help`);
}
