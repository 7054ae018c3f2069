import type { Clock } from '../core/clock';
import { RunspaceError } from '../core/error';
import type { Log } from '../core/log';
import { openBash, type BashSources } from '../engine/bash/open';
import { openJavaScript } from '../engine/javascript/open';
import { openPowerShell } from '../engine/powershell/open';
import { openPython } from '../engine/python/open';
import type { DaemonTarget, SshTarget } from '../core/target';
import type { EngineName, EngineOptions } from '../engine/engine';
import type { CertificateFolder } from '../transport/daemon/certificate-folder';
import type { Containers } from '../transport/container/containers';
import { isOutOfReach } from '../transport/out-of-reach';
import { reach } from '../transport/reach';
import type { SshConnections, SshPlace } from '../transport/ssh/connections';
import { sshPrograms, sshSubsystem } from '../transport/ssh/spawn';
import { SshTunnel } from '../transport/ssh/tunnel';
import { spawnStdio } from '../transport/stdio';
import { askPerson } from './ask-person';
import type { SpawnTransport } from '../transport/transport';
import { engineNonceVariable } from './processes';
import { openDaemonWay } from './daemon-way';
import { farEngine, orFarEngine } from './far-engine';
import type { EnginePlace, Engines, OpenEngine } from './runspace';

/** The programs that script engines begin with, read once, when the keeper starts. */
export interface EngineSources {
  readonly javascript: string;
  readonly python: string;
  readonly bash: BashSources;
  /** The node of this machine. */
  readonly nodePath: string;
}

/** The engines at each kind of place: the same ones everywhere, over another transport. */
export function enginesAt(sources: EngineSources, ways: Ways): (place: EnginePlace) => Engines {
  return (place) => {
    const { target, tunnelSocket } = place;
    if (target.is === 'daemon')
      return triedAgain(enginesOf({ ...place, target, tunnelSocket: tunnelSocket ?? '' }, ways), place, ways);
    const nodePath = target.is === 'local' ? sources.nodePath : 'node';
    const engines = enginesOver(spawnerFor(place, ways), { ...sources, nodePath });
    if (target.is !== 'ssh') return engines;
    const isForDaemon = !target.direct && tunnelSocket !== undefined;
    const there = isForDaemon ? enginesBehind(engines, { ...place, target, tunnelSocket }, ways) : engines;
    return triedAgain(there, place, ways);
  };
}

/** Engines at a place that may be out of reach for a while: as often as the caller said, and within the time to open. */
function triedAgain(
  engines: Engines,
  { target, openingAttempts }: EnginePlace,
  { clock, log }: Ways,
): Engines {
  if (openingAttempts === 0) return engines;
  return mapped(engines, (open) => (options) => {
    const endsAt = clock.now() + options.openTimeoutMs;
    return reach(() => open(options), {
      most: openingAttempts,
      clock,
      signal: options.unwanted ?? new AbortController().signal,
      isPassing: (thrown) => isOutOfReach(thrown) && clock.now() < endsAt,
      failed: (attempt, { message: why }) =>
        log.info('target is tried again', { target: target.is, attempt, why }),
    });
  });
}

function mapped(engines: Engines, change: (open: OpenEngine, engine: EngineName) => OpenEngine): Engines {
  const entries = Object.entries(engines) as [EngineName, OpenEngine][];
  return Object.fromEntries(entries.map(([name, open]) => [name, change(open, name)]));
}

/** What leads to other places. */
export interface Ways {
  readonly containers: Containers;
  readonly ssh: SshConnections;
  readonly certificates: CertificateFolder;
  readonly clock: Clock;
  readonly log: Log;
  /** The daemon that has this keeper. */
  readonly ownDaemon: { readonly socketPath: string; readonly machine: string };
}

/** All engines of another daemon are there: here is the way. */
function enginesOf(
  place: EnginePlace & { readonly target: DaemonTarget; readonly tunnelSocket: string },
  { certificates, clock, log }: Ways,
): Engines {
  const { target, credential, skipped, maximumRedirection, tunnelSocket, mostAttempts } = place;
  const open = (engine: EngineName): OpenEngine =>
    farEngine(engine, ({ openTimeoutMs }) =>
      openDaemonWay({
        target,
        credential,
        skipped,
        maximumRedirection,
        certificates,
        socketPath: tunnelSocket,
        timeoutMs: Math.min(openTimeoutMs, longestConnectMs),
        mostAttempts,
        clock,
        log,
      }),
    );
  return {
    powershell: open('powershell'),
    javascript: open('javascript'),
    python: open('python'),
    bash: open('bash'),
  };
}

const longestConnectMs = 30_000;

/** The same engines where the place has no daemon; else the way to that. */
function enginesBehind(
  engines: Engines,
  place: EnginePlace & { readonly target: SshTarget; readonly tunnelSocket: string },
  { ssh, clock, log, ownDaemon }: Ways,
): Engines {
  return mapped(engines, (open, engine) =>
    orFarEngine(engine, open, ({ onNotice }) =>
      SshTunnel.open({
        connections: ssh,
        place: sshPlace(place, onNotice),
        socketPath: place.tunnelSocket,
        mostAttempts: place.mostAttempts,
        isOwn: ({ socketPath, machine }) =>
          machine !== '' && machine === ownDaemon.machine && socketPath === ownDaemon.socketPath,
        clock,
        log,
      }),
    ),
  );
}

function sshPlace(
  { target, credential, agentSocket, ask }: EnginePlace & { readonly target: SshTarget },
  onNotice: EngineOptions['onNotice'],
): SshPlace {
  const warn = (message: string): void => onNotice({ stream: 'warning', message });
  return { target, credential, agentSocket, ask: askPerson(ask), warn };
}

/** What starts the programs of an engine that is opened with these options. */
type SpawnerOf = (options: EngineOptions, engine: EngineName) => SpawnTransport;

function spawnerFor(place: EnginePlace, { containers, ssh }: Ways): SpawnerOf {
  const { target } = place;
  switch (target.is) {
    case 'local':
      return () => spawnStdio;
    case 'container':
      return ({ openTimeoutMs, environment }) =>
        containers.spawner({ target, timeoutMs: openTimeoutMs, mark: markIn(environment) });
    case 'ssh':
      return (options, engine) => sshSpawner(ssh, { ...place, target }, { options, engine });
    case 'daemon':
      throw new RunspaceError('INTERNAL', 'no program is started at another daemon');
  }
}

/** PowerShell is a subsystem of sshd's, unless somebody says how else it is started there. */
function sshSpawner(
  connections: SshConnections,
  from: EnginePlace & { readonly target: SshTarget },
  { options, engine }: { readonly options: EngineOptions; readonly engine: EngineName },
): SpawnTransport {
  const place = sshPlace(from, options.onNotice);
  const { target } = from;
  if (engine === 'powershell' && options.program === undefined && target.command === undefined)
    return sshSubsystem(connections, place, target.subsystem ?? 'powershell');
  return sshPrograms(connections, { place, timeoutMs: options.openTimeoutMs });
}

/** So that what leads to an engine is found as its own processes are. */
function markIn(environment: EngineOptions['environment']): Readonly<Record<string, string>> {
  const nonce = environment[engineNonceVariable];
  return nonce === undefined ? {} : { [engineNonceVariable]: nonce };
}

function enginesOver(spawnerOf: SpawnerOf, { javascript, python, bash, nodePath }: EngineSources): Engines {
  return {
    powershell: (options) => openPowerShell(options, { spawn: spawnerOf(options, 'powershell') }),
    javascript: (options) =>
      openJavaScript(options, {
        spawn: spawnerOf(options, 'javascript'),
        runnerSource: javascript,
        nodePath,
      }),
    python: (options) => openPython(options, { spawn: spawnerOf(options, 'python'), runnerSource: python }),
    bash: (options) => openBash(options, { spawn: spawnerOf(options, 'bash'), sources: bash }),
  };
}
