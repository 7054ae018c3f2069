import type { SessionInfo } from '../../typescript';
import type { Context } from '../context';
import { itemsOf } from './lists';

/** Transports of the flags that name targets. */
const transports = { 'computer-name': 'daemon', 'host-name': 'ssh', 'container-id': 'container' } as const;

/** Those of the sessions that are at the targets, and of the configuration, that a line names; all where it names none. */
export function atTargets(context: Context, sessions: readonly SessionInfo[]): readonly SessionInfo[] {
  const configuration = context.text('configuration-name')?.toLowerCase();
  const named = (['computer-name', 'host-name', 'container-id'] as const).flatMap((flag) => {
    const texts = context.texts(flag);
    return texts.length === 0 ? [] : itemsOf(texts, flag).map((item) => ({ flag, host: hostOf(item) }));
  });
  return sessions.filter(
    (session) =>
      (configuration === undefined || session.configuration.toLowerCase() === configuration) &&
      (named.length === 0 || named.some(({ flag, host }) => isAt(session, transports[flag], host))),
  );
}

function isAt({ place, target, transport }: SessionInfo, wanted: string, host: string): boolean {
  if (wanted === 'daemon' && ['localhost', '.'].includes(host)) return transport === 'local';
  if (transport !== wanted) return false;
  const { place: where } = place ?? {};
  const own = where?.$case === 'container' ? where.value.container : where?.value.host;
  return [target, own].some((name) => name?.toLowerCase() === host);
}

/** The host of `user@host:port`. */
function hostOf(text: string): string {
  const host = text.slice(text.lastIndexOf('@') + 1).toLowerCase();
  return /^\[(.+)\](?::\d+)?$/.exec(host)?.[1] ?? /^([^:]+):\d+$/.exec(host)?.[1] ?? host;
}
