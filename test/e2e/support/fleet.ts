import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { DaemonTarget } from '../../../clients/typescript';
import { Machine } from './machine';

/** A port of this address that nobody has now. */
export async function freePort(host: string): Promise<number> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A daemon that takes callers of other machines, at an address of its own. */
export class FarDaemon implements AsyncDisposable {
  constructor(
    readonly machine: Machine,
    readonly host: string,
    readonly port: number,
  ) {}

  target(more: Partial<DaemonTarget> = {}): DaemonTarget {
    return { is: 'daemon', host: this.host, port: this.port, ...more };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.machine[Symbol.asyncDispose]();
  }
}

/** What a daemon of a fleet may have otherwise than usual. */
export interface FarDaemonChoices {
  /** Names that its certificate is for; its host alone unless said. */
  readonly names?: readonly string[];
  /** Its folder of certificates; left out: a new one is made. */
  readonly folder?: string;
  readonly port?: number;
  /** Variables of its environment. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Daemons that trust one authority. */
export class Fleet implements AsyncDisposable {
  private constructor(
    /** A machine without a daemon: its folder holds the authority. */
    readonly office: Machine,
  ) {}

  static async start(): Promise<Fleet> {
    const fleet = new Fleet(new Machine());
    await fleet.pki('init');
    return fleet;
  }

  /** Runs `runspaced pki` in the office. */
  async pki(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.office.run('runspaced', ['pki', ...args]);
    if (code !== 0) throw new Error(stderr);
  }

  /** A machine with a daemon whose user has a certificate of this name. */
  async visitor(name: string): Promise<Machine> {
    await this.pki('client', name, '--out', this.office.path(name));
    const machine = new Machine({ more: { RUNSPACED_CERTIFICATES: this.office.path(name) } });
    await machine.startReadyDaemon();
    return machine;
  }

  /** Starts a daemon that takes callers of other machines, at an address of its own. */
  async daemon(
    host: string,
    { names = [host], folder, port: chosen, more = {} }: FarDaemonChoices = {},
  ): Promise<FarDaemon> {
    const port = chosen ?? (await freePort(host));
    const certificates = folder ?? this.office.path(`server-${host}-${String(port)}`);
    if (folder === undefined) await this.pki('server', ...names, '--out', certificates);
    const machine = new Machine({
      more: {
        RUNSPACED_LISTEN: `${host}:${String(port)}`,
        RUNSPACED_LISTEN_AS_ROOT: 'yes',
        RUNSPACED_CERTIFICATES: certificates,
        ...more,
      },
    });
    await machine.startReadyDaemon();
    return new FarDaemon(machine, host, port);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.office[Symbol.asyncDispose]();
  }
}
