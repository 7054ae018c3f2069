import { fromDuration, toJson, type PipelineInfo, type SessionInfo } from '../../typescript';
import { showDuration } from '../duration';
import type { View } from './objects';
import { oneLine } from './table';

const longestCommand = 40;

/** How sessions are shown: PowerShell's columns of Get-PSSession, then ours. */
export const sessionView: View<SessionInfo> = {
  columns: [
    { title: 'Id', align: 'right', of: ({ number }) => number.toString() },
    { title: 'Name', of: ({ name }) => name },
    { title: 'Transport', of: ({ transport }) => transport },
    { title: 'ComputerName', of: ({ target }) => target },
    {
      title: 'ComputerType',
      of: ({ transport }) => (transport === 'container' ? 'Container' : 'RemoteMachine'),
    },
    { title: 'State', of: ({ state }) => shownEnum(state, 'SESSION_STATE_') },
    { title: 'ConfigurationName', of: configurationOf },
    { title: 'Availability', of: ({ availability }) => shownEnum(availability, 'AVAILABILITY_') },
    { title: 'Engine', of: ({ engine }) => engine },
    { title: 'IdleLeft', align: 'right', of: idleLeft },
    { title: 'Running', of: runningOf },
  ],
  name: ({ name }) => name,
  json: (session) => toJson(session, 'emit'),
};

/** How commands of a session are shown. */
export const pipelineView: View<PipelineInfo> = {
  columns: [
    { title: 'Number', align: 'right', of: ({ number }) => number.toString() },
    { title: 'Id', of: ({ id }) => id },
    { title: 'State', of: ({ state }) => shownEnum(state, 'PIPELINE_STATE_') },
    { title: 'Waiting', of: ({ waiting }) => shownEnum(waiting, 'WAITING_').replace('Unspecified', '') },
    { title: 'Records', align: 'right', of: ({ lastSequence }) => lastSequence.toString() },
    {
      title: 'Acknowledged',
      align: 'right',
      of: ({ acknowledgedSequence }) => acknowledgedSequence.toString(),
    },
    { title: 'Started', of: ({ createTime }) => createTime?.toISOString() ?? '' },
    { title: 'Command', of: ({ command }) => shortened(command) },
  ],
  name: ({ id }) => id,
  json: (pipeline) => toJson(pipeline, 'emit'),
};

/** `SESSION_STATE_OPENED` as `Opened`: the words that PowerShell shows. */
export function shownEnum(value: string, prefix: string): string {
  const words = value.replace(prefix, '').toLowerCase().split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** PowerShell shows its default configuration by this name. */
function configurationOf({ configuration, engine }: SessionInfo): string {
  if (configuration !== '') return configuration;
  return engine === 'powershell' ? 'Microsoft.PowerShell' : engine;
}

function idleLeft({ idleRemaining }: SessionInfo): string {
  const ms = fromDuration(idleRemaining);
  return ms === undefined ? '' : showDuration(ms);
}

function runningOf({ runningCommand, queued }: SessionInfo): string {
  const more = queued > 0 ? ` (+${String(queued)} queued)` : '';
  return shortened(runningCommand) + more;
}

function shortened(command: string): string {
  const line = oneLine(command);
  return line.length > longestCommand ? `${line.slice(0, longestCommand - 1)}…` : line;
}
