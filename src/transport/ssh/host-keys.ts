import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { toError, type RunspaceError } from '../../core/error';
import type { AskPerson } from './ask-person';
import { hostKeyError } from './errors';
import {
  fingerprint,
  judgeHostKey,
  keyTypeOf,
  knownHostLine,
  knownName,
  parseKnownHosts,
  type KnownHost,
} from './known-hosts';
import type { SshSettings } from './settings';

/** What known_hosts files say, and what becomes of a key that they don't have. */
export interface HostKeyChecks {
  /** Types of keys to ask the host for first. */
  readonly entries: readonly KnownHost[];
  readonly name: string;
  /** Undefined: the key is accepted. May ask. */
  check(key: Uint8Array): Promise<RunspaceError | undefined>;
}

/** What is done besides accepting or refusing. */
interface Surroundings {
  readonly ask: AskPerson | undefined;
  /** Says what is to be known: a key was added, or could not be. */
  readonly warn: (message: string) => void;
}

/** The checks of one host, by the files of its settings as they are now. */
export function hostKeyChecks(settings: SshSettings, around: Surroundings): HostKeyChecks {
  const entries = [...settings.userKnownHosts, ...settings.globalKnownHosts].flatMap((file) =>
    parseKnownHosts(readIfThere(file), file),
  );
  const name = settings.hostKeyAlias?.toLowerCase() ?? knownName(settings.hostName, settings.port);
  return {
    entries,
    name,
    check: async (key) => {
      const verdict = judgeHostKey(entries, name, key);
      switch (verdict.is) {
        case 'known':
          return undefined;
        case 'unknown':
          if (!(await isAccepted(settings, around, key))) return hostKeyError(verdict, settings, key);
          addKey({ settings, name, key }, around);
          return undefined;
        case 'changed':
          if (settings.hostKeyChecking !== 'no') return hostKeyError(verdict, settings, key);
          around.warn(
            `${hostKeyError(verdict, settings, key).message}; accepted, since StrictHostKeyChecking is no`,
          );
          return undefined;
        case 'revoked':
        case 'authority':
          return hostKeyError(verdict, settings, key);
      }
    },
  };
}

async function isAccepted(settings: SshSettings, { ask }: Surroundings, key: Uint8Array): Promise<boolean> {
  switch (settings.hostKeyChecking) {
    case 'accept-new':
    case 'no':
      return true;
    case 'yes':
      return false;
    case 'ask': {
      if (ask === undefined || settings.isBatch) return false;
      const shown = `${keyTypeOf(key)} key fingerprint is ${fingerprint(key)}`;
      const text = `The authenticity of host ${settings.hostName} can't be established. ${shown}. Continue connecting (yes/no/fingerprint)?`;
      const answer = (await ask({ caption: settings.host, text, isSecret: false })).trim();
      return answer.toLowerCase() === 'yes' || answer === fingerprint(key);
    }
  }
}

/** A key that can't be written down is accepted all the same, as ssh does. */
function addKey(
  {
    settings,
    name,
    key,
  }: { readonly settings: SshSettings; readonly name: string; readonly key: Uint8Array },
  { warn }: Surroundings,
): void {
  const [file] = settings.userKnownHosts;
  const shown = `${keyTypeOf(key)} ${fingerprint(key)}`;
  if (file === undefined || file === '/dev/null') return;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const text = readIfThere(file);
    const start = text === '' || text.endsWith('\n') ? '' : '\n';
    // One write: of two that add at the same time neither loses its line.
    appendFileSync(file, start + knownHostLine(name, key, settings.hashKnownHosts ? 'hashed' : 'plain'), {
      mode: 0o600,
    });
    warn(`the key of ${name} was added to ${file}: ${shown}`);
  } catch (error) {
    warn(`the key of ${name} (${shown}) can't be added to ${file}: ${toError(error).message}`);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // As ssh has it: a file that can't be read makes nothing known.
  }
}
