import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import type { TlsAddress } from '../address';
import { RunspaceError, invalidArgument } from '../error';
import type { Caller, Dialled } from './caller';
import { unreachable } from './unreachable';

/** How long a machine may take to answer. */
const patienceMs = 20_000;

/**
 * A connection to a daemon of another machine, whose certificate is checked. Errors: DAEMON_UNREACHABLE, NOT_TLS,
 * CERTIFICATE_UNTRUSTED, CERTIFICATE_NAME_MISMATCH, CERTIFICATE_REVOKED; INVALID_ARGUMENT where several certificates of the client's
 * own are there.
 */
export async function dialTls(address: TlsAddress, caller: Caller): Promise<Dialled> {
  const token = caller.token();
  if (token !== undefined && !/^[!-~]+$/.test(token))
    throw invalidArgument('the token is none: it must be one line without blanks, as it was printed');
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(address.application === undefined ? {} : { 'runspace-application': address.application }),
  };
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host: address.host,
      port: address.port,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
      ...(isIP(address.host) === 0 ? { servername: address.host } : {}),
      ...certificatesOf(caller.certificatesFolder, token === undefined ? 'shown' : 'kept'),
    });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        unreachable(`${address.text} did not answer within ${String(patienceMs / 1e3)} s`, facts(address)),
      );
    }, patienceMs);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(fromTlsError(address, error));
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // From here on its loss shows in the calls on it.
      if (socket.alpnProtocol === 'h2') {
        resolve({ socket, headers });
        return;
      }
      socket.destroy();
      reject(refused('NOT_TLS', `${address.text} speaks TLS and no HTTP/2: it is no daemon`, address));
    });
  });
}

/** Whom to trust, what is revoked, and, where no other proof is given, who the client is. */
function certificatesOf(folder: string, own: 'shown' | 'kept'): ConnectionOptions {
  const ca = textOf(join(folder, 'ca.crt'));
  const crl = textOf(join(folder, 'crl.pem'));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    ...(own === 'shown' ? ownCertificate(join(folder, 'client')) : {}),
  };
}

function ownCertificate(folder: string): ConnectionOptions {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.crt')) : [];
  const [name, second] = names;
  if (name === undefined) return {};
  if (second !== undefined)
    throw invalidArgument(`there are several certificates in ${folder}: leave one there, or use a token`, {
      folder,
    });
  const [cert, key] = [name, name.replace(/\.crt$/, '.key')].map((file) => textOf(join(folder, file)));
  return cert === undefined || key === undefined ? {} : { cert, key };
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

const networkCodes: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

function fromTlsError(address: TlsAddress, cause: NodeJS.ErrnoException): RunspaceError {
  const code = cause.code ?? '';
  if (networkCodes.has(code))
    return unreachable(
      `no daemon is reached at ${address.text} (${code}); check the address, and that it listens there`,
      {
        ...facts(address),
        cause,
      },
    );
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return refused(
      'CERTIFICATE_NAME_MISMATCH',
      `the certificate of ${address.text} is for another name: ${cause.message}`,
      address,
    );
  if (code === 'CERT_REVOKED')
    return refused(
      'CERTIFICATE_REVOKED',
      `the certificate of ${address.text} is revoked; it needs a new one`,
      address,
    );
  if (/CERT|SIGNATURE|ISSUER/.test(code))
    return refused(
      'CERTIFICATE_UNTRUSTED',
      `the certificate of ${address.text} is not trusted (${code}); put the authority that signed it into the certificate folder's ca.crt`,
      address,
    );
  return refused('NOT_TLS', `${address.text} does not speak TLS as a daemon does: ${cause.message}`, address);
}

function refused(reason: string, message: string, address: TlsAddress): RunspaceError {
  return new RunspaceError(reason, message, { grpcCode: 'FAILED_PRECONDITION', ...facts(address) });
}

function facts({ text }: TlsAddress): { readonly metadata: Readonly<Record<string, string>> } {
  return { metadata: { address: text } };
}
