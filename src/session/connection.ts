import type { ClientId } from '../core/ids';

/**
 * Who is connected to a session, and what holds that connection: a lease that ends by itself, streams that live
 * (AttachSession, InvokePipeline), or both. At most one client at a time.
 */
export type Connection =
  | { readonly is: 'free' }
  | {
      readonly is: 'held';
      readonly client: ClientId;
      /** When the lease ends, ms since 1970; undefined: there is none. */
      readonly leaseUntil: number | undefined;
      /** Streams that hold the connection now. */
      readonly streams: number;
    };

/** Nobody is connected. */
export const freeConnection: Connection = { is: 'free' };

/** The connection after `client` took or renewed a lease; whoever else was connected is so no more. */
export function withLease(connection: Connection, client: ClientId, leaseUntil: number): Connection {
  const streams = connection.is === 'held' && connection.client === client ? connection.streams : 0;
  return { is: 'held', client, leaseUntil, streams };
}

/** The connection after `client` opened a stream that holds it. */
export function withStream(connection: Connection, client: ClientId): Connection {
  if (connection.is === 'held' && connection.client === client)
    return { ...connection, streams: connection.streams + 1 };
  return { is: 'held', client, leaseUntil: undefined, streams: 1 };
}

/** The connection after one of `client`'s streams ended; nothing changes if another client took over meanwhile. */
export function withoutStream(connection: Connection, client: ClientId): Connection {
  if (connection.is === 'free' || connection.client !== client) return connection;
  return settled({ ...connection, streams: Math.max(0, connection.streams - 1) });
}

/** The connection at a later time: a lease that has ended holds nothing. */
export function atTime(connection: Connection, now: number): Connection {
  if (connection.is === 'free' || connection.leaseUntil === undefined || connection.leaseUntil > now)
    return connection;
  return settled({ ...connection, leaseUntil: undefined });
}

/** The client that is connected, if it is not `client`. */
export function otherClient(connection: Connection, client: ClientId): ClientId | undefined {
  return connection.is === 'held' && connection.client !== client ? connection.client : undefined;
}

function settled(connection: Extract<Connection, { is: 'held' }>): Connection {
  return connection.leaseUntil === undefined && connection.streams === 0 ? freeConnection : connection;
}
