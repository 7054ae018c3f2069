import { RunspaceError } from '../core/error';
import { isRestricting, type Configuration } from './configuration';

type Environment = Readonly<Record<string, string>>;

/** A user of this machine. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** What an engine's environment is made of. */
export interface EnvironmentSources {
  /** What every engine's environment begins with. */
  readonly base: Environment;
  /** The caller's own variables. */
  readonly caller: Environment;
  readonly configuration: Configuration;
  /** The user that the engine runs as; undefined: the daemon's own. */
  readonly user: OsUser | undefined;
}

/** Variables that a caller may set in a session that is kept in bounds: they can't make a program do something else. */
const harmless = /^(LANG|LC_[A-Z]+|TERM|TZ|COLUMNS|LINES)$/;
/** Variables that every command-line client sends; where they can't be set they are left out. */
const leftOut: ReadonlySet<string> = new Set(['PATH', 'HOME']);
/** Places of the daemon's own user. */
const ownPlaces: ReadonlySet<string> = new Set(['XDG_RUNTIME_DIR', 'TMPDIR']);

/**
 * Refuses variables by which a caller could get around a configuration that keeps sessions in bounds: many of them
 * (LD_PRELOAD, NODE_OPTIONS …) make programs run code. Error: INVALID_ARGUMENT, naming the variable.
 */
export function checkCallersVariables(caller: Environment, configuration: Configuration): void {
  if (!isRestricting(configuration)) return;
  const refused = Object.keys(caller).find((name) => !harmless.test(name) && !leftOut.has(name));
  if (refused === undefined) return;
  const { name } = configuration;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `configuration "${name}" keeps its sessions in bounds, and callers may not set ${refused} in them; leave it out, or have it set by the configuration`,
    { facts: { field: 'environment', variable: refused, configuration: name } },
  );
}

/** The engine's whole environment: the clean base, the user's own, the caller's, and over all the configuration's. */
export function engineEnvironment({ base, caller, configuration, user }: EnvironmentSources): Environment {
  const entries = Object.entries(caller);
  const allowed = isRestricting(configuration) ? entries.filter(([name]) => harmless.test(name)) : entries;
  return {
    ...(user === undefined ? base : withUser(base, user)),
    ...Object.fromEntries(allowed),
    ...configuration.environment,
  };
}

function withUser(base: Environment, { name, home, shell }: OsUser): Environment {
  const others = Object.entries(base).filter(([variable]) => !ownPlaces.has(variable));
  return { ...Object.fromEntries(others), HOME: home, USER: name, LOGNAME: name, SHELL: shell };
}
