/** What the program ends with; examples in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  daemon: 3,
  someFailed: 4,
  noAnswer: 5,
  timedOut: 124,
  interrupted: 130,
} as const;

/** Reasons by what the program ends with; any other reason is a failed command. */
const reasons: Readonly<
  Record<Exclude<keyof typeof exitCodes, 'ok' | 'failed' | 'someFailed'>, readonly string[]>
> = {
  usage: [
    'INVALID_ARGUMENT',
    'UNSUPPORTED',
    'OPTION_UNKNOWN',
    'OPTION_OUT_OF_RANGE',
    'CONFIGURATION_INVALID',
    'CONFIGURATION_READ_ONLY',
    'USING_VARIABLE_UNDEFINED',
    'SOCKET_PATH_TOO_LONG',
  ],
  daemon: [
    'DAEMON_UNREACHABLE',
    'CONNECTION_LOST',
    'DEADLINE_EXCEEDED',
    'PROTOCOL_ERROR',
    'INTERNAL',
    'UNKNOWN',
    'UNAVAILABLE',
    'UNIMPLEMENTED',
    'RECOVERING',
    'SHUTTING_DOWN',
    'JOURNAL_DAMAGED',
    'JOURNAL_FULL',
    'KEEPER_START_FAILED',
    'KEEPER_INCOMPATIBLE',
    'STATE_FOLDER_LOCKED',
    'STATE_FOLDER_UNUSABLE',
    'ADDRESS_IN_USE',
  ],
  noAnswer: [
    'SESSION_NOT_FOUND',
    'SESSION_AMBIGUOUS',
    'JOB_NOT_FOUND',
    'JOB_RUNNING',
    'CREDENTIAL_LOST',
    'SESSION_BROKEN',
    'SESSION_CLOSED',
    'SESSION_OPENING',
    'SESSION_BUSY',
    'SESSION_ENTERED',
    'CONNECTED_ELSEWHERE',
    'QUEUE_FULL',
    'EXPIRED',
    'IDLE_TIMEOUT',
    'LIFETIME_ENDED',
    'REMOVED',
    'CONFIGURATION_NOT_FOUND',
    'ENGINE_NOT_FOUND',
    'ENGINE_START_FAILED',
    'ENGINE_TIMEOUT',
    'CONTAINER_NOT_FOUND',
    'CONTAINER_AMBIGUOUS',
    'CONTAINER_NOT_RUNNING',
    'CONTAINER_STOPPED',
    'CONTAINER_RUNTIME_UNUSABLE',
    'HOST_NOT_FOUND',
    'CONNECTION_REFUSED',
    'HOST_UNREACHABLE',
    'CONNECT_TIMEOUT',
    'NOT_SSH',
    'NOT_TLS',
    'SUBSYSTEM_NOT_FOUND',
    'LINK_LOST',
  ],
  timedOut: ['RUN_TIMEOUT', 'OUTPUT_TIMEOUT'],
  interrupted: [],
};

const codeOfReason: ReadonlyMap<string, number> = new Map(
  Object.entries(reasons).flatMap(([kind, names]) =>
    names.map((name) => [name, exitCodes[kind as keyof typeof reasons]] as const),
  ),
);

/** The exit code of a call that was refused for this reason. */
export function exitCodeOfReason(reason: string): number {
  return codeOfReason.get(reason) ?? exitCodes.failed;
}
