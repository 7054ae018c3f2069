import { BrokenPipe, systemCode } from './failure';

/** A stream that this program writes to. */
export interface Output {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  write(text: string, written: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Where this program writes, and in which manner. */
export class Terminal {
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #hasColour: boolean;
  /** The line that stays below everything else; empty: none. */
  #status = '';

  constructor(streams: { readonly stdout: Output; readonly stderr: Output }, colours: 'coloured' | 'plain') {
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
    this.#hasColour = colours === 'coloured';
    // A failed write is reported to the write itself; without a listener Node would end the process.
    for (const stream of [this.#stdout, this.#stderr]) stream.on('error', () => undefined);
  }

  /** Whether standard error is shown to a person. */
  get isShown(): boolean {
    return this.#stderr.isTTY;
  }

  /** Columns of the terminal on standard output; undefined: it is none. */
  get columns(): number | undefined {
    return this.#stdout.isTTY ? this.#stdout.columns : undefined;
  }

  /** Size of the terminal that is written to; undefined: there is none. */
  get size(): { readonly columns: number; readonly rows: number } | undefined {
    const shown = [this.#stdout, this.#stderr].find(
      ({ isTTY, columns, rows }) => isTTY && columns > 0 && rows > 0,
    );
    return shown === undefined ? undefined : { columns: shown.columns, rows: shown.rows };
  }

  /** Writes output; settles when it is written. Throws BrokenPipe when nobody reads any more. */
  async out(text: string): Promise<void> {
    if (this.#status !== '' && text !== '') await this.#tell(clearLine);
    await written(this.#stdout, text);
    if (text.endsWith('\n')) await this.#tell(this.#status);
  }

  /** Writes a notice, an error or progress. Nobody reading them is no reason to stop. */
  async note(text: string): Promise<void> {
    if (text === '') return;
    const isWhole = text.endsWith('\n');
    await this.#tell(this.#status === '' ? text : `${clearLine}${text}${isWhole ? this.#status : ''}`);
  }

  /** Shows a line below everything that is written from now on, or, empty, takes it away. Only where a person looks. */
  async showStatus(line: string): Promise<void> {
    if (!this.isShown) return;
    const before = this.#status;
    this.#status = line.slice(0, Math.max(0, (this.size?.columns ?? 80) - 1));
    if (before !== this.#status) await this.#tell(`${clearLine}${this.#status}`);
  }

  async #tell(text: string): Promise<void> {
    try {
      await written(this.#stderr, text);
    } catch (error) {
      if (!(error instanceof BrokenPipe)) throw error;
    }
  }

  /** The text in a colour for standard error, where that is a terminal that wants colours. */
  coloured(colour: Colour, text: string): string {
    return this.painted([colours[colour]], text);
  }

  /** The text with these ANSI codes for standard error, where that is a terminal that wants colours. */
  painted(codes: readonly (number | string)[], text: string): string {
    const isPlain = !this.#hasColour || !this.#stderr.isTTY || codes.length === 0 || text === '';
    return isPlain ? text : `\x1b[${codes.join(';')}m${text}\x1b[0m`;
  }
}

const clearLine = '\r\x1b[K';

/** The colours by their use. */
export type Colour = keyof typeof colours;

const colours = { error: '31', warning: '33', detail: '36', dim: '2' } as const;

function written(stream: Output, text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(isBrokenPipe(error) ? new BrokenPipe('nobody reads the output', { cause: error }) : error);
    });
  });
}

/** Node destroys a stream whose reader is gone; later writes fail in another way. */
function isBrokenPipe(error: Error): boolean {
  return ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes(systemCode(error) ?? '');
}
