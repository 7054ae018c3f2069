import { statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { invalid } from '../configuration/check';
import { engineEnvironment, type OsUser } from '../configuration/environment';
import type { EngineStart, NewSession } from '../session/new-session';
import { findUser } from './os-users';

/** The daemon's own place. */
export interface OwnPlace {
  /** What every engine's environment begins with. */
  readonly base: Readonly<Record<string, string>>;
  readonly home: string;
  readonly userName: string;
}

/** How an engine is started for a new session. Error: CONFIGURATION_INVALID where its user is gone. */
export function engineStart(own: OwnPlace, wanted: NewSession): EngineStart {
  const { configuration } = wanted;
  if (wanted.place.is !== 'local') return startElsewhere(wanted);
  const user = userOf(own, wanted);
  return {
    environment: engineEnvironment({ base: own.base, caller: wanted.environment, configuration, user }),
    workingDirectory: folderOf(own, wanted, user),
    user,
  };
}

/** Nothing of this machine or its daemon means anything there: the environment and the folder are the place's own. */
function startElsewhere({ configuration, environment, workingDirectory }: NewSession): EngineStart {
  return {
    environment: engineEnvironment({ base: {}, caller: environment, configuration, user: undefined }),
    workingDirectory:
      configuration.workingDirectory === '' ? workingDirectory : configuration.workingDirectory,
    user: undefined,
  };
}

function userOf(own: OwnPlace, { configuration }: NewSession): OsUser | undefined {
  const { name, runAsUser } = configuration;
  if (runAsUser === '' || runAsUser === own.userName) return undefined;
  const user = findUser(runAsUser);
  if (user === undefined) throw invalid(name, 'run_as_user', `is ${runAsUser}, and there is no such user`);
  return user;
}

/** The configuration's folder, else the caller's, else home. A client sends the folder it stands in: where another user can't go, that one's home. */
function folderOf(own: OwnPlace, wanted: NewSession, user: OsUser | undefined): string {
  const { workingDirectory } = wanted.configuration;
  if (workingDirectory !== '') return workingDirectory;
  if (user === undefined) return wanted.workingDirectory === '' ? own.home : wanted.workingDirectory;
  if (wanted.workingDirectory !== '' && mayEnter(wanted.workingDirectory, user))
    return wanted.workingDirectory;
  return mayEnter(user.home, user) ? user.home : '/';
}

function mayEnter(folder: string, user: OsUser): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const stats = statOf(at);
    if (stats === undefined || !stats.isDirectory() || !hasEntry(stats, user)) return false;
    if (at === dirname(at)) return true;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // What can't be looked at can't be entered.
  }
}

/** Read and entry, by the one set of bits that counts for this user. */
function hasEntry({ mode, uid, gid }: Stats, user: OsUser): boolean {
  const entry = 0o1;
  if (user.uid === 0) return true;
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & entry) !== 0;
}
