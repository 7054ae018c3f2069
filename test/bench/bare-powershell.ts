import { randomUUID } from 'node:crypto';
import { nodeCodec } from '../../src/engine/powershell/node-codec';
import { scriptPipeline } from '../../src/psrp/create-pipeline';
import type { ClientEvent } from '../../src/psrp/events';
import { RunspacePool } from '../../src/psrp/runspace-pool';
import { isFinalState } from '../../src/psrp/states';
import { spawnStdio } from '../../src/transport/stdio';
import type { Transport } from '../../src/transport/transport';
import { cleanEnvironment } from './places';
import { tmpdir } from 'node:os';

/** The state that ends a pipeline comes in the last so many bytes; where raw output is only counted they may be missing. */
const tailBytes = 4096;

/** PowerShell behind our protocol core and nothing else: no engine, keeper, journal or gRPC. */
export class BarePowerShell implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #output: AsyncIterator<Uint8Array>;
  readonly #pool: RunspacePool;
  #openPipelines = 0;
  #received = 0;
  #sent = 0;

  private constructor(transport: Transport) {
    this.#transport = transport;
    this.#output = transport.output[Symbol.asyncIterator]();
    this.#pool = new RunspacePool({
      codec: nodeCodec,
      id: randomUUID(),
      offeredVersion: '2.4',
      maximumObjectSize: 200 * 2 ** 20,
      minRunspaces: 1,
      maxRunspaces: 1,
      host: { is: 'text' },
      applicationArguments: [],
    });
  }

  /** From the start of the process until its runspace is open. */
  static async open(program: string): Promise<BarePowerShell> {
    const transport = await spawnStdio({
      program,
      arguments: ['-s', '-NoLogo', '-NoProfile'],
      environment: cleanEnvironment(),
      workingDirectory: tmpdir(),
    });
    const bare = new BarePowerShell(transport);
    bare.#pool.open();
    await bare.#until((event) => event.type === 'poolState' && event.state === 'opened');
    return bare;
  }

  /** Runs a script and reads its records; returns how many there were. */
  async invoke(script: string): Promise<number> {
    let records = 0;
    const pipelineId = await this.#start(script);
    await this.#until((event) => {
      if (event.type === 'record') records += 1;
      return isEndOf(event, pipelineId);
    });
    return records;
  }

  /** Bytes that a script's output takes on the wire. */
  async sizeOf(script: string): Promise<number> {
    const before = this.#received;
    await this.invoke(script);
    return this.#received - before;
  }

  /**
   * Runs a script and only counts its output until it is as long as it was before, then reads what was held back.
   * Returns both times in milliseconds: what the engine needs to send, and what our reader needs to read.
   */
  async drain(script: string, expectedBytes: number): Promise<{ engineMs: number; readerMs: number }> {
    const start = performance.now();
    const pipelineId = await this.#start(script);
    await this.#createSent();
    const chunks: Uint8Array[] = [];
    for (let bytes = 0; bytes < expectedBytes - tailBytes; bytes += chunks.at(-1)?.length ?? 0) {
      chunks.push(await this.#read());
    }
    const sent = performance.now();
    let isOver = false;
    for (const chunk of chunks) isOver = this.#take(chunk, (event) => isEndOf(event, pipelineId)) || isOver;
    const read = performance.now();
    if (!isOver) await this.#until((event) => isEndOf(event, pipelineId));
    return { engineMs: sent - start, readerMs: read - sent };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  /** As the engine does: the next pipeline starts when the one before it is closed. */
  async #start(script: string): Promise<string> {
    if (this.#openPipelines > 0) await this.#until((event) => event.type === 'pipelineClosed');
    const pipelineId = randomUUID();
    this.#pool.createPipeline(pipelineId, scriptPipeline({ script, host: { is: 'text' } }, nodeCodec));
    this.#openPipelines += 1;
    return pipelineId;
  }

  /** The pipeline itself goes out only after its announcement (Command) is acknowledged. */
  async #createSent(): Promise<void> {
    this.#flush();
    for (const announced = this.#sent; this.#sent === announced;) this.#take(await this.#read(), () => false);
  }

  async #until(isAwaited: (event: ClientEvent) => boolean): Promise<void> {
    this.#flush();
    while (!this.#take(await this.#read(), isAwaited));
  }

  #take(chunk: Uint8Array, isAwaited: (event: ClientEvent) => boolean): boolean {
    let isMet = false;
    this.#pool.receiveData(chunk);
    for (let event = this.#pool.nextEvent(); event !== undefined; event = this.#pool.nextEvent()) {
      if (event.type === 'pipelineClosed') this.#openPipelines -= 1;
      isMet = isAwaited(event) || isMet;
    }
    this.#flush();
    return isMet;
  }

  async #read(): Promise<Uint8Array> {
    const { done, value } = await this.#output.next();
    if (done === true) throw new Error(`PowerShell has gone: ${this.#transport.diagnostics()}`);
    this.#received += value.length;
    return value;
  }

  #flush(): void {
    const bytes = this.#pool.dataToSend();
    if (bytes === undefined) return;
    this.#sent += bytes.length;
    void this.#transport.write(bytes);
  }
}

function isEndOf(event: ClientEvent, pipelineId: string): boolean {
  return event.type === 'pipelineState' && event.pipelineId === pipelineId && isFinalState(event.state);
}
