import { randomUUID } from 'node:crypto';
import { RunspaceError } from '../../core/error';
import { startedTransport } from '../started';
import { startLine } from '../start-line';
import type { ProcessSpec, SpawnTransport, Transport } from '../transport';
import { ChannelTransport } from './channel-transport';
import type { OpenChannelBy, SshConnections, SshPlace } from './connections';
import { factsOf, placeName } from './errors';
import type { SshSettings } from './settings';

/** How programs are started at a place. */
export interface SshStart {
  readonly place: SshPlace;
  /** A program must be started within this time. */
  readonly timeoutMs: number;
}

/** Starts programs by a shell at the far end, or the target's own command line in place of the program. Rejects as SshConnections.open and startedTransport. */
export function sshPrograms(connections: SshConnections, { place, timeoutMs }: SshStart): SpawnTransport {
  return async (spec) => {
    const nonce = randomUUID();
    const { command, preface } = startLine(withCommand(spec, place.target.command), nonce);
    const { transport, settings } = await opened(connections, place, {
      by: (client, done) => client.exec(command, done),
      spec,
    });
    return startedTransport({
      spec,
      place: { text: `on ${placeName(settings)}`, facts: factsOf(settings) },
      channel: transport,
      preface,
      nonce,
      timeoutMs,
      run: (line) => ran(connections, place, line),
    });
  };
}

/** Starts a subsystem, which is an engine by itself. Rejects as SshConnections.open, and with SUBSYSTEM_NOT_FOUND. */
export function sshSubsystem(connections: SshConnections, place: SshPlace, name: string): SpawnTransport {
  return async (spec) => {
    const { transport } = await opened(connections, place, {
      by: (client, done) => {
        client.subsys(name, (error, channel) => {
          // Without a reason it is no channel that was refused, but what was to run in it.
          const isMissing = error !== undefined && !('reason' in error);
          done(isMissing ? subsystemMissing(name, connections.settingsOf(place)) : error, channel);
        });
      },
      spec,
    });
    return transport;
  };
}

async function opened(
  connections: SshConnections,
  place: SshPlace,
  { by, spec }: { readonly by: OpenChannelBy; readonly spec: ProcessSpec },
): Promise<{ readonly transport: Transport; readonly settings: SshSettings }> {
  const { channel, lost, settings } = await connections.open(place, by);
  return { transport: new ChannelTransport({ channel, lost, standardError: spec.standardError }), settings };
}

/** Runs a line in a shell of its own; resolves when it has ended. */
async function ran(connections: SshConnections, place: SshPlace, line: string): Promise<void> {
  const { channel, lost } = await connections.open(place, (client, done) => client.exec(line, done));
  channel.resume();
  channel.stderr.resume();
  channel.end();
  const closed = new Promise<void>((resolve) => {
    channel.once('close', resolve);
  });
  await Promise.race([closed, lost]);
}

/** A command line of the target's starts the engine, with the arguments that the engine itself would have got. */
function withCommand(spec: ProcessSpec, command: string | undefined): ProcessSpec {
  if (command === undefined) return spec;
  return { ...spec, program: 'sh', arguments: ['-c', `exec ${command} "$@"`, 'sh', ...spec.arguments] };
}

function subsystemMissing(name: string, settings: SshSettings): RunspaceError {
  return new RunspaceError(
    'SUBSYSTEM_NOT_FOUND',
    `${placeName(settings)} has no subsystem "${name}". Where PowerShell is installed, add this line to its sshd_config and restart sshd: ` +
      `Subsystem ${name} /usr/bin/pwsh -sshs -NoLogo. Or name another one (--subsystem), or another engine (--engine bash)`,
    { facts: { ...factsOf(settings), subsystem: name } },
  );
}
