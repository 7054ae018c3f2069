import { isIP } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { RunspaceError, toError } from '../../core/error';
import type { CertificateFolder, ClientCertificate } from './certificate-folder';

/** Checks of another daemon's certificate that are switched off. */
export interface SkippedChecks {
  readonly authority: boolean;
  readonly name: boolean;
  readonly revocation: boolean;
}

/** Where another daemon is, and how it is spoken to. */
export interface DaemonAddress {
  readonly host: string;
  readonly port: number;
  readonly certificates: CertificateFolder;
  /** undefined: the caller shows none. */
  readonly client: ClientCertificate | undefined;
  readonly skipped: SkippedChecks;
  readonly timeoutMs: number;
}

/**
 * A connection to another daemon whose certificate is checked: who signed it, its name, and whether it is revoked, each
 * for itself, so that each can be switched off without the others. Errors: HOST_NOT_FOUND, CONNECTION_REFUSED,
 * HOST_UNREACHABLE, CONNECT_TIMEOUT, NOT_TLS, CERTIFICATE_UNTRUSTED, CERTIFICATE_NAME_MISMATCH, CERTIFICATE_REVOKED.
 */
export async function connectDaemon(address: DaemonAddress): Promise<TLSSocket> {
  const socket = await shakeHands(address, undefined);
  try {
    checkAuthority(address, socket);
    checkName(address, socket);
    await checkRevocation(address, socket);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

function checkAuthority({ host, port, skipped }: DaemonAddress, socket: TLSSocket): void {
  if (skipped.authority || socket.authorized) return;
  throw new RunspaceError(
    'CERTIFICATE_UNTRUSTED',
    `the certificate of ${host}:${port} is not trusted (${String(socket.authorizationError)}); put the authority ` +
      "that signed it into the certificate folder's ca.crt, or switch the check off with SkipCACheck",
    { facts: { host, check: 'ca' } },
  );
}

function checkName({ host, port, skipped }: DaemonAddress, socket: TLSSocket): void {
  if (skipped.name) return;
  const problem = checkServerIdentity(host, socket.getPeerCertificate());
  if (problem === undefined) return;
  throw new RunspaceError(
    'CERTIFICATE_NAME_MISMATCH',
    `the certificate of ${host}:${port} is for another name: ${problem.message}; use one of its names, or switch the ` +
      'check off with SkipCNCheck',
    { facts: { host, check: 'name' } },
  );
}

/** OpenSSL tells the last problem only: a list of what is revoked would hide what is wrong otherwise, so it is asked for itself. */
async function checkRevocation(address: DaemonAddress, socket: TLSSocket): Promise<void> {
  const { host, port, certificates, skipped } = address;
  const { revoked } = certificates;
  if (skipped.revocation || revoked === undefined) return;
  const second = await shakeHands(address, revoked);
  const problem = String(second.authorizationError);
  const isSame = second.getPeerCertificate().fingerprint256 === socket.getPeerCertificate().fingerprint256;
  second.destroy();
  if (isSame && problem !== 'CERT_REVOKED' && problem !== 'CRL_HAS_EXPIRED') return;
  const what = !isSame
    ? 'changes with each connection'
    : problem === 'CERT_REVOKED'
      ? 'is revoked'
      : "can't be checked: the certificate folder's crl.pem is too old";
  throw new RunspaceError(
    'CERTIFICATE_REVOKED',
    `the certificate of ${host}:${port} ${what}; it needs a new one, or switch the check off with SkipRevocationCheck`,
    { facts: { host, check: 'revocation' } },
  );
}

function shakeHands(address: DaemonAddress, revoked: string | undefined): Promise<TLSSocket> {
  const { host, port, certificates, client, timeoutMs } = address;
  const { authority } = certificates;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(authority === undefined ? {} : { ca: authority }),
      ...(revoked === undefined ? {} : { crl: revoked }),
      ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
      // What is wrong is looked at afterwards, check by check.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(problemAt(address, 'CONNECT_TIMEOUT', { what: `did not answer within ${timeoutMs / 1000} s` }));
    }, timeoutMs);
    socket.once('close', () => {
      clearTimeout(timer);
      reject(problemAt(address, 'NOT_TLS', { what: 'ended the connection before TLS began' }));
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.setNoDelay(true);
      if (socket.alpnProtocol === 'h2') {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(problemAt(address, 'NOT_TLS', { what: 'speaks TLS and no HTTP/2: it is no daemon' }));
    });
    socket.on('error', (error) => {
      reject(connectProblem(address, error));
    });
  });
}

function connectProblem(address: DaemonAddress, thrown: unknown): RunspaceError {
  const error = toError(thrown);
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED')
    return problemAt(address, 'CONNECTION_REFUSED', { what: 'refuses connections', cause: error });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return problemAt(address, 'HOST_NOT_FOUND', { what: 'is no known host', cause: error });
  if (code === 'ETIMEDOUT')
    return problemAt(address, 'CONNECT_TIMEOUT', { what: 'did not answer', cause: error });
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return problemAt(address, 'HOST_UNREACHABLE', { what: "can't be reached", cause: error });
  return problemAt(address, 'NOT_TLS', {
    what: `does not speak TLS as a daemon does: ${error.message}`,
    cause: error,
  });
}

function problemAt(
  { host, port }: DaemonAddress,
  code: 'CONNECTION_REFUSED' | 'HOST_NOT_FOUND' | 'CONNECT_TIMEOUT' | 'HOST_UNREACHABLE' | 'NOT_TLS',
  { what, cause }: { readonly what: string; readonly cause?: Error },
): RunspaceError {
  return new RunspaceError(code, `${host}:${port} ${what}`, { facts: { host, port: String(port) }, cause });
}
