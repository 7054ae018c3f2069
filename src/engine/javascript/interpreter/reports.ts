import { frameBytes } from '../../script/frame';
import type { Report } from '../../script/message';
import { toParts } from '../../script/parts';
import type { RingWriter } from './ring';

/** Sends reports to the engine; waits while it doesn't read. */
export class Reports {
  readonly #ring: RingWriter;
  /** Most bytes of JSON in one report. */
  maximumLength = Number.MAX_SAFE_INTEGER;

  constructor(ring: RingWriter) {
    this.#ring = ring;
  }

  /** Sends, or sends word that the report was too large. */
  send(report: Report): void {
    const bytes = this.#encode(report);
    if (bytes !== undefined) for (const frame of toParts(bytes)) this.#ring.write(frameBytes(frame));
    else if ('run' in report) this.send({ is: 'tooLarge', run: report.run });
  }

  #encode(report: Report): Uint8Array | undefined {
    let text: string;
    try {
      text = JSON.stringify(report);
    } catch (thrown) {
      // The one thing that can go wrong here: more text than a string can hold.
      if (thrown instanceof RangeError) return undefined;
      throw thrown;
    }
    if (text.length > this.maximumLength) return undefined;
    const bytes = Buffer.from(text, 'utf8');
    return bytes.length > this.maximumLength ? undefined : bytes;
  }
}
