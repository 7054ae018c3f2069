import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { Clock } from '../core/clock';
import { RunspaceError } from '../core/error';
import type { Tunnel } from '../core/kept-session';
import type { Log } from '../core/log';
import type { Credential, DaemonTarget } from '../core/target';
import { SessionServiceService } from '../gen/runspace/v1/session';
import { fromServiceError, hasReason, isServiceError } from '../status/service-error';
import type { CertificateFolder, ClientCertificate } from '../transport/daemon/certificate-folder';
import type { DaemonAddress, SkippedChecks } from '../transport/daemon/connect';
import { DaemonTunnel } from '../transport/daemon/tunnel';
import { callUnary } from './grpc-call';

/** What leads to another daemon. */
export interface DaemonWayParts {
  readonly target: DaemonTarget;
  readonly credential: Credential | undefined;
  readonly skipped: SkippedChecks;
  readonly maximumRedirection: number;
  readonly certificates: CertificateFolder;
  readonly socketPath: string;
  readonly timeoutMs: number;
  readonly mostAttempts: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The port of a daemon where nobody names one. */
const usualPort = 7441;

/** Where a redirection leads. */
interface Location {
  readonly host: string;
  readonly port: number;
  readonly applicationName: string | undefined;
}

/**
 * The way to another daemon, which has accepted the caller: redirections are followed, as far as the caller lets it.
 * Rejects as connectDaemon, with AUTHENTICATION_FAILED, APPLICATION_NOT_FOUND and REDIRECTED.
 */
export async function openDaemonWay(parts: DaemonWayParts): Promise<Tunnel & AsyncDisposable> {
  const { target, socketPath } = parts;
  const client = clientOf(parts);
  let at: Location = {
    host: target.host,
    port: target.port ?? usualPort,
    applicationName: target.applicationName,
  };
  const hops = [shown(at)];
  let authorization = authorizationOf(parts);
  const tunnel = await DaemonTunnel.open(parts, addressOf(parts, at, client));
  try {
    for (;;) {
      const next = await asked(parts, at, { socketPath, authorization });
      if (next === undefined) break;
      checkHop(parts, hops, next);
      hops.push(shown(next));
      if (!mayHaveCredential(target, next, hops)) authorization = '';
      at = next;
      await tunnel.leadTo(addressOf(parts, at, client));
    }
  } catch (error) {
    await tunnel[Symbol.asyncDispose]();
    throw error;
  }
  return {
    socketPath,
    version: '',
    authorization,
    [Symbol.asyncDispose]: () => tunnel[Symbol.asyncDispose](),
  };
}

/** Whether the credential goes where callers are sent. What is delegated is for the daemon that was called: else REDIRECTED. */
function mayHaveCredential(target: DaemonTarget, next: Location, hops: readonly string[]): boolean {
  if (next.host === target.host || target.forwardCredential) return true;
  if (!target.delegateCredential) return false;
  throw new RunspaceError(
    'REDIRECTED',
    `a token is to be delegated, and ${hops[0] ?? ''} sends its callers elsewhere (${hops.join(' -> ')}); call that address, or let the credential go there too (--forward-credential)`,
    { facts: { hops: hops.join(' -> ') } },
  );
}

function addressOf(
  { certificates, skipped, timeoutMs }: DaemonWayParts,
  { host, port }: Location,
  client: ClientCertificate | undefined,
): DaemonAddress {
  return { host, port, certificates, client, skipped, timeoutMs };
}

/** A certificate is shown where no other proof is given. */
function clientOf({ target, certificates, credential }: DaemonWayParts): ClientCertificate | undefined {
  if (target.certificateThumbprint !== undefined) return certificates.client(target.certificateThumbprint);
  return credential === undefined ? certificates.usualClient() : undefined;
}

function authorizationOf({ credential }: DaemonWayParts): string {
  const proof = credential?.proof;
  switch (proof?.is) {
    case undefined:
    case 'none':
      return '';
    case 'token':
      return `Bearer ${proof.token}`;
    case 'password':
      // What a daemon knows a user by is a token; it is given where a password is asked for.
      return `Bearer ${proof.password}`;
  }
}

/** Whether the daemon there takes the caller: undefined, or where it sends it. */
async function asked(
  { credential, log }: DaemonWayParts,
  at: Location,
  { socketPath, authorization }: { readonly socketPath: string; readonly authorization: string },
): Promise<Location | undefined> {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const metadata = new Metadata();
  if (authorization !== '') metadata.set('authorization', authorization);
  if (at.applicationName !== undefined) metadata.set('runspace-application', at.applicationName);
  if (credential?.userName !== undefined) metadata.set('runspace-user', credential.userName);
  const request = { clientId: '', sessions: [], states: [], engine: '', pageSize: 1, pageToken: '' };
  try {
    await callUnary({ client, metadata }, SessionServiceService.listSessions, {
      request,
      signal: AbortSignal.timeout(answerWithinMs),
    });
    return undefined;
  } catch (thrown) {
    if (!isServiceError(thrown)) throw thrown;
    return redirection(thrown, at, log);
  } finally {
    client.close();
  }
}

const answerWithinMs = 30_000;

function redirection(thrown: Parameters<typeof fromServiceError>[0], at: Location, log: Log): Location {
  if (!hasReason(thrown) && thrown.code === status.UNAVAILABLE)
    throw new RunspaceError('HOST_UNREACHABLE', `${shown(at)} ended the connection: ${thrown.details}`, {
      facts: { host: at.host, port: String(at.port) },
      cause: thrown,
    });
  const error = fromServiceError(thrown);
  if (error.code !== 'REDIRECTED')
    throw new RunspaceError(error.code, `${shown(at)}: ${error.message}`, {
      facts: { ...error.facts, host: at.host },
      cause: error,
    });
  log.info('far daemon redirects', { from: shown(at), to: error.facts['location'] ?? '' });
  return locationIn(error);
}

/** Never to where nothing is enciphered. */
function locationIn(error: RunspaceError): Location {
  const text = error.facts['location'] ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'grpcs:' || url.hostname === '') throw error;
  const path = decodeURIComponent(url.pathname.slice(1));
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? usualPort : Number(url.port),
    applicationName: path === '' ? undefined : path,
  };
}

function checkHop(
  { target, maximumRedirection }: DaemonWayParts,
  hops: readonly string[],
  next: Location,
): void {
  const to = shown(next);
  const facts = { location: `grpcs://${to}`, hops: [...hops, to].join(' -> ') };
  const way = `${hops.join(' -> ')} -> ${to}`;
  if (!target.allowRedirection)
    throw new RunspaceError(
      'REDIRECTED',
      `${hops[0] ?? ''} sends its callers to grpcs://${to}; call that address, or allow it (--allow-redirection)`,
      { facts },
    );
  if (hops.includes(to))
    throw new RunspaceError('REDIRECTED', `the redirections go round: ${way}`, { facts });
  if (hops.length > maximumRedirection)
    throw new RunspaceError(
      'REDIRECTED',
      `more than ${maximumRedirection} redirections (MaximumRedirection): ${way}`,
      { facts },
    );
}

function shown({ host, port }: Location): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
