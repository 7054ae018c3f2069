import { Console } from 'node:console';
import { StringDecoder } from 'node:string_decoder';
import { Writable } from 'node:stream';

/** Where what user code writes goes. */
export interface TextSink {
  text(descriptor: 1 | 2, text: string): void;
  message(stream: MessageStream, text: string): void;
}

type MessageStream = 'warning' | 'debug' | 'verbose';

/** Console methods that write to a stream of their own. */
const messageMethods = { warn: 'warning', debug: 'debug', trace: 'verbose' } as const;

/** Replaces `process.stdout`, `process.stderr` and the console's methods. */
export class StandardStreams {
  readonly #sink: TextSink;
  readonly #decoders = { 1: new StringDecoder('utf8'), 2: new StringDecoder('utf8') };
  #messageStream: MessageStream | undefined;

  constructor(sink: TextSink) {
    this.#sink = sink;
    const stdout = this.#newStream(1);
    const stderr = this.#newStream(2);
    Object.defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => stdout });
    Object.defineProperty(process, 'stderr', { configurable: true, enumerable: true, get: () => stderr });
    this.#replaceConsole(new Console({ stdout, stderr, ignoreErrors: true }));
  }

  /** A command is over: half characters are written, and an interrupted console call is forgotten. */
  flush(): void {
    this.#messageStream = undefined;
    for (const descriptor of [1, 2] as const) {
      const text = this.#decoders[descriptor].end();
      if (text !== '') this.#sink.text(descriptor, text);
    }
  }

  #newStream(descriptor: 1 | 2): Writable {
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk: unknown, encoding, done) => {
        this.#write(descriptor, this.#toText(descriptor, { chunk, encoding }));
        done();
      },
    });
    // As of the real ones: they can't be ended.
    const end = (chunk?: unknown): Writable => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) stream.write(chunk);
      return stream;
    };
    return Object.assign(stream, { fd: descriptor, end, destroy: () => stream });
  }

  #toText(descriptor: 1 | 2, { chunk, encoding }: { chunk: unknown; encoding: BufferEncoding }): string {
    if (chunk instanceof Uint8Array) return this.#decoders[descriptor].write(Buffer.from(chunk));
    const text = String(chunk);
    return encoding === 'hex' || encoding === 'base64' || encoding === 'base64url'
      ? this.#decoders[descriptor].write(Buffer.from(text, encoding))
      : text;
  }

  #write(descriptor: 1 | 2, text: string): void {
    if (this.#messageStream === undefined) this.#sink.text(descriptor, text);
    else this.#sink.message(this.#messageStream, text.endsWith('\n') ? text.slice(0, -1) : text);
  }

  /** The methods of node's own console also keep their arguments for an inspector; these don't. */
  #replaceConsole(replacement: Console): void {
    for (const [method, stream] of Object.entries(messageMethods) as [
      keyof typeof messageMethods,
      MessageStream,
    ][]) {
      const write = replacement[method].bind(replacement);
      replacement[method] = (...args: unknown[]) => {
        this.#messageStream = stream;
        try {
          write(...args);
        } finally {
          this.#messageStream = undefined;
        }
      };
    }
    for (const [name, method] of Object.entries(replacement))
      if (typeof method === 'function') Reflect.set(console, name, method);
  }
}
