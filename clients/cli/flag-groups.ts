import type { FlagName } from './flags';

/** The flags that every command has. */
export const globalFlags = ['home', 'address', 'help', 'version'] as const satisfies readonly FlagName[];

/** What a command gets beside its script. */
export const commandFlags = [
  'arg',
  'args-json',
  'param',
  'params-json',
  'secret-param',
  'secret-file',
  'credential',
  'using',
  'using-json',
  'verbose',
  'debug',
  'error-action',
  'warning-action',
  'information-action',
  'progress-action',
  'invocation-info',
] as const satisfies readonly FlagName[];

/** The targets where a session can be made. */
const placeFlags = [
  'computer-name',
  'connection-uri',
  'host-name',
  'ssh-connection',
  'container-id',
  'vm-id',
  'vm-name',
] as const satisfies readonly FlagName[];

/** What says where a command runs. */
export const selectingFlags = ['session', ...placeFlags, 'targets'] as const satisfies readonly FlagName[];

/** Where a session is made. */
export const targetFlags = [
  ...placeFlags,
  'user-name',
  'key-file-path',
  'port',
  'subsystem',
  'ssh-transport',
  'connecting-timeout',
  'options',
  'direct',
  'run-as-administrator',
  'authentication',
  'certificate-thumbprint',
  'use-ssl',
  'application-name',
  'allow-redirection',
  'enable-network-access',
  'delegate-credential',
  'forward-credential',
  'password-file',
  'token-file',
] as const satisfies readonly FlagName[];

/** What a command on many targets has beside them. */
export const fanOutFlags = [
  'session',
  'targets',
  'throttle-limit',
  'total-timeout',
  'hide-computer-name',
  'gather',
  'diff',
  'as-job',
  'job-name',
  'in-disconnected-session',
  'session-name',
] as const satisfies readonly FlagName[];

/** What makes a session. */
export const sessionFlags = [
  'configuration-name',
  'engine',
  'idle-timeout',
  'session-option',
  'env',
  'working-directory',
] as const satisfies readonly FlagName[];
