import type { Socket } from 'node:net';

/** Who a client is to daemons of other machines. */
export interface Caller {
  /** Folder with `ca.crt`, `crl.pem` and the client's own `client/NAME.crt` and `.key`; each may be missing. */
  readonly certificatesFolder: string;
  /** What it shows in place of a certificate; undefined: nothing. Asked for anew with each connection. */
  readonly token: () => string | undefined;
}

/** A connection that is made. */
export interface Dialled {
  readonly socket: Socket;
  /** What each call on it must carry. */
  readonly headers: Readonly<Record<string, string>>;
}
