import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Client, ClientChannel } from 'ssh2';
import type { Duplex } from 'node:stream';
import { RunspaceError, toError } from '../../core/error';
import type { Credential, SshTarget } from '../../core/target';
import type { AskPerson } from './ask-person';
import type { ConfigurationText } from './configuration';
import { readConfigurationFiles } from './configuration-files';
import { connect, type Connected } from './connect';
import { factsOf, placeName } from './errors';
import { Memory } from './memory';
import { jumpTarget, resolveSettings, type OwnSide, type SshSettings } from './settings';

/** Where to, and as whom. */
export interface SshPlace {
  readonly target: SshTarget;
  readonly credential: Credential | undefined;
  /** The caller's agent; empty: none. */
  readonly agentSocket: string;
  /** Undefined: nobody can be asked. */
  readonly ask: AskPerson | undefined;
  readonly warn: (message: string) => void;
  /** What was answered before, for whoever outlives its connections; left out: it is forgotten with them. */
  readonly memory?: Memory;
}

/** A channel of a connection, with what tells of that connection's end. */
export interface OpenChannel {
  readonly channel: ClientChannel;
  readonly lost: Promise<RunspaceError>;
  readonly settings: SshSettings;
}

/** How a channel is opened; calls back with an error where the server does not open it. */
export type OpenChannelBy = (
  client: Client,
  done: (error: Error | undefined, channel: ClientChannel) => void,
) => void;

/** How long a connection is kept that nobody uses. */
const idleMs = 60_000;
const mostIdle = 64;
/** A slot of a channel that has just closed is free only a little later. */
const retries = { most: 5, everyMs: 200 };

/**
 * The ssh connections of one process: sessions of the same place and the same credential share one, and where a server
 * lets no more channels into it (MaxSessions) another is made. One that nobody uses is kept for a minute.
 */
export class SshConnections implements Disposable {
  readonly #own: OwnSide;
  readonly #inUse = new Map<string, Shared[]>();
  readonly #connecting = new Map<string, Promise<Shared>>();
  readonly #idle = new LRUCache<Shared, true>({
    max: mostIdle,
    ttl: idleMs,
    ttlAutopurge: true,
    dispose: (_value, shared, reason) => {
      if (reason !== 'delete') this.#close(shared);
    },
  });

  constructor(own: OwnSide) {
    this.#own = own;
  }

  /** What is to be done for this place, by the configuration files as they are now. Error: INVALID_ARGUMENT. */
  settingsOf({ target, credential, agentSocket }: Omit<SshPlace, 'ask' | 'warn'>): SshSettings {
    return resolveSettings(target, {
      own: this.#own,
      files: this.#files(target),
      agentSocket,
      credentialUser: credential?.userName,
    });
  }

  /** Opens a channel over a shared connection, which is made where there is none. Errors: as of connect, CHANNEL… */
  async open(place: SshPlace, by: OpenChannelBy): Promise<OpenChannel> {
    const settings = this.settingsOf(place);
    for (const name of settings.unheeded)
      place.warn(
        `nothing is done for the ssh option ${name}, which the configuration of ${settings.host} has`,
      );
    const key = keyOf(settings, place);
    for (let attempt = 1; ; attempt += 1) {
      const shared = await this.#shared(key, settings, place);
      try {
        const channel = await channelOf(shared.connected.client, by);
        this.#count(shared, channel);
        return { channel, lost: shared.connected.lost, settings };
      } catch (error) {
        this.#rest(shared);
        const isFull = isNoRoom(toError(error));
        if (!isFull || attempt > retries.most) throw notOpened(toError(error), settings);
        shared.isFull = true;
        if (shared.channels === 0) await new Promise((resolve) => setTimeout(resolve, retries.everyMs));
      }
    }
  }

  [Symbol.dispose](): void {
    for (const shared of [...this.#inUse.values()].flat()) this.#close(shared);
  }

  #files(target: SshTarget): readonly ConfigurationText[] {
    return readConfigurationFiles(target.configurationFile, this.#own.home);
  }

  async #shared(key: string, settings: SshSettings, place: SshPlace): Promise<Shared> {
    const free = (this.#inUse.get(key) ?? []).find(({ isFull, isGone }) => !isFull && !isGone);
    if (free !== undefined) {
      this.#idle.delete(free);
      place.memory?.learn(free.memory);
      free.pending += 1;
      return free;
    }
    // Who comes while one is being made waits for it: a person is asked once.
    const underWay = this.#connecting.get(key);
    if (underWay !== undefined) {
      await underWay.catch(() => undefined);
      return this.#shared(key, settings, place);
    }
    const memory = place.memory ?? this.#inUse.get(key)?.[0]?.memory ?? new Memory();
    const making = this.#make({ key, settings, place, memory }).finally(() => this.#connecting.delete(key));
    this.#connecting.set(key, making);
    const shared = await making;
    shared.pending += 1;
    return shared;
  }

  async #make(of: {
    readonly key: string;
    readonly settings: SshSettings;
    readonly place: SshPlace;
    readonly memory: Memory;
  }): Promise<Shared> {
    const { key, settings, place, memory } = of;
    const connected = await this.#connect(settings, place, memory);
    const shared: Shared = { key, connected, memory, channels: 0, pending: 0, isFull: false, isGone: false };
    this.#inUse.set(key, [...(this.#inUse.get(key) ?? []), shared]);
    void connected.lost.then(() => {
      this.#forget(shared);
    });
    return shared;
  }

  async #connect(settings: SshSettings, place: SshPlace, memory: Memory): Promise<Connected> {
    const { ask, warn, credential, target } = place;
    const password = credential?.proof.is === 'password' ? credential.proof.password : undefined;
    let through: Duplex | undefined;
    const hops: Connected[] = [];
    try {
      for (const [index, jump] of settings.jumps.entries()) {
        const hop = this.settingsOf({ ...place, target: jumpTarget(jump, target), credential: undefined });
        const last = await connect(
          { ...hop, jumps: [], proxyCommand: index === 0 ? hop.proxyCommand : undefined },
          { ask, warn, memory, password: undefined, through },
        );
        hops.push(last);
        const next = settings.jumps[index + 1];
        const to =
          next === undefined ? settings : this.settingsOf({ ...place, target: jumpTarget(next, target) });
        through = await forwarded(last, to);
      }
      const connected = await connect(settings, { ask, warn, memory, password, through });
      void connected.lost.then(() => {
        for (const { client } of hops) client.end();
      });
      return connected;
    } catch (error) {
      for (const { client } of hops) client.end();
      throw error;
    }
  }

  #count(shared: Shared, channel: ClientChannel): void {
    shared.channels += 1;
    shared.pending -= 1;
    channel.once('close', () => {
      shared.channels -= 1;
      shared.isFull = false;
      this.#keep(shared);
    });
  }

  /** A channel that was to be opened was not. */
  #rest(shared: Shared): void {
    shared.pending -= 1;
    this.#keep(shared);
  }

  #keep(shared: Shared): void {
    if (shared.channels === 0 && shared.pending === 0 && !shared.isGone) this.#idle.set(shared, true);
  }

  #close(shared: Shared): void {
    shared.isGone = true;
    shared.connected.client.end();
  }

  #forget(shared: Shared): void {
    shared.isGone = true;
    this.#idle.delete(shared);
    const others = (this.#inUse.get(shared.key) ?? []).filter((each) => each !== shared);
    if (others.length === 0) this.#inUse.delete(shared.key);
    else this.#inUse.set(shared.key, others);
  }
}

/** A connection with what it is used for. */
interface Shared {
  readonly key: string;
  readonly connected: Connected;
  readonly memory: Memory;
  channels: number;
  /** Channels that are being opened. */
  pending: number;
  /** The server let no more channels in. */
  isFull: boolean;
  isGone: boolean;
}

/** Places that one connection can serve. */
function keyOf(settings: SshSettings, { credential, target }: SshPlace): string {
  const secret = credential?.proof.is === 'password' ? credential.proof.password : '';
  const digest = createHash('sha256').update(secret).digest('base64');
  return JSON.stringify([settings, target.configurationFile ?? '', digest]);
}

function channelOf(client: Client, by: OpenChannelBy): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the connection ended'));
    client.once('close', gone);
    const done = (error: Error | undefined, channel: ClientChannel): void => {
      client.removeListener('close', gone);
      if (error === undefined) resolve(channel);
      else reject(error);
    };
    try {
      by(client, done);
    } catch (error) {
      done(toError(error), undefined as never);
    }
  });
}

/** ssh2 says of MaxSessions what the server says: that it opens no more. */
function isNoRoom(error: Error): boolean {
  return 'reason' in error && (error.reason === 2 || error.reason === 4);
}

function notOpened(error: Error, settings: SshSettings): RunspaceError {
  if (error instanceof RunspaceError) return error;
  const facts = { ...factsOf(settings), phase: 'channel' };
  if (isNoRoom(error))
    return new RunspaceError(
      'ENGINE_START_FAILED',
      `${placeName(settings)} opens no channel for programs (${error.message}); see MaxSessions in its sshd_config, and what the user may do`,
      { facts, cause: error },
    );
  return new RunspaceError('LINK_LOST', `${placeName(settings)} opened no channel: ${error.message}`, {
    facts,
    cause: error,
  });
}

function forwarded({ client, settings }: Connected, to: SshSettings): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, to.hostName, to.port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else
        reject(
          new RunspaceError(
            'HOST_UNREACHABLE',
            `${placeName(settings)} does not lead on to ${to.hostName} port ${String(to.port)}: ${error.message}`,
            { facts: { ...factsOf(to), phase: 'port', jump: settings.host }, cause: error },
          ),
        );
    });
  });
}
