import { spawn } from 'node:child_process';
import { connect as connectSocket, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Client, type AnyAuthMethod, type AuthHandlerMiddleware, type ConnectConfig } from 'ssh2';
import { RunspaceError, toError } from '../../core/error';
import type { AskPerson } from './ask-person';
import { algorithmsFor } from './algorithms';
import {
  Proofs,
  proofsFor,
  readIdentities,
  refused,
  type AuthenticationParts,
  type ProofSteps,
} from './authentication';
import { connectError, factsOf, placeName, socketError } from './errors';
import { hostKeyChecks, type HostKeyChecks } from './host-keys';
import { knownKeyTypes } from './known-hosts';
import type { Memory } from './memory';
import { Phases } from './phases';
import type { SshSettings } from './settings';

/** What it takes to connect, besides the settings. */
export interface ConnectParts {
  readonly password: string | undefined;
  readonly ask: AskPerson | undefined;
  readonly memory: Memory;
  readonly warn: (message: string) => void;
  /** The way there through other hosts; undefined: straight. It is ours, and ended with the connection. */
  readonly through: Duplex | undefined;
}

/** An authenticated connection. */
export interface Connected {
  readonly client: Client;
  readonly settings: SshSettings;
  /** Resolves with the reason when the connection is gone. */
  readonly lost: Promise<RunspaceError>;
}

/**
 * Connects and authenticates. Each phase has its own error: KEY_FILE_UNUSABLE before any connection, HOST_NOT_FOUND,
 * CONNECTION_REFUSED, HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, HOST_KEY_REVOKED, AUTHENTICATION_FAILED,
 * CONNECT_TIMEOUT, which names the phase, LINK_LOST.
 */
export async function connect(settings: SshSettings, parts: ConnectParts): Promise<Connected> {
  const identities = readIdentities(settings);
  const proofs = new Proofs();
  const client = new Client();
  const failing = new AbortController();
  using phases = new Phases(settings, (error) => failing.abort(error));
  const ask = parts.ask === undefined ? undefined : pausing(parts.ask, phases);
  const socket = parts.through ?? proxied(settings) ?? openSocket(settings);
  if (socket !== parts.through) follow(socket, phases);
  else phases.enter('banner');
  const checks = hostKeyChecks(settings, { ask, warn: parts.warn });
  const keyProblem: { found?: RunspaceError } = {};
  const authentication: AuthenticationParts = {
    settings,
    password: parts.password,
    ask,
    memory: parts.memory,
  };
  try {
    await new Promise<void>((resolve, reject) => {
      failing.signal.addEventListener('abort', () => reject(toError(failing.signal.reason)), { once: true });
      client.once('handshake', () => phases.enter('authentication'));
      client.once('ready', resolve);
      client.on('error', (error: Error & { level?: string }) => {
        reject(keyProblem.found ?? explained(error, { settings, phases, proofs }));
      });
      client.once('close', () => reject(keyProblem.found ?? closedEarly(settings, phases)));
      client.connect({
        ...configOf(settings, checks),
        sock: socket,
        hostVerifier: (key: Buffer, verify: (isAccepted: boolean) => void) => {
          phases.enter('hostKey');
          void checkKey(checks, key).then((problem) => {
            if (problem !== undefined) keyProblem.found = problem;
            verify(problem === undefined);
          });
        },
        authHandler: handlerOf(proofsFor(authentication, identities, proofs), proofs),
      });
    });
  } catch (error) {
    client.on('error', () => undefined); // The first one is the one that is told.
    client.end();
    client.destroy();
    socket.destroy();
    throw error;
  }
  client.setNoDelay(true);
  return { client, settings, lost: lossOf(client, settings) };
}

function configOf(settings: SshSettings, checks: HostKeyChecks): ConnectConfig {
  return {
    username: settings.userName,
    host: settings.hostName,
    port: settings.port,
    keepaliveInterval: settings.keepAliveMs,
    keepaliveCountMax: settings.keepAliveCount,
    // Ours counts, which knows when a person is asked.
    readyTimeout: 0,
    algorithms: algorithmsFor(settings.algorithms, knownKeyTypes(checks.entries, checks.name)),
  };
}

function openSocket({ hostName, port, family, localAddress }: SshSettings): Socket {
  return connectSocket({
    host: hostName,
    port,
    noDelay: true,
    ...(family === undefined ? {} : { family }),
    ...(localAddress === undefined ? {} : { localAddress }),
  });
}

/** The way there by a program's standard streams. */
function proxied({ proxyCommand }: SshSettings): Duplex | undefined {
  if (proxyCommand === undefined) return undefined;
  const { stdin, stdout } = spawn('/bin/sh', ['-c', `exec ${proxyCommand}`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return Duplex.from({ readable: stdout, writable: stdin });
}

function follow(socket: Duplex, phases: Phases): void {
  socket.once('lookup', () => phases.enter('port'));
  socket.once('connect', () => phases.enter('banner'));
}

function pausing(ask: AskPerson, phases: Phases): AskPerson {
  return (question) => phases.pausedFor(ask(question));
}

async function checkKey(checks: HostKeyChecks, key: Uint8Array): Promise<RunspaceError | undefined> {
  try {
    return await checks.check(key);
  } catch (error) {
    return error instanceof RunspaceError
      ? error
      : new RunspaceError('HOST_KEY_UNKNOWN', toError(error).message);
  }
}

function handlerOf(steps: ProofSteps, proofs: Proofs): AuthHandlerMiddleware {
  return (methodsLeft: readonly string[] | null, isPartial: boolean | null, callback) => {
    // The types leave out that `false` says "no more".
    const next = callback as (method: AnyAuthMethod | false) => void;
    if (methodsLeft !== null) proofs.accepted = methodsLeft;
    steps.next({ taken: methodsLeft ?? [], isPartial: isPartial === true }).then(
      (step) => next(step.done === true ? false : step.value),
      (error: unknown) => {
        proofs.unanswered ??= toError(error);
        next(false);
      },
    );
  };
}

function explained(
  error: Error & { level?: string },
  at: { readonly settings: SshSettings; readonly phases: Phases; readonly proofs: Proofs },
): RunspaceError {
  const { settings, phases, proofs } = at;
  const { phase } = phases;
  const isRefused =
    error.level === 'client-authentication' || /too many authentication failures/i.test(error.message);
  if (isRefused) return refused(settings, proofs);
  if (error.level === 'client-socket' && (phase === 'name' || phase === 'port'))
    return socketError(error, settings);
  if (phase === 'banner' && error.level !== 'client-timeout')
    return connectError(
      'NOT_SSH',
      `${placeName(settings)} does not speak ssh as it should: ${error.message}`,
      {
        settings,
        phase,
        cause: error,
      },
    );
  return connectError('LINK_LOST', `the connection to ${placeName(settings)} failed: ${error.message}`, {
    settings,
    phase,
    cause: error,
  });
}

function closedEarly(settings: SshSettings, { phase }: Phases): RunspaceError {
  return connectError(
    'LINK_LOST',
    `${placeName(settings)} closed the connection before it was open (while: ${phase}); its log may say why (MaxStartups, MaxAuthTries, AllowUsers)`,
    { settings, phase },
  );
}

/** The reason that ssh2 gives comes before the end. */
function lossOf(client: Client, settings: SshSettings): Promise<RunspaceError> {
  return new Promise((resolve) => {
    let why: Error | undefined;
    client.on('error', (error) => {
      why ??= error;
    });
    client.once('close', () => {
      const said = why === undefined ? 'it was closed at the other side' : why.message;
      resolve(
        new RunspaceError(
          'LINK_LOST',
          `the ssh connection to ${placeName(settings)} is lost: ${said}. What ran over it has ended; ` +
            `sessions outlive their connection where runspaced is installed at the other side (docs/ssh.md)`,
          { facts: factsOf(settings), cause: why },
        ),
      );
    });
  });
}
