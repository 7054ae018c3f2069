import { userInfo } from 'node:os';
import type { Environment } from './config';

/**
 * What every engine's environment holds before the caller's own is added: clean, so that the shell which happened to
 * start the daemon leaves no trace in anyone's session.
 */
export function baseEnvironment(environment: Environment): Record<string, string> {
  const { homedir, username, shell } = userInfo();
  const base: Record<string, string> = {
    HOME: homedir,
    USER: username,
    LOGNAME: username,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    ...(shell === null ? {} : { SHELL: shell }),
  };
  // Where .NET and temporary folders are is a fact of the machine, not of a shell.
  for (const name of ['DOTNET_ROOT', 'TMPDIR', 'XDG_RUNTIME_DIR']) {
    const value = environment[name];
    if (value !== undefined) base[name] = value;
  }
  return base;
}
