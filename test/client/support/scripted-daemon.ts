import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, createServer, type Server as SocketServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectOptions, type RunspaceClient } from '../../../clients/typescript';
import type { InvokePipelineRequest } from '../../../src/gen/runspace/v1/pipeline';
import {
  PipelineServiceService,
  type InvokePipelineResponse,
  type ReceivePipelineRequest,
  type ReceivePipelineResponse,
} from '../../../src/gen/runspace/v1/pipeline';
import { PipelineSnapshot } from '../../../src/gen/runspace/v1/pipeline';
import { FinalState, Record as RecordMessage } from '../../../src/gen/runspace/v1/record';
import { SessionServiceService } from '../../../src/gen/runspace/v1/session';

/** What the daemon does with each kind of call; what is left out is not implemented. */
export interface Script {
  readonly receivePipeline?: (
    stream: ServerWritableStream<ReceivePipelineRequest, ReceivePipelineResponse>,
  ) => void;
  readonly invokePipeline?: (
    stream: ServerDuplexStream<InvokePipelineRequest, InvokePipelineResponse>,
  ) => void;
  readonly unary?: Readonly<Record<string, (request: never) => object>>;
}

/**
 * A gRPC server that does what a test says, behind a relay that can cut every connection: for failures that a real
 * daemon can't be made to show at will.
 */
export class ScriptedDaemon implements AsyncDisposable {
  readonly address: string;
  readonly #folder: string;
  readonly #server = new Server();
  readonly #relay: SocketServer;
  readonly #sockets = new Set<Socket>();
  readonly #clients: RunspaceClient[] = [];

  private constructor(folder: string, script: Script) {
    this.#folder = folder;
    this.address = `unix://${join(folder, 'relay')}`;
    this.#relay = createServer((near) => {
      const far = connectSocket(join(folder, 'server'));
      for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
        this.#sockets.add(socket);
        socket
          .on('error', () => undefined)
          .on('close', () => {
            this.#sockets.delete(socket);
            other.destroy();
          });
        socket.pipe(other);
      }
    });
    const handlers = handlersOf(script);
    this.#server.addService(PipelineServiceService, handlers);
    this.#server.addService(SessionServiceService, handlers);
  }

  static async start(script: Script): Promise<ScriptedDaemon> {
    const folder = mkdtempSync(join(tmpdir(), 'scripted-'));
    const daemon = new ScriptedDaemon(folder, script);
    await new Promise<void>((resolve, reject) => {
      daemon.#server.bindAsync(
        `unix:${join(folder, 'server')}`,
        ServerCredentials.createInsecure(),
        (error) => {
          if (error === null) resolve();
          else reject(error);
        },
      );
    });
    await new Promise<void>((resolve) => daemon.#relay.listen(join(folder, 'relay'), resolve));
    return daemon;
  }

  client(options: Partial<ConnectOptions> = {}): RunspaceClient {
    const client = connect({ environment: {}, address: this.address, ...options });
    this.#clients.push(client);
    return client;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    this.cut();
    this.#server.forceShutdown();
    await new Promise((resolve) => this.#relay.close(resolve));
    rmSync(this.#folder, { recursive: true });
  }
}

type Callback = (error: unknown, answer?: object) => void;

function answering(answer: (request: never) => object) {
  return ({ request }: { request: never }, callback: Callback): void => {
    try {
      callback(null, answer(request));
    } catch (error) {
      callback(error);
    }
  };
}

/** grpc-js wants an index signature, which typed handlers lack. */
function handlersOf({ unary = {}, receivePipeline, invokePipeline }: Script): UntypedServiceImplementation {
  const unaries = Object.entries(unary).map(([name, answer]) => [name, answering(answer)] as const);
  const streams = { ...(receivePipeline && { receivePipeline }), ...(invokePipeline && { invokePipeline }) };
  return { ...Object.fromEntries(unaries), ...streams };
}

/** The snapshot of pipeline `p1`. */
export function snapshot(afterSequence: bigint): ReceivePipelineResponse {
  const value = PipelineSnapshot.fromPartial({
    pipeline: { id: 'p1' },
    target: 'localhost',
    sessionId: 's1',
    sessionName: 'work',
    runspaceId: 'r1',
    afterSequence,
  });
  return { event: { $case: 'snapshot', value } };
}

/** Output records with these numbers. */
export function batch(...sequences: readonly number[]): ReceivePipelineResponse {
  const records = sequences.map((sequence) =>
    RecordMessage.fromPartial({
      sequence: BigInt(sequence),
      body: { $case: 'output', value: { value: { kind: { $case: 'int32', value: sequence } } } },
    }),
  );
  return { event: { $case: 'batch', value: { records } } };
}

/** The final record, with this number. */
export function final(sequence: number): ReceivePipelineResponse {
  const body = { $case: 'final', value: { state: FinalState.FINAL_STATE_COMPLETED } } as const;
  return {
    event: {
      $case: 'batch',
      value: { records: [RecordMessage.fromPartial({ sequence: BigInt(sequence), body })] },
    },
  };
}
