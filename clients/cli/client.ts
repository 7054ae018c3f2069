import { hostname } from 'node:os';
import { clientIdOf } from './client-id';
import { isElsewhere, placeOf } from './place';
import type { Settings } from './setting-keys';
import type { Environment } from './settings';
import { connect, isListening, ownAddress, RunspaceError, type RunspaceClient } from '../typescript';

/** Which daemon to connect to, and whether to start it. */
export interface ClientRequest {
  readonly flags: { readonly home: string | undefined; readonly address: string | undefined };
  readonly environment: Environment;
  readonly settings: Settings;
  /** `never`: for completion, which must be quick and leave no trace. */
  readonly start: 'ifAllowed' | 'never';
}

/** A client of the daemon that flags, environment and configuration file mean; starts that daemon where it may. */
export function openClient({ flags, environment, settings, start }: ClientRequest): RunspaceClient {
  const place = placeOf({ flags, environment, settings });
  const isAllowed = start === 'ifAllowed' && place.is === 'home' && isAutostartOn(environment, settings);
  return connect({
    environment,
    ...(place.is === 'home' ? { home: place.home } : { address: place.address }),
    // Callers of several machines meet there.
    clientId: isElsewhere(place) ? `${clientIdOf(environment)}-${hostname()}` : clientIdOf(environment),
    connectTimeoutMs: 0,
    ...(isAllowed ? { start: () => ensureDaemon(place.home, environment) } : {}),
  });
}

async function ensureDaemon(home: string, environment: Environment): Promise<void> {
  const address = ownAddress(home, environment);
  const { startDaemon } = await import('./autostart'); // Starting programs is loaded only where one is to be started.
  const why = await startDaemon({ home, environment, isListening: () => isListening(address) });
  if (why === undefined) return;
  throw new RunspaceError('DAEMON_UNREACHABLE', `the daemon could not be started: ${why}`, {
    grpcCode: 'UNAVAILABLE',
    metadata: { address: address.text, home },
  });
}

function isAutostartOn(environment: Environment, settings: Settings): boolean {
  const text = environment['RUNSPACED_AUTOSTART'] ?? settings.autostart ?? '1';
  return !/^(0|false|no|off)$/i.test(text);
}
