import type { KeeperClient } from '../keeper/client';
import { openingTerms, warmPoolTerms } from '../keeper/opening-terms';
import { fromSessionOptions } from '../keeper/session-terms';
import { fromCredential, fromTarget } from '../keeper/target-terms';
import { mayBeFar } from './far-place';
import type { EngineProgram, EngineStart, NewSession } from './new-session';
import type { Session } from './session';

type OpenRequest = Parameters<KeeperClient['openSession']>[0];

/** What a keeper is told of each session. */
export function labels(session: Session): { sessionId: string; sessionName: string; target: string } {
  return { sessionId: session.id, sessionName: session.name, target: session.stored.target };
}

/** What a new session is to be. */
export interface Opening {
  readonly wanted: NewSession;
  readonly engine: EngineProgram;
  readonly start: EngineStart;
  readonly preparedByDefault: number;
}

/** Asks a keeper to open a new session. */
export function openRequest(
  session: Session,
  { wanted, engine, start, preparedByDefault }: Opening,
): OpenRequest {
  return {
    ...labels(session),
    engine: engine.engine,
    program: engine.program,
    environment: start.environment,
    workingDirectory: start.workingDirectory,
    options: {
      ...fromSessionOptions(session.stored.options),
      applicationArguments: wanted.applicationArguments,
    },
    ...openingTerms(wanted.configuration, start.user),
    warmPool: warmPoolTerms(wanted.configuration, preparedByDefault),
    place: fromTarget(wanted.place, wanted.agentSocket),
    credential: fromCredential(wanted.credential),
    delegatedToken: wanted.delegatedToken,
    // What a configuration of this side asks for is done to an engine of this side's: the daemon there does not know it.
    findDaemon:
      wanted.place.is === 'daemon' || (mayBeFar(wanted.place) && wanted.configuration.source === 'builtIn'),
  };
}

/** Asks a keeper for the way to a session that is at another daemon already. */
export function wayRequest(session: Session): OpenRequest {
  const { stored } = session;
  return {
    ...labels(session),
    engine: stored.engine,
    program: '',
    environment: {},
    workingDirectory: '',
    options: fromSessionOptions(stored.options),
    preparation: undefined,
    quotas: undefined,
    runAs: undefined,
    warmPool: undefined,
    place: fromTarget(stored.place),
    credential: undefined,
    delegatedToken: '',
    findDaemon: true,
  };
}
