import { RunspaceError, type Problem } from '../core/error';
import { asSessionId } from '../core/ids';
import type { Credential, Target } from '../core/target';
import {
  ConnectSessionRequest,
  CreateSessionRequest,
  DeleteSessionRequest,
  DisconnectSessionRequest,
  ResetSessionRequest,
  UpdateSessionRequest,
  type SessionServiceServer,
} from '../gen/runspace/v1/session';
import { checkSessionName } from '../session/name';
import { agentSocketOf, toCredential, toTarget } from '../keeper/target-terms';
import type { NewSession } from '../session/new-session';
import type { Session } from '../session/session';
import { noteInSession } from './audited';
import { unary, serverStream, type Caller } from './call';
import { attachSession } from './attach-session';
import { configurationFor } from './configuration-service';
import {
  authorizeDaemon,
  clientOf,
  namedClientOf,
  requestOf,
  requireNoOther,
  sessionFor,
  takeOverOf,
  type Context,
} from './context';
import { completeInput, describeSession } from './describe-session';
import { listSessions } from './list-sessions';
import { toBufferingMode, toChosenOptions } from './session-options';
import { toSessionMessage } from './session-message';
import { toMilliseconds } from './time';
import { watchSessions } from './watch-sessions';
import { withoutClearTexts } from './without-clear-texts';

const defaultLeaseMs = 8 * 60 * 60 * 1000;
const longestLeaseMs = 24 * 60 * 60 * 1000;

/** SessionService as the API describes it. */
export function sessionService(context: Context): SessionServiceServer {
  const { edge } = context;
  return {
    createSession: unary(edge, (request, caller) => createSession(context, request, caller)),
    getSession: unary(edge, (request, { principal }) => {
      const session = sessionFor(context, principal, { session: request.session, action: 'see' });
      return Promise.resolve(answer(context, session, request.clientId));
    }),
    listSessions: unary(edge, (request, caller) => Promise.resolve(listSessions(context, request, caller))),
    updateSession: unary(edge, (request, caller) => updateSession(context, request, caller)),
    connectSession: unary(edge, (request, caller) => connectSession(context, request, caller)),
    disconnectSession: unary(edge, (request, caller) => disconnectSession(context, request, caller)),
    deleteSession: unary(edge, (request, caller) => deleteSession(context, request, caller)),
    attachSession: serverStream(edge, (request, send, caller) =>
      attachSession(context, { request, send, caller }),
    ),
    watchSessions: serverStream(edge, (request, send, caller) =>
      watchSessions(context, { request, send, caller }),
    ),
    resetSession: unary(edge, (request, caller) => resetSession(context, request, caller)),
    describeSession: unary(edge, (request, caller) => describeSession(context, request, caller)),
    completeInput: unary(edge, (request, caller) => completeInput(context, request, caller)),
  };
}

/** Opens a session, or finds the one that the same request opened before. */
export async function createSession(
  context: Context,
  request: CreateSessionRequest,
  { principal, signal }: Caller,
) {
  authorizeDaemon(context, principal, 'create');
  const remembered = requestOf(context, principal, {
    method: 'CreateSession',
    requestId: request.requestId,
    content: CreateSessionRequest.encode({
      ...withoutClearTexts(request),
      requestId: '',
      clientId: '',
      environment: {},
      credential: undefined,
      delegatedToken: '',
    }).finish(),
  });
  const id = context.requests.recall(remembered);
  let session = id === undefined ? undefined : context.table.get(id);
  if (session === undefined) {
    context.admitNewWork();
    const newId = id ?? asSessionId(context.newId());
    const there = { engine: request.engine, configuration: request.configuration };
    const callerPath = request.environment['PATH'];
    const target = toTarget(request.target);
    const place = context.loopback(target);
    const credential = toCredential(request.credential);
    // Another daemon has its own.
    const configuration = place.is === 'daemon' ? '' : request.configuration;
    const engine = await engineFor(context, request, place);
    const wanted = {
      id: newId,
      owner: principal,
      name: request.name,
      configuration: configurationFor(context, principal, { configuration, engine, callerPath, place }),
      isConfigurationNamed: configuration !== '',
      options: toChosenOptions(request.options),
      workingDirectory: request.workingDirectory,
      environment: request.environment,
      applicationArguments: request.options?.applicationArguments ?? {},
      place,
      there,
      credential,
      delegatedToken: request.delegatedToken || loopbackToken(target, place, credential),
      agentSocket: agentSocketOf(request.target),
    };
    // Remembered first: a crash in between must not let the repetition make a second session.
    checkDelegation(wanted);
    context.lifecycle.check(wanted);
    context.requests.remember(remembered, newId);
    session = await context.lifecycle.create(wanted);
    noteInSession(
      context,
      { principal, clientId: request.clientId, session },
      {
        event: 'sessionCreated',
        engine: session.stored.engine,
        configuration: session.stored.configuration?.name ?? '',
      },
    );
  }
  if (request.wait) await context.lifecycle.opened(session, signal);
  const { problem } = session.stored;
  if (request.wait && session.state === 'broken' && problem !== undefined) throw errorOf(problem);
  return answer(context, session, request.clientId);
}

function onlyTokens(): RunspaceError {
  return new RunspaceError(
    'INVALID_ARGUMENT',
    'only a token can be delegated: give one as the credential (--token-file), or leave the delegation out',
    { facts: { field: 'target.daemon.delegate_credential' } },
  );
}

/** EnableNetworkAccess: a loopback session may use the caller's own token onward; empty: it has none, or was given none. */
function loopbackToken(target: Target, place: Target, credential: Credential | undefined): string {
  if (place.is !== 'local' || target.is !== 'daemon') return '';
  if (target.delegateCredential && credential?.proof.is !== 'token') throw onlyTokens();
  const isAsked = target.enableNetworkAccess || target.delegateCredential;
  return isAsked && credential?.proof.is === 'token' ? credential.proof.token : '';
}

/** A token is delegated by who has one, and to this machine's own engines. */
function checkDelegation({ place, credential, delegatedToken, configuration }: NewSession): void {
  if (place.is === 'daemon' && place.delegateCredential && credential?.proof.is !== 'token')
    throw onlyTokens();
  if (delegatedToken === '') return;
  if (place.is !== 'local' || configuration.runAsUser !== '')
    throw new RunspaceError(
      'UNSUPPORTED',
      "a token is delegated only to engines that run on the daemon's own machine, as its own user",
      { facts: { field: 'delegated_token' } },
    );
}

/** As it is named; where nobody says and a container would have to be asked, what that has. */
async function engineFor(
  context: Context,
  { engine, configuration }: CreateSessionRequest,
  place: Target,
): Promise<string> {
  const isOpen = engine === '' && configuration === '' && place.is === 'container';
  return isOpen ? context.defaultEngineIn(place) : engine;
}

async function updateSession(context: Context, request: UpdateSessionRequest, { principal }: Caller) {
  const session = sessionFor(context, principal, { session: request.session, action: 'connect' });
  const remembered = requestOf(context, principal, {
    method: 'UpdateSession',
    requestId: request.requestId,
    content: UpdateSessionRequest.encode({ ...request, requestId: '', clientId: '' }).finish(),
  });
  if (context.requests.recall(remembered) === undefined) {
    requireNoOther(session, clientOf(request.clientId), 'yield');
    checkSessionName(request.name);
    if (request.name.toLowerCase() !== session.name.toLowerCase())
      context.table.checkNameFree(principal, request.name);
    session.rename(request.name);
    await context.lifecycle.saved(session);
    context.requests.remember(remembered, session.id);
    await context.lifecycle.configure(session);
  }
  return answer(context, session, request.clientId);
}

async function connectSession(
  context: Context,
  request: ConnectSessionRequest,
  { principal, signal }: Caller,
) {
  const session = sessionFor(context, principal, { session: request.session, action: 'connect' });
  const client = namedClientOf(request.clientId);
  const leaseMs = toMilliseconds(request.lease, 'lease') ?? defaultLeaseMs;
  if (leaseMs < 1000 || leaseMs > longestLeaseMs)
    throw new RunspaceError('OPTION_OUT_OF_RANGE', 'lease must be from 1 second to 24 hours', {
      facts: { option: 'lease' },
    });
  const remembered = requestOf(context, principal, {
    method: 'ConnectSession',
    requestId: request.requestId,
    content: ConnectSessionRequest.encode({ ...request, requestId: '' }).finish(),
  });
  if (context.requests.recall(remembered) === undefined) {
    await context.lifecycle.running(session, signal);
    requireNoOther(session, client, takeOverOf(request.takeOver));
    session.connect(client, context.clock.now() + leaseMs);
    await context.lifecycle.saved(session); // Then a killed daemon forgets neither the connection nor the call.
    noteInSession(
      context,
      { principal, clientId: request.clientId, session },
      {
        event: 'sessionConnected',
        takeOver: request.takeOver,
      },
    );
    context.requests.remember(remembered, session.id);
  }
  return answer(context, session, request.clientId);
}

async function disconnectSession(
  context: Context,
  request: DisconnectSessionRequest,
  { principal, signal }: Caller,
) {
  const session = sessionFor(context, principal, { session: request.session, action: 'connect' });
  const remembered = requestOf(context, principal, {
    method: 'DisconnectSession',
    requestId: request.requestId,
    content: DisconnectSessionRequest.encode({ ...request, requestId: '' }).finish(),
  });
  if (context.requests.recall(remembered) === undefined) {
    await context.lifecycle.running(session, signal);
    requireNoOther(session, clientOf(request.clientId), takeOverOf(request.takeOver));
    const idleTimeoutMs = toMilliseconds(request.idleTimeout, 'idle_timeout');
    const outputBufferingMode = toBufferingMode(request.outputBufferingMode);
    if (idleTimeoutMs !== undefined || outputBufferingMode !== undefined) {
      session.setOptions({ idleTimeoutMs, outputBufferingMode });
      await context.lifecycle.configure(session);
    }
    session.disconnect();
    await context.lifecycle.saved(session);
    noteInSession(
      context,
      { principal, clientId: request.clientId, session },
      {
        event: 'sessionDisconnected',
      },
    );
    context.requests.remember(remembered, session.id);
  }
  return answer(context, session, request.clientId);
}

async function resetSession(context: Context, request: ResetSessionRequest, { principal, signal }: Caller) {
  const session = sessionFor(context, principal, { session: request.session, action: 'invoke' });
  const remembered = requestOf(context, principal, {
    method: 'ResetSession',
    requestId: request.requestId,
    content: ResetSessionRequest.encode({ ...request, requestId: '', clientId: '' }).finish(),
  });
  if (context.requests.recall(remembered) === undefined) {
    requireNoOther(session, clientOf(request.clientId), 'yield');
    context.admitNewWork();
    const keeper = await context.lifecycle.running(session, signal);
    await keeper.resetSession({ sessionId: session.id, requestId: request.requestId }, signal);
    session.noteActivity();
    context.requests.remember(remembered, session.id);
  }
  return answer(context, session, request.clientId);
}

async function deleteSession(context: Context, request: DeleteSessionRequest, { principal }: Caller) {
  const remembered = requestOf(context, principal, {
    method: 'DeleteSession',
    requestId: request.requestId,
    content: DeleteSessionRequest.encode({ ...request, requestId: '' }).finish(),
  });
  const before = context.requests.recall(remembered);
  const session =
    (before === undefined ? undefined : context.table.get(before)) ??
    sessionFor(context, principal, { session: request.session, action: 'remove' });
  if (before === undefined) {
    if (session.stored.problem?.code === 'REMOVED') throw removedBefore(session);
    requireNoOther(session, clientOf(request.clientId), takeOverOf(request.takeOver));
    context.requests.remember(remembered, session.id);
    noteInSession(context, { principal, clientId: request.clientId, session }, { event: 'sessionRemoved' });
  }
  await context.lifecycle.remove(session, removal(session));
  return answer(context, session, request.clientId);
}

function answer(context: Context, session: Session, clientId: string) {
  return { session: toSessionMessage(session, clientOf(clientId), context.clock.now()) };
}

function removal(session: Session): Problem {
  return { code: 'REMOVED', message: 'it was removed', facts: { session: session.name } };
}

function removedBefore(session: Session): RunspaceError {
  return new RunspaceError('EXPIRED', `session "${session.name}" was removed already`, {
    facts: { session: session.name, id: session.id },
  });
}

function errorOf({ code, message, facts }: Problem): RunspaceError {
  return new RunspaceError(code, message, { facts });
}
