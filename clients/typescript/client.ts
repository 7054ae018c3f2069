import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  certificatesFolder,
  ownAddress,
  parseAddress,
  stateFolder,
  type Address,
  type Environment,
} from './address';
import { Access } from './access';
import { Api } from './api';
import { Configurations } from './configurations';
import { Daemon } from './daemon';
import { Jobs } from './jobs';
import { Pipelines } from './pipelines';
import { Sessions } from './sessions';
import { Channel } from './transport/channel';

/** How to reach a daemon. */
export interface ConnectOptions {
  /** Variables that say where the daemon is: RUNSPACED_ADDRESS, RUNSPACED_HOME, XDG_STATE_HOME … `process.env` as a rule. */
  readonly environment: Environment;
  /** Where the daemon listens, `unix:///path` or `grpcs://host:port/NAME`; by default RUNSPACED_ADDRESS, else the socket of the state folder. */
  readonly address?: string;
  /** The daemon's state folder; wins over RUNSPACED_HOME and RUNSPACED_ADDRESS. */
  readonly home?: string;
  /**
   * For `grpcs://`: the folder with `ca.crt`, `crl.pem` and this client's `client/NAME.crt` and `.key`; by default
   * RUNSPACED_CERTIFICATES, else `runspaced/certificates` in XDG_CONFIG_HOME or `~/.config`.
   */
  readonly certificatesFolder?: string;
  /** For `grpcs://`: shown in place of a certificate; by default what the file says that RUNSPACED_TOKEN_FILE names. */
  readonly token?: string;
  /** What this client calls itself, the same in all its calls; made up when left out. */
  readonly clientId?: string;
  /** How long a daemon that was never reached is tried; default 5 s. */
  readonly connectTimeoutMs?: number;
  /** How long a daemon that was lost is tried; default a minute. */
  readonly retryLimitMs?: number;
  /** Largest message that is taken, in bytes; default 1 GiB. */
  readonly maximumMessageBytes?: number;
  /** Called when nothing listens, unless the daemon was stopped on purpose; then tried once more: the place to start one. */
  readonly start?: () => Promise<void>;
}

/** A daemon's services, for one client. */
export class RunspaceClient implements Disposable {
  /** What this client calls itself. */
  readonly clientId: string;
  /** Where the daemon is. */
  readonly address: string;
  readonly sessions: Sessions;
  readonly pipelines: Pipelines;
  readonly jobs: Jobs;
  readonly configurations: Configurations;
  readonly access: Access;
  readonly daemon: Daemon;
  readonly #channel: Channel;

  /** Made by `connect`. */
  constructor(channel: Channel, api: Api, address: string) {
    this.#channel = channel;
    this.clientId = api.clientId;
    this.address = address;
    this.pipelines = new Pipelines(api);
    this.sessions = new Sessions(api, this.pipelines);
    this.jobs = new Jobs(api, this.sessions);
    this.configurations = new Configurations(api);
    this.access = new Access(api);
    this.daemon = new Daemon(api);
  }

  /** Ends the connection. Commands go on. */
  close(): void {
    this.#channel[Symbol.dispose]();
  }

  /** The same as `close`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A client of the daemon. Connects when it is first used. Throws INVALID_ARGUMENT for an address it can't read. */
export function connect(options: ConnectOptions): RunspaceClient {
  const address = addressOf(options);
  const channel = new Channel({
    address,
    caller: {
      certificatesFolder: options.certificatesFolder ?? certificatesFolder(options.environment),
      token: () => options.token ?? tokenIn(options.environment),
    },
    start: options.start,
    maximumMessageBytes: options.maximumMessageBytes ?? 1 << 30,
  });
  const api = new Api(channel, options.clientId ?? randomUUID(), {
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    retryLimitMs: options.retryLimitMs ?? 60_000,
  });
  return new RunspaceClient(channel, api, address.text);
}

function addressOf({ address, home, environment }: ConnectOptions): Address {
  const named = address ?? (home === undefined ? environment['RUNSPACED_ADDRESS'] : undefined);
  if (named !== undefined && named !== '') return parseAddress(named);
  return ownAddress(home ?? stateFolder(environment), environment);
}

function tokenIn({ RUNSPACED_TOKEN_FILE: file }: Environment): string | undefined {
  return file === undefined || file === '' ? undefined : readFileSync(file, 'utf8').trim();
}
