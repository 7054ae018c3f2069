import type { Value } from '../../src/core/value';
import { nodeCodec } from '../../src/engine/powershell/node-codec';
import { nodeCryptography } from '../../src/engine/powershell/node-cryptography';
import type { ProtocolVersion } from '../../src/psrp/capability';
import type { ClientEvent } from '../../src/psrp/events';
import {
  newSessionKey,
  openSecureString,
  readPublicKeyBlob,
  sealSecureString,
  sealSessionKey,
} from '../../src/psrp/key-exchange';
import { RunspacePool, type PoolOptions } from '../../src/psrp/runspace-pool';
import type { ServerEvent } from '../../src/psrp/server-events';
import { ServerPool } from '../../src/psrp/server-pool';

const objectLimit = 16 * 1024 * 1024;

/** What the fake peer does on an event, beyond opening. */
export type Behaviour = (event: ServerEvent, server: ServerPool) => void;

const platform = { codec: nodeCodec, cryptography: nodeCryptography };

/** A PSRP server without a PowerShell: the server half, and a behaviour of the test's. */
export class FakePeer {
  readonly server: ServerPool;
  readonly events: ServerEvent[] = [];
  readonly #sessionKey = newSessionKey(nodeCryptography);
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour = () => undefined, newestVersion: ProtocolVersion = '2.4') {
    this.server = new ServerPool({ codec: nodeCodec, maximumObjectSize: objectLimit, newestVersion });
    this.#behaviour = behaviour;
  }

  /** A secure string as this peer sends it under 2.2 and 2.3. */
  sealed(text: string): Value {
    return { type: 'secureString', sealed: sealSecureString(text, this.#sessionKey, platform) };
  }

  /** The text of a secure string that came under 2.2 or 2.3. */
  opened(sealed: string): string | undefined {
    return openSecureString(sealed, this.#sessionKey, platform);
  }

  #sealedSessionKey(publicKey: string): string {
    return sealSessionKey(this.#sessionKey, readPublicKeyBlob(publicKey, nodeCodec), platform);
  }

  /** Takes what a client sent. */
  receive(bytes: Uint8Array): void {
    this.server.receiveData(bytes);
    for (let event = this.server.nextEvent(); event !== undefined; event = this.server.nextEvent()) {
      this.events.push(event);
      if (event.type === 'poolOpening') this.server.accept();
      if (event.type === 'publicKey') this.server.sendSessionKey(this.#sealedSessionKey(event.publicKey));
      this.#behaviour(event, this.server);
    }
  }
}

/** A client half for tests. */
export function clientPool(options: Partial<PoolOptions> = {}): RunspacePool {
  return new RunspacePool({
    codec: nodeCodec,
    id: '6e1f2d3c-0000-4000-8000-000000000001',
    offeredVersion: '2.4',
    maximumObjectSize: objectLimit,
    minRunspaces: 1,
    maxRunspaces: 1,
    host: { is: 'text' },
    applicationArguments: [],
    ...options,
  });
}

/** Lets both talk until neither has anything to say; returns the client's events. */
export function converse(pool: RunspacePool, peer: FakePeer): ClientEvent[] {
  const events: ClientEvent[] = [];
  for (;;) {
    const toServer = pool.dataToSend();
    if (toServer !== undefined) peer.receive(toServer);
    const toClient = peer.server.dataToSend();
    if (toClient !== undefined) pool.receiveData(toClient);
    for (let event = pool.nextEvent(); event !== undefined; event = pool.nextEvent()) events.push(event);
    if (toServer === undefined && toClient === undefined) return events;
  }
}

/** An opened pool and its peer. */
export function openedPool(
  behaviour?: Behaviour,
  options: Partial<PoolOptions> & { newestVersion?: ProtocolVersion } = {},
): { pool: RunspacePool; peer: FakePeer } {
  const { newestVersion, ...poolOptions } = options;
  const peer = new FakePeer(behaviour, newestVersion);
  const pool = clientPool(poolOptions);
  pool.open();
  converse(pool, peer);
  return { pool, peer };
}

/** The n-th pipeline id of a test. */
export function pipelineId(number: number): string {
  return `6e1f2d3c-0000-4000-9000-${String(number).padStart(12, '0')}`;
}
