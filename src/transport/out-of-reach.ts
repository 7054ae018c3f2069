import { RunspaceError, type ErrorCode } from '../core/error';

const codes: ReadonlySet<ErrorCode> = new Set([
  'CONNECTION_REFUSED',
  'CONNECT_TIMEOUT',
  'HOST_NOT_FOUND',
  'HOST_UNREACHABLE',
  'LINK_LOST',
]);

/** Whether the network is at fault: another attempt may arrive, without anybody having done anything. */
export function isOutOfReach(thrown: unknown): boolean {
  return thrown instanceof RunspaceError && codes.has(thrown.code);
}
