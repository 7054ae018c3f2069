import { ProcessTable } from '../../src/keeper/processes-of-session';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Server } from '@grpc/grpc-js';
import { systemClock, type Clock } from '../../src/core/clock';
import { toError } from '../../src/core/error';
import { asKeeperId, asSessionId, type SessionId } from '../../src/core/ids';
import { silentLog, type Log } from '../../src/core/log';
import type { ReceivePipelineRequest, StartPipelineRequest } from '../../src/gen/runspace/keeper/v1/keeper';
import { HostCallPolicy, RunspaceState, SessionOptions } from '../../src/gen/runspace/v1/session';
import { Command, InputLostPolicy, ValueFormat } from '../../src/gen/runspace/v1/pipeline';
import type { Record as ProtoRecord } from '../../src/gen/runspace/v1/record';
import { connectKeeper, type KeeperClient } from '../../src/keeper/client';
import { Keeper } from '../../src/keeper/keeper';
import type { Engines } from '../../src/keeper/runspace';
import { SealingKey } from '../../src/keeper/sealing-key';
import { serve } from '../../src/keeper/server';
import { StateLayout } from '../../src/store/state-layout';
import { makeFolder } from '../../src/store/folder';
import { Containers } from '../../src/transport/container/containers';
import { temporaryFolder } from './temporary-folder';
import { plainOpening } from './plain-opening';

/** What a test may have otherwise than usual. */
export interface KeeperChoices {
  readonly engines: Engines;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** Forgets facts, but shows errors: in these tests nothing unexpected may happen. */
const errorLog: Log = {
  ...silentLog,
  error: (event, error, facts) => {
    process.stderr.write(`${event} ${JSON.stringify(facts)} ${toError(error).stack ?? ''}\n`);
  },
};

/** A keeper in this process, on a socket of its own, and a client of it. Disposing ends both. */
export class TestKeeper implements AsyncDisposable {
  readonly layout: StateLayout;
  readonly keeperId = asKeeperId(randomUUID());
  readonly nonce = randomUUID();
  readonly socketPath: string;
  /** Why the keeper wanted to leave. */
  leftBecause: string | undefined;
  readonly keeper: Keeper;
  readonly #folder = temporaryFolder();
  #server: Server | undefined;
  #client: KeeperClient | undefined;

  private constructor({ engines, clock = systemClock, log = errorLog }: KeeperChoices) {
    this.layout = new StateLayout(this.#folder.path);
    this.socketPath = join(this.#folder.path, 'k.sock');
    const leave = (why: string): void => {
      this.leftBecause = why;
    };
    this.keeper = new Keeper({
      layout: this.layout,
      keeperId: this.keeperId,
      socketFolder: this.#folder.path,
      enginesAt: () => engines,
      containers: new Containers([]),
      processes: new ProcessTable(() => systemClock.now()),
      sealingKey: new SealingKey(),
      clock,
      log,
      leave,
    });
  }

  /** Starts it. */
  static async start(choices: KeeperChoices): Promise<TestKeeper> {
    const kept = new TestKeeper(choices);
    const { keeper, keeperId, nonce } = kept;
    const { clock = systemClock, log = errorLog } = choices;
    const parts = { keeper, keeperId, nonce, clock, log, version: '0.0.0', shutDown: () => undefined };
    kept.#server = await serve(kept.socketPath, parts);
    kept.#client = await kept.connect();
    return kept;
  }

  get client(): KeeperClient {
    if (this.#client === undefined) throw new Error('not started');
    return this.#client;
  }

  /** Another client. */
  connect(): Promise<KeeperClient> {
    return connectKeeper(this, AbortSignal.timeout(5_000));
  }

  /** Opens a session and waits until it is open or broken. */
  async open(engine = 'javascript', options: Partial<SessionOptions> = {}): Promise<SessionId> {
    const session = asSessionId(randomUUID());
    makeFolder(this.layout.sessionFolder(session));
    await this.client.openSession({
      sessionId: session,
      sessionName: 'work',
      target: 'localhost',
      engine,
      program: '',
      environment: { PATH: process.env['PATH'] ?? '' },
      workingDirectory: this.layout.root,
      options: SessionOptions.fromPartial(options),
      ...plainOpening,
    });
    const watching = new AbortController();
    for await (const { event } of this.client.watch(watching.signal)) {
      if (event?.$case !== 'session' || event.value.sessionId !== session) continue;
      if (event.value.runspaceState !== RunspaceState.RUNSPACE_STATE_OPENING) break;
    }
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    await this.keeper.shutDown('end');
    this.#server?.forceShutdown();
    this.#folder[Symbol.dispose]();
  }
}

/** A request to start this script; what is given wins. */
export function start(
  session: SessionId,
  script: string,
  more: Partial<StartPipelineRequest> = {},
): StartPipelineRequest {
  return {
    sessionId: session,
    pipelineId: randomUUID(),
    requestId: randomUUID(),
    fingerprint: script,
    command: Command.fromPartial({ script }),
    noWait: false,
    hasInput: false,
    onInputLost: InputLostPolicy.INPUT_LOST_POLICY_UNSPECIFIED,
    runTimeout: undefined,
    outputTimeout: undefined,
    hostCalls: HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED,
    display: undefined,
    terminal: undefined,
    ...more,
  };
}

/** A request to read a pipeline from its first record on; what is given wins. */
export function reading(
  session: SessionId,
  more: Partial<ReceivePipelineRequest> = {},
): ReceivePipelineRequest {
  return {
    sessionId: session,
    pipeline: '',
    afterSequence: 0n,
    reader: '',
    streams: [],
    format: ValueFormat.VALUE_FORMAT_UNSPECIFIED,
    noFollow: false,
    ...more,
  };
}

/** What a reader was given. */
export interface Received {
  readonly records: ProtoRecord[];
  /** `1-3 dropped` in their place among the numbers. */
  readonly gaps: string[];
  readonly heartbeats: bigint[];
}

/** Reads a pipeline from a number on until the stream ends. */
export async function receive(
  client: KeeperClient,
  session: SessionId,
  more: Partial<ReceivePipelineRequest> & { readonly signal?: AbortSignal } = {},
): Promise<Received> {
  const { signal = AbortSignal.timeout(20_000), ...request } = more;
  const received: Received = { records: [], gaps: [], heartbeats: [] };
  const messages = client.receivePipeline(reading(session, request), signal);
  for await (const { event } of messages) {
    if (event?.$case === 'batch') received.records.push(...event.value.records);
    if (event?.$case === 'gap')
      received.gaps.push(`${event.value.from}-${event.value.to} ${event.value.reason}`);
    if (event?.$case === 'heartbeat') received.heartbeats.push(event.value.sequence);
  }
  return received;
}

/** Records as short texts: `1 output 42`, `2 final completed`. */
export function short({ sequence, body }: ProtoRecord): string {
  if (body?.$case === 'output') {
    const kind = body.value.value?.kind;
    const value = kind !== undefined && typeof kind.value !== 'object' ? String(kind.value) : '?';
    return `${sequence} output ${value}`;
  }
  if (body?.$case !== 'final') return `${sequence} ${body?.$case ?? 'nothing'}`;
  const state = ['', 'completed', 'failed', 'stopped'][body.value.state];
  return [sequence, 'final', state, body.value.problem?.reason]
    .filter((part) => part !== undefined)
    .join(' ');
}
