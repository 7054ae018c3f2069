import { UsageError } from '../failure';
import type { FlagName } from '../flags';

/** What a command line can be about, by PowerShell's parameter sets (Invoke-Command); each has a second one with FilePath. */
export const families = [
  'InProcess',
  'Session',
  'ComputerName',
  'Uri',
  'VMId',
  'VMName',
  'ContainerId',
  'SSHHost',
  'SSHHostHashParam',
] as const;

/** One of the sets above. */
export type Family = (typeof families)[number];

/** The names of the sets that take a file in place of a script. */
const withFile: Readonly<Record<Family, string>> = {
  InProcess: 'InProcess',
  Session: 'FilePathRunspace',
  ComputerName: 'FilePathComputerName',
  Uri: 'FilePathUri',
  VMId: 'FilePathVMId',
  VMName: 'FilePathVMName',
  ContainerId: 'FilePathContainerId',
  SSHHost: 'FilePathSSHHost',
  SSHHostHashParam: 'FilePathSSHHostHash',
};

/** The flag without which a set is not meant. */
const mandatory: Readonly<Partial<Record<Family, FlagName>>> = {
  Session: 'session',
  ComputerName: 'computer-name',
  Uri: 'connection-uri',
  VMId: 'vm-id',
  VMName: 'vm-name',
  ContainerId: 'container-id',
  SSHHost: 'host-name',
  SSHHostHashParam: 'ssh-connection',
};

const remote: readonly Family[] = families.filter((family) => family !== 'InProcess');
const making: readonly Family[] = remote.filter((family) => family !== 'Session');
const daemons: readonly Family[] = ['ComputerName', 'Uri'];
const machines: readonly Family[] = ['VMId', 'VMName'];
const ssh: readonly Family[] = ['SSHHost', 'SSHHostHashParam'];

/** `--credential NAME`, without `=`, is about the target; with it an argument of the script, which belongs to all sets. */
export type SetFlag = FlagName | 'target-credential';

/** Which sets a flag belongs to; a flag that is not here belongs to all. */
const membership: Readonly<Partial<Record<SetFlag, readonly Family[]>>> = {
  session: ['Session'],
  'no-new-scope': ['InProcess'],
  'computer-name': ['ComputerName'],
  'connection-uri': ['Uri'],
  'vm-id': ['VMId'],
  'vm-name': ['VMName'],
  'container-id': ['ContainerId'],
  'host-name': ['SSHHost'],
  'ssh-connection': ['SSHHostHashParam'],
  'target-credential': [...daemons, ...machines, ...ssh],
  authentication: daemons,
  'certificate-thumbprint': daemons,
  'use-ssl': ['ComputerName'],
  port: ['ComputerName', 'SSHHost'],
  'application-name': ['ComputerName'],
  'allow-redirection': ['Uri'],
  'enable-network-access': daemons,
  'delegate-credential': daemons,
  'forward-credential': daemons,
  'user-name': ['SSHHost'],
  'key-file-path': ['SSHHost'],
  'ssh-transport': ['SSHHost'],
  'connecting-timeout': ['SSHHost'],
  options: ['SSHHost'],
  subsystem: ['SSHHost'],
  direct: ssh,
  'run-as-administrator': ['ContainerId'],
  'throttle-limit': remote,
  'hide-computer-name': remote,
  gather: remote,
  diff: remote,
  'as-job': remote,
  'job-name': remote,
  'in-disconnected-session': [...daemons, ...ssh, 'ContainerId'],
  'session-name': ['ComputerName'],
  'configuration-name': ['InProcess', ...making],
  'session-option': ['InProcess', ...making],
  engine: ['InProcess', ...making],
  env: ['InProcess', ...making],
  'working-directory': ['InProcess', ...making],
  'idle-timeout': ['InProcess', ...making],
};

/** Whether a flag belongs to a family. */
export function belongsTo(flag: SetFlag, family: Family): boolean {
  return setsOf(flag).includes(family);
}

/** A set that a command line means. */
export interface ResolvedSet {
  readonly family: Family;
  /** PowerShell's name of it, with a file or a script. */
  readonly name: string;
}

/**
 * The one set that these flags mean, as PowerShell finds it: the set to which all of them belong and whose own flag is there.
 * Throws UsageError (AmbiguousParameterSet), which names two flags that don't go together and the sets of each, or what is missing.
 */
export function resolveParameterSet(given: readonly SetFlag[]): ResolvedSet {
  let possible: readonly Family[] = families;
  for (const flag of given) {
    const left = possible.filter((family) => setsOf(flag).includes(family));
    if (left.length === 0) throw notTogether(flag, given);
    possible = left;
  }
  const family =
    possible.find((each) => isMeant(each, given)) ?? possible.find((each) => each === 'InProcess');
  if (family === undefined) throw missing(given, possible);
  checkRules(given);
  return { family, name: given.includes('file-path') ? withFile[family] : family };
}

/** Flags that go with the same sets and not with each other. */
function checkRules(given: readonly SetFlag[]): void {
  const both = (one: SetFlag, other: SetFlag, why: string): void => {
    if (given.includes(one) && given.includes(other))
      throw ambiguous(`--${shown(one)} is not valid together with --${shown(other)}: ${why}`);
  };
  for (const job of ['as-job', 'job-name'] as const)
    both('in-disconnected-session', job, 'a command is started disconnected, or as a job');
  for (const shape of ['gather', 'diff'] as const)
    for (const later of ['in-disconnected-session', 'as-job', 'job-name'] as const)
      both(shape, later, 'it shows output, of which there is none now');
  both('certificate-thumbprint', 'target-credential', 'a certificate says who you are, or a credential does');
  both('configuration-name', 'subsystem', 'over ssh a configuration is a subsystem');
  if (given.includes('session-name') && !given.includes('in-disconnected-session'))
    throw ambiguous('--session-name is valid only together with --in-disconnected-session');
}

function isMeant(family: Family, given: readonly SetFlag[]): boolean {
  const flag = mandatory[family];
  return flag !== undefined && given.includes(flag);
}

function setsOf(flag: SetFlag): readonly Family[] {
  return membership[flag] ?? families;
}

function notTogether(flag: SetFlag, given: readonly SetFlag[]): UsageError {
  const before = given.slice(0, given.indexOf(flag));
  const others = before.filter((other) => !setsOf(other).some((family) => setsOf(flag).includes(family)));
  // Where no single one is at odds with it, all before it are together.
  const [other] = others.length > 0 ? others : before.filter((each) => setsOf(each).length < families.length);
  if (other === undefined) return ambiguous(`--${shown(flag)} belongs to: ${setsOf(flag).join(', ')}`);
  const sets = (each: SetFlag): string => `--${shown(each)} belongs to: ${setsOf(each).join(', ')}`;
  return ambiguous(
    `--${shown(flag)} is not valid together with --${shown(other)}; ${sets(flag)}; ${sets(other)}`,
  );
}

function missing(given: readonly SetFlag[], possible: readonly Family[]): UsageError {
  const ways = possible.flatMap((family) =>
    mandatory[family] === undefined ? [] : [`--${mandatory[family]}`],
  );
  const [flag] = given.filter((each) => !setsOf(each).includes('InProcess'));
  return ambiguous(`--${shown(flag ?? 'session')} needs one of ${ways.join(', ')} beside it: say where`);
}

function shown(flag: SetFlag): string {
  return flag === 'target-credential' ? 'credential' : flag;
}

function ambiguous(message: string): UsageError {
  return new UsageError(message, 'INVALID_ARGUMENT', {
    metadata: { fully_qualified_id: 'AmbiguousParameterSet' },
  });
}
