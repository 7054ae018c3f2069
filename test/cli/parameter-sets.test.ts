import { families, resolveParameterSet, type SetFlag } from '../../clients/cli/targets/parameter-sets';
import { UsageError } from '../../clients/cli/failure';

/** What each of the 17 sets is meant by, with options of its own. */
const sets: readonly (readonly [string, readonly SetFlag[]])[] = [
  ['InProcess', ['no-new-scope']],
  ['Session', ['session', 'throttle-limit', 'hide-computer-name', 'as-job']],
  ['FilePathRunspace', ['session', 'file-path', 'job-name']],
  [
    'ComputerName',
    ['computer-name', 'port', 'use-ssl', 'application-name', 'authentication', 'session-option'],
  ],
  ['FilePathComputerName', ['computer-name', 'file-path', 'in-disconnected-session', 'session-name']],
  ['Uri', ['connection-uri', 'allow-redirection', 'certificate-thumbprint']],
  ['FilePathUri', ['file-path', 'connection-uri', 'target-credential', 'enable-network-access']],
  ['VMId', ['vm-id', 'target-credential']],
  ['FilePathVMId', ['vm-id', 'target-credential', 'file-path']],
  ['VMName', ['vm-name', 'target-credential']],
  ['FilePathVMName', ['vm-name', 'file-path', 'configuration-name']],
  ['ContainerId', ['container-id', 'run-as-administrator', 'engine']],
  ['FilePathContainerId', ['container-id', 'file-path', 'as-job']],
  [
    'SSHHost',
    ['host-name', 'user-name', 'key-file-path', 'port', 'subsystem', 'options', 'connecting-timeout'],
  ],
  ['FilePathSSHHost', ['host-name', 'file-path', 'ssh-transport']],
  ['SSHHostHashParam', ['ssh-connection', 'hide-computer-name', 'direct']],
  ['FilePathSSHHostHash', ['ssh-connection', 'file-path', 'throttle-limit']],
];

const selecting: readonly SetFlag[] = [
  'session',
  'computer-name',
  'connection-uri',
  'vm-id',
  'vm-name',
  'container-id',
  'host-name',
  'ssh-connection',
];

function refusalOf(given: readonly SetFlag[]): UsageError | undefined {
  try {
    resolveParameterSet(given);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

test('P121: nothing given means the caller is meant', () => {
  expect(resolveParameterSet([])).toEqual({ family: 'InProcess', name: 'InProcess' });
});

test.each(sets)('P121: the set %s, in any order of its options', (name, given) => {
  const found = [given, [...given].reverse()].map((flags) => resolveParameterSet(flags).name);
  expect(found).toEqual([name, name]);
});

const pairs = selecting.flatMap((one) =>
  selecting.filter((other) => other !== one).map((other) => [one, other] as const),
);

test.each(pairs)('P121: --%s and --%s are refused together, both named with their sets', (one, other) => {
  const error = refusalOf([one, other]);
  expect(error?.metadata['fully_qualified_id']).toBe('AmbiguousParameterSet');
  expect(error?.message).toContain(`--${one} belongs to: `);
  expect(error?.message).toContain(`--${other} belongs to: `);
});

test('P121: every option beside a set that it is not of is refused, and beside one that it is of is taken', () => {
  const options = [...new Set(sets.flatMap(([, given]) => given))].filter(
    (flag) => !selecting.includes(flag),
  );
  const wrong: string[] = [];
  for (const option of options) {
    const taken = selecting.filter((place) => refusalOf([place, option]) === undefined);
    for (const place of selecting) {
      const error = refusalOf([option, place]);
      if ((error === undefined) !== taken.includes(place)) wrong.push(`${option} ${place}`);
      if (error !== undefined && error.metadata['fully_qualified_id'] !== 'AmbiguousParameterSet')
        wrong.push(option);
    }
  }
  expect(wrong).toEqual([]);
});

test.each<readonly [readonly SetFlag[], string]>([
  [['port'], '--computer-name, --host-name'],
  [['run-as-administrator'], '--container-id'],
  [['allow-redirection'], '--connection-uri'],
  [['user-name'], '--host-name'],
])('P121: %j alone says what is missing', (given, ways) => {
  expect(refusalOf(given)?.message).toContain(`needs one of ${ways} beside it`);
});

test.each<readonly [string, readonly SetFlag[]]>([
  ['a disconnected start as a job', ['computer-name', 'in-disconnected-session', 'as-job']],
  ['a name of sessions without a disconnected start', ['computer-name', 'session-name']],
  ['a certificate and a credential', ['computer-name', 'certificate-thumbprint', 'target-credential']],
  ['a configuration and another subsystem', ['host-name', 'configuration-name', 'subsystem']],
  ['a job and no target', ['as-job']],
])('P121 P18 P22 P19: %s is refused', (_what, given) => {
  expect(refusalOf(given)?.metadata['fully_qualified_id']).toBe('AmbiguousParameterSet');
});

test('P121: there is a family for each way to name a target', () => {
  expect(families).toHaveLength(9);
});
