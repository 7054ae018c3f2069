import { authorize, type Action, type Rules } from '../auth/authorize';
import type { Audit } from '../audit/audit';
import type { OpenCommands } from '../audit/open-commands';
import type { Fingerprints } from '../auth/fingerprint';
import type { Tokens } from '../auth/tokens';
import type { Catalog } from '../configuration/catalog';
import type { Configuration } from '../configuration/configuration';
import type { Clock } from '../core/clock';
import { RunspaceError } from '../core/error';
import { asClientId, type ClientId, type Principal } from '../core/ids';
import type { ContainerTarget, Target } from '../core/target';
import type { StartJobRequest } from '../gen/runspace/v1/job';
import type { Jobs } from '../job/jobs';
import { otherClient } from '../session/connection';
import type { Lifecycle } from '../session/lifecycle';
import { checkRequestId, type Request, type RequestLog } from '../session/request-log';
import type { Session } from '../session/session';
import type { SessionTable } from '../session/table';
import type { Edge } from './call';

/** What the services work with. */
export interface Context {
  readonly edge: Edge;
  readonly rules: Rules;
  readonly clock: Clock;
  readonly table: SessionTable;
  readonly lifecycle: Lifecycle;
  readonly configurations: Catalog;
  /** A configuration from YAML or JSON, not checked yet. Errors: CONFIGURATION_INVALID, UNSUPPORTED. */
  readonly readConfiguration: (text: string) => Configuration;
  readonly jobs: Jobs;
  readonly tokens: Tokens;
  readonly requests: RequestLog;
  readonly fingerprints: Fingerprints;
  readonly audit: Audit;
  /** Commands whose end is still to be taken down. */
  readonly openCommands: OpenCommands;
  /** The engine of sessions that name none, for a caller with this PATH. */
  defaultEngine(callerPath: string | undefined): string;
  /** The same for a session in a container, which is asked for it. */
  defaultEngineIn(container: ContainerTarget): Promise<string>;
  /** The same place; this machine by one of its names is this machine. */
  loopback(place: Target): Target;
  /** Keeps what a job asks for with its secrets, while this daemon lives. */
  rememberJob(job: string, request: StartJobRequest): void;
  /** A new random GUID. */
  newId(): string;
  /** Throws SHUTTING_DOWN while the daemon takes no new work. */
  admitNewWork(): void;
}

/** The session that a request names, if the caller may do this to it. */
export function sessionFor(
  context: Context,
  principal: Principal,
  { session: reference, action }: { readonly session: string; readonly action: Action },
): Session {
  const session = context.table.resolve(principal, reference);
  const decision = authorize(context.rules, principal, {
    action,
    resource: { is: 'session', owner: session.owner },
  });
  if (decision.is === 'allowed') return session;
  throw new RunspaceError(
    'ACCESS_DENIED',
    `you may not ${action} session "${reference}": ${decision.reason}`,
    {
      facts: { session: reference, action },
    },
  );
}

/** Refuses what the caller may not do to the daemon. */
export function authorizeDaemon(context: Context, principal: Principal, action: Action): void {
  const decision = authorize(context.rules, principal, { action, resource: { is: 'daemon' } });
  if (decision.is === 'denied')
    throw new RunspaceError('ACCESS_DENIED', `not allowed: ${decision.reason}`, { facts: { action } });
}

/** Refuses to act in a session to which another client is connected, unless the caller takes it over. */
export function requireNoOther(session: Session, client: ClientId, takeOver: 'takeOver' | 'yield'): void {
  const other = otherClient(session.connection, client);
  if (other === undefined || takeOver === 'takeOver') return;
  throw new RunspaceError(
    'CONNECTED_ELSEWHERE',
    `client ${other} is connected to session "${session.name}"; wait until it disconnects, or take over (--take-over)`,
    { facts: { session: session.name, client: other } },
  );
}

/** The caller's choice in words. */
export function takeOverOf(takeOver: boolean): 'takeOver' | 'yield' {
  return takeOver ? 'takeOver' : 'yield';
}

/** The client's name for itself. Clients that say none are one and the same client. */
export function clientOf(text: string): ClientId {
  const longest = 128;
  if (text.length > longest)
    throw new RunspaceError('INVALID_ARGUMENT', `client_id is longer than ${String(longest)} characters`, {
      facts: { field: 'client_id' },
    });
  return asClientId(text === '' ? 'anonymous' : text);
}

/** A client that must be named, since it is about to be connected. */
export function namedClientOf(text: string): ClientId {
  if (text !== '') return clientOf(text);
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    'client_id is missing; send the same text with all calls of one client',
    {
      facts: { field: 'client_id' },
    },
  );
}

/** A request as the request log knows it. `content` is the encoded request without ids and credentials. */
export function requestOf(
  context: Context,
  principal: Principal,
  call: { readonly method: string; readonly requestId: string; readonly content: Uint8Array },
): Request {
  checkRequestId(call.requestId);
  return { principal, id: call.requestId, fingerprint: context.fingerprints.of(call.method, call.content) };
}
