import type { ClientChannel } from 'ssh2';
import type { Readable } from 'node:stream';
import { RunspaceError } from '../../core/error';
import { ByteTail } from '../byte-tail';
import type { ProcessSpec, Transport, TransportEnd } from '../transport';

const diagnosticsLimit = 64 * 1024;
/** A channel that is told to close and does not, is on a link that is dead: nobody waits for it. */
const closeGraceMs = 2_000;

/** What a channel is opened over. */
export interface ChannelParts {
  readonly channel: ClientChannel;
  readonly standardError: ProcessSpec['standardError'];
  /** Resolves with the reason when the connection under it is gone. */
  readonly lost: Promise<RunspaceError>;
}

/** A channel of an ssh connection as a transport. */
export class ChannelTransport implements Transport {
  /** It is a process of another machine. */
  readonly processId = undefined;
  readonly output: AsyncIterable<Uint8Array>;
  readonly errors?: AsyncIterable<Uint8Array>;
  readonly ended: Promise<TransportEnd>;

  readonly #channel: ClientChannel;
  readonly #stderr = new ByteTail(diagnosticsLimit);
  #isOver = false;

  constructor({ channel, standardError, lost }: ChannelParts) {
    this.#channel = channel;
    channel.on('error', ignoreError);
    channel.stderr.on('error', ignoreError);
    this.ended = this.#end(lost);
    this.output = pulled(channel);
    if (standardError === 'carried') this.errors = pulled(channel.stderr);
    else
      channel.stderr.on('data', (bytes: Buffer) => {
        this.#stderr.push(bytes);
      });
  }

  diagnostics(): string {
    return this.#stderr.text();
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      // A channel whose connection is gone calls nobody back.
      void this.ended.then(() => reject(notRead(undefined)));
      this.#channel.write(bytes, (error?: Error | null) => {
        if (error) reject(notRead(error));
        else resolve();
      });
    });
  }

  end(): void {
    this.#channel.end();
  }

  /** By the protocol's own request (RFC 4254, 6.9), which servers may pass over. */
  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
    if (!this.#isOver) this.#channel.signal(signal.replace(/^SIG/, ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel.end();
    this.#channel.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeGraceMs);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    this.#channel.destroy();
  }

  async #end(lost: Promise<RunspaceError>): Promise<TransportEnd> {
    const channel = this.#channel;
    let exit: TransportEnd | undefined;
    channel.once('exit', (code: number | null, signal?: string) => {
      exit = {
        is: 'exited',
        code: code ?? undefined,
        signal: signal === undefined || signal === '' ? undefined : `SIG${signal.replace(/^SIG/, '')}`,
      };
    });
    const closed = new Promise<undefined>((resolve) => {
      channel.once('close', () => resolve(undefined));
    });
    const gone = await Promise.race([closed, lost]);
    this.#isOver = true;
    if (exit !== undefined) return exit;
    if (gone !== undefined) return { is: 'lost', error: gone };
    // The connection's own end comes right behind that of its channels.
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, 50, undefined));
    const why = await Promise.race([lost, late]);
    return why === undefined
      ? { is: 'exited', code: undefined, signal: undefined }
      : { is: 'lost', error: why };
  }
}

/** A stream's bytes at its consumer's pace; they end with the stream, whyever. */
async function* pulled(stream: Readable): AsyncGenerator<Uint8Array> {
  let wake: () => void = ignoreError;
  for (const event of ['readable', 'end', 'close', 'error']) stream.on(event, () => wake());
  try {
    for (;;) {
      const chunk: unknown = stream.read();
      if (chunk instanceof Uint8Array) yield chunk;
      else if (stream.readableEnded || stream.destroyed) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    stream.destroy();
  }
}

function notRead(cause: Error | undefined): RunspaceError {
  return new RunspaceError('ENGINE_LOST', 'the process no longer reads its input', { cause });
}

function ignoreError(): void {
  // Told by `ended`.
}
