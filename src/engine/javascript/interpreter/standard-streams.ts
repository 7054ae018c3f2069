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
    this.#replaceConsole(new Console({ stdout, stderr, ignoreErrors: false }));
  }

  /** A command is over: half characters are written, and an interrupted console call is forgotten. */
  flush(): void {
    this.#messageStream = undefined;
    for (const descriptor of [1, 2] as const) {
      const text = this.#decoders[descriptor].end();
      if (text !== '') this.#sink.text(descriptor, text);
    }
  }

  /**
   * A stream in name: its own writing is not used, since a stop in the middle of that would leave it waiting for
   * ever. As with the real ones, it can't be ended.
   */
  #newStream(descriptor: 1 | 2): Writable {
    const write = (chunk: unknown, encodingOrDone?: unknown, done?: unknown): boolean => {
      this.#write(descriptor, this.#toText(descriptor, { chunk, encoding: encodingOrDone }));
      const callback = typeof encodingOrDone === 'function' ? encodingOrDone : done;
      if (typeof callback === 'function') process.nextTick(callback);
      return true;
    };
    const stream = new Writable();
    const end = (chunk?: unknown): Writable => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) write(chunk);
      return stream;
    };
    return Object.assign(stream, { fd: descriptor, write, end, destroy: () => stream });
  }

  #toText(descriptor: 1 | 2, { chunk, encoding }: { chunk: unknown; encoding: unknown }): string {
    const decoder = this.#decoders[descriptor];
    if (chunk instanceof Uint8Array) return decoder.write(Buffer.from(chunk));
    if (typeof chunk !== 'string')
      throw new TypeError('what is written must be a string, a Buffer or a Uint8Array');
    const isEncoded = encoding === 'hex' || encoding === 'base64' || encoding === 'base64url';
    return isEncoded ? decoder.write(Buffer.from(chunk, encoding)) : chunk;
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
