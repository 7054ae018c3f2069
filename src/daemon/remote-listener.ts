import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from '@grpc/grpc-js';
import type { Audit } from '../audit/audit';
import { userOfToken } from '../auth/tokens';
import type { Clock } from '../core/clock';
import { RunspaceError } from '../core/error';
import { asPrincipal, type Principal } from '../core/ids';
import type { Log } from '../core/log';
import type { Gate, Shown } from '../rpc/remote-callers';
import { listenTls, type ListenerCertificates, type TlsListener } from '../rpc/tls-listener';
import type { ListenerConfig } from './listener-config';
import type { TokenFile } from './token-file';

/** What decides who may come in over the network. */
interface GateParts extends Pick<ListenerConfig, 'applicationName' | 'redirect'> {
  readonly tokens: TokenFile;
  readonly audit: Audit;
  readonly clock: Clock;
}

/** Certificates and tokens, and what is written down of them: once for each connection. */
export function remoteGate({ applicationName, redirect, tokens, audit, clock }: GateParts): Gate {
  const known = new Set<string>();
  return {
    applicationName,
    redirect,
    principalOf: (shown) => {
      const principal = principalOf(shown, tokens, clock.now());
      const login = `${principal} ${shown.peer}`;
      if (!known.has(login)) {
        if (known.size >= mostKnown) known.clear();
        known.add(login);
        const by = shown.token === undefined ? 'certificate' : 'token';
        audit.note({ principal, client: '', peer: shown.peer }, { event: 'login', by });
      }
      return principal;
    },
    refused: ({ certificateName, userName, peer }, method, { code, message, facts }) => {
      const who = certificateName === undefined ? `?${userName ?? ''}` : `cert:${certificateName}`;
      const actor = { principal: who, client: '', peer };
      if (code === 'REDIRECTED')
        audit.note(actor, { event: 'redirected', method, location: facts['location'] ?? '' });
      else audit.note(actor, { event: 'denied', method, reason: code, message });
    },
  };
}

const mostKnown = 10_000;

function principalOf({ certificateName, token, userName }: Shown, tokens: TokenFile, now: number): Principal {
  if (token !== undefined) {
    const user = userOfToken(tokens.all(), token, now);
    if (user !== undefined && (userName === undefined || userName === user))
      return asPrincipal(`user:${user}`);
    throw refusal('the token (or password) is not valid here, has expired, or is of another user');
  }
  if (certificateName !== undefined) return asPrincipal(`cert:${certificateName}`);
  throw refusal('it takes no certificate of yours, if you showed one, and you showed no token');
}

function refusal(why: string): RunspaceError {
  return new RunspaceError(
    'AUTHENTICATION_FAILED',
    `the daemon does not know you: ${why}; show a certificate that its authority signed (runspaced pki), ` +
      'or a token of it (runspaced token new)',
  );
}

/**
 * Listens for callers of other machines. Errors: CONFIGURATION_INVALID where there is no certificate, no way to tell
 * callers apart, or where what they ask for would run as root and nobody said that it may; ADDRESS_IN_USE.
 */
export function listenRemote(
  server: Server,
  about: {
    readonly listener: ListenerConfig;
    readonly folder: string;
    readonly tokens: TokenFile;
    readonly uid: number;
    readonly log: Log;
  },
): Promise<TlsListener> {
  const { listener, folder, tokens, uid, log } = about;
  if (uid === 0 && !listener.mayServeAsRoot && listener.redirect === undefined)
    throw invalid(
      'the daemon runs as root, and would run as root whatever callers of other machines ask for; ' +
        'run it as another user, or allow it (listen-as-root: "yes")',
    );
  const certificates = new ListenerFiles(folder);
  if (!certificates.hasAuthority && tokens.all().length === 0)
    throw invalid(
      `callers of other machines could not be told apart: there is no ${join(folder, 'ca.crt')}, and no token ` +
        '(runspaced token new)',
    );
  const { host, port } = listener;
  return listenTls({ server, host, port, certificates: () => certificates.changed(), log });
}

/** The listener's files; read anew when one has changed, a new list of what is revoked for instance. */
export class ListenerFiles {
  readonly #folder: string;
  #stamp = '';

  constructor(folder: string) {
    this.#folder = folder;
  }

  get hasAuthority(): boolean {
    return existsSync(join(this.#folder, 'ca.crt'));
  }

  /** undefined: nothing has changed since the last time. Error: CONFIGURATION_INVALID. */
  changed(): ListenerCertificates | undefined {
    const stamp = names.map((name) => this.#stampOf(name)).join(' ');
    if (stamp === this.#stamp) return undefined;
    const read = {
      certificate: this.#required('server.crt'),
      key: this.#required('server.key'),
      authority: this.#read('ca.crt'),
      revoked: this.#read('crl.pem'),
    };
    this.#stamp = stamp;
    return read;
  }

  #stampOf(name: string): string {
    const stats = statSync(join(this.#folder, name), { throwIfNoEntry: false });
    return stats === undefined ? '-' : `${String(stats.mtimeMs)}/${String(stats.size)}`;
  }

  #required(name: string): string {
    const text = this.#read(name);
    if (text !== undefined) return text;
    throw invalid(
      `callers of other machines need a certificate of this one, and ${join(this.#folder, name)} is missing ` +
        '(runspaced pki server)',
    );
  }

  #read(name: string): string | undefined {
    const path = join(this.#folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }
}

const names = ['server.crt', 'server.key', 'ca.crt', 'crl.pem'];

function invalid(message: string): RunspaceError {
  return new RunspaceError('CONFIGURATION_INVALID', `no listener: ${message}`, {
    facts: { option: 'listen' },
  });
}
